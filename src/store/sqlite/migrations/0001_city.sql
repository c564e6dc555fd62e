-- The durable truth, made to be read by hand: times are ISO 8601, names are whole words.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- One row per city. `revision` grows with every change of the city's reports, in the same
-- transaction as the reports themselves.
CREATE TABLE jurisdiction (
    jurisdiction_id TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    time_zone       TEXT NOT NULL,
    west            REAL,
    south           REAL,
    east            REAL,
    north           REAL,
    revision        INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Services adopted from a source's own categories; the built-in catalogue is in the program.
CREATE TABLE service (
    jurisdiction_id TEXT NOT NULL,
    service_code    TEXT NOT NULL,
    name_fr         TEXT NOT NULL,
    name_en         TEXT NOT NULL,
    group_code      TEXT NOT NULL,
    nature          TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, service_code)
) STRICT;

-- A time of ten characters is a day whose hour was never known. A removed report keeps its row.
CREATE TABLE report (
    jurisdiction_id           TEXT NOT NULL,
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
    revision                  INTEGER NOT NULL,
    created_revision          INTEGER NOT NULL,
    recorded_datetime         TEXT NOT NULL,
    source_digest             INTEGER,
    removed                   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (jurisdiction_id, service_request_id)
) STRICT;

CREATE INDEX report_by_revision ON report (jurisdiction_id, revision);

-- What changed after a report was created: one row per field.
CREATE TABLE report_change (
    jurisdiction_id    TEXT NOT NULL,
    service_request_id TEXT NOT NULL,
    revision           INTEGER NOT NULL,
    field              TEXT NOT NULL,
    before             TEXT,
    after              TEXT,
    author             TEXT NOT NULL,
    changed_datetime   TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, service_request_id, revision, field)
) STRICT, WITHOUT ROWID;

-- Answers already given, so that a request sent again makes no second report.
CREATE TABLE idempotency (
    jurisdiction_id    TEXT NOT NULL,
    idempotency_key    TEXT NOT NULL,
    fingerprint        TEXT NOT NULL,
    service_request_id TEXT NOT NULL,
    recorded_datetime  TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, idempotency_key)
) STRICT, WITHOUT ROWID;

-- How far an import has come: a rerun of the same file takes up from there.
CREATE TABLE import_run (
    jurisdiction_id TEXT NOT NULL,
    file_digest     TEXT NOT NULL,
    rows_done       INTEGER NOT NULL,
    finished        INTEGER NOT NULL,
    changed_datetime TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, file_digest)
) STRICT;
