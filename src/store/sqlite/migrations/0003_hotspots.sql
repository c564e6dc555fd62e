-- Hotspots keep their identity while new reports come. Cells are H3's, apart by spaces.
CREATE TABLE hotspot (
    jurisdiction_id TEXT NOT NULL REFERENCES jurisdiction,
    hotspot_id      INTEGER NOT NULL,
    question        TEXT NOT NULL,
    cells           TEXT NOT NULL,
    count           INTEGER NOT NULL,
    seen_datetime   TEXT NOT NULL,
    ended           INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (jurisdiction_id, hotspot_id)
) STRICT;

CREATE TABLE hotspot_event (
    jurisdiction_id TEXT NOT NULL,
    hotspot_id      INTEGER NOT NULL,
    step            INTEGER NOT NULL,
    at_datetime     TEXT NOT NULL,
    event           TEXT NOT NULL,
    other_id        INTEGER,
    count           INTEGER NOT NULL,
    cells           INTEGER NOT NULL,
    PRIMARY KEY (jurisdiction_id, hotspot_id, step),
    FOREIGN KEY (jurisdiction_id, hotspot_id) REFERENCES hotspot
) STRICT;
