-- With which key or scope a block was put: its blob is committed with the same.
ALTER TABLE blocks ADD COLUMN encryption TEXT NOT NULL DEFAULT '';
