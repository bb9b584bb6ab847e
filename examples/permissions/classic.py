"""Let an application read a directory and all below it, and whatever is made there later."""

import os

from azure.identity import DefaultAzureCredential
from azure.storage.filedatalake import FileSystemClient

analyst = os.environ["ANALYST_OBJECT_ID"]  # of the service principal: not the application's, not the client id
lake = FileSystemClient("https://contosolake.dfs.core.windows.net", "raw", DefaultAzureCredential())
lake.get_file_client("shared/2030/a.csv").upload_data(b"1\n", overwrite=True)

for above in ("/", "shared"):
    directory = lake.get_directory_client(above)
    entries = [
        one for one in directory.get_access_control()["acl"].split(",") if not one.startswith(f"user:{analyst}:")
    ]
    entries = [one for one in entries if not one.startswith("mask:")]
    directory.set_access_control(acl=",".join([*entries, f"user:{analyst}:--x"]))
result = lake.get_directory_client("shared/2030").update_access_control_recursive(
    f"user:{analyst}:r-x,default:user:{analyst}:r-x"
)
print(result.counters.directories_successful, result.counters.files_successful)
