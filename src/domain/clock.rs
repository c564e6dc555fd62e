//! The source of the present time.

use std::sync::Arc;

use jiff::Timestamp;

/// A source of the present time. The service reads the machine's clock; a test sets its own, so
/// that its answers do not depend on when it runs.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The clock of the machine, to be shared between threads.
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

/// A clock that always shows the same time.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
