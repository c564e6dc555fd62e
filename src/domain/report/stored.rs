//! A report as it is stored: with its revisions, times of recording and history.

use crate::domain::Report;

/// A report with the revisions and times that the store adds.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReport {
    /// The report.
    pub report: Report,
    /// Revision of the jurisdiction at its last change.
    pub revision: u64,
    /// Revision of the jurisdiction at its creation.
    pub created_revision: u64,
    /// When it was recorded here, RFC 3339.
    pub recorded: String,
    /// When it was last changed here, RFC 3339; `None` if it never was.
    pub changed: Option<String>,
    /// A crew assigned it here, rather than its source: its assignee may be the name of an
    /// employee.
    pub assigned_here: bool,
    /// Names of fields of which the reader does not see everything, because a person has to read
    /// them first or because only crews read them. Empty as it is stored.
    pub held: Vec<&'static str>,
}

/// One change of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The revision of the jurisdiction that this change made.
    pub revision: u64,
    /// When it was changed, RFC 3339.
    pub at: String,
    /// Who changed it: `import`, `api`, `open311`, or the name that a crew gave.
    pub author: String,
    /// Name of the field, as in the table of fields; or `removed`.
    pub field: String,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// The idempotency key of a request: the same request sent again has no further effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// Digest of the request: the same key with another request is refused.
    pub fingerprint: String,
}
