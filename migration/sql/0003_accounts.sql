-- What accounts have beside their jobs: keys for programs, links that show a video, and what administrators did.

ALTER TABLE sessions ADD COLUMN last_seen_at BIGINT;

CREATE TABLE api_keys (
    id           UUID PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    can_read     BOOLEAN NOT NULL,
    can_create   BOOLEAN NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX api_keys_of_user ON api_keys (user_id, id);

CREATE TABLE shares (
    id         UUID PRIMARY KEY,
    video_id   UUID NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX shares_of_video ON shares (video_id);

-- Outlives those who acted: no foreign key.
CREATE TABLE audit_log (
    id         UUID PRIMARY KEY,
    actor_id   UUID NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX videos_of_user ON videos (user_id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_poisoned ON jobs (id) WHERE error_code = 'poison';

UPDATE schema_version SET version = 3;
