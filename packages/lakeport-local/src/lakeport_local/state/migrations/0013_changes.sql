-- What changed in a file system since an instant, however many files it holds: every path knows its file system's root.
ALTER TABLE paths ADD COLUMN root INTEGER NOT NULL DEFAULT 0;
WITH RECURSIVE tree (id, root) AS (
    SELECT id, id FROM paths WHERE parent = 0
    UNION ALL
    SELECT p.id, t.root FROM paths p JOIN tree t ON p.parent = t.id
)
UPDATE paths SET root = tree.root FROM tree WHERE tree.id = paths.id;
CREATE INDEX paths_by_change ON paths (root, modified) WHERE is_directory = 0;

-- A piece of a snapshot run keeps how far it came; its files need no list.
ALTER TABLE data_share_pieces ADD COLUMN cursor TEXT;
ALTER TABLE data_share_pieces DROP COLUMN is_listed;
DROP TABLE data_share_files;
