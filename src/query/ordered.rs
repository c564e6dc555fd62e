//! All reports that match a filter, in the order of an export.

use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::{GRID_BITS, GridCell, morton};
use crate::query::newest::newest_page;

/// The order of the rows of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// Newest first, equal times by id, as lists are.
    Newest,
    /// Along the Z curve of the grid, so that neighbours are near one another in the file; then
    /// those without a position. Equal places by id.
    Place,
}

/// All matching reports, located or not. Where the filter has a bounding box, those with an
/// approximate position are left out unless the filter accepts them, as in lists.
///
/// Takes O(n log n) time and O(n) memory for n matching reports.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{RowOrder, ordered};
///
/// let report = |id: &str, n: i64, lon: Option<f64>| {
///     let at = lon.and_then(|lon| Position::new(lon, 46.8).ok());
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000 + n, at)
/// };
/// let reports =
///     [report("a", 1, None), report("b", 2, Some(-71.3)), report("c", 3, Some(-71.1))];
/// let snapshot = Index::from_reports(reports).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let ids = |order| {
///     let rows = ordered(&snapshot, &every, order);
///     rows.into_iter().map(|row| snapshot.id(row)).collect::<Vec<_>>()
/// };
/// assert_eq!(ids(RowOrder::Newest), ["c", "b", "a"]);
/// assert_eq!(ids(RowOrder::Place), ["b", "c", "a"]);
/// ```
pub fn ordered(snapshot: &Snapshot, compiled: &CompiledFilter, order: RowOrder) -> Vec<DocAddress> {
    if order == RowOrder::Newest {
        return newest_page(snapshot, compiled, 0, usize::MAX);
    }
    let mut rows: Vec<(u64, DocAddress)> = Vec::new();
    snapshot.scan_part(compiled, (0, 1), |batch| {
        batch.slots().each(|slot| {
            let address = batch.address(slot);
            let cell = snapshot.position(address).map(|at| GridCell::of(at, GRID_BITS));
            rows.push((cell.map_or(u64::MAX, |cell| morton(cell.x, cell.y)), address));
        });
    });
    rows.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| snapshot.id(a.1).cmp(snapshot.id(b.1)))
    });
    rows.into_iter().map(|(_, address)| address).collect()
}
