-- When files expire: few do, and every request asks whether one has.
CREATE INDEX paths_by_expiry ON paths (json_extract(details, '$.expires'))
    WHERE json_extract(details, '$.expires') IS NOT NULL;
