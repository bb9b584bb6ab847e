"""The same; the SAS is fetched again before it ends and after it was rotated."""

import lakeport

by_vault = lakeport.profile(arguments={"sas_secret": "https://contosovault.vault.azure.net/secrets/lake-sas"})
file = lakeport.Lake(by_vault, "contosolake", "raw").file("kept/notes.txt")
file.write_text("by a signature from the vault\n")
print(file.read_text(), end="")
