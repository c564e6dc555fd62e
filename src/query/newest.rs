//! Lists: the newest reports first, page by page.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::{After, Page};
use crate::index::{Bunch, Handle, Sieve, Snapshot};
use crate::place::Cell;

/// Keeps the first `limit` reports of a list ordered newest first, equal times by id, that lie
/// behind a place in it. Memory does not grow with what is offered.
pub struct Newest<'a> {
    snapshot: &'a Snapshot,
    after: Option<After<i64>>,
    limit: usize,
    heap: BinaryHeap<Entry<'a>>,
}

#[derive(PartialEq, Eq)]
struct Entry<'a> {
    requested: i64,
    id: &'a str,
    handle: Handle,
}

impl Ord for Entry<'_> {
    /// The later in the list, the greater.
    fn cmp(&self, other: &Self) -> Ordering {
        other.requested.cmp(&self.requested).then_with(|| self.id.cmp(other.id))
    }
}

impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Newest<'a> {
    /// An empty list.
    pub fn new(snapshot: &'a Snapshot, after: Option<After<i64>>, limit: usize) -> Self {
        Self { snapshot, after, limit, heap: BinaryHeap::new() }
    }

    /// Offers reports.
    pub fn offer_all(&mut self, bunch: &Bunch<'_>) {
        // What is newer than the place to begin at was told before.
        let newest = self.after.as_ref().map_or(i64::MAX, |after| after.key);
        let mut oldest = self.oldest();
        bunch.slots().each(|slot| {
            let requested = bunch.columns().requested(slot);
            // Few pass both, about half pass one: asked apart they would be guessed wrong.
            if (requested >= oldest) & (requested <= newest) {
                self.offer(bunch.handle(slot));
                oldest = self.oldest();
            }
        });
    }

    /// What is older has no place in the page any more.
    fn oldest(&self) -> i64 {
        let full = self.heap.len() > self.limit;
        self.heap.peek().filter(|_| full).map_or(i64::MIN, |last| last.requested)
    }

    /// Offers a report.
    pub fn offer(&mut self, handle: Handle) {
        let requested = self.snapshot.requested(handle);
        if requested < self.oldest() {
            return;
        }
        let id = self.snapshot.id(handle);
        if let Some(after) = &self.after {
            let place = after.key.cmp(&requested).then_with(|| id.cmp(&after.id));
            if place != Ordering::Greater {
                return;
            }
        }
        self.heap.push(Entry { requested, id, handle });
        if self.heap.len() > self.limit + 1 {
            self.heap.pop();
        }
    }

    /// The page.
    pub fn page(self) -> Page<Handle> {
        let mut items: Vec<Handle> =
            self.heap.into_sorted_vec().into_iter().map(|entry| entry.handle).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        Page { items, more }
    }
}

/// Reports that pass, located or not, newest first.
pub fn newest(
    snapshot: &Snapshot,
    sieve: &Sieve,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<Handle> {
    let mut list = Newest::new(snapshot, after, limit);
    match sieve.bbox() {
        Some(bbox) => snapshot.in_box(bbox, sieve, |bunch| list.offer_all(&bunch)),
        None => snapshot.all(sieve, |bunch| list.offer_all(&bunch)),
    }
    list.page()
}

/// Placed reports of a cell that pass, newest first.
pub fn newest_in_cell(
    snapshot: &Snapshot,
    sieve: &Sieve,
    cell: Cell,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<Handle> {
    let mut list = Newest::new(snapshot, after, limit);
    snapshot.in_cell(cell, sieve, |bunch| list.offer_all(&bunch));
    list.page()
}
