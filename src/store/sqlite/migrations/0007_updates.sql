-- Notes to reports that applications sent, each with the status that it gave. Their number is the
-- revision of the jurisdiction that they made; `media_url` holds a photo on each line.
CREATE TABLE report_update (
    jurisdiction_id    TEXT NOT NULL,
    revision           INTEGER NOT NULL,
    service_request_id TEXT NOT NULL,
    status             TEXT NOT NULL,
    description        TEXT,
    media_url          TEXT,
    updated_datetime   TEXT NOT NULL,
    recorded_datetime  TEXT NOT NULL,
    author             TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, revision)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_update_by_time ON report_update (jurisdiction_id, updated_datetime);

-- Changes of the status are listed as updates, in the order of their times.
CREATE INDEX report_change_of_status ON report_change (jurisdiction_id, changed_datetime)
    WHERE field = 'status';
