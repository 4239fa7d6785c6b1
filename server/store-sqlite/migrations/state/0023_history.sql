-- The account that a line of the audit log belongs to: its owner reads the lines of all its users, newest first.
ALTER TABLE audit ADD COLUMN account_no INTEGER;
UPDATE audit SET account_no = (SELECT coalesce(u.owner_no, u.no) FROM users u WHERE u.no = audit.user_no)
    WHERE user_no IS NOT NULL;
-- Earlier versions and imports write lines without it.
CREATE TRIGGER audit_account AFTER INSERT ON audit WHEN new.account_no IS NULL AND new.user_no IS NOT NULL BEGIN
    UPDATE audit SET account_no = (SELECT coalesce(u.owner_no, u.no) FROM users u WHERE u.no = new.user_no)
        WHERE no = new.no;
END;

CREATE INDEX audit_by_account ON audit (account_no, no) WHERE account_no IS NOT NULL;
CREATE INDEX audit_by_account_act ON audit (account_no, action, no) WHERE account_no IS NOT NULL;
CREATE INDEX audit_by_user_act ON audit (user_no, action, no) WHERE user_no IS NOT NULL;
CREATE INDEX audit_by_key ON audit (key_no, no, account_no, user_no) WHERE key_no IS NOT NULL;
-- One key may ask for a million acts, so what it asked for is found by the act and by the user as well.
CREATE INDEX audit_by_via ON audit (via_key_no, no, account_no) WHERE via_key_no IS NOT NULL;
CREATE INDEX audit_by_via_act ON audit (via_key_no, action, no, account_no) WHERE via_key_no IS NOT NULL;
CREATE INDEX audit_by_via_user ON audit (via_key_no, user_no, no) WHERE via_key_no IS NOT NULL;
CREATE INDEX audit_by_via_user_act ON audit (via_key_no, user_no, action, no) WHERE via_key_no IS NOT NULL;

-- A sub-user who was removed. Their row stays, because keys and lines of the audit log name it; its folded name ends in `#`
-- and its number, so that the name is free again.
ALTER TABLE users ADD COLUMN removed_at INTEGER;
