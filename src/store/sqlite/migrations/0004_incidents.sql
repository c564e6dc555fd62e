-- An incident is a report and its duplicates, which name it as their parent. Every change of who
-- belongs to whom is kept, so that it can be taken back.
CREATE TABLE incident_change (
    jurisdiction_id  TEXT NOT NULL REFERENCES jurisdiction,
    change_id        INTEGER NOT NULL,
    kind             TEXT NOT NULL,
    incident_id      TEXT NOT NULL,
    author           TEXT NOT NULL,
    changed_datetime TEXT NOT NULL,
    undoes           INTEGER,
    undone_by        INTEGER,
    PRIMARY KEY (jurisdiction_id, change_id)
) STRICT;

CREATE INDEX incident_change_by_incident ON incident_change (jurisdiction_id, incident_id);

-- Whom each report named as parent before the change and after it.
CREATE TABLE incident_member (
    jurisdiction_id    TEXT NOT NULL,
    change_id          INTEGER NOT NULL,
    service_request_id TEXT NOT NULL,
    before             TEXT,
    after              TEXT,
    PRIMARY KEY (jurisdiction_id, change_id, service_request_id),
    FOREIGN KEY (jurisdiction_id, change_id) REFERENCES incident_change
) STRICT, WITHOUT ROWID;

CREATE INDEX incident_member_by_report ON incident_member (jurisdiction_id, service_request_id);

-- Only duplicates are in it: a report of its own costs nothing.
CREATE INDEX report_by_parent ON report (jurisdiction, parent_service_request_id)
    WHERE parent_service_request_id IS NOT NULL;
