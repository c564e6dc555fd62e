-- Reports in the order of their last change: reading on from a revision, and reading all, is a walk
-- along the table, and a new report is written at its end. One index is left to keep up.

ALTER TABLE jurisdiction ADD COLUMN number INTEGER;
UPDATE jurisdiction SET number = rowid;
CREATE UNIQUE INDEX jurisdiction_by_number ON jurisdiction (number);

-- `change_key` is the jurisdiction's number times 2^40 plus the revision of the last change; a
-- changed report moves. A time of ten characters is a day whose hour was never known. A removed
-- report keeps its row.
CREATE TABLE report_by_change (
    change_key                INTEGER PRIMARY KEY,
    jurisdiction              INTEGER NOT NULL,
    service_request_id        TEXT NOT NULL,
    service_code              TEXT NOT NULL,
    status                    TEXT NOT NULL,
    closed_reason             TEXT,
    source_status             TEXT,
    nature                    TEXT NOT NULL,
    channel                   TEXT NOT NULL,
    requested_datetime        TEXT NOT NULL,
    updated_datetime          TEXT,
    closed_datetime           TEXT,
    lon                       REAL,
    lat                       REAL,
    accuracy                  TEXT NOT NULL,
    address                   TEXT,
    area                      TEXT,
    description               TEXT,
    parent_service_request_id TEXT,
    assignee                  TEXT,
    created_revision          INTEGER NOT NULL,
    recorded_datetime         TEXT NOT NULL,
    source_digest             INTEGER,
    removed                   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (jurisdiction, service_request_id)
) STRICT;

INSERT INTO report_by_change
SELECT (j.number << 40) + r.revision, j.number, service_request_id, service_code, status,
       closed_reason, source_status, nature, channel, requested_datetime, updated_datetime,
       closed_datetime, lon, lat, accuracy, address, area, description,
       parent_service_request_id, assignee, created_revision, recorded_datetime, source_digest,
       removed
FROM report r JOIN jurisdiction j USING (jurisdiction_id) ORDER BY 1;

DROP TABLE report;
ALTER TABLE report_by_change RENAME TO report;

-- For people who look inside.
CREATE VIEW city_report AS
SELECT j.jurisdiction_id, r.change_key & ((1 << 40) - 1) AS revision, r.*
FROM report r JOIN jurisdiction j ON j.number = r.jurisdiction;
