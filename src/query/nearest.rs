//! The reports nearest to a place, in the order of their distance.

use std::cmp::Ordering;

use crate::index::{Collector, CompiledFilter, DocAddress, Snapshot};
use crate::place::{Meters, Position, QueryPoint, haversine_tolerance};
use crate::query::{After, Found, Page};

/// The `k` reports nearest to `at` that pass and are no farther than `max`: nearest first, equal
/// distances by id. Distance is great-circle, in metres. Says if there were more.
pub fn nearest(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    at: Position,
    k: usize,
    max: Meters,
) -> Page<Found> {
    within_radius(snapshot, compiled, at, max, None, k)
}

/// Reports that pass and are no farther than `radius` from `at`, the edge included: nearest first,
/// equal distances by id, at most `limit` behind `after`.
pub fn within_radius(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    at: Position,
    radius: Meters,
    after: Option<After<f64>>,
    limit: usize,
) -> Page<Found> {
    let origin = QueryPoint::new(at);
    let meters = |address| {
        let [lon, lat] = snapshot.degrees(address);
        origin.distance(lon, lat)
    };
    let edge = haversine_tolerance(radius.haversine());
    // One more than asked tells whether there are more.
    let wanted = limit.saturating_add(1);
    let mut nearest = Nearest { wanted, reach: edge, kept: Vec::with_capacity(LIST), selected: 0 };
    match &after {
        None => snapshot.near(&origin, compiled, wanted, &mut nearest),
        Some(after) => {
            let is_behind = |address: DocAddress| {
                let order = meters(address).0.total_cmp(&after.key);
                order.then_with(|| snapshot.id(address).cmp(&after.id)) == Ordering::Greater
            };
            let mut behind = AfterCursor { is_behind, nearest: &mut nearest };
            snapshot.near(&origin, compiled, usize::MAX, &mut behind);
        }
    }
    let mut items = Vec::with_capacity(nearest.kept.len());
    for (_, address) in nearest.kept {
        let distance = meters(address);
        if distance <= radius {
            items.push(Found { address, distance });
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

/// Room for a short list from the start.
const LIST: usize = 96;

/// Keeps the `wanted` nearest of all it is offered, and what may be as near as the last of them:
/// haversines order almost as distances do.
struct Nearest {
    wanted: usize,
    reach: f32,
    /// With the bits of their haversines, which are in their order: none is negative.
    kept: Vec<(u32, DocAddress)>,
    /// How many were left by the last selection.
    selected: usize,
}

impl Collector<DocAddress> for Nearest {
    #[inline]
    fn collect(&mut self, address: DocAddress, haversine: f32) {
        self.kept.push((haversine.to_bits(), address));
    }

    #[inline]
    fn max_haversine(&mut self) -> f32 {
        // Selecting costs as much as it looks at: it waits until half as many again have come.
        let count = self.kept.len();
        if count >= self.wanted && count > self.selected + self.wanted / 2 {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(self.wanted - 1, |kept| kept.0);
            self.reach = self.reach.min(haversine_tolerance(f64::from(f32::from_bits(last.0))));
            let reach = self.reach.to_bits();
            self.kept.retain(|(haversine, _)| *haversine <= reach);
            self.selected = self.kept.len();
        }
        self.reach
    }
}

/// Leaves out what is not behind the place in the list where the page begins.
struct AfterCursor<'a, F> {
    is_behind: F,
    nearest: &'a mut Nearest,
}

impl<F: Fn(DocAddress) -> bool> Collector<DocAddress> for AfterCursor<'_, F> {
    fn collect(&mut self, address: DocAddress, haversine: f32) {
        if (self.is_behind)(address) {
            self.nearest.collect(address, haversine);
        }
    }

    fn max_haversine(&mut self) -> f32 {
        self.nearest.max_haversine()
    }
}
