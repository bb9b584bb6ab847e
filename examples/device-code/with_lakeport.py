"""The same, by `lakeport.toml`."""

import lakeport

print([entry.path for entry in lakeport.connect("person", file_system="raw").entries()])
