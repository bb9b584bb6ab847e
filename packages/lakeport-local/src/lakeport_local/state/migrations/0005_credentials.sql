-- What `exec --as` hands out: the topology's principals with the secrets generated for them in this folder.
CREATE TABLE credentials (
    tenant_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    password TEXT NOT NULL,
    has_key_pair INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, object_id)
) STRICT;
