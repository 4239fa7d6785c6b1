-- A session keeps its number while its token changes: with every proof of identity it gets another.
CREATE TABLE sessions_with_numbers (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_no INTEGER NOT NULL REFERENCES users (no),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    proved_at INTEGER NOT NULL,
    -- NULL: it could not be told.
    address BLOB,
    user_agent TEXT NOT NULL,
    -- Whether the second factor is still to be given.
    code_pending INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO sessions_with_numbers
    (token_hash, user_no, created_at, last_seen_at, proved_at, address, user_agent, code_pending)
    SELECT token_hash, user_no, created_at, last_seen_at, proved_at, address, user_agent, code_pending
    FROM sessions ORDER BY created_at, token_hash;
DROP TABLE sessions;
ALTER TABLE sessions_with_numbers RENAME TO sessions;
CREATE INDEX sessions_by_user ON sessions (user_no, code_pending, no);

-- Living keys of an account are counted before another is made.
CREATE INDEX keys_living ON keys (account_no) WHERE deleted_at IS NULL;
