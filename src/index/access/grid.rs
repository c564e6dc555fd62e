//! Where the places of each square of the map begin: a way straight to a neighbourhood.
//!
//! A walk down a tree costs some steps before it sees the first place. Where places lie dense, as
//! in a city, a table of equal squares says at once which stretches of the curve a circle touches.
//! The table covers the middle of the places, outliers aside; whatever it does not cover is the
//! tree's to answer.

use std::ops::Range;

use crate::place::{GRID_BITS, QueryPoint};

/// Places for one square of the table, on the average over its area: 8 bytes among as many.
const PLACES_MEAN: usize = 8;
/// Fewer places have no table.
const PLACES_MIN: usize = 512;
/// Squares that one question looks into at most; larger circles are left to the tree.
const SQUARES_MAX: u64 = 4_096;
/// Places looked at to find the middle of all.
const SAMPLE: usize = 2_048;
/// Squares looked into on each side of a point's own for its nearest, one try after the other.
const SIDES: [u32; 3] = [1, 2, 4];

/// A table of squares of one level of the grid.
pub struct GridTable {
    shift: u32,
    /// Column and row of the first square.
    first: (u32, u32),
    columns: u32,
    rows: u32,
    /// The stretch of each square, row by row.
    stretches: Vec<Range<u32>>,
}

/// Squares from column to column and from row to row, in the table, ends excluded.
#[derive(Clone, PartialEq, Debug)]
pub struct GridBlock {
    columns: Range<u32>,
    rows: Range<u32>,
}

impl GridBlock {
    /// The block of one square.
    fn one(column: u32, row: u32) -> Self {
        Self { columns: column..column + 1, rows: row..row + 1 }
    }

    /// How many squares.
    pub fn count(&self) -> u64 {
        self.columns.len() as u64 * self.rows.len() as u64
    }

    /// Does it hold all of `other`?
    pub fn holds(&self, other: &Self) -> bool {
        self.has(other.columns.start, other.rows.start)
            && self.has(other.columns.end - 1, other.rows.end - 1)
    }

    fn has(&self, column: u32, row: u32) -> bool {
        self.columns.contains(&column) && self.rows.contains(&row)
    }
}

impl GridTable {
    /// Makes a table over `len` places on the curve; `grid` tells the column and row of each. None
    /// where it would be of no use.
    pub fn build(len: u32, grid: impl Fn(u32) -> [u32; 2]) -> Option<Self> {
        if (len as usize) < PLACES_MIN {
            return None;
        }
        let sample = (0..SAMPLE).map(|i| grid((i as u64 * u64::from(len) / SAMPLE as u64) as u32));
        let (mut x, mut y): (Vec<u32>, Vec<u32>) = sample.map(|[x, y]| (x, y)).unzip();
        let middle = |values: &mut Vec<u32>| {
            values.sort_unstable();
            (values[SAMPLE / 100], values[SAMPLE - 1 - SAMPLE / 100])
        };
        let (x, y) = (middle(&mut x), middle(&mut y));
        // The finest level of which the middle has no more squares than it may.
        let most = (len as usize / PLACES_MEAN) as u64;
        let side =
            |(low, high): (u32, u32), shift: u32| u64::from((high >> shift) - (low >> shift));
        let count = |shift: u32| (side(x, shift) + 1) * (side(y, shift) + 1);
        let shift = (0..u32::from(GRID_BITS)).find(|shift| count(*shift) <= most)?;
        let (columns, rows) = (side(x, shift) as u32 + 1, side(y, shift) as u32 + 1);
        let mut squares = Self {
            shift,
            first: (x.0 >> shift, y.0 >> shift),
            columns,
            rows,
            stretches: vec![0..0; (columns * rows) as usize],
        };
        for place in 0..len {
            let [x, y] = grid(place);
            if let Some(at) = squares.square(x, y).and_then(|(column, row)| squares.at(column, row))
            {
                let stretch = &mut squares.stretches[at];
                let first = if stretch.end == 0 { place } else { stretch.start };
                *stretch = first..place + 1;
            }
        }
        let occupied = squares.stretches.iter().filter(|stretch| !stretch.is_empty()).count();
        // Crowded squares are the tree's: it parts them further.
        (occupied * PLACES_MEAN * 8 >= len as usize).then_some(squares)
    }

    fn at(&self, column: u32, row: u32) -> Option<usize> {
        (column < self.columns && row < self.rows).then(|| (row * self.columns + column) as usize)
    }

    /// The square of a grid column and row, which may lie beyond the table's far edges.
    fn square(&self, x: u32, y: u32) -> Option<(u32, u32)> {
        let column = (x >> self.shift).checked_sub(self.first.0)?;
        Some((column, (y >> self.shift).checked_sub(self.first.1)?))
    }

    /// Is the square of a grid column and row in `block`?
    pub fn has(&self, block: &GridBlock, [x, y]: [u32; 2]) -> bool {
        self.square(x, y).is_some_and(|(column, row)| block.has(column, row))
    }

    /// The squares that hold every place within `reach`, a haversine; `None` where the table does
    /// not cover them or they are too many.
    pub fn around(&self, origin: &QueryPoint, reach: f32) -> Option<GridBlock> {
        // With r the angle: 2 sin(r/2) ≥ √(cos φ₁ cos φ₂) · Δ for Δ either difference on the
        // Mercator plane, and cos φ₂ ≥ cos φ₁ - r.
        let chord = 2.0 * f64::from(reach).sqrt() * 1.001;
        let cos = origin.cos_lat() - chord;
        if cos < 0.02 || chord > 0.01 {
            return None;
        }
        let half = (chord / cos / std::f64::consts::TAU * 4_294_967_296.0).ceil() as u32 + 2;
        let (x, y) = origin.grid();
        let (west, north) = self.square(x.checked_sub(half)?, y.checked_sub(half)?)?;
        let (east, south) = self.square(x.checked_add(half)?, y.checked_add(half)?)?;
        let block = GridBlock { columns: west..east + 1, rows: north..south + 1 };
        let inside = east < self.columns && south < self.rows;
        (inside && block.count() <= SQUARES_MAX).then_some(block)
    }

    /// The square of `origin`, and it with its neighbours: the fewest that hold `wanted` places,
    /// where the table covers whatever may be as near as the last of those.
    pub fn close(&self, origin: &QueryPoint, wanted: usize) -> Option<(GridBlock, GridBlock)> {
        let (x, y) = origin.grid();
        let (column, row) = self.square(x, y)?;
        SIDES.iter().find_map(|side| {
            // The corners are a diagonal away; the circle through them reaches as far on all sides.
            let far = (side + 1) * 3 / 2 + 2;
            let inside = |n: u32, all: u32| n >= far && n + far < all;
            if !inside(column, self.columns) || !inside(row, self.rows) {
                return None;
            }
            let columns = column - side..column + side + 1;
            let block = GridBlock { columns, rows: row - side..row + side + 1 };
            let mut held = 0;
            self.each(&block, None, |stretch| held += stretch.len());
            (held >= wanted).then(|| (GridBlock::one(column, row), block))
        })
    }

    /// Calls `found` with the stretch of each square in `block` but not in `done`.
    pub fn each(
        &self,
        block: &GridBlock,
        done: Option<&GridBlock>,
        mut found: impl FnMut(Range<u32>),
    ) {
        for row in block.rows.clone() {
            let first = (row * self.columns) as usize;
            let columns = block.columns.start as usize..block.columns.end as usize;
            let stretches = &self.stretches[first + columns.start..first + columns.end];
            for (stretch, column) in stretches.iter().zip(block.columns.clone()) {
                if !stretch.is_empty() && !done.is_some_and(|done| done.has(column, row)) {
                    found(stretch.clone());
                }
            }
        }
    }
}
