#!/bin/sh
# Sets up a provider and a consumer of a data share as a sample repository would: run it after `az login`.
#   SUBSCRIPTION  the subscription's id        LOCATION  a region        SUFFIX  makes names unique
set -eu

group="sample-$SUFFIX"
az account set --subscription "$SUBSCRIPTION"
az group create --name "$group" --location "$LOCATION" --output none

for side in source target; do
  az storage account create --name "$side$SUFFIX" --resource-group "$group" --location "$LOCATION" \
    --kind StorageV2 --sku Standard_LRS --hns true --min-tls-version TLS1_2 --output none
done

base="https://management.azure.com/subscriptions/$SUBSCRIPTION/resourceGroups/$group/providers/Microsoft.DataShare/accounts"
give() { # SIDE ROLE
  url="$base/$1-share-$SUFFIX?api-version=2021-08-01"
  az rest --method put --url "$url" --output none \
    --body "{\"location\": \"$LOCATION\", \"identity\": {\"type\": \"SystemAssigned\"}}"
  principal=$(az rest --method get --url "$url" --query identity.principalId --output tsv)
  scope=$(az storage account show --name "$1$SUFFIX" --resource-group "$group" --query id --output tsv)
  az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
    --role "$2" --scope "$scope" --output none
}
give source "Storage Blob Data Reader"
give target "Storage Blob Data Contributor"

key=$(az storage account keys list --account-name "source$SUFFIX" --resource-group "$group" --query "[0].value" --output tsv)
az storage container create --name data --account-name "source$SUFFIX" --account-key "$key" --output none
file=$(mktemp)
printf 'a,b\n1,2\n' > "$file"
az storage blob upload --container-name data --name in/one.csv --file "$file" --account-name "source$SUFFIX" \
  --account-key "$key" --output none
rm "$file"
az storage blob list --container-name data --account-name "source$SUFFIX" --account-key "$key" --query "[].name" --output tsv
az role assignment list --resource-group "$group" --include-inherited --query "length(@)" --output tsv
