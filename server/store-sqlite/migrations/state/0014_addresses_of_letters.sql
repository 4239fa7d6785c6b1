-- Where a letter about a notice goes that was still to be sent when its user's address was replaced.
ALTER TABLE mails ADD COLUMN email TEXT;
