#!/usr/bin/env bash
# Give a service principal or managed identity what it needs to automate one side: Contributor on the data share account and on the lake,
# and the right to give the account's identity its role there (lakeport's --grant).
#
#   roles.sh provider|consumer SUFFIX OBJECT-ID
#
# OBJECT-ID is that of the service principal, not of the application: az ad sp show --id CLIENT-ID --query id
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=names.sh
source "$here/names.sh"
[[ $# -eq 3 ]] || fail "usage: roles.sh provider|consumer SUFFIX OBJECT-ID"
names "$1" "$2"
guid='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
[[ "$3" =~ $guid ]] || fail "the object id is a GUID, not '$3'"

providers="/subscriptions/$(az account show --query id --output tsv)/resourceGroups/$group/providers"
give() {
  az role assignment create --assignee-object-id "$3" --assignee-principal-type ServicePrincipal --role "$1" --scope "$2" --output none
}
give Contributor "$providers/Microsoft.DataShare/accounts/$account" "$3"
give Contributor "$providers/Microsoft.Storage/storageAccounts/$store" "$3"
give "Role Based Access Control Administrator" "$providers/Microsoft.Storage/storageAccounts/$store" "$3"
