"""The same, by name; on a command line: lakeport acl grant analyst read URL --recursive --default --passage."""

import lakeport

lake = lakeport.connect("abfss://raw@contosolake.dfs.core.windows.net")
lake.file("shared/2030/a.csv").write_text("1\n")
there = lake.acl("shared/2030")
done = there.do(there.grant("analyst", "read", recursive=True, default=True, passage=True))
print(done.directories, done.files)
