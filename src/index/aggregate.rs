//! Aggregates over many slots at once: sums, counts per service, and a test for times in a span.
//! The loops are written so that the compiler vectorises them.

use std::ops::Range;

use crate::index::areas::{BoundaryIndex, NO_AREA};
use crate::index::columns::Columns;
use crate::index::packed::{NEVER, PackedState, pack_second, unpack_second};
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

/// Aggregate over the reports of one area.
#[derive(Debug, Clone, Copy, Default)]
pub struct AreaAggregate {
    /// Number of reports.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Number with an exact position.
    pub exact: u64,
    /// Sum of their longitudes, in degrees.
    pub lon: f64,
    /// Sum of their latitudes.
    pub lat: f64,
}

impl AreaAggregate {
    /// The aggregate of both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            open: self.open + other.open,
            exact: self.exact + other.exact,
            lon: self.lon + other.lon,
            lat: self.lat + other.lat,
        }
    }

    /// Mean longitude and latitude of the reports with an exact position, in degrees; none without
    /// one.
    pub(crate) fn center(&self) -> Option<(f64, f64)> {
        let mean = |sum: f64| sum / self.exact as f64;
        (self.exact > 0).then(|| (mean(self.lon), mean(self.lat)))
    }
}

/// Calls `visit` with the value of a column in each selected slot.
#[inline(always)]
fn each_value<A: Copy>(column: &[A], slots: &Selection<'_>, mut visit: impl FnMut(A)) {
    match slots {
        Selection::Range(range) => {
            column[range.start as usize..range.end as usize].iter().for_each(|one| visit(*one));
        }
        Selection::List(list) => list.iter().for_each(|slot| visit(column[*slot as usize])),
    }
}

/// Calls `visit` with the values of two columns in each selected slot.
#[inline(always)]
fn each_pair<A: Copy, B: Copy>(
    (a, b): (&[A], &[B]),
    slots: &Selection<'_>,
    mut visit: impl FnMut(A, B),
) {
    match slots {
        Selection::Range(range) => {
            let range = range.start as usize..range.end as usize;
            a[range.clone()].iter().zip(&b[range]).for_each(|(a, b)| visit(*a, *b));
        }
        Selection::List(list) => {
            list.iter().for_each(|slot| visit(a[*slot as usize], b[*slot as usize]));
        }
    }
}

/// # Counts by one field
/// Each reads no more columns than it needs.
impl Columns {
    /// Number of slots with an exact position, with an approximate one, and without a position.
    pub(crate) fn count_sections(&self, slots: &Selection<'_>) -> [u64; 3] {
        let [exact, others] = slots.split_at(self.exact_slots().end);
        let [approximate, unlocated] = others.split_at(self.approximate_slots().end);
        [exact, approximate, unlocated].map(|slots| slots.count() as u64)
    }

    /// Adds the number of slots of each state to `counts`, which is indexed by
    /// [`PackedState::number`].
    pub(crate) fn count_states(&self, slots: &Selection<'_>, counts: &mut [u32]) {
        each_value(&self.state, slots, |state| counts[state.number()] += 1);
    }

    /// Adds the number of closed and of open slots of each service to `counts`, which is indexed
    /// by service number.
    pub(crate) fn count_open_services(&self, slots: &Selection<'_>, counts: &mut [[u32; 2]]) {
        each_pair((&self.service, &self.state), slots, |service, state| {
            counts[usize::from(service)][usize::from(state.is_open())] += 1;
        });
    }

    /// Adds slots to the aggregates of their areas: those of a boundary set, or else those that
    /// the sources named, by number. Slots in no area are left out.
    pub(crate) fn aggregate_areas(
        &self,
        slots: &Selection<'_>,
        by: Option<&BoundaryIndex>,
        areas: &mut [AreaAggregate],
    ) {
        let [exact, others] = slots.split_at(self.exact_slots().end);
        let known = by.and_then(|set| self.areas_in(set));
        let area_of = |slot: u32| match (known, by) {
            (Some(areas), _) => areas.get(slot as usize).copied().unwrap_or(NO_AREA),
            (None, Some(set)) => self.area_in(set, slot),
            (None, None) => self.area(slot),
        };
        let mut add = |slot: u32, degrees: Option<[f64; 2]>| {
            let Some(area) = areas.get_mut(usize::from(area_of(slot))) else { return };
            area.count += 1;
            area.open += u64::from(self.state(slot).is_open());
            if let Some([lon, lat]) = degrees {
                (area.exact, area.lon, area.lat) = (area.exact + 1, area.lon + lon, area.lat + lat);
            }
        };
        exact.each(|slot| add(slot, Some(self.degrees(slot))));
        others.each(|slot| add(slot, None));
    }

    /// Calls `visit` with the time of each request, in seconds since 1970.
    #[inline(always)]
    pub(crate) fn each_requested(&self, slots: &Selection<'_>, mut visit: impl FnMut(i64)) {
        each_value(&self.requested, slots, |requested| visit(unpack_second(requested)));
    }

    /// When the oldest open report of these slots was requested, in seconds since 1970.
    pub(crate) fn oldest_open(&self, slots: &Selection<'_>) -> Option<i64> {
        let mut oldest = u32::MAX;
        each_pair((&self.requested, &self.state), slots, |requested, state| {
            // All bits set where the report is closed, so that it never is the oldest.
            oldest = oldest.min(requested | u32::from(state.is_open()).wrapping_sub(1));
        });
        (oldest < u32::MAX).then(|| unpack_second(oldest))
    }

    /// Appends the seconds from request to closing of the slots whose two times are known to the
    /// second.
    pub(crate) fn collect_seconds_to_close(&self, slots: &Selection<'_>, seconds: &mut Vec<u32>) {
        seconds.reserve(slots.count());
        let mut add = |requested: u32, closed: u32, state: PackedState| {
            if closed != NEVER && !state.is_day_only() && !state.is_closed_day_only() {
                // A closing may be some seconds before its opening: clocks differ.
                seconds.push(closed.saturating_sub(requested));
            }
        };
        match slots {
            Selection::Range(range) => {
                let range = range.start as usize..range.end as usize;
                let times = self.requested[range.clone()].iter().zip(&self.closed[range.clone()]);
                times
                    .zip(&self.state[range])
                    .for_each(|((requested, closed), state)| add(*requested, *closed, *state));
            }
            Selection::List(list) => list.iter().for_each(|slot| {
                let slot = *slot as usize;
                add(self.requested[slot], self.closed[slot], self.state[slot]);
            }),
        }
    }
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
