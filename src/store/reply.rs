//! How a command of a commit ends: the two ways in which it fails, and its reply, which waits for
//! the commit.

use crate::error::{Error, ErrorKind};
use crate::message;
use crate::store::command::Reply;

/// Why a step of a command failed.
pub enum Failure {
    /// The command is refused: its sender gets this error, and the commit goes on without it. A
    /// command is refused before it writes anything.
    Refused(Error),
    /// The store cannot be read or written, or holds an invalid row: the whole commit is rolled
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

/// Answers an executed command. The argument is whether its commit is durable; false means that
/// this is not known.
pub type Acknowledgement = Box<dyn FnOnce(bool) + Send>;

/// Keeps the output of a command until its commit ends. Also returns the error that makes the whole
/// commit fail, if there is one.
pub fn hold<T: Send + 'static>(reply: Reply<T>, step: Step<T>) -> (Acknowledgement, Option<Error>) {
    let (output, failed) = match step {
        Ok(output) => (Ok(output), None),
        Err(Failure::Refused(error)) => (Err(error), None),
        Err(Failure::Storage(error)) => (Err(unknown_outcome()), Some(error)),
    };
    let answer = move |durable: bool| {
        reply(if durable { output } else { Err(unknown_outcome()) });
    };
    (Box::new(answer), failed)
}

/// The answer to a command whose commit failed: whether it was executed is not known.
pub fn unknown_outcome() -> Error {
    let message = message!(
        "L’enregistrement n’est pas confirmé. Envoyez de nouveau avec la même Idempotency-Key.",
        "The write is not confirmed. Send it again with the same Idempotency-Key."
    );
    Error::new(ErrorKind::Unavailable, message)
}
