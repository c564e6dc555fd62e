//! Lists with CQL2 conditions and a total count, as OGC API - Features needs them.

use crate::domain::Interrupt;
use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::place::{BBox, Polygons};
use crate::query::bound_condition::BoundCondition;
use crate::query::condition::Condition;
use crate::query::newest::NewestCollector;
use crate::query::page::{Cursor, Page};

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
    let mut list = NewestCollector::new(snapshot, query.after, query.limit);
    // Approximate positions count in conditions, but not in scans of places unless the filter says.
    if query.bbox.is_none()
        && compiled.accepts_approximate()
        && let Some((polygons, rest)) = query.condition.polygons()
    {
        let matched = collect_inside(snapshot, compiled, (polygons, &rest), &mut list);
        return (list.page(), matched);
    }
    let mut matched = 0;
    let certain = query.condition.is_always_true();
    let condition = query.condition.bind(snapshot);
    let mut offer = |batch: SelectionBatch<'_>| {
        if certain {
            matched += batch.slots().count() as u64;
            return list.collect_batch(&batch);
        }
        batch.slots().each(|slot| {
            if condition.holds(&batch, slot) {
                matched += 1;
                list.collect(batch.address(slot));
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

/// Collects the reports in polygons of which the other conditions are true too, through the cover
/// of the polygons by the grid. Returns their number.
fn collect_inside(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    (polygons, rest): (&Polygons, &[&Condition]),
    list: &mut NewestCollector<'_>,
) -> u64 {
    let mut matched = 0;
    let others = BoundCondition::All(rest.iter().map(|one| one.bind(snapshot)).collect());
    // The number of matches is wanted: the scan ends at its end.
    let never = Interrupt::default();
    let _ = snapshot.scan_polygons(polygons, compiled, &never, |batch, cover| {
        if cover.is_none() && rest.is_empty() {
            matched += batch.slots().count() as u64;
            return list.collect_batch(&batch);
        }
        batch.slots().each(|slot| {
            let is_inside = cover.is_none_or(|cover| {
                batch.columns().position(slot).is_some_and(|at| cover.contains(at))
            });
            if is_inside && others.holds(&batch, slot) {
                matched += 1;
                list.collect(batch.address(slot));
            }
        });
    });
    matched
}
