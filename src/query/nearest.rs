//! The reports nearest to a point, and those within a radius, in the order of distance.

use std::cmp::Ordering;

use crate::index::{Collector, CompiledFilter, DocAddress, Snapshot};
use crate::place::{DistanceKey, Meters, Position, QueryPoint, haversine_tolerance};
use crate::query::page::{Cursor, NearbyReport, Page};

/// The `k` matching reports nearest to `at` and not farther than `max`: nearest first, equal
/// distances by id. Distances are great-circle distances in metres.
///
/// Takes O(log n + k) time where reports are dense, from any point on Earth.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{Meters, Position};
/// use pointchaud::query::nearest;
///
/// let report = |id: &str, lon: f64| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(lon, 46.81).ok())
/// };
/// let reports = [report("far", -71.25), report("near", -71.21), report("nearer", -71.20)];
/// let snapshot = Index::from_reports(reports).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let here = Position::new(-71.20, 46.81).unwrap();
/// let page = nearest(&snapshot, &every, here, 2, Meters(10_000.0));
/// let found: Vec<(&str, f64)> =
///     page.items.iter().map(|one| (snapshot.id(one.address), one.distance.0.round())).collect();
/// assert_eq!(found, [("nearer", 0.0), ("near", 761.0)]);
/// assert!(page.more);
/// ```
pub fn nearest(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    at: Position,
    k: usize,
    max: Meters,
) -> Page<NearbyReport> {
    within_radius(snapshot, compiled, at, max, None, k)
}

/// Matching reports not farther than `radius` from `at`: nearest first, equal distances by id, the
/// first `limit` after the cursor.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{Meters, Position};
/// use pointchaud::query::{Cursor, within_radius};
///
/// let report = |n: u32| {
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     let at = Position::new(-71.2 - f64::from(n) * 0.001, 46.81);
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at.ok())
/// };
/// let snapshot = Index::from_reports((0..9).map(report)).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let here = Position::new(-71.2, 46.81).unwrap();
/// let first = within_radius(&snapshot, &every, here, Meters(300.0), None, 3);
/// let last = first.items[2];
/// let after = Cursor { key: last.distance.0, id: snapshot.id(last.address).to_owned() };
/// let second = within_radius(&snapshot, &every, here, Meters(300.0), Some(after), 3);
/// assert_eq!(snapshot.id(second.items[0].address), "r3");
/// assert_eq!((second.items.len(), second.more), (1, false));
/// ```
pub fn within_radius(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    at: Position,
    radius: Meters,
    after: Option<Cursor<f64>>,
    limit: usize,
) -> Page<NearbyReport> {
    let search = Search { snapshot, compiled, origin: QueryPoint::new(at), after };
    // One more than the limit tells whether there are more.
    let wanted = limit.saturating_add(1);
    let mut items = search.near(Meters(radius.0.min(NEAR.0)), wanted);
    let is_complete = radius <= NEAR
        || items.len() >= wanted
        || snapshot.is_within(&search.origin, compiled, NEAR);
    if !is_complete {
        items = search.far(radius, wanted);
    }
    let order = |a: &NearbyReport, b: &NearbyReport| {
        let by_id = || snapshot.id(a.address).cmp(snapshot.id(b.address));
        a.distance.0.total_cmp(&b.distance.0).then_with(by_id)
    };
    // Where many are equally near, a selection spares most of the sort.
    if items.len() > wanted.saturating_mul(2).saturating_add(CAPACITY) {
        items.select_nth_unstable_by(limit, order);
        items.truncate(wanted);
    }
    items.sort_unstable_by(order);
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}

/// Up to this distance haversines of 32 bits order reports well enough, and the bounds of the
/// R-tree's boxes are tight: about a degree.
const NEAR: Meters = Meters(100_000.0);

/// A search around a point.
struct Search<'a> {
    snapshot: &'a Snapshot,
    compiled: &'a CompiledFilter,
    origin: QueryPoint,
    after: Option<Cursor<f64>>,
}

impl Search<'_> {
    fn distance(&self, address: DocAddress) -> Meters {
        let [lon, lat] = self.snapshot.degrees(address);
        self.origin.distance(lon, lat)
    }

    /// Is a report after the cursor, if there is one?
    fn is_after_cursor(&self, address: DocAddress) -> bool {
        self.after.as_ref().is_none_or(|after| {
            let order = self.distance(address).0.total_cmp(&after.key);
            let order = order.then_with(|| self.snapshot.id(address).cmp(&after.id));
            order == Ordering::Greater
        })
    }

    /// The `wanted` nearest reports within `radius`, and maybe some farther ones; `radius` is at
    /// most [`NEAR`].
    fn near(&self, radius: Meters, wanted: usize) -> Vec<NearbyReport> {
        if self.after.as_ref().is_some_and(|after| after.key > radius.0) {
            return Vec::new();
        }
        let max_haversine = haversine_tolerance(radius.haversine());
        let kept = Vec::with_capacity(CAPACITY);
        let mut nearest = NearestCollector { wanted, max_haversine, kept, selected: 0 };
        if self.after.is_none() {
            self.snapshot.near(&self.origin, self.compiled, wanted, &mut nearest);
        } else {
            let is_after = |address| self.is_after_cursor(address);
            let mut rest = AfterCursor { is_after, nearest: &mut nearest };
            self.snapshot.near(&self.origin, self.compiled, usize::MAX, &mut rest);
        }
        self.within(radius, nearest.kept.into_iter().map(|(_, address)| address))
    }

    /// The `wanted` nearest reports within `radius`, and maybe some farther ones, at any distance.
    fn far(&self, radius: Meters, wanted: usize) -> Vec<NearbyReport> {
        let mut nearest = FarCollector::new(wanted, DistanceKey::of(radius).with_tolerance());
        self.snapshot.far(&self.origin, self.compiled, nearest.max, |address, key| {
            if key <= nearest.max && self.is_after_cursor(address) {
                nearest.collect(address, key);
            }
            nearest.max
        });
        self.within(radius, nearest.kept.into_iter().map(|(_, address)| address))
    }

    /// Those of these reports that are within `radius`.
    fn within(&self, radius: Meters, found: impl Iterator<Item = DocAddress>) -> Vec<NearbyReport> {
        let mut reports = Vec::with_capacity(found.size_hint().0);
        for address in found {
            let distance = self.distance(address);
            if distance <= radius {
                reports.push(NearbyReport { address, distance });
            }
        }
        reports
    }
}

/// Initial capacity of the list of candidates.
const CAPACITY: usize = 96;

/// Collects the `wanted` nearest candidates, and those that may be as near as the last of them
/// given the error of approximate haversines.
struct NearestCollector {
    wanted: usize,
    max_haversine: f32,
    /// The bits of the haversine, and the report. No haversine is negative, so bits have the order
    /// of the numbers.
    kept: Vec<(u32, DocAddress)>,
    /// Length of `kept` after the last selection.
    selected: usize,
}

impl Collector<DocAddress> for NearestCollector {
    #[inline]
    fn collect(&mut self, address: DocAddress, haversine: f32) {
        self.kept.push((haversine.to_bits(), address));
    }

    #[inline]
    fn max_haversine(&mut self) -> f32 {
        // A selection takes linear time: it waits until the list has grown by half of `wanted`, or
        // by the number of reports that are as near as the last one wanted, where they are more.
        let count = self.kept.len();
        let growth = (self.wanted / 2).max(self.selected.saturating_sub(self.wanted));
        if count >= self.wanted && count > self.selected + growth {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(self.wanted - 1, |kept| kept.0);
            let last = haversine_tolerance(f64::from(f32::from_bits(last.0)));
            self.max_haversine = self.max_haversine.min(last);
            let max_bits = self.max_haversine.to_bits();
            self.kept.retain(|(haversine, _)| *haversine <= max_bits);
            self.selected = self.kept.len();
        }
        self.max_haversine
    }
}

/// Collects the `wanted` nearest reports by the exact order of their distances, and those that may
/// be as near as the last of them.
struct FarCollector {
    wanted: usize,
    /// Reports with a greater key are not of interest.
    max: DistanceKey,
    kept: Vec<(DistanceKey, DocAddress)>,
    /// Length of `kept` after the last selection.
    selected: usize,
}

impl FarCollector {
    fn new(wanted: usize, max: DistanceKey) -> Self {
        Self { wanted, max, kept: Vec::with_capacity(CAPACITY), selected: 0 }
    }

    fn collect(&mut self, address: DocAddress, key: DistanceKey) {
        self.kept.push((key, address));
        let count = self.kept.len();
        // A selection takes linear time: it waits until the list has doubled.
        if count > self.wanted && count > 2 * self.selected {
            let by_key =
                |a: &(DistanceKey, DocAddress), b: &(DistanceKey, DocAddress)| a.0.total_cmp(&b.0);
            let (_, last, _) = self.kept.select_nth_unstable_by(self.wanted - 1, by_key);
            self.max = last.0.with_tolerance();
            let max = self.max;
            self.kept.retain(|(key, _)| *key <= max);
            self.selected = self.kept.len();
        }
    }
}

/// Drops candidates that are not after a cursor.
struct AfterCursor<'a, F> {
    is_after: F,
    nearest: &'a mut NearestCollector,
}

impl<F: Fn(DocAddress) -> bool> Collector<DocAddress> for AfterCursor<'_, F> {
    fn collect(&mut self, address: DocAddress, haversine: f32) {
        if (self.is_after)(address) {
            self.nearest.collect(address, haversine);
        }
    }

    fn max_haversine(&mut self) -> f32 {
        self.nearest.max_haversine()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Filter, IndexedFields, ReportId, ServiceCode};
    use crate::index::Index;

    /// A city of this many reports on a square of 0.2 degrees.
    fn city(count: u32) -> Snapshot {
        let side = f64::from(count).sqrt().ceil();
        let report = |n: u32| {
            let (x, y) = (f64::from(n) % side / side, (f64::from(n) / side).floor() / side);
            let at = Position::new(-71.3 + 0.2 * x, 46.7 + 0.2 * y).ok();
            let service = ServiceCode::new("graffiti").unwrap();
            IndexedFields::new(ReportId::new(&format!("r{n}")).unwrap(), service, 1_790_000_000, at)
        };
        Index::from_reports((0..count).map(report)).reader().load().as_ref().clone()
    }

    #[test]
    fn the_nearest_from_anywhere_are_found_by_reading_few_reports() {
        let snapshot = city(100_000);
        let every = snapshot.compiled(&Filter::default());
        let around = [
            (108.79, -46.81),
            (108.8, -46.8),
            (108.7, -46.7),
            (108.0, -46.0),
            (-71.2, 60.0),
            (0.0, 0.0),
            (0.0, 90.0),
            (0.0, -90.0),
            (180.0, 0.0),
            (18.8, 43.2),
            (-71.2, 48.5),
        ];
        for (lon, lat) in around {
            let origin = QueryPoint::new(Position::new(lon, lat).unwrap());
            let mut nearest = FarCollector::new(11, DistanceKey::MAX);
            let mut read = 0;
            snapshot.far(&origin, &every, DistanceKey::MAX, |address, key| {
                read += 1;
                if key <= nearest.max {
                    nearest.collect(address, key);
                }
                nearest.max
            });
            assert!(read < 10_000, "{read} of 100,000 reports are read from {lon} {lat}");
        }
    }

    #[test]
    fn reports_at_one_point_are_selected_few_times() {
        let mut nearest =
            NearestCollector { wanted: 11, max_haversine: 1.0, kept: Vec::new(), selected: 0 };
        let mut selections = 0;
        let address = city(1).find("r0").unwrap();
        for _ in 0..100_000 {
            nearest.collect(address, 0.5);
            let before = nearest.selected;
            nearest.max_haversine();
            selections += usize::from(nearest.selected != before);
        }
        assert!((5..40).contains(&selections), "{selections} selections");
        assert_eq!(nearest.kept.len(), 100_000, "all are equally near");
    }
}
