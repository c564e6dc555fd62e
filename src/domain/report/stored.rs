//! What the store knows of a report beside the report.

use crate::domain::Report;

/// A report with what the store knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReport {
    /// The report.
    pub report: Report,
    /// Revision of its last change.
    pub revision: u64,
    /// Revision at which it was created.
    pub created_revision: u64,
    /// When it was recorded here, RFC 3339.
    pub recorded: String,
    /// When it was last changed here, RFC 3339, if it was.
    pub changed: Option<String>,
}

/// One change of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The jurisdiction's revision.
    pub revision: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Who: `import`, `api`.
    pub author: String,
    /// Name of the field, one of the table of fields or `removed`.
    pub field: String,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// A key that a client gives a request so that sending it twice is harmless.
#[derive(Debug, Clone, PartialEq)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// Digest of what was sent: the same key with other contents is refused.
    pub fingerprint: String,
}
