// The providing side: a lake with a container to share, a data share account, and what its identity needs to read the lake.
targetScope = 'resourceGroup'

@description('Ends the names: lower-case letters and digits. Storage account names are global.')
@minLength(3)
@maxLength(11)
param suffix string

@description('Where everything lies.')
param location string = resourceGroup().location

@description('The container that is there to be shared.')
param container string = 'share-data'

var storageBlobDataReader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')

resource lake 'Microsoft.Storage/storageAccounts@2023-01-01' = {
  name: 'sourcestorage${suffix}'
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

resource shared 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-01-01' = {
  name: '${lake.name}/default/${container}'
}

resource dataShare 'Microsoft.DataShare/accounts@2021-08-01' = {
  name: 'source-data-share-${suffix}'
  location: location
  identity: {
    type: 'SystemAssigned'
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: lake
  name: guid(lake.id, dataShare.id, storageBlobDataReader)
  properties: {
    roleDefinitionId: storageBlobDataReader
    principalId: dataShare.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

output storageAccountName string = lake.name
output dataShareAccountName string = dataShare.name
output dataSharePrincipalId string = dataShare.identity.principalId
