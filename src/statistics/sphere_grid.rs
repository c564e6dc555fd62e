//! A grid on the sphere for searches within a fixed reach: all points of one cell are within reach
//! of each other.
//!
//! Rows are bands of latitude, reach/√2 high; the cells of a row have the same width where the row
//! is widest. Every point within reach of a cell lies in its row or in the two rows on either side,
//! and there in a contiguous range of cells. Rows are rings, so this holds at the poles and across
//! the antimeridian.

use std::ops::Range;

use crate::place::{EARTH_RADIUS_M, Meters, Vector};

/// Sines and cosines of a sequence of angles, each near the one before.
#[derive(Default)]
struct AngleSteps {
    /// The last angle with its sine and cosine.
    known: Option<(f64, f64, f64)>,
}

impl AngleSteps {
    /// Sine and cosine of an angle, exact to the last bit or two: by the addition theorems, with
    /// the first terms of the series for the small difference (the next is below 10⁻²⁴).
    #[inline]
    fn sin_cos(&mut self, angle: f64) -> (f64, f64) {
        const NEAR: f64 = 1e-3;
        let known = self.known.filter(|(known, ..)| (angle - known).abs() < NEAR);
        let (known, sin, cos) = known.unwrap_or_else(|| {
            let (sin, cos) = angle.sin_cos();
            *self.known.insert((angle, sin, cos))
        });
        let more = angle - known;
        let square = more * more;
        let sin_more = more * (1.0 - square / 6.0 * (1.0 - square / 20.0));
        let cos_more = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0));
        (sin * cos_more + cos * sin_more, cos * cos_more - sin * sin_more)
    }
}

/// Squared chord between two points of the unit sphere; it has the order of their distances.
///
/// ```
/// assert_eq!(pointchaud::statistics::chord2([1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]), 4.0);
/// ```
#[inline]
pub fn chord2(a: Vector, b: Vector) -> f64 {
    let (x, y, z) = (a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    x * x + y * y + z * z
}

/// The squared chord of a great-circle distance in metres.
///
/// ```
/// use pointchaud::statistics::{chord2_of, meters_of};
///
/// assert!((meters_of(chord2_of(250.0)) - 250.0).abs() < 1e-6);
/// ```
pub fn chord2_of(meters: f64) -> f64 {
    4.0 * Meters(meters).haversine()
}

/// The great-circle distance in metres of a squared chord: the inverse of [`chord2_of`].
pub fn meters_of(chord2: f64) -> f64 {
    2.0 * EARTH_RADIUS_M * (chord2.sqrt() / 2.0).min(1.0).asin()
}

/// A cell: its column and the range of its points.
#[derive(Debug, Clone, Copy)]
struct SphereCell {
    column: u32,
    first: u32,
    end: u32,
}

/// A row: its number and the range of its cells.
#[derive(Debug, Clone)]
struct GridRow {
    number: u32,
    cells: Range<u32>,
}

/// Measures shared by all rows.
#[derive(Debug, Clone, Copy)]
struct GridBands {
    /// Height of a row, in radians.
    height: f64,
    reach: f64,
}

impl GridBands {
    /// Largest and smallest cosine of latitude in a row, and its number of columns.
    fn row(&self, number: u32) -> (f64, f64, f64) {
        let edge = |n: f64| n * self.height - std::f64::consts::FRAC_PI_2;
        let (south, north) = (edge(f64::from(number)), edge(f64::from(number) + 1.0));
        let widest = if south * north <= 0.0 { 1.0 } else { south.cos().max(north.cos()) };
        let narrowest = south.cos().min(north.cos()).max(0.0);
        let columns = (std::f64::consts::TAU * widest / self.height).ceil().max(1.0);
        (widest, narrowest, columns)
    }

    /// Number of the row that holds a latitude.
    fn row_of(&self, lat: f64) -> u32 {
        ((lat.to_radians() + std::f64::consts::FRAC_PI_2) / self.height).max(0.0) as u32
    }

    /// Row and column of each place, packed into one number, with the place's number.
    fn keys(&self, places: &[[f64; 2]]) -> Vec<(u64, u32)> {
        let lats = || places.iter().map(|[_, lat]| *lat);
        let (south, north) =
            (lats().fold(f64::INFINITY, f64::min), lats().fold(f64::NEG_INFINITY, f64::max));
        // A city spans few rows: each is measured once.
        let first = self.row_of(south);
        let known = if places.is_empty() { 0 } else { self.row_of(north) - first + 1 };
        let known = if known as usize <= places.len() { known } else { 0 };
        let columns: Vec<f64> = (0..known).map(|row| self.row(first + row).2).collect();
        let key = |[lon, lat]: [f64; 2]| {
            let row = self.row_of(lat);
            let known = columns.get((row - first) as usize).copied();
            let columns = known.unwrap_or_else(|| self.row(row).2);
            let column = ((lon + 180.0) / 360.0 * columns).clamp(0.0, columns - 1.0) as u32;
            u64::from(row) << 32 | u64::from(column)
        };
        let middle = places.len() / 2;
        let half = |first: usize, places: &[[f64; 2]]| -> Vec<(u64, u32)> {
            places.iter().map(|place| key(*place)).zip(first as u32..).collect()
        };
        let (mut keyed, rest) =
            both(places.len(), || half(0, &places[..middle]), || half(middle, &places[middle..]));
        keyed.extend(rest);
        keyed
    }
}

/// Number of places from which two threads work.
const HALVE_FROM: usize = 20_000;

/// Runs two tasks over `places` places, in parallel where the places are many.
fn both<A: Send, B: Send>(
    places: usize,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    if places < HALVE_FROM {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), second)
    })
}

/// Places in the cells of a grid on the sphere, of which every two points in one cell are within
/// reach of each other.
///
/// ```
/// use pointchaud::statistics::SphereGrid;
///
/// let grid = SphereGrid::new(&[[0.0, 0.0], [0.00001, 0.0], [10.0, 0.0]], 50.0);
/// assert_eq!((grid.len(), grid.points.len()), (2, 3));
/// assert!(SphereGrid::new(&[], 50.0).is_empty());
/// ```
pub struct SphereGrid {
    bands: GridBands,
    rows: Vec<GridRow>,
    cells: Vec<SphereCell>,
    /// The points, cell by cell.
    pub points: Vec<Vector>,
    /// Number of each point in the order in which the places were given.
    pub order: Vec<u32>,
}

/// The largest reach, in metres: the diagonal of a larger cell could exceed it.
pub const REACH_MAX_M: f64 = 100_000.0;

impl SphereGrid {
    /// Sorts places, given as longitude and latitude in degrees, into cells for a reach in metres,
    /// above 0 and at most [`REACH_MAX_M`].
    pub fn new(places: &[[f64; 2]], reach_m: f64) -> Self {
        let reach = reach_m / EARTH_RADIUS_M;
        // The arc exceeds the chord of the diagonal by less than a twelfth of its square.
        let height = reach / 2f64.sqrt() * (1.0 - reach * reach / 12.0 - 1e-9);
        let bands = GridBands { height, reach };
        let mut keyed = bands.keys(places);
        sort(&mut keyed);
        let mut points = vec![[0.0; 3]; places.len()];
        let locate = |points: &mut [Vector], keyed: &[(u64, u32)]| {
            let (mut east, mut north) = (AngleSteps::default(), AngleSteps::default());
            for (point, (_, place)) in points.iter_mut().zip(keyed) {
                let [lon, lat] = places[*place as usize];
                let (sin_lon, cos_lon) = east.sin_cos(lon.to_radians());
                let (sin, cos) = north.sin_cos(lat.to_radians());
                *point = [cos * cos_lon, cos * sin_lon, sin];
            }
        };
        let middle = places.len() / 2;
        let (first, second) = points.split_at_mut(middle);
        both(places.len(), || locate(first, &keyed[..middle]), || locate(second, &keyed[middle..]));
        let order = keyed.iter().map(|(_, place)| *place).collect();
        let mut cells = Self { bands, rows: Vec::new(), cells: Vec::new(), points, order };
        let mut first = 0;
        for group in keyed.chunk_by(|a, b| a.0 == b.0) {
            let (row, column) = ((group[0].0 >> 32) as u32, group[0].0 as u32);
            let cell = cells.cells.len() as u32;
            if cells.rows.last().is_none_or(|last| last.number != row) {
                cells.rows.push(GridRow { number: row, cells: cell..cell });
            }
            let end = first + group.len() as u32;
            cells.cells.push(SphereCell { column, first, end });
            cells.rows.last_mut().into_iter().for_each(|row| row.cells.end += 1);
            first = end;
        }
        cells
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// True without places.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The range of points of a cell.
    #[inline]
    pub(crate) fn of(&self, cell: u32) -> Range<usize> {
        let SphereCell { first, end, .. } = self.cells[cell as usize];
        first as usize..end as usize
    }

    /// Divides the rows into `parts` ranges of cells with about equally many points.
    pub(crate) fn parts(&self, parts: usize) -> Vec<Range<u32>> {
        let mut found = Vec::new();
        let mut first = 0;
        for part in 1..=parts {
            let wanted = (self.order.len() * part / parts) as u32;
            let row = self.rows.partition_point(|row| {
                row.cells.is_empty() || self.cells[row.cells.end as usize - 1].end <= wanted
            });
            let end = match part == parts {
                true => self.cells.len() as u32,
                false => row.checked_sub(1).map_or(0, |row| self.rows[row].cells.end),
            };
            found.push(first..end.max(first));
            first = end.max(first);
        }
        found
    }

    /// The range of points of consecutive cells.
    #[inline]
    pub(crate) fn of_all(&self, cells: &Range<u32>) -> Range<usize> {
        let (first, last) = (self.cells[cells.start as usize], self.cells[cells.end as usize - 1]);
        first.first as usize..last.end as usize
    }

    /// Calls `found` with each cell of a part and the cells, in non-empty ranges, whose points may
    /// be within reach of its points, the cell itself included.
    pub(crate) fn each_near(&self, part: Range<u32>, mut found: impl FnMut(u32, &[Range<u32>])) {
        let mut near = Vec::with_capacity(8);
        let first = self.rows.partition_point(|row| row.cells.end <= part.start);
        for (at, row) in self.rows.iter().enumerate().skip(first) {
            if row.cells.start >= part.end {
                break;
            }
            let own = row.cells.start.max(part.start)..row.cells.end.min(part.end);
            let (_, narrowest, columns) = self.bands.row(row.number);
            let around: Vec<(&GridRow, f64)> = self.rows[at.saturating_sub(2)..]
                .iter()
                .take(5)
                .filter(|other| other.number.abs_diff(row.number) <= 2)
                .map(|other| (other, self.bands.row(other.number).2))
                .collect();
            // Reach to the east and west, in turns (1 is 360 degrees).
            let sine = self.bands.reach.sin() / narrowest;
            let side = if sine < 0.5 { sine.asin() / std::f64::consts::TAU + 1e-12 } else { 1.0 };
            let mut cursors = [0usize; 5];
            for cell in own {
                near.clear();
                let west = f64::from(self.cells[cell as usize].column) / columns - side;
                let east = west + 1.0 / columns + 2.0 * side;
                for ((row, columns), cursor) in around.iter().zip(&mut cursors) {
                    self.stretch(row, *columns, (west, east), cursor, &mut near);
                }
                found(cell, &near);
            }
        }
    }

    /// Adds the cells of a row between two longitudes in turns, which may be below 0 or above 1.
    fn stretch(
        &self,
        row: &GridRow,
        columns: f64,
        (west, east): (f64, f64),
        cursor: &mut usize,
        near: &mut Vec<Range<u32>>,
    ) {
        let cells = &self.cells[row.cells.start as usize..row.cells.end as usize];
        if east - west >= 1.0 {
            return near.push(row.cells.clone());
        }
        let (low, high) = (west * columns, east * columns);
        // Columns wrap around; one more on each side covers rounding at the seam.
        if low < 1.0 || high >= columns - 1.0 {
            let (low, high) = (low.floor() - 1.0, high.floor() + 1.0);
            let inside = |column: u32| {
                let turns = [-columns, 0.0, columns].map(|turn| f64::from(column) + turn);
                turns.iter().any(|column| low <= *column && *column <= high)
            };
            let found = cells.iter().zip(row.cells.start..).filter(|(cell, _)| inside(cell.column));
            return near.extend(found.map(|(_, number)| number..number + 1));
        }
        let (low, high) = (low as u32, high as u32);
        while cells.get(*cursor).is_some_and(|cell| cell.column < low) {
            *cursor += 1;
        }
        let mut end = *cursor;
        while cells.get(end).is_some_and(|cell| cell.column <= high) {
            end += 1;
        }
        if end > *cursor {
            near.push(row.cells.start + *cursor as u32..row.cells.start + end as u32);
        }
    }
}

/// Radix sort by key, over the bits in which keys differ.
fn sort(keyed: &mut [(u64, u32)]) {
    let Some((first, _)) = keyed.first().copied() else { return };
    let least = |half: fn(u64) -> u64| keyed.iter().map(|(key, _)| half(*key)).min().unwrap_or(0);
    let (row, column) = (least(|key| key >> 32), least(|key| key & 0xffff_ffff));
    let most = |half: fn(u64) -> u64| keyed.iter().map(|(key, _)| half(*key)).max().unwrap_or(0);
    let rows = most(|key| key >> 32) - row;
    let columns = most(|key| key & 0xffff_ffff) - column;
    let bits = |n: u64| 64 - n.leading_zeros();
    let shift = bits(columns);
    if bits(rows) + shift > 32 {
        return keyed.sort_unstable();
    }
    // Row, column and place fit into one number: less memory to move.
    let pack = |(key, place): &(u64, u32)| {
        let packed = ((key >> 32) - row) << shift | ((key & 0xffff_ffff) - column);
        packed << 32 | u64::from(*place)
    };
    let mut packed: Vec<u64> = keyed.iter().map(pack).collect();
    sort_packed(&mut packed, 32, 32 + bits(rows) + shift);
    let columns = (1u64 << shift) - 1;
    let unpack = |packed: u64| {
        let key = packed >> 32;
        (((key >> shift) + row) << 32 | ((key & columns) + column), packed as u32)
    };
    debug_assert_eq!(unpack(pack(&(first, 0))), (first, 0));
    keyed.iter_mut().zip(packed).for_each(|(pair, packed)| *pair = unpack(packed));
}

/// Stable radix sort by the bits `from..to`.
fn sort_packed(packed: &mut Vec<u64>, from: u32, to: u32) {
    const BITS: u32 = 11;
    let mut other = vec![0; packed.len()];
    for shift in (from..to).step_by(BITS as usize) {
        let digit = |number: u64| (number >> shift) as usize & ((1 << BITS) - 1);
        let mut starts = vec![0usize; 1 << BITS];
        packed.iter().for_each(|number| starts[digit(*number)] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for number in packed.iter() {
            let start = &mut starts[digit(*number)];
            other[*start] = *number;
            *start += 1;
        }
        std::mem::swap(packed, &mut other);
    }
}
