-- What a blob was: snapshots, earlier versions, and what was deleted and may come back. Each is a row of `paths` whose
-- parent is -2. `moment` (100 ns since year 1) names it; `deleted` and `purge_at` are microseconds since 1970.
CREATE TABLE kept_paths (
    path INTEGER PRIMARY KEY,
    file_system INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    moment INTEGER NOT NULL,
    deleted INTEGER,
    purge_at INTEGER
) STRICT;
CREATE INDEX kept_paths_by_name ON kept_paths (file_system, name, moment);
CREATE INDEX kept_paths_by_purge ON kept_paths (purge_at) WHERE purge_at IS NOT NULL;

-- File systems that were deleted and may come back, with the id they had.
CREATE TABLE kept_file_systems (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    name TEXT NOT NULL,
    root INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    details TEXT NOT NULL,
    version TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    purge_at INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_file_systems_by_name ON kept_file_systems (account, name);
CREATE INDEX kept_file_systems_by_purge ON kept_file_systems (purge_at);

-- Accounts without a hierarchical namespace have no directories: their blobs are named by full paths, right below the root.
CREATE TEMP TABLE flat_names AS
    WITH RECURSIVE below (id, root, name, is_directory) AS (
        SELECT paths.id, file_systems.root, paths.name, paths.is_directory
        FROM file_systems
        JOIN resources ON resources.uid = file_systems.account
        JOIN paths ON paths.parent = file_systems.root
        WHERE json_extract(resources.document, '$.properties.isHnsEnabled') = 0
        UNION ALL
        SELECT paths.id, below.root, below.name || '/' || paths.name, paths.is_directory
        FROM below JOIN paths ON paths.parent = below.id
    )
    SELECT * FROM below;
DELETE FROM paths WHERE id IN (SELECT id FROM flat_names WHERE is_directory);
UPDATE paths SET parent = flat_names.root, name = flat_names.name FROM flat_names WHERE paths.id = flat_names.id;
UPDATE paths SET made_by = 'flat' WHERE id IN (
    SELECT root FROM file_systems JOIN resources ON resources.uid = file_systems.account
    WHERE json_extract(resources.document, '$.properties.isHnsEnabled') = 0
);
DROP TABLE flat_names;
