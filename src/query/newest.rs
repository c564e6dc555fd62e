//! Lists of reports, newest first, page by page.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::index::{CompiledFilter, DocAddress, Selection, SelectionBatch, Snapshot};
use crate::place::GridCell;
use crate::query::page::{Cursor, Page};
use crate::query::sorted::{ListKey, OLDEST_FIRST, PagePlace, SortValue, SortedCollector};

/// Slots whose times are compared together.
const BATCH: usize = 32;

/// Collects the first `limit` reports after a cursor in the order newest first, equal times by id.
/// Takes O(limit) memory however many reports are offered.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::NewestCollector;
///
/// let report = |n: i64| {
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000 + n, None)
/// };
/// let snapshot = Index::from_reports((1..=5).map(report)).reader().load();
/// let mut collector = NewestCollector::new(&snapshot, None, 2);
/// snapshot.scan(&snapshot.compiled(&Filter::default()), |batch| collector.collect_batch(&batch));
/// let page = collector.page();
/// let ids: Vec<&str> = page.items.iter().map(|address| snapshot.id(*address)).collect();
/// assert_eq!((ids, page.more), (vec!["r5", "r4"], true));
/// ```
pub struct NewestCollector<'a> {
    snapshot: &'a Snapshot,
    after: Option<Cursor<i64>>,
    limit: usize,
    /// The first `limit` + 1 so far, the last of them on top.
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
    /// Later in the list is greater. Ids are read only where times are equal.
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
    pub fn new(snapshot: &'a Snapshot, after: Option<Cursor<i64>>, limit: usize) -> Self {
        Self { snapshot, after, limit, heap: BinaryHeap::new() }
    }

    /// Offers the reports of a batch.
    pub fn collect_batch(&mut self, batch: &SelectionBatch<'_>) {
        // Reports newer than the cursor were on earlier pages.
        let newest = self.after.as_ref().map_or(i64::MAX, |after| after.key);
        match batch.slots() {
            Selection::List(list) => {
                list.iter().for_each(|slot| self.collect_slot(batch, *slot, newest));
            }
            Selection::Range(range) => {
                for first in range.clone().step_by(BATCH) {
                    let slots = first..range.end.min(first + BATCH as u32);
                    let columns = batch.columns();
                    if columns.any_requested_between(slots.clone(), self.oldest(), newest) {
                        slots.for_each(|slot| self.collect_slot(batch, slot, newest));
                    }
                }
            }
        }
    }

    /// May this report of a batch still be on the page, judged by its time alone?
    #[inline]
    pub(crate) fn may_collect(&self, batch: &SelectionBatch<'_>, slot: u32) -> bool {
        let newest = self.after.as_ref().map_or(i64::MAX, |after| after.key);
        let requested = batch.columns().requested(slot);
        (requested >= self.oldest()) & (requested <= newest)
    }

    #[inline]
    fn collect_slot(&mut self, batch: &SelectionBatch<'_>, slot: u32, newest: i64) {
        let requested = batch.columns().requested(slot);
        // Few reports pass both tests but about half pass either: one branch on the conjunction is
        // predicted well, two branches are not.
        if (requested >= self.oldest()) & (requested <= newest) {
            self.collect(batch.address(slot));
        }
    }

    /// The time, in seconds since 1970, before which a report can no longer be on the page.
    fn oldest(&self) -> i64 {
        let full = self.heap.len() > self.limit;
        self.heap.peek().filter(|_| full).map_or(i64::MIN, |last| last.requested)
    }

    /// Offers a report.
    pub fn collect(&mut self, address: DocAddress) {
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

    /// The page of the reports offered.
    pub fn page(self) -> Page<DocAddress> {
        let mut items: Vec<DocAddress> =
            self.heap.into_sorted_vec().into_iter().map(|entry| entry.address).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        Page { items, more }
    }
}

/// Matching reports, located or not, newest first, equal times by id: the first `limit` after the
/// cursor.
///
/// Takes O(reports) time for the scan and O(limit) memory.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::{Cursor, newest};
///
/// let report = |n: i64| {
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000 + n, None)
/// };
/// let snapshot = Index::from_reports((1..=5).map(report)).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let first = newest(&snapshot, &every, None, 3);
/// let last = first.items[2];
/// let after = Cursor { key: snapshot.requested(last), id: snapshot.id(last).to_owned() };
/// let second = newest(&snapshot, &every, Some(after), 3);
/// assert_eq!(snapshot.id(second.items[0]), "r2");
/// assert_eq!((second.items.len(), second.more), (2, false));
/// ```
pub fn newest(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    after: Option<Cursor<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    scan(snapshot, compiled, |batch| list.collect_batch(&batch));
    list.page()
}

/// The order of a list by the time at which reports were requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOrder {
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
}

/// Matching reports, located or not, in the order of time, equal times by id: the first `limit`
/// after the cursor.
///
/// Takes O(reports) time for the scan and O(limit) memory.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::{Cursor, ListOrder, by_time};
///
/// let report = |n: i64| {
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000 + n, None)
/// };
/// let snapshot = Index::from_reports((1..=5).map(report)).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let after = Cursor { key: 1_790_000_002, id: "r2".to_owned() };
/// let page = by_time(&snapshot, &every, ListOrder::Oldest, Some(after), 2);
/// let ids: Vec<&str> = page.items.iter().map(|address| snapshot.id(*address)).collect();
/// assert_eq!((ids, page.more), (vec!["r3", "r4"], true));
/// ```
pub fn by_time(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    order: ListOrder,
    after: Option<Cursor<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    if order == ListOrder::Newest {
        return newest(snapshot, compiled, after, limit);
    }
    let place = after.map_or(PagePlace::Start, |after| {
        PagePlace::After(ListKey { values: vec![SortValue::Second(after.key)], id: after.id })
    });
    let mut list = SortedCollector::new(snapshot, OLDEST_FIRST, &place, limit);
    scan(snapshot, compiled, |batch| list.collect_batch(&batch));
    list.page()
}

/// Scans matching reports, through the spatial index where the filter has a bounding box.
fn scan(snapshot: &Snapshot, compiled: &CompiledFilter, visit: impl FnMut(SelectionBatch<'_>)) {
    match compiled.bbox() {
        Some(bbox) => snapshot.scan_box(bbox, compiled, visit),
        None => snapshot.scan(compiled, visit),
    }
}

/// A page by offset, for protocols that number pages: the `size` matching reports after the first
/// `skip`, newest first, equal times by id.
///
/// Takes O(matches) time and memory, whatever the offset.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::newest_page;
///
/// let report = |n: i64| {
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000 + n, None)
/// };
/// let snapshot = Index::from_reports((1..=5).map(report)).reader().load();
/// let second_page = newest_page(&snapshot, &snapshot.compiled(&Filter::default()), 2, 2);
/// let ids: Vec<&str> = second_page.iter().map(|address| snapshot.id(*address)).collect();
/// assert_eq!(ids, ["r3", "r2"]);
/// ```
pub fn newest_page(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    skip: usize,
    size: usize,
) -> Vec<DocAddress> {
    let mut all = Vec::new();
    scan(snapshot, compiled, |batch| {
        batch.slots().each(|slot| {
            let requested = batch.columns().requested(slot);
            all.push(Entry { snapshot, requested, address: batch.address(slot) });
        });
    });
    if skip >= all.len() {
        return Vec::new();
    }
    // Two selections leave exactly the page's reports between the two pivots, in any order.
    all.select_nth_unstable(skip);
    let rest = &mut all[skip..];
    if size < rest.len() {
        rest.select_nth_unstable(size);
    }
    let size = size.min(rest.len());
    rest[..size].sort_unstable();
    rest[..size].iter().map(|entry| entry.address).collect()
}

/// Matching located reports of a grid cell, newest first, equal times by id: the first `limit`
/// after the cursor. This lists the members of a cluster.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{GridCell, Position};
/// use pointchaud::query::newest_in_cell;
///
/// let at = |lon: f64| Position::new(lon, 46.81).unwrap();
/// let report = |id: &str, lon: f64| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Some(at(lon)))
/// };
/// let index = Index::from_reports([report("here", -71.21), report("elsewhere", -71.31)]);
/// let snapshot = index.reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let page = newest_in_cell(&snapshot, &every, GridCell::of(at(-71.21), 15), None, 10);
/// assert_eq!(page.items.iter().map(|one| snapshot.id(*one)).collect::<Vec<_>>(), ["here"]);
/// ```
pub fn newest_in_cell(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: GridCell,
    after: Option<Cursor<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    snapshot.scan_cell(cell, compiled, |batch| list.collect_batch(&batch));
    list.page()
}
