//! An R-tree of the boxes of areas: which areas may hold a position or touch a box.

use rstar::{AABB, RTree, RTreeObject};

use crate::place::{BBox, Position};

/// The box of one area; an area whose box crosses the antimeridian has two.
#[derive(Debug, Clone)]
struct AreaBox {
    envelope: AABB<[f64; 2]>,
    number: u32,
}

impl RTreeObject for AreaBox {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// An R-tree over the boxes of numbered areas. It answers which areas are candidates; whether one
/// really holds a position is for an exact test, such as [`Polygons::contains`].
///
/// Building takes O(n log n), a search O(log n) and the number of candidates.
///
/// ```
/// use pointchaud::place::{AreaIndex, BBox, Position};
///
/// let west = BBox::new(-71.4, 46.7, -71.2, 46.9).unwrap();
/// let east = BBox::new(-71.3, 46.7, -71.1, 46.9).unwrap();
/// let index = AreaIndex::new([west, east]);
/// assert_eq!(index.at(Position::new(-71.35, 46.8).unwrap()), [0]);
/// assert_eq!(index.at(Position::new(-71.25, 46.8).unwrap()), [0, 1]);
/// assert_eq!(index.touching(&east), [0, 1]);
/// ```
///
/// [`Polygons::contains`]: crate::place::Polygons::contains
#[derive(Debug, Clone)]
pub struct AreaIndex(RTree<AreaBox>);

impl AreaIndex {
    /// Indexes boxes; the number of an area is its place in `boxes`.
    pub fn new(boxes: impl IntoIterator<Item = BBox>) -> Self {
        let numbered = (0..).zip(boxes);
        let parts = numbered.flat_map(|(number, bbox)| {
            bbox.parts().into_iter().map(move |part| AreaBox { envelope: envelope(&part), number })
        });
        Self(RTree::bulk_load(parts.collect()))
    }

    /// Numbers of the areas whose box holds the position, ascending. Edges belong to a box.
    pub fn at(&self, at: Position) -> Vec<u32> {
        self.found(AABB::from_point([at.lon(), at.lat()]))
    }

    /// Numbers of the areas whose box touches `bbox`, ascending.
    pub fn touching(&self, bbox: &BBox) -> Vec<u32> {
        let mut numbers: Vec<u32> =
            bbox.parts().iter().flat_map(|part| self.found(envelope(part))).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn found(&self, envelope: AABB<[f64; 2]>) -> Vec<u32> {
        let found = self.0.locate_in_envelope_intersecting(envelope);
        let mut numbers: Vec<u32> = found.map(|area| area.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

fn envelope(part: &BBox) -> AABB<[f64; 2]> {
    AABB::from_corners([part.west, part.south], [part.east, part.north])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    /// Boxes of all sizes, some across the antimeridian, some touching a pole or ±180.
    fn boxes(rng: &mut SmallRng, count: usize) -> Vec<BBox> {
        let edge = |rng: &mut SmallRng, max: f64| match rng.random_range(0..8) {
            0 => max,
            1 => -max,
            _ => rng.random_range(-max..max).round(),
        };
        let one = |_| {
            let (a, b) = (edge(rng, 90.0), edge(rng, 90.0));
            BBox::new(edge(rng, 180.0), a.min(b), edge(rng, 180.0), a.max(b)).unwrap()
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn candidates_equal_a_scan_of_the_boxes() {
        let mut rng = SmallRng::seed_from_u64(311);
        let mut hits = 0;
        for count in [0, 1, 2, 300] {
            let all = boxes(&mut rng, count);
            let index = AreaIndex::new(all.iter().copied());
            for _ in 0..500 {
                let lon = [-180.0, 180.0, rng.random_range(-180.0f64..180.0).round()];
                let lat = [-90.0, 90.0, rng.random_range(-90.0f64..90.0).round()];
                let at = Position::new(lon[rng.random_range(0..3)], lat[rng.random_range(0..3)]);
                let at = at.unwrap();
                let scanned: Vec<u32> =
                    (0..).zip(&all).filter(|(_, bbox)| bbox.contains(at)).map(|(n, _)| n).collect();
                hits += scanned.len();
                assert_eq!(index.at(at), scanned, "{at:?}");
            }
        }
        assert!(hits > 10_000, "only {hits} boxes were hit");
    }
}
