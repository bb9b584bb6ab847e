<#
.SYNOPSIS
Give a service principal or managed identity what it needs to automate one side.
.DESCRIPTION
Contributor on the data share account and on the lake, and the right to give the account's identity its role there (lakeport's --grant).
The object id is that of the service principal, not of the application: az ad sp show --id CLIENT-ID --query id
.EXAMPLE
./Roles.ps1 -Side provider -Suffix abc123 -ObjectId 00000000-0000-0000-0000-000000000000
#>
param(
    [Parameter(Mandatory)][string]$Side,
    [Parameter(Mandatory)][string]$Suffix,
    [Parameter(Mandatory)][guid]$ObjectId,
    [string]$Group = 'data-share-automation'
)
. "$PSScriptRoot/Names.ps1"
$names = Get-Name $Side $Suffix
$providers = "/subscriptions/$(Invoke-Az account show --query id --output tsv)/resourceGroups/$Group/providers"
$lake = "$providers/Microsoft.Storage/storageAccounts/$($names.Store)"
$given = @(
    @('Contributor', "$providers/Microsoft.DataShare/accounts/$($names.Account)"),
    @('Contributor', $lake),
    @('Role Based Access Control Administrator', $lake)
)
foreach ($pair in $given) {
    Invoke-Az role assignment create --assignee-object-id $ObjectId --assignee-principal-type ServicePrincipal --role $pair[0] --scope $pair[1] --output none
}
