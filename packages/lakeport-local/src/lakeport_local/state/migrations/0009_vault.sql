-- What key vaults hold. A vault is named by the uid that its resource had first; instants are epoch seconds.
CREATE TABLE vault_secrets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vault INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    deleted_at INTEGER,
    purged_at INTEGER,
    policy TEXT,
    UNIQUE (vault, name)
) STRICT;
CREATE INDEX vault_secrets_by_end ON vault_secrets (vault, purged_at) WHERE purged_at IS NOT NULL;

-- Versions of a secret, the newest last. Those of a certificate carry its public part beside the value.
CREATE TABLE vault_versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    secret INTEGER NOT NULL REFERENCES vault_secrets (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    value TEXT NOT NULL,
    content_type TEXT,
    tags TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    not_before INTEGER,
    expires INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    certificate BLOB,
    UNIQUE (secret, version)
) STRICT;

-- A vault that is gone for good takes its secrets with it; a deleted one is kept as a document that says whose they are.
CREATE TRIGGER vault_secrets_of_vaults AFTER DELETE ON resources
WHEN old.type = 'Microsoft.KeyVault/locations/deletedVaults' BEGIN
    DELETE FROM vault_secrets WHERE vault = json_extract(old.document, '$.internal.contents');
END;
