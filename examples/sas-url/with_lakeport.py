"""The same, by `lakeport.toml`: the SAS is never put into a URL that could be logged."""

import lakeport

lake = lakeport.connect("signed", file_system="raw")
print([name for name in lake.file_systems() if name == "raw"])
lake.file("signed/notes.txt").write_text("by signature\n")
print(lake.file("signed/notes.txt").read_text(), end="")
