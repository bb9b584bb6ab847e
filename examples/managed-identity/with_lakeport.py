"""The same, by `lakeport.toml`."""

import lakeport

lake = lakeport.connect("node", file_system="raw")
lake.file("node/done.txt").write_text("done\n")
print([entry.path for entry in lake.entries("node")])
