-- What came as one small body is kept in its content's own row, until it is a part of something else: no chunk, no extent.
ALTER TABLE contents ADD COLUMN bytes BLOB;
