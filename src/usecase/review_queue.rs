//! Which reports have texts that wait for a person: found by reading the store on from where it was
//! read last, so that only what changed since is read again.

use std::collections::BTreeMap;

use crate::domain::{Interrupt, ReportId};
use crate::error::Result;

/// Reports read from the store at once.
pub const PAGE: usize = 1_000;

/// The reports of a city that had texts to be read when they were looked at, by their revision. A
/// report that changed since has another revision and is found there again.
#[derive(Default)]
pub struct ReviewQueue {
    /// The policies under which they were found.
    rules: Option<i64>,
    /// The revision up to which the store was read.
    read: u64,
    found: BTreeMap<u64, ReportId>,
}

/// Reports to be read that a page of the store holds, and where it ends.
pub struct FoundReports {
    /// Their revisions and ids.
    pub reports: Vec<(u64, ReportId)>,
    /// The revision up to which was read.
    pub read: u64,
    /// Whether there may be more.
    pub has_more: bool,
}

impl ReviewQueue {
    /// The reports after a revision, at least `wanted` of them where there are so many. `next`
    /// reads the store on from a revision.
    ///
    /// # Errors
    /// Interrupted; those of `next`.
    pub fn after(
        &mut self,
        rules: Option<i64>,
        revision: u64,
        wanted: usize,
        interrupt: &Interrupt,
        next: impl Fn(u64) -> Result<FoundReports>,
    ) -> Result<Vec<(u64, ReportId)>> {
        if self.rules != rules {
            *self = Self { rules, ..Self::default() };
        }
        while self.found.range(revision + 1..).take(wanted).count() < wanted {
            interrupt.check()?;
            let page = next(self.read)?;
            self.found.extend(page.reports);
            self.read = self.read.max(page.read);
            if !page.has_more {
                break;
            }
        }
        let known = self.found.range(revision + 1..).take(wanted);
        Ok(known.map(|(revision, id)| (*revision, id.clone())).collect())
    }

    /// Forgets a report that has nothing to be read any more, or has changed.
    pub fn forget(&mut self, revision: u64) {
        self.found.remove(&revision);
    }
}
