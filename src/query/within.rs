//! Reports inside a polygon.

use crate::domain::{Interrupt, Interrupted};
use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::Polygons;
use crate::query::newest::NewestCollector;
use crate::query::page::{Cursor, Page};

/// Matching located reports inside the polygons or on their edges, newest first, equal times by id:
/// the first `limit` after the cursor.
///
/// Grid cells that lie wholly inside are read as ranges. In those with an edge a report is tested
/// only where it is newer than the last one of the page so far, and only against the edges in its
/// cell.
///
/// # Errors
/// The work was interrupted.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, Interrupt, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{BBox, Polygons, Position};
/// use pointchaud::query::within_polygon;
///
/// let report = |id: &str, lon: f64| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(lon, 46.81).ok())
/// };
/// let index = Index::from_reports([report("inside", -71.21), report("outside", -71.25)]);
/// let snapshot = index.reader().load();
/// let square = Polygons::of_box(&BBox::new(-71.22, 46.80, -71.20, 46.82).unwrap()).unwrap();
/// let every = snapshot.compiled(&Filter::default());
/// let interrupt = Interrupt::default();
/// let page = within_polygon(&snapshot, &every, &square, (None, 10), &interrupt).unwrap();
/// assert_eq!(page.items.len(), 1);
/// assert_eq!(snapshot.id(page.items[0]), "inside");
/// ```
pub fn within_polygon(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    polygons: &Polygons,
    (after, limit): (Option<Cursor<i64>>, usize),
    interrupt: &Interrupt,
) -> Result<Page<DocAddress>, Interrupted> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    snapshot.scan_polygons(polygons, compiled, interrupt, |batch, cover| match cover {
        None => list.collect_batch(&batch),
        Some(cover) => batch.slots().each(|slot| {
            let is_inside = || {
                let at = batch.columns().position(slot);
                at.is_some_and(|at| cover.contains(at))
            };
            if list.may_collect(&batch, slot) && is_inside() {
                list.collect(batch.address(slot));
            }
        }),
    })?;
    Ok(list.page())
}
