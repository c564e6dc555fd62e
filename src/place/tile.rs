//! Tiles of a web map: the tile matrix set WebMercatorQuad (OGC 17-083r4).

use std::f64::consts::PI;

use crate::place::{BBox, GRID_BITS, GridCell, Position};

/// A tile: at zoom `z` there are 2^z columns and rows, counted from 180° W and 85.05° N.
///
/// ```
/// use pointchaud::place::Tile;
///
/// let tile = Tile::new(10, 309, 358).unwrap();
/// assert_eq!((tile.zoom(), tile.cell().x), (10, 309));
/// assert!(Tile::new(1, 2, 0).is_none(), "zoom 1 has two columns");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    z: u8,
    x: u32,
    y: u32,
}

impl Tile {
    /// The largest zoom.
    pub const ZOOM_MAX: u8 = 22;
    /// Units along the side of a tile, as in its vector tile encoding.
    pub const EXTENT: u32 = 4_096;

    /// The tile at zoom `z`, column `x` and row `y`; `None` where there is none.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        let side = 1u32.checked_shl(u32::from(z)).filter(|_| z <= Self::ZOOM_MAX)?;
        (x < side && y < side).then_some(Self { z, x, y })
    }

    /// The zoom.
    pub fn zoom(&self) -> u8 {
        self.z
    }

    /// The grid cell of the same extent.
    pub fn cell(&self) -> GridCell {
        GridCell { level: self.z, x: self.x, y: self.y }
    }

    /// The extent in degrees.
    pub(crate) fn bounds(&self) -> BBox {
        self.cell().bounds()
    }

    /// Coordinates of a position inside the tile: units east of its western and south of its
    /// northern edge.
    pub(crate) fn local(&self, position: Position) -> (i32, i32) {
        let finest = GridCell::of(position, GRID_BITS);
        let shift = u32::from(GRID_BITS - self.z);
        let unit = |at: u32, tile: u32| {
            let inside = i64::from(at) - (i64::from(tile) << shift);
            ((inside * i64::from(Self::EXTENT)) >> shift) as i32
        };
        (unit(finest.x, self.x), unit(finest.y, self.y))
    }

    /// Coordinates of any longitude and latitude relative to the tile, in its units; outside of
    /// [0, EXTENT] beside the tile. Longitudes beyond ±180 continue past the antimeridian.
    pub(crate) fn unrolled(&self, lon: f64, lat: f64) -> (f64, f64) {
        let side = f64::from(2.0f32).powi(i32::from(self.z));
        let sin = lat.clamp(-85.051_128, 85.051_128).to_radians().sin();
        let x = (lon + 180.0) / 360.0 * side - f64::from(self.x);
        let y = (0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * PI)) * side - f64::from(self.y);
        let extent = f64::from(Self::EXTENT);
        (x * extent, y * extent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lie_in_their_tiles() {
        assert!(Tile::new(0, 1, 0).is_none() && Tile::new(23, 0, 0).is_none());
        let quebec = Position::new(-71.208, 46.8139).unwrap();
        for z in 0..=Tile::ZOOM_MAX {
            let GridCell { x, y, .. } = GridCell::of(quebec, z);
            let tile = Tile::new(z, x, y).unwrap();
            assert!(tile.bounds().contains(quebec));
            let (x, y) = tile.local(quebec);
            let (fx, fy) = tile.unrolled(quebec.lon(), quebec.lat());
            // The grid has 2^32 columns: of the deepest tiles, fewer than their units.
            let slack = 1.5 + f64::from(Tile::EXTENT) / 2f64.powi(32 - i32::from(z));
            let off = (f64::from(x) - fx).abs().max((f64::from(y) - fy).abs());
            assert!(off <= slack, "{z}: {off}");
            assert!((0..4096).contains(&x) && (0..4096).contains(&y));
        }
    }
}
