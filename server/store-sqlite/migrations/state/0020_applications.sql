-- Applications that ask a customer for a key (RFC 8628), and those that were let in.
CREATE TABLE applications (
    no INTEGER PRIMARY KEY,
    device_hash BLOB NOT NULL UNIQUE CHECK (length(device_hash) = 32),
    -- None once somebody decided: a code counts once.
    user_code_hash BLOB UNIQUE CHECK (length(user_code_hash) = 32),
    name TEXT NOT NULL,
    icon_url TEXT,
    return_url TEXT,
    asked_from BLOB,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    interval_seconds INTEGER NOT NULL,
    polled_at INTEGER,
    state INTEGER NOT NULL DEFAULT 0,
    decided_by INTEGER REFERENCES users (no),
    decided_at INTEGER,
    -- The key it was given, and whose that is.
    key_no INTEGER UNIQUE REFERENCES keys (no),
    user_no INTEGER REFERENCES users (no),
    account_no INTEGER REFERENCES users (no),
    -- The token, until it is fetched.
    token_sealed BLOB,
    fetched_at INTEGER
) STRICT;
CREATE INDEX applications_open ON applications (asked_from, expires_at) WHERE state = 0;
CREATE INDEX applications_over ON applications (expires_at) WHERE key_no IS NULL;
CREATE INDEX applications_unfetched ON applications (expires_at) WHERE token_sealed IS NOT NULL;
CREATE INDEX applications_by_account ON applications (account_no, decided_at) WHERE key_no IS NOT NULL;
CREATE INDEX applications_by_user ON applications (user_no, decided_at) WHERE key_no IS NOT NULL;

-- Codes that were typed and that no application had.
CREATE TABLE code_guesses (
    no INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    session_no INTEGER NOT NULL,
    address BLOB
) STRICT;
CREATE INDEX code_guesses_by_time ON code_guesses (at);
CREATE INDEX code_guesses_by_session ON code_guesses (session_no, at);
CREATE INDEX code_guesses_by_address ON code_guesses (address, at);
