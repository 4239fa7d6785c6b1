-- Times are microseconds since 1970 UTC, addresses 16 bytes (IPv4 in its mapped form), ids UUIDv7.

CREATE TABLE installation (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id BLOB NOT NULL CHECK (length(id) = 16),
    -- What is left of pepper and sealing key, to notice when they are exchanged.
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32)
) STRICT;

CREATE TABLE users (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_no INTEGER REFERENCES users (no),
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    email TEXT,
    password_hash TEXT NOT NULL,
    password_set_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;
CREATE INDEX users_by_owner ON users (owner_no);

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    user_no INTEGER NOT NULL REFERENCES users (no),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    proved_at INTEGER NOT NULL,
    address BLOB NOT NULL,
    user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_no);

CREATE TABLE keys (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    user_no INTEGER NOT NULL REFERENCES users (no),
    account_no INTEGER NOT NULL REFERENCES users (no),
    key_type INTEGER NOT NULL,
    description TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    masked TEXT NOT NULL,
    sealed BLOB,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    disabled_at INTEGER,
    expires_at INTEGER,
    locked_ip BLOB,
    locked_at INTEGER,
    lock_width INTEGER NOT NULL DEFAULT 128
) STRICT;
CREATE INDEX keys_by_user ON keys (user_no);

CREATE TABLE key_networks (
    key_no INTEGER NOT NULL REFERENCES keys (no),
    network BLOB NOT NULL CHECK (length(network) = 16),
    prefix_length INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (key_no, network, prefix_length)
) STRICT, WITHOUT ROWID;

CREATE TABLE gateways (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    user_no INTEGER,
    key_no INTEGER,
    address BLOB,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_user ON audit (user_no, no);
CREATE INDEX audit_logins ON audit (user_no, address) WHERE action = 'login';
