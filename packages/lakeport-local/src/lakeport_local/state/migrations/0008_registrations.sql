-- What Microsoft Graph knows of the directory beyond the sign-in: application objects, profiles, the names of credentials.
ALTER TABLE apps ADD COLUMN object_id TEXT NOT NULL DEFAULT '';
UPDATE apps SET object_id = lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
    || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
);
CREATE UNIQUE INDEX apps_by_object ON apps (object_id);
CREATE INDEX apps_by_tenant ON apps (tenant_id);

-- Properties of a directory object that nothing but Graph reads: a JSON object by Graph's own names.
CREATE TABLE profiles (
    tenant_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant_id, object_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER profiles_of_principals AFTER DELETE ON principals BEGIN
    DELETE FROM profiles WHERE tenant_id = old.tenant_id AND object_id = old.object_id;
END;
CREATE TRIGGER profiles_of_apps AFTER DELETE ON apps BEGIN
    DELETE FROM profiles WHERE tenant_id = old.tenant_id AND object_id = old.object_id;
END;

-- A credential's display name and hint, and the object it was registered with: empty for the application.
ALTER TABLE secrets ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE secrets ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE secrets ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN name TEXT NOT NULL DEFAULT '';
