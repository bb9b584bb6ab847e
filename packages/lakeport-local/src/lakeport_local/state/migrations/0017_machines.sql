-- Machines that call the metadata address: the identity of their own, or none, and those assigned to them (a JSON list of object ids).
CREATE TABLE machines (
    object_id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    own TEXT NOT NULL,
    assigned TEXT NOT NULL
) STRICT;
