-- Addresses that are called back when a job ends, and the outbox of these calls.

CREATE TABLE webhook_endpoints (
    id                    UUID PRIMARY KEY,
    user_id               UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name                  TEXT NOT NULL,
    url                   TEXT NOT NULL,
    on_completed          BOOLEAN NOT NULL,
    on_failed             BOOLEAN NOT NULL,
    on_cancelled          BOOLEAN NOT NULL,
    secret                TEXT NOT NULL,
    -- The secret before the last rotation. It signs as well until previous_secret_until.
    previous_secret       TEXT,
    previous_secret_until BIGINT,
    enabled               BOOLEAN NOT NULL,
    -- Why the platform disabled the endpoint; NULL if its owner did.
    disabled_reason       TEXT,
    -- The first failed attempt since the last successful one.
    failing_since         BIGINT,
    created_at            BIGINT NOT NULL
);
CREATE INDEX webhook_endpoints_of_user ON webhook_endpoints (user_id, id);

-- One row per event and endpoint, inserted by the transaction that ends the job.
CREATE TABLE webhook_deliveries (
    id              UUID PRIMARY KEY,
    endpoint_id     UUID NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id        UUID NOT NULL,
    event_type      TEXT NOT NULL,
    -- NULL for test events. No foreign key: the event of a job is delivered although the job was deleted since.
    job_id          UUID,
    job_seq         BIGINT,
    payload         TEXT NOT NULL,
    status          TEXT NOT NULL,
    -- Attempts ever started; fences the result of an attempt whose lease has expired.
    attempts        INTEGER NOT NULL,
    -- Attempts failed since the delivery was enqueued or sent again; determines the next delay.
    failures        INTEGER NOT NULL,
    -- When the next attempt is due. During an attempt: when its lease ends. NULL once delivered or given up.
    next_attempt_at BIGINT,
    last_attempt_at BIGINT,
    duration_ms     BIGINT,
    response_status INTEGER,
    response_body   TEXT,
    error           TEXT,
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT
);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_of_job ON webhook_deliveries (job_id, endpoint_id, job_seq) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

UPDATE schema_version SET version = 7;
