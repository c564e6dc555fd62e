//! A uniform grid over points in Z order: for each cell, the range of points in it.
//!
//! Where points are dense, as in a city, the table leads to the neighbourhood of a query point
//! without descending a tree. It covers the first to the ninety-ninth percentile of each
//! coordinate; queries that reach beyond are left to the R-tree.

use std::ops::Range;

use crate::place::{GRID_BITS, QueryPoint};

/// Points per cell, averaged over the whole table: a cell takes 8 bytes, so the table takes one
/// byte a point.
const POINTS_PER_CELL: usize = 8;
/// Fewer points have no table.
const POINTS_MIN: usize = 512;
/// Most cells that one query visits; larger circles are left to the tree.
const CELLS_MAX: u64 = 4_096;
/// Points sampled to estimate the percentiles.
const SAMPLE: usize = 2_048;
/// Half widths, in cells, of the blocks that a nearest-neighbour query tries in turn.
const HALF_WIDTHS: [u32; 3] = [1, 2, 4];

/// The table: cells of one level of the map's grid.
pub struct GridTable {
    /// Right shift from a column or row of the finest grid to one of this level.
    shift: u32,
    /// Column and row of the first cell.
    first: (u32, u32),
    columns: u32,
    rows: u32,
    /// The points of each cell, row by row.
    ranges: Vec<Range<u32>>,
}

/// A rectangle of cells of a table, in columns and rows counted from its first cell.
#[derive(Clone, PartialEq, Debug)]
pub struct GridBlock {
    columns: Range<u32>,
    rows: Range<u32>,
}

impl GridBlock {
    fn single(column: u32, row: u32) -> Self {
        Self { columns: column..column + 1, rows: row..row + 1 }
    }

    /// Number of cells.
    pub fn count(&self) -> u64 {
        self.columns.len() as u64 * self.rows.len() as u64
    }

    /// Does the block contain all cells of `other`?
    pub fn contains(&self, other: &Self) -> bool {
        self.contains_cell(other.columns.start, other.rows.start)
            && self.contains_cell(other.columns.end - 1, other.rows.end - 1)
    }

    fn contains_cell(&self, column: u32, row: u32) -> bool {
        self.columns.contains(&column) && self.rows.contains(&row)
    }
}

impl GridTable {
    /// Builds the table over `len` points in Z order; `grid` returns the column and row of a point
    /// in the finest grid. None where there are too few points, or where they are so clustered that
    /// an occupied cell holds more than 64 of them on average.
    ///
    /// Takes O(n).
    pub fn build(len: u32, grid: impl Fn(u32) -> [u32; 2]) -> Option<Self> {
        if (len as usize) < POINTS_MIN {
            return None;
        }
        let sample = (0..SAMPLE).map(|i| grid((i as u64 * u64::from(len) / SAMPLE as u64) as u32));
        let (mut x, mut y): (Vec<u32>, Vec<u32>) = sample.map(|[x, y]| (x, y)).unzip();
        let percentiles = |values: &mut Vec<u32>| {
            values.sort_unstable();
            (values[SAMPLE / 100], values[SAMPLE - 1 - SAMPLE / 100])
        };
        let (x, y) = (percentiles(&mut x), percentiles(&mut y));
        // The finest level at which the table has no more cells than it may.
        let cells_max = (len as usize / POINTS_PER_CELL) as u64;
        let side =
            |(low, high): (u32, u32), shift: u32| u64::from((high >> shift) - (low >> shift));
        let count = |shift: u32| (side(x, shift) + 1) * (side(y, shift) + 1);
        let shift = (0..u32::from(GRID_BITS)).find(|shift| count(*shift) <= cells_max)?;
        let (columns, rows) = (side(x, shift) as u32 + 1, side(y, shift) as u32 + 1);
        let mut table = Self {
            shift,
            first: (x.0 >> shift, y.0 >> shift),
            columns,
            rows,
            ranges: vec![0..0; (columns * rows) as usize],
        };
        for point in 0..len {
            let [x, y] = grid(point);
            if let Some(at) = table.cell(x, y).and_then(|(column, row)| table.offset(column, row)) {
                let range = &mut table.ranges[at];
                let first = if range.end == 0 { point } else { range.start };
                *range = first..point + 1;
            }
        }
        let occupied = table.ranges.iter().filter(|range| !range.is_empty()).count();
        // Where few cells hold most points the tree, which splits crowded cells, is faster.
        (occupied * POINTS_PER_CELL * 8 >= len as usize).then_some(table)
    }

    fn offset(&self, column: u32, row: u32) -> Option<usize> {
        (column < self.columns && row < self.rows).then(|| (row * self.columns + column) as usize)
    }

    /// The cell of a column and row of the finest grid. None west or north of the table; the cell
    /// may lie beyond its eastern or southern edge.
    fn cell(&self, x: u32, y: u32) -> Option<(u32, u32)> {
        let column = (x >> self.shift).checked_sub(self.first.0)?;
        Some((column, (y >> self.shift).checked_sub(self.first.1)?))
    }

    /// Does a column and row of the finest grid lie in `block`?
    pub fn is_in_block(&self, block: &GridBlock, [x, y]: [u32; 2]) -> bool {
        self.cell(x, y).is_some_and(|(column, row)| block.contains_cell(column, row))
    }

    /// A block that holds every point whose haversine from `origin` is at most `max_haversine`.
    /// None where the table does not cover it or it has more than [`CELLS_MAX`] cells.
    pub fn block_around(&self, origin: &QueryPoint, max_haversine: f32) -> Option<GridBlock> {
        // For an angle r: 2 sin(r/2) ≥ √(cos φ₁ cos φ₂) · Δ, with Δ the difference of either
        // coordinate on the Mercator plane, and cos φ₂ ≥ cos φ₁ - r.
        let chord = 2.0 * f64::from(max_haversine).sqrt() * 1.001;
        let cos = origin.cos_lat() - chord;
        if cos < 0.02 || chord > 0.01 {
            return None;
        }
        let half = (chord / cos / std::f64::consts::TAU * 4_294_967_296.0).ceil() as u32 + 2;
        let (x, y) = origin.grid();
        let (west, north) = self.cell(x.checked_sub(half)?, y.checked_sub(half)?)?;
        let (east, south) = self.cell(x.checked_add(half)?, y.checked_add(half)?)?;
        let block = GridBlock { columns: west..east + 1, rows: north..south + 1 };
        let inside = east < self.columns && south < self.rows;
        (inside && block.count() <= CELLS_MAX).then_some(block)
    }

    /// The cell of `origin`, and the smallest block around it that holds at least `wanted` points.
    /// None where no block of [`HALF_WIDTHS`] does, or where the table does not cover the circle
    /// through the block's corners, in which a nearer point could lie.
    pub fn block_with(&self, origin: &QueryPoint, wanted: usize) -> Option<(GridBlock, GridBlock)> {
        let (x, y) = origin.grid();
        let (column, row) = self.cell(x, y)?;
        HALF_WIDTHS.iter().find_map(|half| {
            // The corners are half a diagonal away: 3/2 is more than √2.
            let margin = (half + 1) * 3 / 2 + 2;
            let inside = |n: u32, all: u32| n >= margin && n + margin < all;
            if !inside(column, self.columns) || !inside(row, self.rows) {
                return None;
            }
            let columns = column - half..column + half + 1;
            let block = GridBlock { columns, rows: row - half..row + half + 1 };
            let mut count = 0;
            self.each_range(&block, None, |range| count += range.len());
            (count >= wanted).then(|| (GridBlock::single(column, row), block))
        })
    }

    /// Calls `visit` with the points of each cell in `block` but not in `except`.
    pub fn each_range(
        &self,
        block: &GridBlock,
        except: Option<&GridBlock>,
        mut visit: impl FnMut(Range<u32>),
    ) {
        for row in block.rows.clone() {
            let first = (row * self.columns) as usize;
            let columns = block.columns.start as usize..block.columns.end as usize;
            let ranges = &self.ranges[first + columns.start..first + columns.end];
            for (range, column) in ranges.iter().zip(block.columns.clone()) {
                if !range.is_empty() && !except.is_some_and(|done| done.contains_cell(column, row))
                {
                    visit(range.clone());
                }
            }
        }
    }
}
