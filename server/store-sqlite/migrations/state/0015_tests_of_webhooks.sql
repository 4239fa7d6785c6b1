-- A test of a webhook is found without reading everything that was ever sent to it.
CREATE INDEX webhook_tests ON webhook_deliveries (webhook_no, no) WHERE cause IS NULL;
