-- Hours count from 1970 UTC; times are microseconds since 1970 UTC; addresses are 16 bytes.

CREATE TABLE installation (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

-- kind 0: a batch of uses, 24 bytes each (key u32, user u32, address).
-- kind 1: keys (u32 each) whose uses of this generation stand in the totals now.
-- seq: generation << 32 | place, so that a generation is a range of the primary key.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    entries BLOB NOT NULL
) STRICT;

CREATE TABLE totals (
    key_no INTEGER PRIMARY KEY,
    user_no INTEGER NOT NULL,
    times_used INTEGER NOT NULL,
    last_used INTEGER NOT NULL
) STRICT;
CREATE INDEX totals_by_last_use ON totals (user_no, last_used);

-- code 0: accepted; others: refused for that cause.
CREATE TABLE hourly (
    key_no INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    code INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (key_no, hour, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_hourly (
    user_no INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (user_no, hour, refused)
) STRICT, WITHOUT ROWID;

CREATE TABLE addresses (
    key_no INTEGER NOT NULL,
    address BLOB NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (key_no, address)
) STRICT, WITHOUT ROWID;
