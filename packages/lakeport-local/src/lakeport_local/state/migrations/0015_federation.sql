-- Tokens of other issuers that an app takes for its own sign-in, and the public keys of those issuers (a JWK Set each).
CREATE TABLE federated_credentials (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES apps (client_id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    audiences TEXT NOT NULL,
    description TEXT,
    UNIQUE (client_id, name)
) STRICT;
CREATE TABLE issuers (
    url TEXT PRIMARY KEY,
    keys TEXT NOT NULL
) STRICT;

-- A principal that may not sign in; and since when its sessions count: refresh tokens from before are revoked.
ALTER TABLE principals ADD COLUMN is_enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE principals ADD COLUMN sessions_from INTEGER NOT NULL DEFAULT 0;

-- What a tenant's conditional access refuses, by policy name: a JSON list.
ALTER TABLE tenants ADD COLUMN blocked TEXT NOT NULL DEFAULT '[]';
