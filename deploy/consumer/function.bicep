// The function app that receives unattended (deploy/function_app): its plan, its own storage, its identity and that identity's roles.
targetScope = 'resourceGroup'

@description('Ends the names; the one that consumer/main.bicep was given.')
@minLength(3)
@maxLength(11)
param suffix string

@description('Where everything lies.')
param location string = resourceGroup().location

@description('Whose invitations are accepted, as accept: of a receive.yaml says it; nobody\'s while it is empty.')
param accept string = ''

@description('When it runs, as an NCRONTAB expression.')
param schedule string = '0 */5 * * * *'

var contributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b24988ac-6180-42a0-ab88-20f7382dd24c')
var storageBlobDataOwner = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')

resource lake 'Microsoft.Storage/storageAccounts@2023-01-01' existing = {
  name: 'deststorage${suffix}'
}

resource dataShare 'Microsoft.DataShare/accounts@2021-08-01' existing = {
  name: 'dest-data-share-${suffix}'
}

resource host 'Microsoft.Storage/storageAccounts@2023-01-01' = {
  name: 'receivehost${suffix}'
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
  }
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: 'receive-plan-${suffix}'
  location: location
  kind: 'linux'
  sku: {
    name: 'Y1'
    tier: 'Dynamic'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2023-12-01' = {
  name: 'receive-${suffix}'
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      linuxFxVersion: 'Python|3.11'
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      appSettings: [
        {
          name: 'FUNCTIONS_EXTENSION_VERSION'
          value: '~4'
        }
        {
          name: 'FUNCTIONS_WORKER_RUNTIME'
          value: 'python'
        }
        {
          name: 'AzureWebJobsStorage__accountName'
          value: host.name
        }
        {
          name: 'RECEIVE_SCHEDULE'
          value: schedule
        }
        {
          name: 'LAKEPORT_ACCEPT'
          value: accept
        }
        {
          name: 'DATA_SHARE_ACCOUNT_NAME'
          value: dataShare.name
        }
        {
          name: 'DATA_SHARE_RESOURCE_GROUP_NAME'
          value: resourceGroup().name
        }
        {
          name: 'DATA_SHARE_AZURE_SUBSCRIPTION_ID'
          value: subscription().subscriptionId
        }
        {
          name: 'DESTINATION_STORAGE_ACCOUNT_NAME'
          value: lake.name
        }
        {
          name: 'DESTINATION_STORAGE_RESOURCE_GROUP_NAME'
          value: resourceGroup().name
        }
        {
          name: 'DESTINATION_STORAGE_SUBSCRIPTION_ID'
          value: subscription().subscriptionId
        }
      ]
    }
  }
}

resource hosts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host
  name: guid(host.id, app.id, storageBlobDataOwner)
  properties: {
    roleDefinitionId: storageBlobDataOwner
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource receives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: dataShare
  name: guid(dataShare.id, app.id, contributor)
  properties: {
    roleDefinitionId: contributor
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource maps 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: lake
  name: guid(lake.id, app.id, contributor)
  properties: {
    roleDefinitionId: contributor
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

output functionAppName string = app.name
output functionPrincipalId string = app.identity.principalId
