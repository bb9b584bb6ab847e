-- Paths with leases: few have one, and who deletes a tree looks at no others.
CREATE INDEX paths_by_lease ON paths (parent, name) WHERE json_extract(details, '$.lease') IS NOT NULL;
