-- Raised by every change of the limits, so that a mirror in Redis can tell which of two states is the newer one.
ALTER TABLE limits ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- How often a worker has renewed its lease, and how long it may take to do so again. Other workers watch the number change,
-- so that no step of a clock decides which worker is dead. Workers of earlier releases change lease_until alone.
ALTER TABLE workers ADD COLUMN renewals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN lease_ttl BIGINT NOT NULL DEFAULT 0;

-- The id of the storage that holds this database's files. The storage holds the same id in a file of its own, so that
-- another storage, or the empty folder below an unmounted one, is not taken for it.
CREATE TABLE storages (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    storage_id UUID NOT NULL,
    -- Whether the storage has its file. Until then the file may still be written.
    written    BOOLEAN NOT NULL
);

UPDATE schema_version SET version = 6;
