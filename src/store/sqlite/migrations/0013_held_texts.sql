-- Whether the public reads the texts of a service's reports and sees their photos: `subject` is
-- `text` or `photos`, `code` that of a service or of a group.
CREATE TABLE content_policy (
    jurisdiction_id TEXT NOT NULL,
    subject         TEXT NOT NULL,
    code            TEXT NOT NULL,
    policy          TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, subject, code)
) STRICT, WITHOUT ROWID;

-- What people decided about texts and photos that the public does not see by itself. `digest` is of
-- the report and the text, so a decision holds for the text that was read and for no later one.
-- `parts` are those that are left out, as bytes of the text, such as `8-20,24-36`.
CREATE TABLE text_review (
    jurisdiction_id    TEXT NOT NULL,
    service_request_id TEXT NOT NULL,
    digest             BLOB NOT NULL,
    revision           INTEGER NOT NULL,
    decision           TEXT NOT NULL,
    parts              TEXT NOT NULL,
    author             TEXT NOT NULL,
    reviewed_datetime  TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, service_request_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX text_review_by_revision ON text_review (jurisdiction_id, revision);

-- The updates of one report are read with its texts.
CREATE INDEX report_update_by_report ON report_update (jurisdiction_id, service_request_id);
