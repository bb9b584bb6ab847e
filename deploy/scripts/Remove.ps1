<#
.SYNOPSIS
Remove one side again: the data share account, the roles on the lake, the lake with all that is in it. The resource group stays.
.EXAMPLE
./Remove.ps1 -Side provider -Suffix abc123 -Yes
#>
param(
    [Parameter(Mandatory)][string]$Side,
    [Parameter(Mandatory)][string]$Suffix,
    [Parameter(Mandatory)][switch]$Yes,
    [string]$Group = 'data-share-automation'
)
. "$PSScriptRoot/Names.ps1"
$names = Get-Name $Side $Suffix
if (-not $Yes) { throw 'it deletes the lake and its data; say -Yes' }
$subscription = Invoke-Az account show --query id --output tsv
$url = Get-AccountUrl $subscription $Group $names.Account
$lake = "/subscriptions/$subscription/resourceGroups/$Group/providers/Microsoft.Storage/storageAccounts/$($names.Store)"

function Get-Listed {
    param([string]$Type, [string]$Name)
    return Invoke-Az resource list --resource-group $Group --resource-type $Type --query "[?name=='$Name'].id" --output tsv
}

if (Get-Listed 'Microsoft.DataShare/accounts' $names.Account) {
    Invoke-Az rest --method delete --url $url --output none
    $left = 300
    while (Get-Listed 'Microsoft.DataShare/accounts' $names.Account) {
        if ($left-- -le 0) { throw 'waited too long for the data share account to go' }
        Start-Sleep -Seconds 1
    }
}
if (Get-Listed 'Microsoft.Storage/storageAccounts' $names.Store) {
    foreach ($assignment in Invoke-Az role assignment list --scope $lake --query "[?scope=='$lake'].id" --output tsv) {
        Invoke-Az role assignment delete --ids $assignment
    }
    Invoke-Az storage account delete --name $names.Store --resource-group $Group --yes
}
