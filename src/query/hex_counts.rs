//! Counts of reports in H3 cells.
//!
//! The *extent* of a city is the set of cells of a resolution that hold an exactly located report
//! of any service and time: where people live, drive and report. A cell of the extent without a
//! matching report counts as zero; cells outside it, such as river and forest, do not take part.

use std::hint::select_unpredictable;

use crate::domain::Filter;
use crate::index::{CompiledFilter, Snapshot};
use crate::place::H3Cell;
use crate::statistics::NeighbourLists;

/// The matching reports of one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CellTotals {
    /// Number of reports.
    pub count: u32,
    /// Number of those that are open or in progress.
    pub open: u32,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
}

/// The counts of a whole city at one resolution.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::count_hexes;
///
/// let report = |n: u32| {
///     let at = Position::new(-71.2 + f64::from(n / 2) / 2.0, 46.8).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..4).map(report)).reader().load();
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&Filter::default()), 8);
/// assert_eq!((counts.values(), counts.total()), (vec![2, 2], 4));
/// assert!(counts.neighbours(&snapshot, 1).of(0).is_empty(), "the two cells lie far apart");
/// ```
#[derive(Debug, Clone)]
pub struct HexCounts {
    /// The H3 resolution.
    pub resolution: u8,
    /// The cells of the extent.
    pub cells: Vec<H3Cell>,
    /// The matching reports of each cell, in the order of `cells`.
    pub totals: Vec<CellTotals>,
    /// By cell number of the snapshot: the cell's index in `cells`; none outside the extent.
    extent_index: Vec<Option<u32>>,
}

impl HexCounts {
    /// Number of matching reports in all cells.
    pub fn total(&self) -> u64 {
        self.totals.iter().map(|cell| u64::from(cell.count)).sum()
    }

    /// The number of reports of each cell, in the order of `cells`.
    pub fn values(&self) -> Vec<u32> {
        self.totals.iter().map(|cell| cell.count).collect()
    }

    /// For each cell its neighbours within `k` steps that are in the extent.
    pub fn neighbours(&self, snapshot: &Snapshot, k: u8) -> NeighbourLists {
        let rings = snapshot.h3_rings(self.resolution, k);
        let mut neighbours = NeighbourLists::with_capacity(self.cells.len(), H3Cell::ring_size(k));
        for (number, index) in self.extent_index.iter().enumerate() {
            if index.is_some() {
                let near = rings.of(number as u32);
                neighbours.push(near.filter_map(|n| self.extent_index.get(n as usize).copied()?));
            }
        }
        neighbours
    }

    /// By H3 fragment of the snapshot: the index of its cell in `cells`; none outside the extent.
    pub(crate) fn by_fragment(&self, snapshot: &Snapshot) -> Vec<Option<u32>> {
        let cells = snapshot.h3_cell_by_fragment(self.resolution);
        cells.into_iter().map(|cell| self.extent_index[cell as usize]).collect()
    }
}

/// Sums of one cell while counting.
#[derive(Clone, Copy)]
struct HexAggregate {
    count: u32,
    open: u32,
    /// When the oldest open report was requested, in seconds since 1970; `i64::MAX` without one.
    oldest: i64,
}

/// The H3 resolution of a search that names none; centres of neighbouring cells are about 350 m
/// apart.
pub const RESOLUTION_DEFAULT: u8 = 9;

/// From this many reports on two threads share the count.
const PARALLEL_MIN: usize = 300_000;

/// Counts the matching located reports in every cell of a resolution.
///
/// Takes O(reports) time, four bytes read per report beside the filter's columns.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::count_hexes;
///
/// let report = |id: &str, lon: f64| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(lon, 46.81).ok())
/// };
/// let reports = [report("r1", -71.2), report("r2", -71.2), report("r3", -71.4)];
/// let index = Index::from_reports(reports);
/// let snapshot = index.reader().load();
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&Filter::default()), 9);
/// assert_eq!((counts.cells.len(), counts.total()), (2, 3));
/// assert_eq!(counts.totals.iter().map(|cell| cell.count).max(), Some(2));
/// ```
pub fn count_hexes(snapshot: &Snapshot, compiled: &CompiledFilter, resolution: u8) -> HexCounts {
    let by_fragment = snapshot.h3_cell_by_fragment(resolution);
    let hexes = snapshot.h3_cells(resolution);
    let count = |partition: usize, partitions: usize| {
        let mut sums = vec![HexAggregate { count: 0, open: 0, oldest: i64::MAX }; hexes.len()];
        snapshot.scan_located(compiled, partition, partitions, |batch| {
            let columns = batch.columns();
            batch.slots().each(|slot| {
                let sum = &mut sums[by_fragment[columns.fragment(slot) as usize] as usize];
                // Branchless: whether a report is open cannot be predicted.
                let open = columns.state(slot).is_open();
                let since = select_unpredictable(open, columns.requested(slot), i64::MAX);
                sum.count += 1;
                sum.open += u32::from(open);
                sum.oldest = sum.oldest.min(since);
            });
        });
        sums
    };
    let sums = if snapshot.len() < PARALLEL_MIN {
        count(0, 1)
    } else {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| count(1, 2));
            let mut sums = count(0, 2);
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (sum, more) in sums.iter_mut().zip(other) {
                sum.count += more.count;
                sum.open += more.open;
                sum.oldest = sum.oldest.min(more.oldest);
            }
            sums
        })
    };
    in_extent(snapshot, resolution, &hexes, &sums)
}

/// Keeps the cells of the extent.
fn in_extent(
    snapshot: &Snapshot,
    resolution: u8,
    hexes: &[H3Cell],
    sums: &[HexAggregate],
) -> HexCounts {
    let mut vacant = snapshot.vacant_h3_cells(resolution).iter().peekable();
    let mut counts = HexCounts {
        resolution,
        cells: Vec::with_capacity(hexes.len()),
        totals: Vec::with_capacity(hexes.len()),
        extent_index: Vec::with_capacity(hexes.len()),
    };
    for ((cell, sum), number) in hexes.iter().zip(sums).zip(0u32..) {
        // An approximately located report that the filter accepts makes its cell part of the
        // extent too.
        let is_vacant = vacant.next_if(|vacant| **vacant == number).is_some();
        if is_vacant && sum.count == 0 {
            counts.extent_index.push(None);
            continue;
        }
        counts.extent_index.push(Some(counts.cells.len() as u32));
        counts.cells.push(*cell);
        let oldest_open = (sum.open > 0).then_some(sum.oldest);
        counts.totals.push(CellTotals { count: sum.count, open: sum.open, oldest_open });
    }
    counts
}

/// Counts the reports that pass a filter in the cells of other counts, in their order. Cells
/// outside those are left out.
pub(super) fn counts_aligned(snapshot: &Snapshot, counts: &HexCounts, filter: &Filter) -> Vec<u32> {
    let whole = count_hexes(snapshot, &snapshot.compiled(filter), counts.resolution);
    // The two extents differ where approximate positions are accepted; that of `counts` holds.
    let of = |cell: u32| whole.totals[cell as usize].count;
    let indices = counts.extent_index.iter().zip(&whole.extent_index);
    indices.filter_map(|(own, whole)| own.map(|_| whole.map_or(0, of))).collect()
}

/// Which cells hold a located report, of any service and time, in one of the filter's areas; none
/// where the filter names no area.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{cells_in_areas, count_hexes};
///
/// let report = |id: &str, lon: f64, area: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     let at = Position::new(lon, 46.81).ok();
///     let area = Some(area.into());
///     IndexedFields { area, ..IndexedFields::new(id, service, 1_790_000_000, at) }
/// };
/// let index = Index::from_reports([report("r1", -71.2, "A"), report("r2", -71.4, "B")]);
/// let snapshot = index.reader().load();
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&Filter::default()), 9);
/// let filter = Filter { areas: Some(vec!["A".to_owned()]), ..Filter::default() };
/// let inside = cells_in_areas(&snapshot, &counts, &filter).unwrap();
/// assert_eq!(inside.iter().filter(|inside| **inside).count(), 1);
/// assert!(cells_in_areas(&snapshot, &counts, &Filter::default()).is_none());
/// ```
pub fn cells_in_areas(
    snapshot: &Snapshot,
    counts: &HexCounts,
    filter: &Filter,
) -> Option<Vec<bool>> {
    let areas = Some(filter.areas.clone()?);
    let inside = Filter { areas, approximate: filter.approximate, ..Filter::default() };
    let inside = counts_aligned(snapshot, counts, &inside);
    Some(inside.into_iter().map(|count| count > 0).collect())
}
