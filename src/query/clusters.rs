//! What a map shows at a zoom: squares of the grid with what they hold.
//!
//! The filter comes first, the clusters after it. A cluster is all that passes in one square of
//! about 64 pixels. So its number does not depend on the viewport, its id is the square's and lives
//! as long as anything is in it, squares of one zoom lie whole in those of the zoom before, and
//! counts of children add up. It is drawn at the mean of its members on the map's plane.

use std::collections::HashMap;

use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::place::{BBox, Cell, GridBox, Position, grid_position};

/// The deepest zoom.
pub const ZOOM_MAX: u8 = 22;
/// From this zoom on squares are 16 pixels wide: only what lies on one spot stays together.
const ZOOM_SPOTS: u8 = 17;

/// The grid level of a zoom of 512-pixel tiles (MapLibre's): squares of 64 pixels, from zoom 17 on
/// of 16 (0.6 m at zoom 22 in Québec).
pub fn level_of(zoom: u8) -> u8 {
    zoom.min(ZOOM_MAX) + if zoom < ZOOM_SPOTS { 3 } else { 5 }
}

/// Several reports in one square.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The square.
    pub cell: Cell,
    /// The zoom it was asked at.
    pub zoom: u8,
    /// How many reports.
    pub count: u64,
    /// How many of them are not closed.
    pub open: u64,
    /// How many there are of each service number, most first.
    pub services: Vec<(u16, u64)>,
    /// When the oldest report that is not closed was made, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// When the newest report was made, in seconds since 1970.
    pub newest: i64,
    /// Mean of the members on the map's plane.
    pub center: Position,
    /// The first zoom at which its members part; none where they never do.
    pub expansion_zoom: Option<u8>,
}

/// What a map draws.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterItem {
    /// One report alone in its square.
    Single(DocAddress),
    /// Several.
    Cluster(Cluster),
}

/// Answer of [`clusters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// In the order of size, largest first, equal sizes by square.
    pub spots: Vec<ClusterItem>,
    /// How many reports there are in the squares that touch the box, left out or not.
    pub total: u64,
    /// How many smaller spots were left out.
    pub left_out: u64,
}

/// From this many reports on a whole map is summed up on two threads.
const HALVE_FROM: usize = 2_000_000;

/// Every square of `zoom` that touches `bbox`, whole, with what passes in it; the `limit` largest.
pub fn clusters(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    bbox: &BBox,
    zoom: u8,
    limit: usize,
) -> Clusters {
    let level = level_of(zoom);
    let sums = match snapshot.split_box(bbox, level) {
        Some([west, east]) if snapshot.len() >= HALVE_FROM => std::thread::scope(|scope| {
            let other = scope.spawn(|| sum_squares(snapshot, compiled, &[east], level));
            let mut sums = sum_squares(snapshot, compiled, &[west], level);
            sums.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            sums
        }),
        _ => sum_squares(snapshot, compiled, &GridBox::parts_of(bbox), level),
    };
    settled(sums, zoom, limit)
}

/// The `limit` largest of these squares, each whole.
fn settled(mut sums: Vec<(Cell, ClusterAggregate)>, zoom: u8, limit: usize) -> Clusters {
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
    let left_out = sums.len().saturating_sub(limit) as u64;
    sums.truncate(limit);
    let spots = sums.into_iter().map(|(cell, sum)| sum.spot(cell, zoom)).collect();
    Clusters { spots, total, left_out }
}

/// As [`clusters`], of the squares that lie in one larger square.
pub fn clusters_in_cell(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: Cell,
    zoom: u8,
    limit: usize,
) -> Clusters {
    let level = level_of(zoom).max(cell.level);
    settled(sum_squares(snapshot, compiled, &[GridBox::of_cell(cell)], level), zoom, limit)
}

/// What passes in each square of `level` that touches the pieces of a box. A square may come
/// several times, once for each run that has some of it.
fn sum_squares(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    pieces: &[GridBox],
    level: u8,
) -> Vec<(Cell, ClusterAggregate)> {
    let mut sums: Vec<(Cell, ClusterAggregate)> = Vec::new();
    let mut counter = ServiceCounter::new(snapshot);
    snapshot.scan_cells(pieces, level, compiled, |cell, batch| {
        // The reports of a square come together; only other runs have more of it.
        if sums.last().is_none_or(|(last, _)| *last != cell) {
            sums.last_mut().into_iter().for_each(|(_, sum)| counter.settle(sum));
            sums.push((cell, ClusterAggregate::default()));
        }
        sums.last_mut().into_iter().for_each(|(_, sum)| sum.add(&batch, &mut counter));
    });
    sums.last_mut().into_iter().for_each(|(_, sum)| counter.settle(sum));
    sums
}

/// What passes in one square of `zoom`; none where nothing does.
pub fn cluster(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: Cell,
    zoom: u8,
) -> Option<ClusterItem> {
    let (mut sum, mut counter) = (ClusterAggregate::default(), ServiceCounter::new(snapshot));
    snapshot.scan_cell(cell, compiled, |batch| sum.add(&batch, &mut counter));
    counter.settle(&mut sum);
    (sum.count > 0).then(|| sum.spot(cell, zoom))
}

/// Into what a square parts, at the first zoom at which it does: at most `limit`. Reports that
/// never part are given one by one.
pub fn children(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    cell: Cell,
    zoom: u8,
    limit: usize,
) -> Option<Clusters> {
    let next = match cluster(snapshot, compiled, cell, zoom)? {
        ClusterItem::Single(address) => {
            return Some(Clusters {
                spots: vec![ClusterItem::Single(address)],
                total: 1,
                left_out: 0,
            });
        }
        ClusterItem::Cluster(cluster) => cluster.expansion_zoom,
    };
    let mut parts: HashMap<Cell, ClusterAggregate> = HashMap::new();
    let mut counter = ServiceCounter::new(snapshot);
    let mut singles = Vec::new();
    snapshot.scan_cell(cell, compiled, |batch| {
        batch.slots().each(|slot| match next {
            Some(zoom) => {
                let code = batch.columns().morton_code(slot);
                let child = Cell::of_morton(code, level_of(zoom));
                let sum = parts.entry(child).or_default();
                sum.add(&batch.single(slot), &mut counter);
                counter.settle(sum);
            }
            None => singles.push(batch.address(slot)),
        });
    });
    let total = parts.values().map(|sum| sum.count).sum::<u64>() + singles.len() as u64;
    singles.sort_by(|a, b| snapshot.id(*a).cmp(snapshot.id(*b)));
    let mut spots: Vec<(u64, u64, ClusterItem)> = singles
        .into_iter()
        .zip(0..)
        .map(|(address, i)| (1, i, ClusterItem::Single(address)))
        .collect();
    for (child, sum) in parts {
        let zoom = next.unwrap_or(zoom);
        spots.push((sum.count, child.codes().0, sum.spot(child, zoom)));
    }
    spots.sort_by_key(|(count, place, _)| (std::cmp::Reverse(*count), *place));
    let left_out = spots.len().saturating_sub(limit) as u64;
    spots.truncate(limit);
    Some(Clusters { spots: spots.into_iter().map(|spot| spot.2).collect(), total, left_out })
}

/// Counts services of one square at a time.
struct ServiceCounter {
    /// By service number.
    counts: Vec<u32>,
    counted: bool,
}

impl ServiceCounter {
    fn new(snapshot: &Snapshot) -> Self {
        // One more for those beyond what can be numbered.
        Self { counts: vec![0; snapshot.service_count() + 1], counted: false }
    }

    /// Hands over what was counted, and begins anew.
    fn settle(&mut self, sum: &mut ClusterAggregate) {
        if std::mem::take(&mut self.counted) {
            for (count, number) in self.counts.iter_mut().zip(0..).filter(|(n, _)| **n > 0) {
                sum.count_service(number, u64::from(std::mem::take(count)));
            }
        }
    }
}

/// Reports so few are counted one by one.
const FEW: usize = 16;

#[derive(Default)]
struct ClusterAggregate {
    count: u64,
    open: u64,
    services: Vec<(u16, u64)>,
    oldest_open: Option<i64>,
    newest: i64,
    /// Columns and rows of the map's grid: whole numbers, so the mean does not depend on any order.
    x: u64,
    y: u64,
    codes: Option<(u64, u64)>,
    first: Option<DocAddress>,
}

impl ClusterAggregate {
    fn add(&mut self, batch: &SelectionBatch<'_>, counter: &mut ServiceCounter) {
        let (columns, slots) = (batch.columns(), batch.slots());
        let tally = columns.aggregate(slots);
        let (first, last) = slots.first_and_last();
        self.merge(Self {
            count: tally.count,
            open: tally.open,
            services: Vec::new(),
            oldest_open: (tally.open > 0).then_some(tally.oldest_open),
            newest: tally.newest,
            x: tally.x,
            y: tally.y,
            // Slots are in the order of their codes.
            codes: Some((columns.morton_code(first), columns.morton_code(last))),
            first: Some(batch.address(first)),
        });
        if slots.count() <= FEW {
            slots.each(|slot| self.count_service(columns.service(slot), 1));
        } else {
            columns.count_services(slots, &mut counter.counts);
            counter.counted = true;
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

    fn spot(mut self, cell: Cell, zoom: u8) -> ClusterItem {
        if let (1, Some(address)) = (self.count, self.first) {
            return ClusterItem::Single(address);
        }
        self.services.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
        let mean = |sum: u64| sum as f64 / self.count as f64;
        let (first, last) = self.codes.unwrap_or_default();
        // Squares are shared down to this level: two bits of the codes tell each level apart.
        let shared = (first ^ last).leading_zeros() / 2;
        let expansion_zoom =
            (zoom + 1..=ZOOM_MAX).find(|deeper| u32::from(level_of(*deeper)) > shared);
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
