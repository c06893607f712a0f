-- The first schema. One text for SQLite and PostgreSQL: SQLite accepts any type name and stores what it is given.
-- Instants are BIGINT milliseconds since 1970-01-01 UTC, so that both engines compare them alike.

CREATE TABLE schema_version (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    version         INTEGER NOT NULL,
    compatible_from INTEGER NOT NULL
);

CREATE TABLE setup (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    first_account UUID
);
INSERT INTO setup (id) VALUES (1);

CREATE TABLE users (
    id            UUID PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    disabled_at   BIGINT,
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX sessions_of_user ON sessions (user_id);

CREATE TABLE workers (
    id          UUID PRIMARY KEY,
    host        TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);

CREATE TABLE limits (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    concurrency INTEGER NOT NULL,
    paused      BOOLEAN NOT NULL
);

CREATE TABLE jobs (
    id                      UUID PRIMARY KEY,
    user_id                 UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    prompt                  TEXT NOT NULL,
    orientation             TEXT NOT NULL,
    seconds                 INTEGER NOT NULL,
    model                   TEXT NOT NULL,
    status                  TEXT NOT NULL,
    phase                   TEXT,
    progress                INTEGER NOT NULL DEFAULT 0,
    seq                     BIGINT NOT NULL DEFAULT 1,
    epoch                   BIGINT NOT NULL DEFAULT 0,
    worker_id               UUID REFERENCES workers (id),
    retries                 INTEGER NOT NULL DEFAULT 0,
    resubmits               INTEGER NOT NULL DEFAULT 0,
    fetches                 INTEGER NOT NULL DEFAULT 0,
    crashes                 INTEGER NOT NULL DEFAULT 0,
    attempts_from           INTEGER NOT NULL DEFAULT 1,
    cancel_requested_at     BIGINT,
    next_attempt_at         BIGINT,
    video_id                UUID,
    error_code              TEXT,
    error_message           TEXT,
    may_have_been_charged   BOOLEAN NOT NULL DEFAULT FALSE,
    traceparent             TEXT,
    created_at              BIGINT NOT NULL,
    started_at              BIGINT,
    finished_at             BIGINT
);
CREATE INDEX jobs_of_user ON jobs (user_id, id);
CREATE INDEX jobs_of_user_by_status ON jobs (user_id, status, id);
CREATE INDEX jobs_pending ON jobs (id) WHERE status = 'pending';
CREATE INDEX jobs_due ON jobs (next_attempt_at) WHERE status = 'pending' AND next_attempt_at IS NOT NULL;
CREATE INDEX jobs_in_hand ON jobs (worker_id) WHERE worker_id IS NOT NULL;

CREATE TABLE attempts (
    id                    UUID PRIMARY KEY,
    job_id                UUID NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number                INTEGER NOT NULL,
    epoch                 BIGINT NOT NULL,
    upstream              TEXT NOT NULL,
    sent_at               BIGINT NOT NULL,
    accepted_at           BIGINT,
    upstream_id           TEXT,
    result_url            TEXT,
    outcome               TEXT,
    detail                TEXT,
    finished_at           BIGINT,
    may_have_been_charged BOOLEAN NOT NULL,
    UNIQUE (job_id, number)
);

CREATE TABLE videos (
    id           UUID PRIMARY KEY,
    job_id       UUID NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    path         TEXT NOT NULL,
    size         BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE idempotency_keys (
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    operation   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    job_id      UUID NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, operation, key)
);

INSERT INTO schema_version (id, version, compatible_from) VALUES (1, 1, 1);
