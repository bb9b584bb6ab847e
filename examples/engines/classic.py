"""pandas, polars and DuckDB on one file, each given its credential in its own way."""

import os

import duckdb
import pandas as pd
import polars as pl
from adlfs import AzureBlobFileSystem
from azure.identity.aio import DefaultAzureCredential

url = "abfss://raw@contosolake.dfs.core.windows.net/tables/sales.parquet"

options = {"account_name": "contosolake", "anon": False}
pd.DataFrame({"id": [1, 2, 3], "amount": [10, 20, 30]}).to_parquet(url, storage_options=options)
print(pd.read_parquet(url, storage_options=options)["amount"].sum())

by_secret = {
    "azure_tenant_id": os.environ["AZURE_TENANT_ID"],
    "azure_client_id": os.environ["AZURE_CLIENT_ID"],
    "azure_client_secret": os.environ["AZURE_CLIENT_SECRET"],
}
print(pl.scan_parquet(url, storage_options=by_secret).select(pl.col("amount").sum()).collect().item())

connection = duckdb.connect()
connection.register_filesystem(AzureBlobFileSystem("contosolake", credential=DefaultAzureCredential()))
print(connection.execute("SELECT sum(amount) FROM 'abfs://raw/tables/sales.parquet'").fetchone()[0])
