//! Lists: the newest reports first, page by page.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::index::{CompiledFilter, DocAddress, Selection, SelectionBatch, Snapshot};
use crate::place::Cell;
use crate::query::{After, Page};

/// Slots looked at together.
const PIECE: usize = 32;

/// Keeps the first `limit` reports of a list ordered newest first, equal times by id, that lie
/// behind a place in it. Memory does not grow with what is offered.
pub struct NewestCollector<'a> {
    snapshot: &'a Snapshot,
    after: Option<After<i64>>,
    limit: usize,
    heap: BinaryHeap<Entry<'a>>,
}

struct Entry<'a> {
    snapshot: &'a Snapshot,
    requested: i64,
    address: DocAddress,
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry<'_> {}

impl Ord for Entry<'_> {
    /// The later in the list, the greater. An id lies far away: few are looked at.
    fn cmp(&self, other: &Self) -> Ordering {
        let id = |entry: &Self| entry.snapshot.id(entry.address);
        other.requested.cmp(&self.requested).then_with(|| id(self).cmp(id(other)))
    }
}

impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> NewestCollector<'a> {
    /// An empty list.
    pub fn new(snapshot: &'a Snapshot, after: Option<After<i64>>, limit: usize) -> Self {
        Self { snapshot, after, limit, heap: BinaryHeap::new() }
    }

    /// Offers reports.
    pub fn offer_all(&mut self, batch: &SelectionBatch<'_>) {
        // What is newer than the place to begin at was told before.
        let newest = self.after.as_ref().map_or(i64::MAX, |after| after.key);
        match batch.slots() {
            Selection::List(list) => {
                list.iter().for_each(|slot| self.consider(batch, *slot, newest));
            }
            Selection::Range(range) => {
                for first in range.clone().step_by(PIECE) {
                    let piece = first..range.end.min(first + PIECE as u32);
                    if batch.columns().any_requested_between(piece.clone(), self.oldest(), newest) {
                        piece.for_each(|slot| self.consider(batch, slot, newest));
                    }
                }
            }
        }
    }

    #[inline]
    fn consider(&mut self, batch: &SelectionBatch<'_>, slot: u32, newest: i64) {
        let requested = batch.columns().requested(slot);
        // Few pass both, about half pass one: asked apart they would be guessed wrong.
        if (requested >= self.oldest()) & (requested <= newest) {
            self.offer(batch.address(slot));
        }
    }

    /// What is older has no place in the page any more.
    fn oldest(&self) -> i64 {
        let full = self.heap.len() > self.limit;
        self.heap.peek().filter(|_| full).map_or(i64::MIN, |last| last.requested)
    }

    /// Offers a report.
    pub fn offer(&mut self, address: DocAddress) {
        let requested = self.snapshot.requested(address);
        if requested < self.oldest() {
            return;
        }
        if let Some(after) = &self.after {
            let id = || self.snapshot.id(address);
            let place = after.key.cmp(&requested).then_with(|| id().cmp(after.id.as_str()));
            if place != Ordering::Greater {
                return;
            }
        }
        self.heap.push(Entry { snapshot: self.snapshot, requested, address });
        if self.heap.len() > self.limit + 1 {
            self.heap.pop();
        }
    }

    /// The page.
    pub fn page(self) -> Page<DocAddress> {
        let mut items: Vec<DocAddress> =
            self.heap.into_sorted_vec().into_iter().map(|entry| entry.address).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        Page { items, more }
    }
}

/// Reports that pass, located or not, newest first.
pub fn newest(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    each(snapshot, compiled, |batch| list.offer_all(&batch));
    list.page()
}

fn each(snapshot: &Snapshot, compiled: &CompiledFilter, found: impl FnMut(SelectionBatch<'_>)) {
    match compiled.bbox() {
        Some(bbox) => snapshot.scan_box(bbox, compiled, found),
        None => snapshot.scan(compiled, found),
    }
}

/// A page by its number, for protocols that count pages: of the reports that pass, newest first,
/// the `size` behind the first `skip`. Time grows with what passes, not with the number.
pub fn newest_page(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    skip: usize,
    size: usize,
) -> Vec<DocAddress> {
    let mut all = Vec::new();
    each(snapshot, compiled, |batch| {
        batch.slots().each(|slot| {
            let requested = batch.columns().requested(slot);
            all.push(Entry { snapshot, requested, address: batch.address(slot) });
        });
    });
    if skip >= all.len() {
        return Vec::new();
    }
    // What belongs before the page goes before it, what belongs behind it behind.
    all.select_nth_unstable(skip);
    let rest = &mut all[skip..];
    if size < rest.len() {
        rest.select_nth_unstable(size);
    }
    let size = size.min(rest.len());
    rest[..size].sort_unstable();
    rest[..size].iter().map(|entry| entry.address).collect()
}

/// Placed reports of a cell that pass, newest first.
pub fn newest_in_cell(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: Cell,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    snapshot.scan_cell(cell, compiled, |batch| list.offer_all(&batch));
    list.page()
}
