-- Which state the file is of, and what its log was begun on, as in latchkey.db (domain/mark.rs).
ALTER TABLE installation ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN base INTEGER NOT NULL DEFAULT 0;

-- Whose the numbers are under which is counted here. `state` is latchkey.db.
CREATE TABLE counted_keys (
    key_no INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;
INSERT INTO counted_keys (key_no, id) SELECT no, id FROM state.keys;
