-- Tenants, principals and credentials. Every id is in lower case.
CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE,
    domain TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;

-- App registrations; the service principals they have, in any tenant, are principals.
CREATE TABLE apps (
    client_id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    is_enabled INTEGER NOT NULL
) STRICT;

-- Service principals, managed identities, users and groups, by the tenant in which the object id is known.
CREATE TABLE principals (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    object_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    mail TEXT NOT NULL COLLATE NOCASE,
    client_id TEXT NOT NULL,
    resource_id TEXT NOT NULL COLLATE NOCASE,
    home_tenant_id TEXT NOT NULL,
    home_object_id TEXT NOT NULL,
    password BLOB NOT NULL,
    PRIMARY KEY (tenant_id, object_id)
) STRICT;
CREATE INDEX principals_by_name ON principals (tenant_id, name);
CREATE INDEX principals_by_client ON principals (tenant_id, client_id);
CREATE INDEX principals_by_object ON principals (object_id);

CREATE TABLE members (
    tenant_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, member_id, group_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES principals (tenant_id, object_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_group ON members (tenant_id, group_id);

-- Credentials of apps: a secret as salt and hash, a certificate as its public part. Instants are epoch seconds.
CREATE TABLE secrets (
    key_id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES apps (client_id) ON DELETE CASCADE,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER
) STRICT;
CREATE INDEX secrets_by_client ON secrets (client_id);

CREATE TABLE certificates (
    key_id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES apps (client_id) ON DELETE CASCADE,
    der BLOB NOT NULL,
    sha1 TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX certificates_by_client ON certificates (client_id);
