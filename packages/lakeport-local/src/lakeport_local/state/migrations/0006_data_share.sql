-- Snapshot runs of Microsoft.DataShare. Instants are ISO texts; a run is found by its synchronizationId.
CREATE TABLE data_share_runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    subscription_id TEXT NOT NULL,
    subscription_uid INTEGER NOT NULL,
    share_uid INTEGER NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    is_cancelling INTEGER NOT NULL DEFAULT 0,
    slot TEXT,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    error TEXT,
    consumer TEXT NOT NULL,
    -- A slot of a schedule is run once.
    UNIQUE (subscription_uid, slot)
) STRICT;
CREATE INDEX data_share_runs_by_status ON data_share_runs (status, number);
CREATE INDEX data_share_runs_by_end ON data_share_runs (ended_at);
CREATE INDEX data_share_runs_by_share ON data_share_runs (share_uid, number);

-- What a run does with one data set: frozen when the run begins, so that a restart goes on with the same plan.
CREATE TABLE data_share_pieces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES data_share_runs (number) ON DELETE CASCADE,
    name TEXT NOT NULL,
    data_set_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    mapping_uid INTEGER NOT NULL,
    plan TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'Queued',
    is_listed INTEGER NOT NULL DEFAULT 0,
    listed_at TEXT,
    stores TEXT,
    started_at TEXT,
    ended_at TEXT,
    error TEXT,
    files_read INTEGER NOT NULL DEFAULT 0,
    size_read INTEGER NOT NULL DEFAULT 0,
    files_written INTEGER NOT NULL DEFAULT 0,
    size_written INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX data_share_pieces_by_run ON data_share_pieces (run, id);

-- The source's files that a piece has still to copy; each leaves in the transaction that copies it.
CREATE TABLE data_share_files (
    piece INTEGER NOT NULL REFERENCES data_share_pieces (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    PRIMARY KEY (piece, path)
) STRICT, WITHOUT ROWID;

-- Up to where a mapping has all of its data set: when the last good snapshot looked at the source, and the uids of both stores.
CREATE TABLE data_share_marks (
    mapping_uid INTEGER PRIMARY KEY,
    stores TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
