//! Lists with CQL2 conditions and a total count, as OGC API - Features needs them.

use crate::domain::Interrupt;
use crate::error::Result;
use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::{BBox, Position};
use crate::query::condition::Condition;
use crate::query::matching::{MatchQuery, Matching, ReportSource, each_match};
use crate::query::newest::NewestCollector;
use crate::query::page::{Cursor, Page};
use crate::query::sorted::{NEWEST_FIRST, PagePlace, SortTerm, SortValue, SortedCollector};

/// Parameters of [`items`].
pub struct ItemsQuery<'a> {
    /// The bounding box. Reports without a position match every box (OGC API - Features, 7.15.3).
    pub bbox: Option<BBox>,
    /// What else has to be true of a report.
    pub condition: &'a Condition,
    /// Where the page starts.
    pub after: Option<Cursor<i64>>,
    /// Most reports in the page.
    pub limit: usize,
}

/// Matching reports, newest first, equal times by id; and the number of matches on all pages.
///
/// The index decides what it can; only the reports of which it leaves the condition open are read
/// from `source`. A client that follows the pages to the end receives each report once. A report
/// that is recorded meanwhile may appear on a later page.
///
/// # Errors
/// The condition is too expensive for this city; the work was interrupted; those of `source`.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, Interrupt, ReportId, ServiceCode};
/// use pointchaud::error::Result;
/// use pointchaud::index::Index;
/// use pointchaud::query::{Condition, ItemsQuery, ReportSource, ServiceLabels, items};
///
/// struct IndexAlone;
///
/// impl ReportSource for IndexAlone {
///     fn jurisdiction(&self) -> &str {
///         "ville"
///     }
///     fn labels(&self, code: &str) -> ServiceLabels {
///         ServiceLabels { name: code.to_owned(), group: String::new() }
///     }
///     fn hold(&self, _: &Condition, ids: &[&str]) -> Result<Vec<bool>> {
///         Ok(vec![false; ids.len()])
///     }
/// }
///
/// let report = |id: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, None)
/// };
/// let index = Index::from_reports([report("r1"), report("r2")]);
/// let snapshot = index.reader().load();
/// let query =
///     ItemsQuery { bbox: None, condition: &Condition::NoGeometry, after: None, limit: 1 };
/// let every = snapshot.compiled(&Filter::default());
/// let (page, matched) =
///     items(&snapshot, &every, query, &IndexAlone, &Interrupt::default()).unwrap();
/// assert_eq!((snapshot.id(page.items[0]), page.items.len(), matched), ("r1", 1, 2));
/// ```
pub fn items(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: ItemsQuery<'_>,
    source: &impl ReportSource,
    interrupt: &Interrupt,
) -> Result<(Page<DocAddress>, u64)> {
    let ItemsQuery { bbox, condition, after, limit } = query;
    let mut list = NewestCollector::new(snapshot, after, limit);
    let wanted = MatchQuery { bbox: bbox.as_ref(), inside: None, condition };
    let matched =
        each_match(snapshot, compiled, &wanted, (source, interrupt), &mut |found| match found {
            Matching::Batch(batch) => list.collect_batch(batch),
            Matching::Single(address) => list.collect(address),
        })?;
    Ok((list.page(), matched))
}

/// Parameters of [`sorted_items`].
pub struct SortedItemsQuery<'a> {
    /// The bounding box. Reports without a position match every box (OGC API - Features, 7.15.3).
    pub bbox: Option<BBox>,
    /// What else has to be true of the position of a report in the box.
    pub inside: Option<PositionTest<'a>>,
    /// What else has to be true of a report.
    pub condition: &'a Condition,
    /// The order of the list; where the values are equal, the order of ids.
    pub order: &'a [SortTerm],
    /// Where the page is.
    pub place: PagePlace,
    /// Most reports in the page.
    pub limit: usize,
}

/// A condition on a position.
pub type PositionTest<'a> = &'a dyn Fn(Position) -> bool;

/// Matching reports in an order, and the number of matches on all pages. `more` of the page says
/// whether there are more in the direction of reading. Conditions are tested as by [`items`].
///
/// A client that follows the pages to the end receives each report once. Takes O(reports) time for
/// the scan and O(limit) memory.
///
/// # Errors
/// Those of [`items`].
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, Interrupt, ReportId, ServiceCode};
/// use pointchaud::error::Result;
/// use pointchaud::index::Index;
/// use pointchaud::query::{
///     Condition, PagePlace, ReportSource, ServiceLabels, SortProperty, SortTerm,
///     SortedItemsQuery, sorted_items,
/// };
///
/// struct IndexAlone;
///
/// impl ReportSource for IndexAlone {
///     fn jurisdiction(&self) -> &str {
///         "ville"
///     }
///     fn labels(&self, code: &str) -> ServiceLabels {
///         ServiceLabels { name: code.to_owned(), group: String::new() }
///     }
///     fn hold(&self, _: &Condition, ids: &[&str]) -> Result<Vec<bool>> {
///         Ok(vec![false; ids.len()])
///     }
/// }
///
/// let report = |id: &str, service: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new(service).unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, None)
/// };
/// let index = Index::from_reports([report("r1", "nid-de-poule"), report("r2", "graffiti")]);
/// let snapshot = index.reader().load();
/// let query = SortedItemsQuery {
///     bbox: None,
///     inside: None,
///     condition: &Condition::All(Vec::new()),
///     order: &[SortTerm { property: SortProperty::Service, is_descending: false }],
///     place: PagePlace::Start,
///     limit: 10,
/// };
/// let every = snapshot.compiled(&Filter::default());
/// let (page, matched) =
///     sorted_items(&snapshot, &every, query, &IndexAlone, &Interrupt::default()).unwrap();
/// assert_eq!((snapshot.id(page.items[0]), matched), ("r2", 2));
/// ```
pub fn sorted_items(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: SortedItemsQuery<'_>,
    source: &impl ReportSource,
    interrupt: &Interrupt,
) -> Result<(Page<DocAddress>, u64)> {
    let SortedItemsQuery { bbox, inside, condition, order, place, limit } = query;
    if order == NEWEST_FIRST
        && inside.is_none()
        && let Some(after) = newest_cursor(&place)
    {
        let query = ItemsQuery { bbox, condition, after, limit };
        return items(snapshot, compiled, query, source, interrupt);
    }
    let mut list = SortedCollector::new(snapshot, order, &place, limit);
    let wanted = MatchQuery { bbox: bbox.as_ref(), inside, condition };
    let matched =
        each_match(snapshot, compiled, &wanted, (source, interrupt), &mut |found| match found {
            Matching::Batch(batch) => list.collect_batch(batch),
            Matching::Single(address) => list.collect(address),
        })?;
    Ok((list.page(), matched))
}

/// The cursor of a page that is read forwards in the order newest first.
fn newest_cursor(place: &PagePlace) -> Option<Option<Cursor<i64>>> {
    match place {
        PagePlace::Start => Some(None),
        PagePlace::After(key) => match key.values.as_slice() {
            [SortValue::Second(second)] => Some(Some(Cursor { key: *second, id: key.id.clone() })),
            _ => None,
        },
        PagePlace::Before(_) => None,
    }
}
