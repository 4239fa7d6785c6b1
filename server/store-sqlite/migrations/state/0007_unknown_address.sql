-- The address of a session may be unknown: NULL then. SQLite takes a NOT NULL back only with the column.
ALTER TABLE sessions ADD COLUMN client BLOB CHECK (length(client) = 16);
UPDATE sessions SET client = address;
ALTER TABLE sessions DROP COLUMN address;
ALTER TABLE sessions RENAME COLUMN client TO address;
