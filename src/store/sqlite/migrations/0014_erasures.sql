-- What an erasure was asked for, and how much it removed; NULL in those of older versions. Never a
-- value that was erased.
ALTER TABLE erasure ADD COLUMN kind TEXT;
ALTER TABLE erasure ADD COLUMN contacts INTEGER;
ALTER TABLE erasure ADD COLUMN photos INTEGER;
ALTER TABLE erasure ADD COLUMN descriptions INTEGER;
ALTER TABLE erasure ADD COLUMN answers INTEGER;
ALTER TABLE erasure ADD COLUMN history INTEGER;

-- Lists of erasures are in the order of their revisions.
CREATE INDEX erasure_by_revision ON erasure (jurisdiction_id, revision);

-- Which report shows a photo: asked when somebody loads it, where services are not exact.
CREATE INDEX report_photo ON report (media_url) WHERE media_url IS NOT NULL;
CREATE INDEX report_update_photo ON report_update (media_url) WHERE media_url IS NOT NULL;
