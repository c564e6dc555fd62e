//! Who may call an operation.

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody.
    Public,
    /// City crews: requests with the crew key; where the service has no key and listens on this
    /// machine alone, requests of this machine.
    Crews,
    /// Requests with the crew key alone. Where the service has none, nobody.
    KeyHolders,
}
