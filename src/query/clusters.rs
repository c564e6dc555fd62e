//! Map clusters: the grid cells that a map shows at a zoom, with the reports in them.
//!
//! Reports are filtered first and clustered then. A cluster is all matching reports in one grid
//! cell of about 64 pixels. So its count does not depend on the viewport; its id is that of the
//! cell, and stays while any report is in it; the cells of one zoom are contained in those of the
//! zoom before, so the counts of children add up. It is drawn at the mean of its members on the
//! map's plane.

use std::collections::HashMap;

use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::place::{BBox, GridBox, GridCell, Position, grid_position};

/// The largest zoom.
pub const ZOOM_MAX: u8 = 22;
/// From this zoom on cells are 16 pixels wide: only reports at nearly one place stay together.
const ZOOM_FINE: u8 = 17;

/// The grid level of the clusters at a zoom, for tiles of 512 pixels as MapLibre has them: cells of
/// 64 pixels, from zoom 17 on of 16 pixels (0.6 m at zoom 22 in Québec).
///
/// ```
/// use pointchaud::query::cluster_level;
///
/// assert_eq!((cluster_level(0), cluster_level(16), cluster_level(17)), (3, 19, 22));
/// ```
pub fn cluster_level(zoom: u8) -> u8 {
    zoom.min(ZOOM_MAX) + if zoom < ZOOM_FINE { 3 } else { 5 }
}

/// Several reports in one grid cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The cell.
    pub cell: GridCell,
    /// The zoom of the query.
    pub zoom: u8,
    /// Number of reports.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Number of reports by service number, most first.
    pub services: Vec<(u16, u64)>,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// When the newest report was requested, in seconds since 1970.
    pub newest: i64,
    /// Mean position of the reports on the map's plane.
    pub center: Position,
    /// The first zoom at which the reports are in more than one cell; none where they are in one at
    /// every zoom.
    pub expansion_zoom: Option<u8>,
}

/// What a map draws for one grid cell.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterItem {
    /// The only report in its cell.
    Single(DocAddress),
    /// Several reports.
    Cluster(Cluster),
}

/// Result of [`clusters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Largest first, equal sizes by cell.
    pub items: Vec<ClusterItem>,
    /// Number of reports in all cells that touch the box, omitted ones included.
    pub total: u64,
    /// Number of smaller items that were omitted because of the limit.
    pub omitted: u64,
}

/// From this many reports on two threads share the work.
const PARALLEL_MIN: usize = 2_000_000;

/// The clusters of `zoom` in the cells that touch `bbox`: the `limit` largest. Cells are whole, so
/// a cluster is the same in every viewport.
///
/// Takes O(matches) time.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{BBox, Position};
/// use pointchaud::query::{ClusterItem, clusters};
///
/// let report = |n: u32| {
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     let at = Position::new(-71.2 - f64::from(n) * 0.0001, 46.81).ok();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..5).map(report)).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let found = clusters(&snapshot, &every, &BBox::WORLD, 10, 100);
/// let [ClusterItem::Cluster(cluster)] = &found.items[..] else { panic!() };
/// assert_eq!((cluster.count, cluster.open), (5, 5));
/// // Closer in, the reports are in several cells.
/// let zoom = cluster.expansion_zoom.unwrap();
/// assert!(clusters(&snapshot, &every, &BBox::WORLD, zoom, 100).items.len() > 1);
/// ```
pub fn clusters(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    bbox: &BBox,
    zoom: u8,
    limit: usize,
) -> Clusters {
    let level = cluster_level(zoom);
    let sums = match snapshot.split_box(bbox, level) {
        Some([west, east]) if snapshot.len() >= PARALLEL_MIN => std::thread::scope(|scope| {
            let other = scope.spawn(|| sum_cells(snapshot, compiled, &[east], level));
            let mut sums = sum_cells(snapshot, compiled, &[west], level);
            sums.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            sums
        }),
        _ => sum_cells(snapshot, compiled, &GridBox::parts_of(bbox), level),
    };
    largest(sums, zoom, limit)
}

/// The `limit` largest of these cells. The sums of a cell, one for each segment, are merged.
fn largest(mut sums: Vec<(GridCell, ClusterAggregate)>, zoom: u8, limit: usize) -> Clusters {
    sums.sort_by_key(|(cell, _)| *cell);
    sums.dedup_by(|(cell, sum), (before, whole)| {
        let same = cell == before;
        if same {
            whole.merge(std::mem::take(sum));
        }
        same
    });
    let total = sums.iter().map(|(_, sum)| sum.count).sum();
    sums.sort_unstable_by_key(|(cell, sum)| (std::cmp::Reverse(sum.count), *cell));
    let omitted = sums.len().saturating_sub(limit) as u64;
    sums.truncate(limit);
    let items = sums.into_iter().map(|(cell, sum)| sum.into_item(cell, zoom)).collect();
    Clusters { items, total, omitted }
}

/// [`clusters`] in the cells of `zoom` that one larger cell, such as a map tile, contains.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{Position, Tile};
/// use pointchaud::query::clusters_in_cell;
///
/// let report = |id: &str, lon: f64| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(lon, 46.81).ok())
/// };
/// let index = Index::from_reports([report("in Québec", -71.2), report("in Lviv", 24.0)]);
/// let snapshot = index.reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let western_hemisphere = Tile::new(1, 0, 0).unwrap();
/// let found = clusters_in_cell(&snapshot, &every, western_hemisphere.cell(), 5, 100);
/// assert_eq!(found.total, 1);
/// ```
pub fn clusters_in_cell(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: GridCell,
    zoom: u8,
    limit: usize,
) -> Clusters {
    let level = cluster_level(zoom).max(cell.level);
    largest(sum_cells(snapshot, compiled, &[GridBox::of_cell(cell)], level), zoom, limit)
}

/// Sums over the matching reports in each cell of `level` that touches the boxes. A cell may come
/// several times, once for each segment.
fn sum_cells(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    boxes: &[GridBox],
    level: u8,
) -> Vec<(GridCell, ClusterAggregate)> {
    let mut sums: Vec<(GridCell, ClusterAggregate)> = Vec::new();
    let mut counter = ServiceCounter::new(snapshot);
    snapshot.scan_cells(boxes, level, compiled, |cell, batch| {
        // Within a segment the batches of a cell come one after the other.
        if sums.last().is_none_or(|(last, _)| *last != cell) {
            sums.last_mut().into_iter().for_each(|(_, sum)| counter.move_to(sum));
            sums.push((cell, ClusterAggregate::default()));
        }
        sums.last_mut().into_iter().for_each(|(_, sum)| sum.add(&batch, &mut counter));
    });
    sums.last_mut().into_iter().for_each(|(_, sum)| counter.move_to(sum));
    sums
}

/// The cluster, or single report, of one cell; none where no report in it matches.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{GridCell, Position};
/// use pointchaud::query::{ClusterItem, cluster, cluster_level};
///
/// let at = Position::new(-71.2, 46.81).unwrap();
/// let report = |id: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Some(at))
/// };
/// let snapshot = Index::from_reports([report("r1"), report("r2")]).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let found = cluster(&snapshot, &every, GridCell::of(at, cluster_level(14)), 14).unwrap();
/// let ClusterItem::Cluster(cluster) = found else { panic!() };
/// assert_eq!((cluster.count, cluster.expansion_zoom), (2, None), "they are at one position");
/// ```
pub fn cluster(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: GridCell,
    zoom: u8,
) -> Option<ClusterItem> {
    let (mut sum, mut counter) = (ClusterAggregate::default(), ServiceCounter::new(snapshot));
    snapshot.scan_cell(cell, compiled, |batch| sum.add(&batch, &mut counter));
    counter.move_to(&mut sum);
    (sum.count > 0).then(|| sum.into_item(cell, zoom))
}

/// What a cluster becomes at its expansion zoom: the `limit` largest items. Reports that are in one
/// cell at every zoom are returned singly, by id. None where no report in the cell matches.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{GridCell, Position};
/// use pointchaud::query::{cluster_level, expand_cluster};
///
/// let at = Position::new(-71.2, 46.81).unwrap();
/// let report = |id: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Some(at))
/// };
/// let snapshot = Index::from_reports([report("r1"), report("r2")]).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let cell = GridCell::of(at, cluster_level(14));
/// let found = expand_cluster(&snapshot, &every, cell, 14, 100).unwrap();
/// assert_eq!((found.items.len(), found.total), (2, 2));
/// ```
pub fn expand_cluster(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: GridCell,
    zoom: u8,
    limit: usize,
) -> Option<Clusters> {
    let next = match cluster(snapshot, compiled, cell, zoom)? {
        ClusterItem::Single(address) => {
            return Some(Clusters {
                items: vec![ClusterItem::Single(address)],
                total: 1,
                omitted: 0,
            });
        }
        ClusterItem::Cluster(cluster) => cluster.expansion_zoom,
    };
    let mut children: HashMap<GridCell, ClusterAggregate> = HashMap::new();
    let mut counter = ServiceCounter::new(snapshot);
    let mut singles = Vec::new();
    snapshot.scan_cell(cell, compiled, |batch| {
        batch.slots().each(|slot| match next {
            Some(zoom) => {
                let code = batch.columns().morton_code(slot);
                let child = GridCell::of_morton(code, cluster_level(zoom));
                let sum = children.entry(child).or_default();
                sum.add(&batch.single(slot), &mut counter);
                counter.move_to(sum);
            }
            None => singles.push(batch.address(slot)),
        });
    });
    let total = children.values().map(|sum| sum.count).sum::<u64>() + singles.len() as u64;
    singles.sort_by(|a, b| snapshot.id(*a).cmp(snapshot.id(*b)));
    let mut items: Vec<(u64, u64, ClusterItem)> = singles
        .into_iter()
        .zip(0..)
        .map(|(address, i)| (1, i, ClusterItem::Single(address)))
        .collect();
    for (child, sum) in children {
        let zoom = next.unwrap_or(zoom);
        items.push((sum.count, child.codes().0, sum.into_item(child, zoom)));
    }
    items.sort_by_key(|(count, order, _)| (std::cmp::Reverse(*count), *order));
    let omitted = items.len().saturating_sub(limit) as u64;
    items.truncate(limit);
    Some(Clusters { items: items.into_iter().map(|item| item.2).collect(), total, omitted })
}

/// Counts by service in one cell at a time. The array is reused from cell to cell.
struct ServiceCounter {
    /// By service number.
    counts: Vec<u32>,
    is_used: bool,
}

impl ServiceCounter {
    fn new(snapshot: &Snapshot) -> Self {
        // The last entry counts reports whose service has no number.
        Self { counts: vec![0; snapshot.service_count() + 1], is_used: false }
    }

    /// Moves the counts to an aggregate and resets them.
    fn move_to(&mut self, sum: &mut ClusterAggregate) {
        if std::mem::take(&mut self.is_used) {
            for (count, number) in self.counts.iter_mut().zip(0..).filter(|(n, _)| **n > 0) {
                sum.count_service(number, u64::from(std::mem::take(count)));
            }
        }
    }
}

/// The largest batch of slots that is counted in the aggregate's own list of services.
const SMALL_BATCH: usize = 16;

/// Sums over the reports of one cell.
#[derive(Default)]
struct ClusterAggregate {
    count: u64,
    open: u64,
    services: Vec<(u16, u64)>,
    oldest_open: Option<i64>,
    newest: i64,
    /// Sums of columns and rows in the finest grid. Integers, so the mean does not depend on the
    /// order of summation.
    x: u64,
    y: u64,
    /// The least and the greatest Morton code.
    codes: Option<(u64, u64)>,
    first: Option<DocAddress>,
}

impl ClusterAggregate {
    fn add(&mut self, batch: &SelectionBatch<'_>, counter: &mut ServiceCounter) {
        let (columns, slots) = (batch.columns(), batch.slots());
        let sums = columns.aggregate(slots);
        let (first, last) = slots.first_and_last();
        self.merge(Self {
            count: sums.count,
            open: sums.open,
            services: Vec::new(),
            oldest_open: (sums.open > 0).then_some(sums.oldest_open),
            newest: sums.newest,
            x: sums.x,
            y: sums.y,
            // Slots are in Z order.
            codes: Some((columns.morton_code(first), columns.morton_code(last))),
            first: Some(batch.address(first)),
        });
        if slots.count() <= SMALL_BATCH {
            slots.each(|slot| self.count_service(columns.service(slot), 1));
        } else {
            columns.count_services(slots, &mut counter.counts);
            counter.is_used = true;
        }
    }

    fn count_service(&mut self, service: u16, count: u64) {
        match self.services.iter_mut().find(|(number, _)| *number == service) {
            Some((_, sum)) => *sum += count,
            None => self.services.push((service, count)),
        }
    }

    fn merge(&mut self, other: Self) {
        self.newest = if self.count == 0 { other.newest } else { self.newest.max(other.newest) };
        self.count += other.count;
        self.open += other.open;
        self.oldest_open = match (self.oldest_open, other.oldest_open) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.x += other.x;
        self.y += other.y;
        self.codes = match (self.codes, other.codes) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.first = self.first.or(other.first);
        for (service, count) in other.services {
            self.count_service(service, count);
        }
    }

    fn into_item(mut self, cell: GridCell, zoom: u8) -> ClusterItem {
        if let (1, Some(address)) = (self.count, self.first) {
            return ClusterItem::Single(address);
        }
        self.services.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
        let mean = |sum: u64| sum as f64 / self.count as f64;
        let (first, last) = self.codes.unwrap_or_default();
        // The level down to which all reports are in one cell: two bits of the code per level.
        let shared = (first ^ last).leading_zeros() / 2;
        let expansion_zoom =
            (zoom + 1..=ZOOM_MAX).find(|deeper| u32::from(cluster_level(*deeper)) > shared);
        ClusterItem::Cluster(Cluster {
            cell,
            zoom,
            count: self.count,
            open: self.open,
            services: self.services,
            oldest_open: self.oldest_open,
            newest: self.newest,
            center: grid_position(mean(self.x) + 0.5, mean(self.y) + 0.5),
            expansion_zoom,
        })
    }
}
