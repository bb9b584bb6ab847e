"""The same: only the column that is wanted is fetched, and what is written appears whole or not at all."""

import lakeport

lake = lakeport.connect("abfss://raw@contosolake.dfs.core.windows.net")
lake.write_table({"id": [1, 2, 3], "amount": [10, 20, 30]}, "tables/orders.parquet", mode="overwrite")
print(lake.read_table("tables/orders.parquet", columns=["amount"]).to_pydict())
