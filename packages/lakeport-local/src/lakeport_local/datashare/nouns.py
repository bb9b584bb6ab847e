"""The resource types of Microsoft.DataShare, and the api-versions in which their spelling differs.

Source: data-share.md 1.1 and 1.2.
"""

from __future__ import annotations

NAMESPACE = "Microsoft.DataShare"
ACCOUNTS = f"{NAMESPACE}/accounts"
SHARES = f"{ACCOUNTS}/shares"
DATA_SETS = f"{SHARES}/dataSets"
SETTINGS = f"{SHARES}/synchronizationSettings"
INVITATIONS = f"{SHARES}/invitations"
PROVIDER_SUBSCRIPTIONS = f"{SHARES}/providerShareSubscriptions"
SUBSCRIPTIONS = f"{ACCOUNTS}/shareSubscriptions"
SOURCE_DATA_SETS = f"{SUBSCRIPTIONS}/consumerSourceDataSets"
MAPPINGS = f"{SUBSCRIPTIONS}/dataSetMappings"
TRIGGERS = f"{SUBSCRIPTIONS}/triggers"
CONSUMER_INVITATIONS = f"{NAMESPACE}/consumerInvitations"
STORES = "Microsoft.Storage/storageAccounts"

VERSIONS = ("2018-11-01-preview", "2019-11-01", "2020-09-01", "2020-10-01-preview", "2021-08-01")
EARLY_VERSIONS = frozenset(VERSIONS[:2])
"""Without `systemData` and `expirationDate`, and with short type names."""

EARLY_TYPES = {
    SHARES: f"{NAMESPACE}/shares",
    DATA_SETS: f"{NAMESPACE}/DataSets",
    SETTINGS: f"{NAMESPACE}/SynchronizationSettings",
    INVITATIONS: f"{NAMESPACE}/Invitations",
    SUBSCRIPTIONS: f"{NAMESPACE}/ShareSubscriptions",
    PROVIDER_SUBSCRIPTIONS: f"{NAMESPACE}/ShareSubscriptions",
    SOURCE_DATA_SETS: f"{NAMESPACE}/ConsumerSourceDataSet",
    MAPPINGS: f"{NAMESPACE}/DataSetMappings",
    TRIGGERS: f"{NAMESPACE}/Triggers",
}
"""The type names that the early versions show."""
