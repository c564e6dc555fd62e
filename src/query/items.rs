//! Lists with CQL2 conditions and a total count, as OGC API - Features needs them.

use crate::domain::Interrupt;
use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::place::{BBox, Polygons, Position};
use crate::query::bound_condition::BoundCondition;
use crate::query::condition::Condition;
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
/// A client that follows the pages to the end receives each report once. A report that is recorded
/// meanwhile may appear on a later page.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::{Comparison, Condition, ItemsQuery, TextProperty, items};
///
/// let report = |id: &str, service: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new(service).unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, None)
/// };
/// let index = Index::from_reports([report("r1", "graffiti"), report("r2", "nid-de-poule")]);
/// let snapshot = index.reader().load();
/// // service_code <> 'graffiti'
/// let condition = Condition::Text(
///     TextProperty::Service, Comparison::Unequal, "graffiti".into(), false,
/// );
/// let query = ItemsQuery { bbox: None, condition: &condition, after: None, limit: 10 };
/// let (page, matched) = items(&snapshot, &snapshot.compiled(&Filter::default()), query);
/// assert_eq!((snapshot.id(page.items[0]), matched), ("r2", 1));
/// ```
pub fn items(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: ItemsQuery<'_>,
) -> (Page<DocAddress>, u64) {
    let ItemsQuery { bbox, condition, after, limit } = query;
    let mut list = NewestCollector::new(snapshot, after, limit);
    let matched = collect(snapshot, compiled, (bbox, None, condition), &mut list);
    (list.page(), matched)
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
/// whether there are more in the direction of reading.
///
/// A client that follows the pages to the end receives each report once. Takes O(reports) time for
/// the scan and O(limit) memory.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::{
///     Condition, PagePlace, SortProperty, SortTerm, SortedItemsQuery, sorted_items,
/// };
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
/// let (page, matched) = sorted_items(&snapshot, &snapshot.compiled(&Filter::default()), query);
/// assert_eq!((snapshot.id(page.items[0]), matched), ("r2", 2));
/// ```
pub fn sorted_items(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: SortedItemsQuery<'_>,
) -> (Page<DocAddress>, u64) {
    let SortedItemsQuery { bbox, inside, condition, order, place, limit } = query;
    if order == NEWEST_FIRST
        && inside.is_none()
        && let Some(after) = newest_cursor(&place)
    {
        return items(snapshot, compiled, ItemsQuery { bbox, condition, after, limit });
    }
    let mut list = SortedCollector::new(snapshot, order, &place, limit);
    let matched = collect(snapshot, compiled, (bbox, inside, condition), &mut list);
    (list.page(), matched)
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

/// What collects the reports of a page.
trait ItemCollector {
    /// Offers the reports of a batch.
    fn offer_batch(&mut self, batch: &SelectionBatch<'_>);

    /// Offers a report.
    fn offer(&mut self, address: DocAddress);
}

impl ItemCollector for NewestCollector<'_> {
    fn offer_batch(&mut self, batch: &SelectionBatch<'_>) {
        self.collect_batch(batch);
    }

    fn offer(&mut self, address: DocAddress) {
        self.collect(address);
    }
}

impl ItemCollector for SortedCollector<'_> {
    fn offer_batch(&mut self, batch: &SelectionBatch<'_>) {
        self.collect_batch(batch);
    }

    fn offer(&mut self, address: DocAddress) {
        self.collect(address);
    }
}

/// Offers all matching reports to a collector. Returns their number.
fn collect(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    (bbox, inside, condition): (Option<BBox>, Option<PositionTest<'_>>, &Condition),
    list: &mut impl ItemCollector,
) -> u64 {
    // Approximate positions count in conditions, but not in scans of places unless the filter says.
    if bbox.is_none()
        && compiled.accepts_approximate()
        && let Some((polygons, rest)) = condition.polygons()
    {
        return collect_inside(snapshot, compiled, (polygons, &rest), list);
    }
    let mut matched = 0;
    let certain = condition.is_always_true();
    let condition = condition.bind(snapshot);
    let mut offer = |batch: SelectionBatch<'_>, inside: Option<PositionTest<'_>>| {
        if certain && inside.is_none() {
            matched += batch.slots().count() as u64;
            return list.offer_batch(&batch);
        }
        batch.slots().each(|slot| {
            let position = || batch.columns().position(slot);
            let is_inside = inside.is_none_or(|inside| position().is_some_and(inside));
            if is_inside && (certain || condition.holds(&batch, slot)) {
                matched += 1;
                list.offer(batch.address(slot));
            }
        });
    };
    match &bbox {
        None => snapshot.scan(compiled, |batch| offer(batch, None)),
        Some(bbox) => {
            snapshot.scan_box(bbox, compiled, |batch| offer(batch, inside));
            snapshot.scan_unlocated(compiled, |batch| offer(batch, None));
        }
    }
    matched
}

/// Collects the reports in polygons of which the other conditions are true too, through the cover
/// of the polygons by the grid. Returns their number.
fn collect_inside(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    (polygons, rest): (&Polygons, &[&Condition]),
    list: &mut impl ItemCollector,
) -> u64 {
    let mut matched = 0;
    let others = BoundCondition::All(rest.iter().map(|one| one.bind(snapshot)).collect());
    // The number of matches is wanted: the scan ends at its end.
    let never = Interrupt::default();
    let _ = snapshot.scan_polygons(polygons, compiled, &never, |batch, cover| {
        if cover.is_none() && rest.is_empty() {
            matched += batch.slots().count() as u64;
            return list.offer_batch(&batch);
        }
        batch.slots().each(|slot| {
            let is_inside = cover.is_none_or(|cover| {
                batch.columns().position(slot).is_some_and(|at| cover.contains(at))
            });
            if is_inside && others.holds(&batch, slot) {
                matched += 1;
                list.offer(batch.address(slot));
            }
        });
    });
    matched
}
