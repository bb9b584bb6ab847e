"""The same: who signs in is read from the environment."""

import lakeport

lake = lakeport.connect("abfss://reports@contosolake.dfs.core.windows.net")
lake.create()
print(lake.file_systems())
lake.file("2030/sales.csv").write_text("id,amount\n1,10\n")
print(lake.file("2030/sales.csv").read_text(), end="")
