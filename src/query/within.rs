//! Everything within a polygon.

use super::{After, Newest, Page};
use crate::index::{Handle, Sieve, Snapshot};
use crate::place::Polygons;

/// Placed reports that pass and lie inside the polygons: newest first, at most `limit` behind
/// `after`.
pub fn within_polygon(
    snapshot: &Snapshot,
    sieve: &Sieve,
    polygons: &Polygons,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<Handle> {
    let mut list = Newest::new(snapshot, after, limit);
    snapshot.in_box(polygons.bounds(), sieve, |bunch| {
        bunch.slots().each(|slot| {
            if bunch.columns().position(slot).is_some_and(|at| polygons.contains(at)) {
                list.offer(bunch.handle(slot));
            }
        });
    });
    list.page()
}
