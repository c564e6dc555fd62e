//! Where the reports of an import lie, counted against the extent of their city. A city without an
//! extent has that of the import's own places.

use crate::domain::{Accuracy, Report};
use crate::ingest::principal_city;
use crate::place::{BBox, Position, learned_city_extent};

/// Places that wait for an extent, at most.
const WAITING_MAX: usize = 200_000;
/// Places that an extent is learned from, at most.
const SAMPLE: usize = 20_000;
/// Rows that are named as examples.
const EXAMPLES: usize = 3;

/// The counts of an import's places.
#[derive(Default)]
pub(super) struct ImportPlaces {
    extent: Option<BBox>,
    /// The principal city of the time zone.
    principal: Option<Position>,
    /// Places that came before there was an extent: the row, the place, and how they count.
    waiting: Vec<(u64, Position, i64)>,
    /// Reports without a position.
    pub unlocated: u64,
    /// Reports at a default point of the source.
    pub approximate: u64,
    /// Reports outside the extent.
    pub outside: u64,
    /// The first of these.
    pub examples: Vec<(u64, Position)>,
}

impl ImportPlaces {
    /// Counts of a city of this extent and time zone.
    pub fn of(extent: Option<BBox>, zone: &str) -> Self {
        Self { extent, principal: principal_city(zone), ..Self::default() }
    }

    /// Counts the report of a row, or takes it out again where another row of its id is taken.
    pub fn count(&mut self, row: u64, report: &Report, by: i64) {
        let count = match report.position {
            None => &mut self.unlocated,
            Some(_) if report.accuracy == Accuracy::Approximate => &mut self.approximate,
            Some(at) => match self.extent {
                Some(extent) => return self.compare(&extent, (row, at, by)),
                None => {
                    self.waiting.push((row, at, by));
                    if self.waiting.len() >= WAITING_MAX {
                        self.decide();
                    }
                    return;
                }
            },
        };
        *count = count.saturating_add_signed(by);
    }

    /// Learns the extent from the places so far, where there is none, and counts them.
    pub fn decide(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let step = waiting.len().div_ceil(SAMPLE).max(1);
        let places = waiting.iter().filter(|(_, _, by)| *by > 0).map(|(_, at, _)| *at);
        let sample: Vec<Position> = places.step_by(step).collect();
        let Some(extent) = learned_city_extent(&sample, self.principal) else { return };
        self.extent = Some(extent);
        for place in waiting {
            self.compare(&extent, place);
        }
    }

    fn compare(&mut self, extent: &BBox, (row, at, by): (u64, Position, i64)) {
        if extent.contains(at) {
            return;
        }
        self.outside = self.outside.saturating_add_signed(by);
        if by < 0 {
            self.examples.retain(|(_, known)| *known != at);
        } else if self.examples.len() < EXAMPLES {
            self.examples.push((row, at));
        }
    }
}
