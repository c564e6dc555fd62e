//! Commands about keys, sessions and the audit.

use crate::domain::{AuditSubject, JurisdictionId, Role, SecretDigest, Session};

/// Adds an access key. Times are seconds of Unix time.
pub struct CreateKey {
    /// Its name; a conflict where a key has or had it.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Its cities; `None` for all.
    pub cities: Option<Vec<JurisdictionId>>,
    /// From when on it is refused.
    pub expires: Option<i64>,
    /// The digest of its secret.
    pub digest: SecretDigest,
    /// The present.
    pub now: i64,
}

/// Revokes an access key.
pub struct RevokeKey {
    /// Its name.
    pub name: String,
    /// The present, in seconds of Unix time.
    pub now: i64,
}

/// Gives an access key a further secret and ends the time of the others. Times are seconds of Unix
/// time.
pub struct RotateKey {
    /// Its name.
    pub name: String,
    /// The digest of the new secret.
    pub digest: SecretDigest,
    /// From when on the other secrets are refused.
    pub overlap_ends: i64,
    /// The present.
    pub now: i64,
}

/// Records the last day on which keys were used.
pub struct NoteKeyUse {
    /// The numbers of the keys.
    pub numbers: Vec<i64>,
    /// The day, in UTC.
    pub day: String,
}

/// Adds a session, and removes those that are over.
pub struct CreateSession {
    /// The session.
    pub session: Session,
    /// The session that it takes the place of: that of the same browser.
    pub replaces: Option<SecretDigest>,
    /// Sessions of one key at most: beyond it, those that were not used for the longest time end.
    pub sessions_max: usize,
}

/// Records when sessions were last used.
pub struct NoteSessionUse {
    /// The digests of sessions with the second of Unix time.
    pub used: Vec<(SecretDigest, i64)>,
}

/// Ends sessions. Returns how many there were.
pub enum EndSessions {
    /// The session with this digest.
    One(SecretDigest),
    /// Every session of the key with this number.
    OfKey(i64),
}

/// Writes a line of the audit for what changes nothing in the store: a read of private data, a
/// file that is received. It is submitted before the data are answered.
pub struct NoteAction {
    /// The city; `None` for the whole service.
    pub jurisdiction: Option<JurisdictionId>,
    /// What it is about.
    pub subject: AuditSubject,
    /// Which one.
    pub subject_id: String,
}

/// Erases the oldest lines of the audit. Returns their number. A command for each batch, until it
/// has fewer than `limit`.
pub struct EraseAudit {
    /// Lines before this moment, in milliseconds of Unix time.
    pub before: i64,
    /// Lines of a batch.
    pub limit: usize,
}
