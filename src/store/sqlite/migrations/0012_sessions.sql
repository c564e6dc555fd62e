-- Log-ins of the page by the BLAKE3 digests of their tokens. Times are seconds of Unix time. Key
-- number 0 is the key of `serve --crew-key`. `proof` is the digest of the secret that opened the
-- session, keyed with its token: the session ends with that secret, and tells nothing about it.
CREATE TABLE session (
    digest     BLOB PRIMARY KEY,
    key_number INTEGER NOT NULL,
    proof      BLOB NOT NULL,
    created    INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_of_key ON session (key_number, used);
CREATE INDEX session_by_end ON session (expires);
