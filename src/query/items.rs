//! Lists with conditions, counted: what a client pages through to the end.

use super::{After, Condition, Newest, Page};
use crate::index::{Bunch, Handle, Sieve, Snapshot};
use crate::place::BBox;

/// What a list is asked for.
pub struct ItemsAsk<'a> {
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
pub fn items(snapshot: &Snapshot, sieve: &Sieve, ask: ItemsAsk<'_>) -> (Page<Handle>, u64) {
    let mut list = Newest::new(snapshot, ask.after, ask.limit);
    let mut matched = 0;
    let certain = ask.condition.is_certain();
    let condition = ask.condition.bind(snapshot);
    let mut offer = |bunch: Bunch<'_>| {
        if certain {
            matched += bunch.slots().count() as u64;
            return list.offer_all(&bunch);
        }
        bunch.slots().each(|slot| {
            if condition.holds(&bunch, slot) {
                matched += 1;
                list.offer(bunch.handle(slot));
            }
        });
    };
    match &ask.bbox {
        None => snapshot.all(sieve, offer),
        Some(bbox) => {
            snapshot.in_box(bbox, sieve, &mut offer);
            snapshot.unplaced(sieve, offer);
        }
    }
    (list.page(), matched)
}
