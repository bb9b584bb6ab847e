-- Blobs with tags: few have some, and a search looks at no others.
CREATE INDEX paths_by_tags ON paths (parent, name) WHERE json_extract(details, '$.tags') IS NOT NULL;
