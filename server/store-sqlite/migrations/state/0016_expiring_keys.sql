-- The days before its end of the last reminder that a key expires; another end begins anew.
ALTER TABLE keys ADD COLUMN reminded_days INTEGER;
CREATE INDEX keys_by_expiry ON keys (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
