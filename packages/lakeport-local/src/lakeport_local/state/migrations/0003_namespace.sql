-- The lake's namespace. Instants are microseconds since 1970; an etag is a number that only grows.

-- A file system (container) of a storage account, which is named by its resource's uid.
CREATE TABLE file_systems (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    name TEXT NOT NULL,
    root INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    metadata TEXT NOT NULL DEFAULT '[]',
    details TEXT NOT NULL DEFAULT '{}',
    UNIQUE (account, name)
) STRICT;

-- Names that may not be used again before an instant.
CREATE TABLE deleted_file_systems (
    account INTEGER NOT NULL,
    name TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

-- Every distinct access control list, once.
CREATE TABLE acls (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Files and directories. Parent 0: the root of a file system; parent -1: detached, waiting to be reclaimed.
CREATE TABLE paths (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_directory INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL DEFAULT 0,
    etag INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    owner TEXT NOT NULL,
    owning_group TEXT NOT NULL,
    acl INTEGER NOT NULL,
    content INTEGER,
    made_by TEXT NOT NULL DEFAULT 'dfs',
    md5 BLOB,
    headers TEXT NOT NULL DEFAULT '{}',
    metadata TEXT NOT NULL DEFAULT '[]',
    details TEXT NOT NULL DEFAULT '{}',
    UNIQUE (parent, name)
) STRICT;
CREATE INDEX paths_by_content ON paths (content) WHERE content IS NOT NULL;

-- An immutable run of bytes: in its row, or in a file of the content folder.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size_bytes INTEGER NOT NULL,
    file TEXT,
    bytes BLOB
) STRICT;

-- Files that no chunk names: still being written, or about to be unlinked. A start unlinks them.
CREATE TABLE loose_files (
    file TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What a file holds: extents in order. A path reads the first `size_bytes` of its content.
CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE extents (
    content INTEGER NOT NULL,
    number INTEGER NOT NULL,
    start INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    chunk_start INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    block TEXT,
    PRIMARY KEY (content, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX extents_by_chunk ON extents (chunk);

-- Appended through dfs and not yet flushed.
CREATE TABLE segments (
    path INTEGER NOT NULL,
    position INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    PRIMARY KEY (path, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX segments_by_chunk ON segments (chunk);

-- Put through blob and not yet committed; the blob need not exist.
CREATE TABLE blocks (
    file_system INTEGER NOT NULL,
    path TEXT NOT NULL,
    block TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    staged INTEGER NOT NULL,
    PRIMARY KEY (file_system, path, block)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_by_chunk ON blocks (chunk);

-- What something let go of; collected in the background once nothing else holds it.
CREATE TABLE released_contents (
    content INTEGER PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE released_chunks (
    chunk INTEGER PRIMARY KEY
) STRICT, WITHOUT ROWID;
