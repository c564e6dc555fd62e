//! The two ways in which a command can fail.

use crate::error::Error;

/// Why a step of a command failed.
pub enum Failure {
    /// The command is refused: its sender gets this error, and the commit goes on without it. A
    /// command is refused before it writes anything.
    Refused(Error),
    /// The file cannot be read or written, or holds an invalid row: the whole commit is rolled
    /// back.
    Storage(Error),
}

/// The result of a step of a command.
pub type Step<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure of the store for this reason.
    pub fn storage(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Storage(Error::internal(cause))
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::storage(error)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}
