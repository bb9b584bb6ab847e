"""The same, with one connection, whose tokens are renewed for all of them."""

import duckdb
import pandas as pd
import polars as pl

import lakeport

url = "abfss://raw@contosolake.dfs.core.windows.net/tables/sales.parquet"
lake = lakeport.connect("abfss://raw@contosolake.dfs.core.windows.net")

options = lake.storage_options("pandas")
pd.DataFrame({"id": [1, 2, 3], "amount": [10, 20, 30]}).to_parquet(url, storage_options=options)
print(pd.read_parquet(url, storage_options=options)["amount"].sum())
print(
    pl.scan_parquet(url, storage_options=lake.storage_options("polars")).select(pl.col("amount").sum()).collect().item()
)
print(lake.duckdb(duckdb.connect()).execute(f"SELECT sum(amount) FROM '{url}'").fetchone()[0])
