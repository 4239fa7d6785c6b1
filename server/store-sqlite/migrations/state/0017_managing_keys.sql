-- Whether a key may manage keys through the API, and through which key a change was asked for.
ALTER TABLE keys ADD COLUMN manages_keys INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN via_key_no INTEGER;
-- Answers that are given again to the same request (Idempotency-Key), each written with the change that it tells of.
CREATE TABLE kept_answers (
    caller_no INTEGER NOT NULL REFERENCES keys (no),
    name TEXT NOT NULL,
    request BLOB NOT NULL,
    sealed BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (caller_no, name)
) STRICT;
CREATE INDEX kept_answers_by_end ON kept_answers (until);
