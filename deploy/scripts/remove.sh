#!/usr/bin/env bash
# Remove one side again: the data share account, the roles on the lake, the lake with all that is in it. The resource group stays.
#
#   remove.sh provider|consumer SUFFIX --yes
#
# GROUP says where (data-share-automation). What is gone already is no error.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=names.sh
source "$here/names.sh"
[[ $# -eq 3 && "$3" == --yes ]] || fail "usage: remove.sh provider|consumer SUFFIX --yes   (it deletes the lake and its data)"
names "$1" "$2"

subscription="$(az account show --query id --output tsv)"
url="$(account_url "$subscription")"
lake="/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Storage/storageAccounts/$store"
listed() { az resource list --resource-group "$group" --resource-type "$1" --query "[?name=='$2'].id" --output tsv; }
gone() { [[ -z "$(listed Microsoft.DataShare/accounts "$account")" ]]; }

if ! gone; then
  az rest --method delete --url "$url" --output none
  until_true 300 gone
fi
if [[ -n "$(listed Microsoft.Storage/storageAccounts "$store")" ]]; then
  az role assignment list --scope "$lake" --query "[?scope=='$lake'].id" --output tsv | while read -r assignment; do
    az role assignment delete --ids "$assignment"
  done
  az storage account delete --name "$store" --resource-group "$group" --yes
fi
