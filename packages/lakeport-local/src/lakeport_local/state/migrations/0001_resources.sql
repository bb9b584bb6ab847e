CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Every control-plane resource, from the subscription down. `key` is the id in lower case.
CREATE TABLE resources (
    uid INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL,
    type TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL COLLATE NOCASE,
    parent TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX resources_by_parent ON resources (parent, type, name);
CREATE INDEX resources_by_type ON resources (type, name);
