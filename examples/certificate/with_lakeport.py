"""The same: the certificate is read from the environment; a profile may name a PFX or a Batch node's folder, too."""

import lakeport

file = lakeport.connect("abfss://raw@contosolake.dfs.core.windows.net").file("batch/out.txt")
file.write_text("by certificate\n")
print(file.read_text(), end="")
