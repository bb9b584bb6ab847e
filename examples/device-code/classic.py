"""A person at any browser: `lakeport local approve CODE --user ada@contoso.onmicrosoft.com` stands for them."""

from azure.identity import DeviceCodeCredential
from azure.storage.filedatalake import DataLakeServiceClient

credential = DeviceCodeCredential(tenant_id="33333333-3333-4333-8333-333333333333")
service_client = DataLakeServiceClient("https://contosolake.dfs.core.windows.net", credential=credential)
print([path.name for path in service_client.get_file_system_client("raw").get_paths(recursive=False)])
