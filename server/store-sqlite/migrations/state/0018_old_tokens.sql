-- The last rotation of a key, which gave it its present token.
ALTER TABLE keys ADD COLUMN rotated_at INTEGER;

-- The tokens that keys had before. They are kept for good, so that they are refused as rotated.
CREATE TABLE old_tokens (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    key_no INTEGER NOT NULL REFERENCES keys (no),
    masked TEXT NOT NULL,
    rotated_at INTEGER NOT NULL,
    -- It passes until then.
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX old_tokens_by_key ON old_tokens (key_no, rotated_at);
