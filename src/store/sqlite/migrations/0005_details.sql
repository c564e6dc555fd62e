-- What is known of some reports only. `attributes` holds a line `code=value` for each answer to a
-- service's questions, `media_url` a photo on each line.
ALTER TABLE report ADD COLUMN address_id TEXT;
ALTER TABLE report ADD COLUMN zipcode TEXT;
ALTER TABLE report ADD COLUMN service_notice TEXT;
ALTER TABLE report ADD COLUMN expected_datetime TEXT;
ALTER TABLE report ADD COLUMN attributes TEXT;
ALTER TABLE report ADD COLUMN media_url TEXT;
-- When a report was last changed here; none where it is as it was recorded.
ALTER TABLE report ADD COLUMN changed_datetime TEXT;

-- Who reported, for the crews alone: never part of a report, an export or a public answer.
CREATE TABLE report_contact (
    jurisdiction_id    TEXT NOT NULL,
    service_request_id TEXT NOT NULL,
    first_name         TEXT,
    last_name          TEXT,
    email              TEXT,
    phone              TEXT,
    account_id         TEXT,
    device_id          TEXT,
    PRIMARY KEY (jurisdiction_id, service_request_id)
) STRICT, WITHOUT ROWID;

-- Boundaries of areas, as WKB (well-known binary) multipolygons in WGS 84, longitude first.
CREATE TABLE boundary (
    jurisdiction_id TEXT NOT NULL,
    boundary_set    TEXT NOT NULL,
    number          INTEGER NOT NULL,
    name            TEXT NOT NULL,
    shape           BLOB NOT NULL,
    PRIMARY KEY (jurisdiction_id, boundary_set, number),
    UNIQUE (jurisdiction_id, boundary_set, name)
) STRICT;
