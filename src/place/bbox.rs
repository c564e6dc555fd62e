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

/// The box of all these boxes, none of which crosses the antimeridian; `None` without any. Where it
/// would be wider than half of the Earth, and no box reaches from one hemisphere into the other but
/// across the antimeridian, it is the box across the antimeridian.
///
/// ```
/// use pointchaud::place::{BBox, narrowest};
///
/// let (west, east) = ((177.0, 179.0), (-179.5, -178.0));
/// let part = |(west, east)| BBox::new(west, -19.0, east, -16.0).unwrap();
/// let fiji = narrowest([part(west), part(east)]).unwrap();
/// assert_eq!((fiji.west, fiji.east), (177.0, -178.0));
/// let world = narrowest([part(west), part(east), part((-10.0, 10.0))]).unwrap();
/// assert_eq!((world.west, world.east), (-179.5, 179.0));
/// ```
pub fn narrowest(boxes: impl IntoIterator<Item = BBox>) -> Option<BBox> {
    let (mut all, mut east_side, mut west_side) = (None::<BBox>, None::<BBox>, None::<BBox>);
    let mut is_apart = true;
    for one in boxes {
        let add = |to: &mut Option<BBox>| *to = Some(to.map_or(one, |known| known.joined(&one)));
        add(&mut all);
        match (one.west >= 0.0, one.east <= 0.0) {
            (true, _) => add(&mut east_side),
            (_, true) => add(&mut west_side),
            _ => is_apart = false,
        }
    }
    let all = all?;
    match (east_side, west_side) {
        (Some(from), Some(to)) if is_apart && from.west - to.east > 180.0 => {
            Some(BBox { west: from.west, east: to.east, ..all })
        }
        _ => Some(all),
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
