-- Sealed columns hold what SealingKey::seal_bytes made, with `table.column:row` as its place.

ALTER TABLE users ADD COLUMN email_confirmed_at INTEGER;
-- Empty: as the browser asks.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
-- 0: manages keys, 1: reads only. An owner manages keys.
ALTER TABLE users ADD COLUMN role INTEGER NOT NULL DEFAULT 0 CHECK (role IN (0, 1));
-- Whether it was the operator who disabled it: only the operator enables it again.
ALTER TABLE users ADD COLUMN disabled_by_operator INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN totp_sealed BLOB;
-- The last step whose code was taken: a code counts only if it belongs to a later one.
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;
-- The age in days at which the last reminder of the password was due: how long one lasts may change.
ALTER TABLE users ADD COLUMN reminded_age INTEGER;

-- Whether the second factor is still to be given.
ALTER TABLE sessions ADD COLUMN code_pending INTEGER NOT NULL DEFAULT 0;

-- A second factor that was shown and not confirmed yet.
CREATE TABLE totp_enrolments (
    user_no INTEGER PRIMARY KEY REFERENCES users (no),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
    user_no INTEGER NOT NULL REFERENCES users (no),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    used_at INTEGER,
    PRIMARY KEY (user_no, code_hash)
) STRICT, WITHOUT ROWID;

-- A mail address that waits for its confirmation; one a user.
CREATE TABLE mail_confirmations (
    user_no INTEGER PRIMARY KEY REFERENCES users (no),
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    email TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_last_logins ON audit (user_no, no) WHERE action = 'login';

CREATE TABLE invitations (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    owner_no INTEGER NOT NULL REFERENCES users (no),
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    email TEXT,
    role INTEGER NOT NULL CHECK (role IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invitations_by_owner ON invitations (owner_no);

-- cause: domain::notice::Cause. Refusals of one key and cause within 24 hours are one notice that keeps counting.
CREATE TABLE notices (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    user_no INTEGER NOT NULL REFERENCES users (no),
    cause INTEGER NOT NULL,
    key_no INTEGER REFERENCES keys (no),
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    read_at INTEGER,
    -- What was done and by whom, if it tells of an act; names as in the audit log.
    action TEXT,
    actor TEXT,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX notices_by_user ON notices (user_no, last_at);
CREATE INDEX notices_unread ON notices (user_no) WHERE read_at IS NULL;
CREATE INDEX notices_gathered ON notices (user_no, cause, key_no, first_at);

CREATE TABLE notice_addresses (
    notice_no INTEGER NOT NULL REFERENCES notices (no) ON DELETE CASCADE,
    address BLOB NOT NULL CHECK (length(address) = 16),
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (notice_no, address)
) STRICT, WITHOUT ROWID;

-- Addresses that the owner of a key does not want to hear of again.
CREATE TABLE ignored_addresses (
    key_no INTEGER NOT NULL REFERENCES keys (no),
    address BLOB NOT NULL CHECK (length(address) = 16),
    ignored_at INTEGER NOT NULL,
    PRIMARY KEY (key_no, address)
) STRICT, WITHOUT ROWID;

-- How a user wants to be told; without a row the cause's own default counts.
CREATE TABLE notice_choices (
    user_no INTEGER NOT NULL REFERENCES users (no),
    cause INTEGER NOT NULL,
    by_mail INTEGER NOT NULL,
    by_webhook INTEGER NOT NULL,
    PRIMARY KEY (user_no, cause)
) STRICT, WITHOUT ROWID;

-- Mail that is to be sent; a row is gone once its mail is handed over or given up.
CREATE TABLE mails (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Whose language and address count; without one the payload names both.
    user_no INTEGER REFERENCES users (no),
    notice_no INTEGER REFERENCES notices (no) ON DELETE CASCADE,
    -- Sealed JSON for all but notices, as it may hold the secret of a link.
    payload BLOB,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX mails_by_due ON mails (due_at);
CREATE INDEX mails_by_notice ON mails (notice_no);

CREATE TABLE webhooks (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_no INTEGER NOT NULL REFERENCES users (no),
    url TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    -- One bit a cause: 1 << Cause.
    causes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    -- When anything was last sent to it.
    tried_at INTEGER,
    -- Since when no delivery succeeded.
    failing_since INTEGER
) STRICT;
CREATE INDEX webhooks_by_owner ON webhooks (owner_no);

CREATE TABLE webhook_deliveries (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_no INTEGER NOT NULL REFERENCES webhooks (no) ON DELETE CASCADE,
    message_id TEXT NOT NULL UNIQUE,
    -- Without one it is a test.
    notice_no INTEGER REFERENCES notices (no) ON DELETE SET NULL,
    cause INTEGER,
    created_at INTEGER NOT NULL,
    -- When it is tried next; NULL: settled.
    due_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    tried_at INTEGER,
    status INTEGER,
    problem TEXT
) STRICT;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_no, no);
CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_by_notice ON webhook_deliveries (notice_no);
