//! Everything within a polygon.

use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::Polygons;
use crate::query::{After, NewestCollector, Page};

/// Placed reports that pass and lie inside the polygons: newest first, at most `limit` behind
/// `after`.
pub fn within_polygon(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    polygons: &Polygons,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    snapshot.scan_box(polygons.bounds(), compiled, |batch| {
        batch.slots().each(|slot| {
            if batch.columns().position(slot).is_some_and(|at| polygons.contains(at)) {
                list.offer(batch.address(slot));
            }
        });
    });
    list.page()
}
