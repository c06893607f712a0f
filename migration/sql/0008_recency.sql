-- A number that processors raise every ten seconds, and repeat in Redis. If Redis has a far higher one, an older copy of this
-- database was put in place, and the jobs that are unfinished in it may have been paid for since.
CREATE TABLE recency (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    -- Distinguishes an older copy from another database.
    database_id UUID NOT NULL,
    tick        BIGINT NOT NULL,
    raised_at   BIGINT NOT NULL
);

UPDATE schema_version SET version = 8;
