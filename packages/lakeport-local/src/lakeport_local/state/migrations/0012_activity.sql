-- What was written through the control plane, as the activity log tells it. Instants are microseconds since 1970.
CREATE TABLE activity (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription TEXT NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX activity_by_time ON activity (subscription, at);
