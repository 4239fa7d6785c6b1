-- A second factor that was shown and not confirmed yet belongs to the session that it was shown to. What waits now was
-- shown to any session of its user, and is begun again.
DROP TABLE totp_enrolments;
CREATE TABLE totp_enrolments (
    user_no INTEGER PRIMARY KEY REFERENCES users (no),
    -- It may have ended, and no other session ever has its number.
    session_no INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
