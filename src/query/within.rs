//! Reports inside a polygon.

use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::Polygons;
use crate::query::newest::NewestCollector;
use crate::query::page::{Cursor, Page};

/// Matching located reports inside the polygons, newest first, equal times by id: the first `limit`
/// after the cursor.
///
/// Takes one point-in-polygon test for each matching report in the polygons' bounding box.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
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
/// let page = within_polygon(&snapshot, &every, &square, None, 10);
/// assert_eq!(page.items.len(), 1);
/// assert_eq!(snapshot.id(page.items[0]), "inside");
/// ```
pub fn within_polygon(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    polygons: &Polygons,
    after: Option<Cursor<i64>>,
    limit: usize,
) -> Page<DocAddress> {
    let mut list = NewestCollector::new(snapshot, after, limit);
    snapshot.scan_box(polygons.bounds(), compiled, |batch| {
        batch.slots().each(|slot| {
            if batch.columns().position(slot).is_some_and(|at| polygons.contains(at)) {
                list.collect(batch.address(slot));
            }
        });
    });
    list.page()
}
