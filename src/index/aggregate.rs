//! What is asked of many slots at once: sums, counts, and whether any is of a time.

use std::ops::Range;

use crate::index::columns::{Columns, PackedState, pack_second, unpack_second};
use crate::index::compiled_filter::Selection;

/// Sums over some reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aggregate {
    /// How many.
    pub count: u64,
    /// How many of them are not closed.
    pub open: u64,
    /// When the newest was made, in seconds since 1970.
    pub newest: i64,
    /// When the oldest that is not closed was made; [`i64::MAX`] where all are closed.
    pub oldest_open: i64,
    /// Sum of their grid columns: a whole number, that does not depend on any order.
    pub x: u64,
    /// Sum of their grid rows.
    pub y: u64,
}

impl Columns {
    /// Sums over located slots.
    pub fn tally(&self, slots: &Selection<'_>) -> Aggregate {
        let mut tally =
            Aggregate { newest: i64::MIN, oldest_open: i64::MAX, ..Aggregate::default() };
        let (mut newest, mut oldest) = (0, u32::MAX);
        let mut add = |[x, y]: [u32; 2], requested: u32, state: PackedState| {
            (tally.x, tally.y) = (tally.x + u64::from(x), tally.y + u64::from(y));
            newest = newest.max(requested);
            // All ones where closed: never the oldest.
            let closed = u32::from(state.is_open()).wrapping_sub(1);
            oldest = oldest.min(requested | closed);
            tally.open += u64::from(state.is_open());
        };
        match slots {
            Selection::Range(range) => {
                let range = range.start as usize..range.end as usize;
                let places = self.grid[range.clone()].iter();
                let rest = self.requested[range.clone()].iter().zip(&self.state[range]);
                places.zip(rest).for_each(|(place, (time, state))| add(*place, *time, *state));
            }
            Selection::Some(list) => list.iter().for_each(|slot| {
                let slot = *slot as usize;
                add(self.grid[slot], self.requested[slot], self.state[slot]);
            }),
        }
        tally.count = slots.count() as u64;
        tally.newest = unpack_second(newest);
        if tally.open > 0 {
            tally.oldest_open = unpack_second(oldest);
        }
        tally
    }

    /// Adds one to the count of each slot's service.
    pub fn count_services(&self, slots: &Selection<'_>, counts: &mut [u32]) {
        match slots {
            Selection::Range(range) => {
                let services = &self.service[range.start as usize..range.end as usize];
                services.iter().for_each(|service| counts[usize::from(*service)] += 1);
            }
            Selection::Some(list) => {
                list.iter().for_each(|slot| counts[usize::from(self.service(*slot))] += 1);
            }
        }
    }

    /// Was any of these slots' reports made from one second to another, both included?
    pub fn any_made(&self, slots: Range<u32>, first: i64, last: i64) -> bool {
        let (first, last) = (pack_second(first), pack_second(last));
        let times = &self.requested[slots.start as usize..slots.end as usize];
        // Without a way out in between, many are compared at once.
        times.iter().fold(false, |any, time| any | ((first <= *time) & (*time <= last)))
    }
}
