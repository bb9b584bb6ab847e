// The receiving side: a lake, a data share account, and what its identity needs to write the lake.
targetScope = 'resourceGroup'

@description('Ends the names: lower-case letters and digits. Storage account names are global.')
@minLength(3)
@maxLength(11)
param suffix string

@description('Where everything lies.')
param location string = resourceGroup().location

var storageBlobDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')

resource lake 'Microsoft.Storage/storageAccounts@2023-01-01' = {
  name: 'deststorage${suffix}'
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    isHnsEnabled: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
  }
}

resource dataShare 'Microsoft.DataShare/accounts@2021-08-01' = {
  name: 'dest-data-share-${suffix}'
  location: location
  identity: {
    type: 'SystemAssigned'
  }
}

resource writes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: lake
  name: guid(lake.id, dataShare.id, storageBlobDataContributor)
  properties: {
    roleDefinitionId: storageBlobDataContributor
    principalId: dataShare.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

output storageAccountName string = lake.name
output dataShareAccountName string = dataShare.name
output dataSharePrincipalId string = dataShare.identity.principalId
