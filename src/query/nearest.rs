//! The reports nearest to a point, and those within a radius, in the order of distance.

use std::cmp::Ordering;

use crate::index::{Collector, CompiledFilter, DocAddress, Snapshot};
use crate::place::{Meters, Position, QueryPoint, haversine_tolerance};
use crate::query::page::{Cursor, NearbyReport, Page};

/// The `k` matching reports nearest to `at` and not farther than `max`: nearest first, equal
/// distances by id. Distances are great-circle distances in metres.
///
/// Takes O(log n + k) time where reports are dense.
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
    let origin = QueryPoint::new(at);
    let meters = |address| {
        let [lon, lat] = snapshot.degrees(address);
        origin.distance(lon, lat)
    };
    let max_haversine = haversine_tolerance(radius.haversine());
    // One more than the limit tells whether there are more.
    let wanted = limit.saturating_add(1);
    let mut nearest =
        NearestCollector { wanted, max_haversine, kept: Vec::with_capacity(CAPACITY), selected: 0 };
    match &after {
        None => snapshot.near(&origin, compiled, wanted, &mut nearest),
        Some(after) => {
            let is_after = |address: DocAddress| {
                let order = meters(address).0.total_cmp(&after.key);
                order.then_with(|| snapshot.id(address).cmp(&after.id)) == Ordering::Greater
            };
            let mut rest = AfterCursor { is_after, nearest: &mut nearest };
            snapshot.near(&origin, compiled, usize::MAX, &mut rest);
        }
    }
    let mut items = Vec::with_capacity(nearest.kept.len());
    for (_, address) in nearest.kept {
        let distance = meters(address);
        if distance <= radius {
            items.push(NearbyReport { address, distance });
        }
    }
    items.sort_unstable_by(|a, b| {
        let by_id = || snapshot.id(a.address).cmp(snapshot.id(b.address));
        a.distance.0.total_cmp(&b.distance.0).then_with(by_id)
    });
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
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
        // A selection takes linear time: it waits until the list has grown by half of `wanted`.
        let count = self.kept.len();
        if count >= self.wanted && count > self.selected + self.wanted / 2 {
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
