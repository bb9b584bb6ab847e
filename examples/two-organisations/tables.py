"""A table of a lake, read and written with lakeport."""

import lakeport

lake = lakeport.connect("local:provider", account="sourcestorage", file_system="share-data")
orders = lake.read_table("2026/orders.csv")
lake.write_table(orders, "gold/orders.parquet")
lake.file("gold/README.txt").write_text("Orders of 2026, as a table.")
print([found.path for found in lake.glob("gold/**")], orders.num_rows)
