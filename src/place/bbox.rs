//! Boxes of longitude and latitude. A box whose west is greater than its east crosses the
//! antimeridian (RFC 7946, section 5.2); only this file knows.

use crate::place::{OutOfRange, Position};

/// A box in degrees, edges included.
///
/// ```
/// use pointchaud::place::{BBox, Position};
///
/// let fiji = BBox::new(177.0, -19.0, -178.0, -16.0).unwrap();
/// assert!(fiji.contains(Position::new(180.0, -17.0).unwrap()));
/// assert_eq!(fiji.parts().len(), 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BBox {
    /// Western edge, in [-180, 180].
    pub west: f64,
    /// Southern edge, in [-90, 90].
    pub south: f64,
    /// Eastern edge, in [-180, 180]; less than `west` where the box crosses the antimeridian.
    pub east: f64,
    /// Northern edge, not below `south`.
    pub north: f64,
}

impl BBox {
    /// The whole Earth.
    pub const WORLD: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// Checks the four edges, in degrees. It does not refuse `south` above `north`: such a box
    /// holds no position.
    ///
    /// # Errors
    /// [`OutOfRange`] for the first edge that is not on the Earth.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, OutOfRange> {
        Position::new(west, south)?;
        Position::new(east, north)?;
        Ok(Self { west, south, east, north })
    }

    /// The box that holds this one and another, neither of which crosses the antimeridian.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// False where `south` is above `north`.
    pub(crate) fn is_upright(&self) -> bool {
        self.south <= self.north
    }

    /// The same area as boxes that do not cross the antimeridian. A box that ends at 180 gets a
    /// second part of no width at -180, which is the same meridian.
    pub fn parts(&self) -> Vec<BBox> {
        let mut parts = if self.west > self.east {
            vec![BBox { east: 180.0, ..*self }, BBox { west: -180.0, ..*self }]
        } else {
            vec![*self]
        };
        if parts.len() == 1 && self.east == 180.0 && self.west > -180.0 {
            parts.push(BBox { west: -180.0, east: -180.0, ..*self });
        }
        parts
    }

    /// Is the position inside or on an edge?
    pub fn contains(&self, position: Position) -> bool {
        let (lon, lat) = (position.lon(), position.lat());
        let within = |lon: f64| {
            if self.west > self.east {
                lon >= self.west || lon <= self.east
            } else {
                self.west <= lon && lon <= self.east
            }
        };
        self.south <= lat && lat <= self.north && (within(lon) || lon == -180.0 && within(180.0))
    }

    /// The box enlarged on every side by `share` of its size, cut off at the poles.
    pub(crate) fn grown(&self, share: f64) -> Self {
        let width = if self.west > self.east { 360.0 } else { 0.0 } + self.east - self.west;
        let (dx, dy) = (width * share, (self.north - self.south) * share);
        let south = (self.south - dy).max(-90.0);
        let north = (self.north + dy).min(90.0);
        if width + 2.0 * dx >= 360.0 {
            return Self { west: -180.0, south, east: 180.0, north };
        }
        let wrap = |lon: f64| (lon + 540.0).rem_euclid(360.0) - 180.0;
        Self { west: wrap(self.west - dx), south, east: wrap(self.east + dx), north }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crosses_the_antimeridian() {
        let fiji = BBox::new(177.0, -19.0, -178.0, -16.0).unwrap();
        let inside = |lon| fiji.contains(Position::new(lon, -17.0).unwrap());
        assert!(inside(179.0) && inside(-179.0) && inside(180.0) && inside(177.0));
        assert!(!inside(0.0) && !inside(-177.0));
        assert_eq!(fiji.parts().len(), 2);
    }

    #[test]
    fn the_eastern_edge_has_two_names() {
        let east = BBox::new(170.0, -10.0, 180.0, 10.0).unwrap();
        assert!(east.contains(Position::new(-180.0, 0.0).unwrap()));
        assert!(east.parts().iter().any(|part| part.contains(Position::new(180.0, 0.0).unwrap())));
    }

    #[test]
    fn grows_and_stays_on_the_earth() {
        let grown = BBox::new(-179.0, 80.0, -170.0, 89.0).unwrap().grown(0.5);
        assert_eq!(grown.north, 90.0);
        assert!(grown.west > 170.0 && grown.contains(Position::new(180.0, 85.0).unwrap()));
    }
}
