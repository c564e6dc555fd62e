//! Whether work is still wanted: a flag that its caller raises when nobody waits for the result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind};
use crate::message;

/// A flag that long work checks from time to time. Clones share it. It is raised when the client
/// has closed its connection and when the time of a request is over.
///
/// ```
/// use pointchaud::domain::Interrupt;
///
/// let interrupt = Interrupt::default();
/// let work = interrupt.clone();
/// assert!(work.check().is_ok());
/// drop(interrupt.raised_on_drop());
/// assert!(work.check().is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

/// The work was given up because nobody waits for its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl Interrupt {
    /// Is the work still wanted?
    ///
    /// # Errors
    /// It is not: the work should end at once.
    #[inline]
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.0.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }

    /// A guard that raises the flag when it is dropped.
    pub fn raised_on_drop(self) -> InterruptGuard {
        InterruptGuard(self)
    }
}

/// Raises an [`Interrupt`] when it is dropped.
#[derive(Debug)]
pub struct InterruptGuard(Interrupt);

impl Drop for InterruptGuard {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        let message = message!("La réponse a pris trop de temps.", "The answer took too long.");
        Self::new(ErrorKind::Unavailable, message)
    }
}
