-- What is looked for by the clock is found without reading everything.
CREATE INDEX sessions_by_last_use ON sessions (last_seen_at);
CREATE INDEX sessions_by_begin ON sessions (created_at);
CREATE INDEX sessions_without_code ON sessions (created_at) WHERE code_pending = 1;
CREATE INDEX users_by_password ON users (password_set_at) WHERE totp_sealed IS NULL AND disabled_at IS NULL;
CREATE INDEX notices_by_age ON notices (last_at);
CREATE INDEX mails_by_age ON mails (created_at);
CREATE INDEX invitations_by_end ON invitations (expires_at);
