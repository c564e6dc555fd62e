-- How the public sees the reports of a service: `code` is that of a service or of a group. Services
-- without a line are shown exactly.
CREATE TABLE visibility (
    jurisdiction_id TEXT NOT NULL,
    code            TEXT NOT NULL,
    policy          TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, code)
) STRICT, WITHOUT ROWID;
