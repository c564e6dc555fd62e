//! Where the reports of an import lie, counted against the extent of their city. A city without an
//! extent has that of the import's own places.

use std::collections::HashMap;

use crate::domain::{Accuracy, Report};
use crate::i18n::Message;
use crate::ingest::principal_city;
use crate::message;
use crate::place::{BBox, Position, learned_city_extent};

/// Places that wait for an extent, at most.
const WAITING_MAX: usize = 200_000;
/// Places that an extent is learned from, at most.
const SAMPLE: usize = 20_000;
/// Rows that are named as examples.
const EXAMPLES: usize = 3;
/// Different places that are counted at once.
const POINTS_MAX: usize = 1_000;
/// Reports at one point, at least, for it to be named, and of how many one has to be there.
const FREQUENT_MIN: u64 = 20;
const FREQUENT_SHARE: u64 = 10;

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
    /// How often each exact place came, at least, by the bits of its degrees.
    points: HashMap<[u64; 2], u64>,
    /// Exact places in all.
    exact: u64,
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
            Some(at) => {
                self.note_point(at, by);
                return self.locate(row, at, by);
            }
        };
        *count = count.saturating_add_signed(by);
    }

    /// Counts a place (Misra and Gries 1982): a place of more than 1/[`POINTS_MAX`] of all is
    /// certainly among those that are kept, with a count that is too low by at most that share.
    fn note_point(&mut self, at: Position, by: i64) {
        self.exact = self.exact.saturating_add_signed(by);
        let key = [at.lon().to_bits(), at.lat().to_bits()];
        if let Some(count) = self.points.get_mut(&key) {
            *count = count.saturating_add_signed(by);
        } else if by > 0 && self.points.len() < POINTS_MAX {
            self.points.insert(key, 1);
        } else if by > 0 {
            self.points.retain(|_, count| {
                *count = count.saturating_sub(1);
                *count > 0
            });
        }
    }

    /// That many reports lie at one point, which may replace unknown places.
    pub fn frequent_point(&self) -> Option<Message> {
        let ([lon, lat], count) = self.points.iter().max_by_key(|(key, count)| (**count, **key))?;
        let (lon, lat, exact) = (f64::from_bits(*lon), f64::from_bits(*lat), self.exact);
        let is_frequent = *count >= FREQUENT_MIN && *count * FREQUENT_SHARE >= exact;
        is_frequent.then(|| {
            message!(
                "{count} demandes ou plus sur {exact} sont au même point ({lat}, {lon}) : s’il \
                 remplace des lieux inconnus, `default_points = [[{lon}, {lat}]]` dans une \
                 description les garde comme approximatives",
                "{count} or more of {exact} reports are at one point ({lat}, {lon}): if it \
                 replaces unknown places, `default_points = [[{lon}, {lat}]]` in a mapping \
                 keeps them as approximate"
            )
        })
    }

    /// Compares a place with the extent, once there is one.
    fn locate(&mut self, row: u64, at: Position, by: i64) {
        match self.extent {
            Some(extent) => self.compare(&extent, (row, at, by)),
            None => {
                self.waiting.push((row, at, by));
                if self.waiting.len() >= WAITING_MAX {
                    self.decide();
                }
            }
        }
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
