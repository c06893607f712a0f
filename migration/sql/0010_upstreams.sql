-- What administrators and processors decided about the upstreams of the catalogue, by name. Without a row: as the catalogue says.
CREATE TABLE upstream_controls (
    upstream    TEXT PRIMARY KEY,
    -- Maximum number of jobs in flight at it; NULL: as the catalogue says; 0: no limit.
    concurrency INTEGER CHECK (concurrency >= 0),
    paused      BOOLEAN NOT NULL DEFAULT FALSE,
    -- When its key was refused, epoch ms: until the key is changed or an administrator asks for it, nothing more is sent to it.
    refused_at  BIGINT,
    -- A hash of the address and the key that were refused.
    refused_key TEXT
);

-- Pools whose jobs do not start.
CREATE TABLE paused_pools (
    pool TEXT PRIMARY KEY
);

UPDATE schema_version SET version = 10;
