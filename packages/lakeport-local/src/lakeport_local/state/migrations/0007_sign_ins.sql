-- Sign-ins under way: device codes and authorization codes, kept as hashes. Instants are epoch seconds.
CREATE TABLE sign_ins (
    code_hash BLOB PRIMARY KEY,
    user_code TEXT UNIQUE,
    client_id TEXT NOT NULL,
    tenant_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT NOT NULL,
    state TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
