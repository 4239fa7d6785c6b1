-- Users are sent letters in turn, and each so many an hour.
CREATE INDEX mails_by_user ON mails (user_no, due_at, no);
