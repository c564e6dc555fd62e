-- Access keys. Times are seconds of Unix time; `jurisdictions` holds ids separated by spaces, NULL
-- means all cities. Rows stay when a key is revoked, so that its name is never given to another.
CREATE TABLE access_key (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    jurisdictions TEXT,
    created       INTEGER NOT NULL,
    expires       INTEGER,
    revoked       INTEGER,
    used_day      TEXT
) STRICT;

-- The secrets of keys by their BLAKE3 digests; a key has several while it is being rotated.
CREATE TABLE access_secret (
    digest     BLOB PRIMARY KEY,
    key_number INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER
) STRICT, WITHOUT ROWID;
