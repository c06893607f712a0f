-- Raised by every change of the limits, so that a mirror in Redis can tell which of two states is the newer one.
ALTER TABLE limits ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

UPDATE schema_version SET version = 6;
