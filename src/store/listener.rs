//! The listener that receives every commit.

use crate::domain::{Change, JurisdictionId};

/// Receives every commit, in order, before the commands of the commit are answered.
pub trait CommitListener: Send + 'static {
    /// These changes of a jurisdiction are durable.
    fn committed(&mut self, jurisdiction: &JurisdictionId, changes: Vec<Change>);

    /// A commit failed but may have reached the disk: the listener must read the store again.
    fn uncertain(&mut self);

    /// False for a listener that ignores changes: none are collected for it.
    fn wants_changes(&self) -> bool {
        true
    }
}

/// A listener that ignores every commit, for programs that only write.
pub struct NoListener;

impl CommitListener for NoListener {
    fn committed(&mut self, _: &JurisdictionId, _: Vec<Change>) {}
    fn uncertain(&mut self) {}
    fn wants_changes(&self) -> bool {
        false
    }
}
