//! The area of a report that moves. The area filter goes by the position where boundaries are
//! loaded; lists, cards and counts show the area that is kept with the report: both must agree.

use crate::domain::{Filter, Report};
use crate::index::Snapshot;
use crate::place::{Meters, Position};
use crate::query;
use crate::usecase::City;

/// How far the reports may be that show in which area a place is, in metres.
const NEIGHBOUR_M: f64 = 500.0;
/// How many of them are asked.
const NEIGHBOURS_MAX: usize = 20;

impl City {
    /// A changed report with the area of its new position, where it has moved.
    ///
    /// Where the old area is one of a loaded boundary set, the new one is that of the same set.
    /// Otherwise it is the area of the nearest report within 500 m that has one, or, where that
    /// is one of a boundary set, the area of this set. Where there is none, the area is unknown:
    /// the old one would be wrong.
    pub(super) fn with_area_of_move(&self, before: &Report, mut after: Report) -> Report {
        if let Some(to) = after.position
            && before.position != Some(to)
        {
            let known = (before.id.as_str(), before.area.as_deref());
            after.area = area_at(&self.crew_snapshots().load(), known, to).map(str::to_owned);
        }
        after
    }
}

/// The area at a position for the report with this id, whose area was this one.
fn area_at<'a>(
    snapshot: &'a Snapshot,
    (id, area): (&str, Option<&str>),
    to: Position,
) -> Option<&'a str> {
    let set_of = |area: &str| snapshot.boundary_sets().iter().find(|set| set.find(area).is_some());
    if let Some(set) = area.and_then(set_of) {
        return set.name_at(to);
    }
    let every = snapshot.compiled(&Filter::default());
    let near = query::nearest(snapshot, &every, to, NEIGHBOURS_MAX, Meters(NEIGHBOUR_M));
    let mut others = near.items.iter().filter(|one| snapshot.id(one.address) != id);
    let found = others.find_map(|one| snapshot.view(one.address).area)?;
    set_of(found).map_or(Some(found), |set| set.name_at(to))
}
