#!/usr/bin/env bash
# Make one side: a resource group, a lake, a data share account, and the role that its identity needs on the lake. Can be run again.
#
#   create.sh provider|consumer SUFFIX
#
# GROUP and LOCATION say where (data-share-automation, westeurope). Needs: az, signed in to the right subscription.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=names.sh
source "$here/names.sh"
[[ $# -eq 2 ]] || fail "usage: create.sh provider|consumer SUFFIX"
names "$1" "$2"

subscription="$(az account show --query id --output tsv)"
url="$(account_url "$subscription")"
ready() { [[ "$(az rest --method get --url "$url" --query properties.provisioningState --output tsv)" == Succeeded ]]; }

az group create --name "$group" --location "$location" --output none
lake="$(az storage account create --name "$store" --resource-group "$group" --location "$location" --kind StorageV2 \
  --sku Standard_LRS --hns true --min-tls-version TLS1_2 --allow-blob-public-access false --query id --output tsv)"
if [[ "$1" == provider ]]; then
  az storage container-rm create --name share-data --storage-account "$store" --resource-group "$group" --output none
fi

az rest --method put --url "$url" --body "{\"location\": \"$location\", \"identity\": {\"type\": \"SystemAssigned\"}}" --output none
until_true 300 ready
principal="$(az rest --method get --url "$url" --query identity.principalId --output tsv)"
az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "$identity_role" --scope "$lake" --output none
printf '%s\n' "$lake" "${url%%\?*}" | sed 's,https://management.azure.com,,'
