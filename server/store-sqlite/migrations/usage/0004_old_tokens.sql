-- Uses by the token that a key had before a rotation. They are counted here in addition to the counts of their keys.
-- A batch is written in the transaction of its row in `journal`, 28 bytes a use (key u32, time of the rotation i64,
-- address); its row goes in the transaction that adds it to the tables below.
CREATE TABLE old_token_journal (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    entries BLOB NOT NULL
) STRICT;

CREATE TABLE old_token_hours (
    key_no INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (key_no, hour, rotated_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE old_token_addresses (
    key_no INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    address BLOB NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (key_no, rotated_at, address)
) STRICT, WITHOUT ROWID;
