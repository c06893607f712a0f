-- Every address at which an attempt's result may be, in the order in which they became known. A crash loses none of them,
-- and a download that fails can try the next.
CREATE TABLE attempt_results (
    attempt_id UUID NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    url        TEXT NOT NULL,
    source     TEXT NOT NULL,
    -- The administrator who added it; NULL if the upstream named it.
    added_by   UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (attempt_id, position)
);
CREATE INDEX attempt_results_by_added_by ON attempt_results (added_by);

-- The last of what the upstream sent, for attempts that ended without a video. Shown to administrators alone.
ALTER TABLE attempts ADD COLUMN evidence TEXT;

-- Upstreams whose answers could not be read. A row exists until an answer is read again, or an administrator resumes.
CREATE TABLE upstream_states (
    upstream        TEXT PRIMARY KEY,
    -- Jobs in a row whose answers could not be read, and the last of them.
    unreadable_jobs INTEGER NOT NULL,
    last_job_id     UUID NOT NULL,
    sample          TEXT NOT NULL,
    since           BIGINT NOT NULL,
    suspended_at    BIGINT
);

UPDATE schema_version SET version = 5;
