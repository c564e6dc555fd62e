-- Who reported, encrypted (see `contact.rs`): each value is the number of its key, a nonce and the
-- ciphertext. `report_contact` holds contacts in clear until the service has encrypted them.
CREATE TABLE private_contact (
    jurisdiction_id    TEXT NOT NULL,
    service_request_id TEXT NOT NULL,
    first_name         BLOB,
    last_name          BLOB,
    email              BLOB,
    phone              BLOB,
    account_id         BLOB,
    device_id          BLOB,
    PRIMARY KEY (jurisdiction_id, service_request_id)
) STRICT, WITHOUT ROWID;

-- Bytes of deleted rows are still in the file until it is rewritten.
INSERT INTO meta SELECT 'rewrite_due', '1' WHERE EXISTS (SELECT 1 FROM report_contact);

-- What was erased of which report: its fields and when, never a value.
CREATE TABLE erasure (
    jurisdiction_id    TEXT NOT NULL,
    service_request_id TEXT NOT NULL,
    revision           INTEGER NOT NULL,
    fields             TEXT NOT NULL,
    author             TEXT NOT NULL,
    erased_datetime    TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, service_request_id, revision)
) STRICT, WITHOUT ROWID;

-- Photos whose report was erased and whose files are still to be removed.
CREATE TABLE erased_photo (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- How long each field of a city's reports is kept, such as `2y`.
CREATE TABLE retention (
    jurisdiction_id TEXT NOT NULL,
    field           TEXT NOT NULL,
    period          TEXT NOT NULL,
    PRIMARY KEY (jurisdiction_id, field)
) STRICT, WITHOUT ROWID;
