<#
.SYNOPSIS
Make one side: a resource group, a lake, a data share account, and the role that its identity needs on the lake. Can be run again.
.EXAMPLE
./Create.ps1 -Side provider -Suffix abc123
#>
param(
    [Parameter(Mandatory)][string]$Side,
    [Parameter(Mandatory)][string]$Suffix,
    [string]$Group = 'data-share-automation',
    [string]$Location = 'westeurope'
)
. "$PSScriptRoot/Names.ps1"
$names = Get-Name $Side $Suffix
$subscription = Invoke-Az account show --query id --output tsv
$url = Get-AccountUrl $subscription $Group $names.Account

Invoke-Az group create --name $Group --location $Location --output none
$lake = Invoke-Az storage account create --name $names.Store --resource-group $Group --location $Location --kind StorageV2 --sku Standard_LRS --hns true --min-tls-version TLS1_2 --allow-blob-public-access false --query id --output tsv
if ($Side -eq 'provider') {
    Invoke-Az storage container-rm create --name share-data --storage-account $names.Store --resource-group $Group --output none
}

# From a file: quotes in arguments are not passed on alike by every version of PowerShell.
$body = New-TemporaryFile
try {
    @{ location = $Location; identity = @{ type = 'SystemAssigned' } } | ConvertTo-Json | Set-Content $body
    Invoke-Az rest --method put --url $url --body "@$($body.FullName)" --output none
}
finally {
    Remove-Item $body
}
$left = 300
while ((Invoke-Az rest --method get --url $url --query properties.provisioningState --output tsv) -ne 'Succeeded') {
    if ($left-- -le 0) { throw 'waited too long for the data share account' }
    Start-Sleep -Seconds 1
}
$principal = Invoke-Az rest --method get --url $url --query identity.principalId --output tsv
Invoke-Az role assignment create --assignee-object-id $principal --assignee-principal-type ServicePrincipal --role $names.Role --scope $lake --output none
$lake
$url.Split('?')[0].Replace('https://management.azure.com', '')
