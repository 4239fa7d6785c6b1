-- Links by which a user sets a password who has forgotten the one they had.
CREATE TABLE password_links (
    no INTEGER PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- None where nobody gets a letter. Such a row is written all the same, so that both take as long.
    user_no INTEGER REFERENCES users (no),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_links_by_user ON password_links (user_no);
CREATE INDEX password_links_by_end ON password_links (expires_at);
