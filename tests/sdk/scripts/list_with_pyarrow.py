"""As a user would write it: pyarrow's own Azure client (C++), with whatever credential the environment has."""

from pyarrow.fs import AzureFileSystem, FileType

lake = AzureFileSystem(account_name="sourcestorage")
print(lake.get_file_info("share-data").type == FileType.Directory)
