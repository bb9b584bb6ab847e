"""Engines on a machine with a managed identity: nothing in the environment says who it is."""

import sys

import obstore
from obstore.store import AzureStore
from pyarrow.fs import AzureFileSystem

account, container = sys.argv[1:]
store = AzureStore.from_url(f"abfss://{container}@{account}.dfs.core.windows.net/")
obstore.put(store, "by-identity", b"data")
assert [one["path"] for one in obstore.list(store).collect()] == ["by-identity"]
with AzureFileSystem(account).open_input_file(f"{container}/by-identity") as file:
    assert file.read() == b"data"
print("done")
