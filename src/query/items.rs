//! Lists with conditions, counted: what a client pages through to the end.

use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::place::BBox;
use crate::query::{After, Condition, NewestCollector, Page};

/// What a list is asked for.
pub struct ItemsQuery<'a> {
    /// Where; reports without a position lie in every box (OGC API – Features, 7.15.3).
    pub bbox: Option<BBox>,
    /// What else holds of them.
    pub condition: &'a Condition,
    /// Behind which one the page begins.
    pub after: Option<After<i64>>,
    /// Reports in the page, at most.
    pub limit: usize,
}

/// Reports that pass, newest first, and how many there are on all pages. Whoever follows the pages
/// is given each report once; what is recorded meanwhile may come among the pages to come.
pub fn items(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: ItemsQuery<'_>,
) -> (Page<DocAddress>, u64) {
    let mut list = NewestCollector::new(snapshot, query.after, query.limit);
    let mut matched = 0;
    let certain = query.condition.is_certain();
    let condition = query.condition.bind(snapshot);
    let mut offer = |batch: SelectionBatch<'_>| {
        if certain {
            matched += batch.slots().count() as u64;
            return list.offer_all(&batch);
        }
        batch.slots().each(|slot| {
            if condition.holds(&batch, slot) {
                matched += 1;
                list.offer(batch.address(slot));
            }
        });
    };
    match &query.bbox {
        None => snapshot.scan(compiled, offer),
        Some(bbox) => {
            snapshot.scan_box(bbox, compiled, &mut offer);
            snapshot.scan_unlocated(compiled, offer);
        }
    }
    (list.page(), matched)
}
