"""A Parquet file: written, fetched into memory, and read by pyarrow."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
from azure.identity import DefaultAzureCredential
from azure.storage.filedatalake import DataLakeServiceClient

service_client = DataLakeServiceClient("https://contosolake.dfs.core.windows.net", credential=DefaultAzureCredential())
file_client = service_client.get_file_client("raw", "tables/orders.parquet")

out = io.BytesIO()
pq.write_table(pa.table({"id": [1, 2, 3], "amount": [10, 20, 30]}), out)
file_client.upload_data(out.getvalue(), overwrite=True)

stream = io.BytesIO()
file_client.download_file().readinto(stream)
stream.seek(0)
print(pq.read_table(stream, columns=["amount"]).to_pydict())
