//! The Mercator grid: the Web Mercator square divided into 2^32 columns and rows, its cells
//! numbered along a Z curve (Morton, 1966). Every cell of every coarser level covers one contiguous
//! range of these numbers, so a sorted column of them is a quadtree without nodes.

use std::f64::consts::PI;

use crate::place::{BBox, Position};

/// Bits of a column or row number: the finest level of the grid.
pub const GRID_BITS: u8 = 32;

const SIDE: f64 = 4_294_967_296.0;

/// Interleaves the bits of a column and a row number; the column has the even bits.
///
/// ```
/// use pointchaud::place::{morton, unmorton};
///
/// assert_eq!(morton(0b11, 0b01), 0b0111);
/// assert_eq!(unmorton(0b0111), (0b11, 0b01));
/// ```
pub fn morton(x: u32, y: u32) -> u64 {
    spread(x) | spread(y) << 1
}

/// The column and row of a Morton number: the inverse of [`morton`].
pub fn unmorton(code: u64) -> (u32, u32) {
    (unspread(code), unspread(code >> 1))
}

fn spread(v: u32) -> u64 {
    let mut v = u64::from(v);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        v = (v | v << shift) & mask;
    }
    v
}

fn unspread(code: u64) -> u32 {
    let mut v = code & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        v = (v | v >> shift) & mask;
    }
    v as u32
}

/// A cell of the grid: at `level` there are 2^level columns and rows, counted from 180° W and from
/// 85.05° N. Latitudes beyond the Mercator square belong to its first or last row.
///
/// ```
/// use pointchaud::place::{GridCell, Position};
///
/// let at = Position::new(-71.2080, 46.8139).unwrap();
/// let cell = GridCell::of(at, 10);
/// assert!(cell.bounds().contains(at));
/// assert!(cell.children().contains(&GridCell::of(at, 11)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GridCell {
    /// Level, from 0 (one cell for the Earth) to [`GRID_BITS`].
    pub level: u8,
    /// Column, below 2^level.
    pub x: u32,
    /// Row, below 2^level.
    pub y: u32,
}

impl GridCell {
    /// The only cell of level 0.
    pub const WORLD: Self = Self { level: 0, x: 0, y: 0 };

    /// The cell of `level` that holds `position`.
    pub fn of(position: Position, level: u8) -> Self {
        Self::of_sine(position.lon(), position.lat().to_radians().sin(), level)
    }

    /// [`GridCell::of`] a longitude in degrees and the sine of a latitude.
    pub(super) fn of_sine(lon: f64, sin: f64, level: u8) -> Self {
        let x = ((lon + 180.0) / 360.0 * SIDE) as u32;
        let y = (0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * PI)) * SIDE;
        // `as` saturates: the poles' infinities land in the first and the last row.
        let shift = u32::from(GRID_BITS - level);
        Self {
            level,
            x: x.checked_shr(shift).unwrap_or(0),
            y: (y as u32).checked_shr(shift).unwrap_or(0),
        }
    }

    /// The cell of `level` that holds the finest cell with Morton number `code`.
    pub(crate) fn of_morton(code: u64, level: u8) -> Self {
        let (x, y) = unmorton(code);
        let shift = u32::from(GRID_BITS - level);
        Self { level, x: x.checked_shr(shift).unwrap_or(0), y: y.checked_shr(shift).unwrap_or(0) }
    }

    /// Morton numbers of the first and last finest cell inside this one.
    pub(crate) fn codes(&self) -> (u64, u64) {
        let bits = 2 * u32::from(GRID_BITS - self.level);
        let own = morton(self.x, self.y);
        let first = own.checked_shl(bits).unwrap_or(0);
        (first, first | 1u64.checked_shl(bits).unwrap_or(0).wrapping_sub(1))
    }

    /// The four cells of the next level inside this one, in Morton order.
    pub fn children(&self) -> [Self; 4] {
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| Self {
            level: self.level + 1,
            x: self.x << 1 | dx,
            y: self.y << 1 | dy,
        })
    }

    /// The cell in degrees; the first and last row reach the poles.
    pub fn bounds(&self) -> BBox {
        let side = f64::from(2.0f32).powi(i32::from(self.level));
        let lon = |x: f64| x / side * 360.0 - 180.0;
        let lat = |y: f64| (PI * (1.0 - 2.0 * y / side)).sinh().atan().to_degrees();
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        BBox {
            west: lon(x),
            south: if y + 1.0 == side { -90.0 } else { lat(y + 1.0) },
            east: lon(x + 1.0),
            north: if y == 0.0 { 90.0 } else { lat(y) },
        }
    }
}

/// The position at a fractional column and row of the finest grid, both in [0, 2^32).
///
/// ```
/// use pointchaud::place::grid_position;
///
/// let middle = grid_position(2f64.powi(31), 2f64.powi(31));
/// assert_eq!((middle.lon(), middle.lat()), (0.0, 0.0));
/// ```
pub fn grid_position(x: f64, y: f64) -> Position {
    let lat = (PI * (1.0 - 2.0 * y / SIDE)).sinh().atan().to_degrees();
    Position::new(x / SIDE * 360.0 - 180.0, lat)
        .unwrap_or_else(|_| unreachable!("the grid is on the Earth"))
}

/// How a grid cell relates to a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// No position of the cell is in the box.
    Outside,
    /// Some positions may be in the box; each must be tested.
    Partly,
    /// Every position of the cell is in the box.
    Inside,
}

/// A box that does not cross the antimeridian, in columns and rows of the finest grid, both ends
/// included.
///
/// ```
/// use pointchaud::place::{BBox, GridCell, GridBox, Overlap};
///
/// let quebec = GridBox::of(&BBox::new(-71.6, 46.7, -71.1, 47.0).unwrap());
/// assert_eq!(quebec.overlap(GridCell::WORLD), Overlap::Partly);
///
/// let fiji = BBox::new(177.0, -19.0, -178.0, -16.0).unwrap();
/// assert_eq!(GridBox::parts_of(&fiji).len(), 2, "it crosses the antimeridian");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct GridBox {
    x: (u32, u32),
    y: (u32, u32),
}

impl GridBox {
    /// A box as grid boxes: one, or two where it crosses the antimeridian.
    pub fn parts_of(bbox: &BBox) -> Vec<Self> {
        bbox.parts().iter().map(Self::of).collect()
    }

    /// The columns and rows that `part` touches; `part` must not cross the antimeridian (see
    /// [`BBox::parts`]).
    pub fn of(part: &BBox) -> Self {
        let corner = |lon: f64, lat: f64| {
            // An edge at 180 is the end of the last column, not the start of the first.
            let below = if lon == 180.0 { 180.0f64.next_down() } else { lon };
            let position =
                Position::new(below, lat).unwrap_or_else(|_| unreachable!("checked box"));
            GridCell::of(position, GRID_BITS)
        };
        let (nw, se) = (corner(part.west, part.north), corner(part.east, part.south));
        Self { x: (nw.x, se.x), y: (nw.y, se.y) }
    }

    /// The columns and rows of one cell, narrowed by the tolerance of [`GridBox::overlap`] so that
    /// no neighbouring cell overlaps it.
    pub(crate) fn of_cell(cell: GridCell) -> Self {
        let shift = u32::from(GRID_BITS - cell.level);
        let side = |at: u32| {
            let first = u64::from(at) << shift;
            let last = first + (1u64 << shift) - 1;
            ((first + 1).min(last) as u32, last.saturating_sub(1).max(first) as u32)
        };
        Self { x: side(cell.x), y: side(cell.y) }
    }

    /// Cuts the box at the western edge of the cell of `level` that holds `column`, so that no cell
    /// of that level touches both parts: each part keeps one column of distance from the cut, the
    /// tolerance of [`GridBox::overlap`]. `None` where the cut is not well inside the box.
    pub(crate) fn cut(&self, column: u32, level: u8) -> Option<(Self, Self)> {
        let shift = u32::from(GRID_BITS - level);
        let cut = column.checked_shr(shift)?.checked_shl(shift)?;
        let width = 1u32.checked_shl(shift)?;
        if width < 4 || cut < self.x.0.checked_add(4)? || cut > self.x.1.checked_sub(4)? {
            return None;
        }
        Some((Self { x: (self.x.0, cut - 2), ..*self }, Self { x: (cut + 1, self.x.1), ..*self }))
    }

    /// How `cell` relates to this box. A tolerance of one column or row on each side absorbs the
    /// rounding of the projection: `Inside` and `Outside` are certain, `Partly` is not.
    pub fn overlap(&self, cell: GridCell) -> Overlap {
        let shift = u32::from(GRID_BITS - cell.level);
        let span = |n: u32| {
            let first = n.checked_shl(shift).unwrap_or(0);
            (first, first | 1u32.checked_shl(shift).unwrap_or(0).wrapping_sub(1))
        };
        let (x, y) = (span(cell.x), span(cell.y));
        let apart = |a: (u32, u32), b: (u32, u32)| {
            a.1 < b.0.saturating_sub(1) || a.0 > b.1.saturating_add(1)
        };
        let within = |a: (u32, u32), b: (u32, u32), whole: u32| {
            (a.0 > b.0.saturating_add(1) || b.0 == 0 && whole == 0)
                && (a.1 < b.1.saturating_sub(1) || b.1 == u32::MAX && whole == 0)
        };
        if apart(x, self.x) || apart(y, self.y) {
            Overlap::Outside
        } else if within(x, self.x, 1) && within(y, self.y, 1) {
            Overlap::Inside
        } else {
            Overlap::Partly
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn morton_round_trip() {
        for (x, y) in [(0, 0), (1, 2), (u32::MAX, 0), (0xdead_beef, 0x1234_5678)] {
            assert_eq!(unmorton(morton(x, y)), (x, y));
        }
    }

    #[test]
    fn a_cell_holds_its_codes_and_bounds() {
        let at = Position::new(-71.2080, 46.8139).unwrap();
        let fine = GridCell::of(at, GRID_BITS);
        for level in 0..=GRID_BITS {
            let cell = GridCell::of(at, level);
            let (first, last) = cell.codes();
            assert!((first..=last).contains(&morton(fine.x, fine.y)), "level {level}");
            assert_eq!(GridCell::of_morton(morton(fine.x, fine.y), level), cell);
            if level < 28 {
                assert!(cell.bounds().contains(at), "level {level}");
            }
        }
    }

    #[test]
    fn no_cell_touches_both_parts_of_a_cut() {
        let city = GridBox::of(&BBox::new(-71.5, 46.7, -71.1, 47.0).unwrap());
        for level in [5, 13, 15, 20] {
            let Some((west, east)) = city.cut(1_298_000_000, level) else { continue };
            let middle = 1_298_000_000u32 >> (GRID_BITS - level);
            for x in middle.saturating_sub(3)..middle + 4 {
                let cell = GridCell { level, x, y: city.y.0 >> (GRID_BITS - level) };
                let touches = |part: &GridBox| part.overlap(cell) != Overlap::Outside;
                assert!(!(touches(&west) && touches(&east)), "level {level}, column {x}");
                assert_eq!(touches(&city), touches(&west) || touches(&east), "column {x}");
            }
        }
        assert!(city.cut(1_298_000_000, 15).is_some() && city.cut(0, 15).is_none());
    }

    #[test]
    fn poles_and_edges_have_a_cell() {
        for (lon, lat) in [(0.0, 90.0), (0.0, -90.0), (-180.0, 0.0), (179.999_999_9, 86.0)] {
            let cell = GridCell::of(Position::new(lon, lat).unwrap(), 3);
            assert!(cell.x < 8 && cell.y < 8);
        }
        assert_eq!(GridCell::of(Position::new(0.0, 90.0).unwrap(), 3).y, 0);
        assert_eq!(GridCell::of(Position::new(0.0, -90.0).unwrap(), 3).y, 7);
    }
}
