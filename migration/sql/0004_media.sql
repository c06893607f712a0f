-- What belongs to videos beside their bytes: pictures to start from, posters, and what a look inside tells.

CREATE TABLE images (
    id           UUID PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    path         TEXT NOT NULL,
    size         BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX images_of_user ON images (user_id, id);
CREATE INDEX images_by_age ON images (created_at);

-- A picture cannot go while a job refers to it.
ALTER TABLE jobs ADD COLUMN reference_image_id UUID REFERENCES images (id);
ALTER TABLE jobs ADD COLUMN has_poster BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX jobs_by_reference_image ON jobs (reference_image_id);
CREATE INDEX jobs_by_kind ON jobs (model, seconds, status, finished_at);

-- All NULL until a processor has looked; inspected_at alone when there was nothing to be seen.
ALTER TABLE videos ADD COLUMN poster_path TEXT;
ALTER TABLE videos ADD COLUMN width INTEGER;
ALTER TABLE videos ADD COLUMN height INTEGER;
ALTER TABLE videos ADD COLUMN duration_ms BIGINT;
ALTER TABLE videos ADD COLUMN inspected_at BIGINT;
CREATE INDEX videos_by_inspection ON videos (inspected_at, created_at);
CREATE INDEX videos_by_poster_path ON videos (poster_path);
CREATE INDEX videos_by_path ON videos (path);
CREATE INDEX images_by_path ON images (path);

UPDATE schema_version SET version = 4;
