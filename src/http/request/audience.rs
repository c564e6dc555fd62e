//! Who may call an operation.

use crate::domain::Permission;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    Public,
    /// Everybody, but no page of another origin: it logs in and out.
    OwnPages,
    /// Everybody who files reports: everybody, or requests with a key that may file, where the
    /// service wants one for that.
    Filing,
    /// Requests with a key that has this permission. Where the service has no key and listens on
    /// this machine alone, requests of this machine, except for contact details of people.
    Holders(Permission),
}
