-- Which state the file is of (domain/mark.rs). Its short form stands in the header of the file too
-- (application_id), where it can be read without the write-ahead log.
ALTER TABLE installation ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
-- The mark that usage.db has, as far as this file knows.
ALTER TABLE installation ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
-- The write-ahead log was begun on a file with this mark or a later one.
ALTER TABLE installation ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
