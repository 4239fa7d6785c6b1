-- Whether the token of a key came from another system, and may have another form than ours.
ALTER TABLE keys ADD COLUMN is_foreign INTEGER NOT NULL DEFAULT 0 CHECK (is_foreign IN (0, 1));
-- Whether such a key was ever imported: tokens of other forms are admitted then.
ALTER TABLE installation ADD COLUMN foreign_tokens INTEGER NOT NULL DEFAULT 0 CHECK (foreign_tokens IN (0, 1));
