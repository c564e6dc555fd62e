//! Aggregates over many slots at once: sums, counts per service, and a test for times in a span.
//! The loops are written so that the compiler vectorises them.

use std::ops::Range;

use crate::index::columns::Columns;
use crate::index::packed::{PackedState, pack_second, unpack_second};
use crate::index::selection::Selection;

/// Aggregates over some located reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aggregate {
    /// Number of reports.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// When the newest was requested, in seconds since 1970.
    pub newest: i64,
    /// When the oldest open one was requested; [`i64::MAX`] where all are closed.
    pub oldest_open: i64,
    /// Sum of their columns in the finest grid. An integer, so that it does not depend on the
    /// order of summation.
    pub x: u64,
    /// Sum of their rows in the finest grid.
    pub y: u64,
}

impl Columns {
    /// Aggregates located slots.
    pub(crate) fn aggregate(&self, slots: &Selection<'_>) -> Aggregate {
        let mut sums =
            Aggregate { newest: i64::MIN, oldest_open: i64::MAX, ..Aggregate::default() };
        let (mut newest, mut oldest) = (0, u32::MAX);
        let mut add = |[x, y]: [u32; 2], requested: u32, state: PackedState| {
            (sums.x, sums.y) = (sums.x + u64::from(x), sums.y + u64::from(y));
            newest = newest.max(requested);
            // All bits set where the report is closed, so that it never is the oldest.
            let closed = u32::from(state.is_open()).wrapping_sub(1);
            oldest = oldest.min(requested | closed);
            sums.open += u64::from(state.is_open());
        };
        match slots {
            Selection::Range(range) => {
                let range = range.start as usize..range.end as usize;
                let cells = self.grid[range.clone()].iter();
                let rest = self.requested[range.clone()].iter().zip(&self.state[range]);
                cells.zip(rest).for_each(|(cell, (time, state))| add(*cell, *time, *state));
            }
            Selection::List(list) => list.iter().for_each(|slot| {
                let slot = *slot as usize;
                add(self.grid[slot], self.requested[slot], self.state[slot]);
            }),
        }
        sums.count = slots.count() as u64;
        sums.newest = unpack_second(newest);
        if sums.open > 0 {
            sums.oldest_open = unpack_second(oldest);
        }
        sums
    }

    /// Adds the number of slots of each service to `counts`, which is indexed by service number.
    pub(crate) fn count_services(&self, slots: &Selection<'_>, counts: &mut [u32]) {
        match slots {
            Selection::Range(range) => {
                let services = &self.service[range.start as usize..range.end as usize];
                services.iter().for_each(|service| counts[usize::from(*service)] += 1);
            }
            Selection::List(list) => {
                list.iter().for_each(|slot| counts[usize::from(self.service(*slot))] += 1);
            }
        }
    }

    /// Was any report of these slots requested between two seconds since 1970, both included?
    pub(crate) fn any_requested_between(&self, slots: Range<u32>, first: i64, last: i64) -> bool {
        let (first, last) = (pack_second(first), pack_second(last));
        let times = &self.requested[slots.start as usize..slots.end as usize];
        // No early exit: the loop compares several times per instruction.
        times.iter().fold(false, |any, time| any | ((first <= *time) & (*time <= last)))
    }
}
