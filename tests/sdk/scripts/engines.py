"""A data engineer's script as it runs in the cloud: real host names, the environment's credential, no key, no endpoint."""

import os
import sys

import obstore
import pandas as pd
import polars as pl
import pyarrow as pa
from adlfs import AzureBlobFileSystem
from azure.identity import DefaultAzureCredential
from deltalake import DeltaTable, write_deltalake
from obstore.store import AzureStore
from pyarrow.fs import AzureFileSystem, FileSelector

account, container = sys.argv[1:]
at = f"abfss://{container}@{account}.dfs.core.windows.net"
rows = pa.table({"id": [1, 2, 3], "kind": ["a", "b", "a"]})
by_secret = {
    "azure_tenant_id": os.environ["AZURE_TENANT_ID"],
    "azure_client_id": os.environ["AZURE_CLIENT_ID"],
    "azure_client_secret": os.environ["AZURE_CLIENT_SECRET"],
}

store = AzureStore.from_url(f"{at}/raw", config=by_secret)
obstore.put(store, "one.bin", b"x" * 100_000)
assert bytes(obstore.get_range(store, "one.bin", start=0, end=3)) == b"xxx"

write_deltalake(f"{at}/tables/t", rows, storage_options={"azure_storage_account_name": account, **by_secret})
assert DeltaTable(f"{at}/tables/t", storage_options=by_secret).to_pyarrow_table().num_rows == 3

pl.from_arrow(rows).write_parquet(f"{at}/polars.parquet")
assert pl.scan_parquet(f"{at}/polars.parquet").select(pl.col("id").sum()).collect().item() == 6

options = {"account_name": account, "anon": False}
pd.DataFrame({"id": [1, 2]}).to_csv(f"{at}/pandas.csv", index=False, storage_options=options)
assert pd.read_csv(f"{at}/pandas.csv", storage_options=options)["id"].sum() == 3
assert AzureBlobFileSystem(**options, credential=DefaultAzureCredential()).exists(f"{container}/pandas.csv")

arrow = AzureFileSystem(account)
arrow.create_dir(f"{container}/arrow/deep")
arrow.move(f"{container}/arrow/deep", f"{container}/arrow/moved")
found = [one.path for one in arrow.get_file_info(FileSelector(f"{container}/arrow"))]
assert found == [f"{container}/arrow/moved"], found
arrow.delete_dir(f"{container}/arrow")
print("done")
