-- The list of keys is filtered by these; few keys have either.
CREATE INDEX keys_that_manage ON keys (account_no) WHERE manages_keys = 1 AND deleted_at IS NULL;
CREATE INDEX keys_that_rotate ON keys (account_no, rotated_at) WHERE rotated_at IS NOT NULL AND deleted_at IS NULL;
