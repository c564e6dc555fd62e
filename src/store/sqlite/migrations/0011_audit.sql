-- Who did what, in the transaction that did it. `at` is milliseconds of Unix time and never
-- decreases. `city` is the number of the jurisdiction, which is given once; without one the line
-- concerns the whole service. `first_revision` and `revision` are the revisions that a change took;
-- a line of a read has only the city's revision at that time. Values of reports are in the table
-- `report_change`, by these revisions.
CREATE TABLE audit (
    number          INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    actor           TEXT NOT NULL,
    role            TEXT,
    address         TEXT,
    operation       TEXT NOT NULL,
    city            INTEGER,
    jurisdiction_id TEXT,
    subject         TEXT NOT NULL,
    subject_id      TEXT,
    first_revision  INTEGER,
    revision        INTEGER
) STRICT;

-- Each index delays every write: lines of an operation are found by reading on.
CREATE INDEX audit_of_city ON audit (city);
-- What everybody does is most of the lines.
CREATE INDEX audit_of_actor ON audit (actor) WHERE actor <> 'public';
-- Lines without revisions of their own: reads.
CREATE INDEX audit_of_subject ON audit (subject_id) WHERE first_revision IS NULL;

-- Fields that a line names, with values of settings; never values of reports or contacts.
CREATE TABLE audit_field (
    number INTEGER NOT NULL,
    field  TEXT NOT NULL,
    before TEXT,
    after  TEXT,
    PRIMARY KEY (number, field)
) STRICT, WITHOUT ROWID;

-- Lines are added and neither changed nor removed, but for old ones: the command that erases them
-- says in `meta` up to when, within its transaction.
CREATE TRIGGER audit_is_added_to BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'lines of the audit are not replaced'); END;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'lines of the audit are not changed'); END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM meta
                 WHERE name = 'audit_erased_before' AND CAST(value AS INTEGER) > OLD.at)
BEGIN SELECT RAISE(ABORT, 'lines of the audit are not removed'); END;

CREATE TRIGGER audit_field_is_added_to BEFORE INSERT ON audit_field
WHEN EXISTS (SELECT 1 FROM audit_field WHERE number = NEW.number AND field = NEW.field)
BEGIN SELECT RAISE(ABORT, 'fields of the audit are not replaced'); END;

CREATE TRIGGER audit_field_is_not_changed BEFORE UPDATE ON audit_field
BEGIN SELECT RAISE(ABORT, 'fields of the audit are not changed'); END;

CREATE TRIGGER audit_field_is_kept BEFORE DELETE ON audit_field
WHEN EXISTS (SELECT 1 FROM audit WHERE number = OLD.number)
BEGIN SELECT RAISE(ABORT, 'fields of the audit are not removed'); END;
