-- What a video is to measure and what it is a variation of; daily counts of what costs; keys that stand for several jobs.

ALTER TABLE jobs ADD COLUMN size TEXT NOT NULL DEFAULT '';
UPDATE jobs SET size = CASE orientation WHEN 'portrait' THEN '720x1280' ELSE '1280x720' END;
ALTER TABLE jobs ADD COLUMN remix_of UUID;

-- Generations that the upstream may still be working on, and can be asked about or told to stop.
CREATE INDEX attempts_open ON attempts (job_id) WHERE upstream_id IS NOT NULL AND outcome IS NULL;

-- Submissions by UTC day (days since 1970-01-01). The user of all zeros stands for everybody. No foreign key: what was
-- spent stays spent when an account goes.
CREATE TABLE submissions (
    day     INTEGER NOT NULL,
    user_id UUID NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (day, user_id)
);

DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    operation   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    jobs        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, operation, key)
);

UPDATE schema_version SET version = 2, compatible_from = 2;
