//! An R-tree of the edges of polygons: is a position inside, without looking at every edge?

use geo::kernels::{Kernel, Orientation};
use geo::{Coord, GeoNum, MultiPolygon, Polygon};
use rstar::{AABB, RTree, RTreeObject};

/// One edge of a ring.
#[derive(Debug, Clone)]
struct IndexedEdge {
    start: Coord<f64>,
    end: Coord<f64>,
    /// Number of its ring, over all polygons.
    ring: u32,
}

impl RTreeObject for IndexedEdge {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.start.x, self.start.y], [self.end.x, self.end.y])
    }
}

/// Where a position lies relative to one ring.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Outside,
    Inside,
    Edge,
}

/// The edges of polygons in an R-tree. A search follows a ray to the east and looks only at the
/// edges that the ray may cross, with robust orientation tests (Shewchuk 1997, crate `robust`):
/// O(log n) and the number of crossings. The result equals that of `geo`'s test, which looks at
/// every edge: the nonzero winding rule for each ring, a polygon's holes taken away, edges inside.
#[derive(Debug, Clone)]
pub(super) struct EdgeIndex {
    edges: RTree<IndexedEdge>,
    /// For each polygon the number of its outer ring and the number after its last hole.
    polygons: Vec<(u32, u32)>,
    east: f64,
}

impl EdgeIndex {
    /// Indexes every edge of closed rings.
    pub(super) fn new(shape: &MultiPolygon<f64>) -> Self {
        let (mut edges, mut polygons) = (Vec::new(), Vec::new());
        let mut ring = 0;
        let mut east = f64::NEG_INFINITY;
        for polygon in shape {
            let first = ring;
            for line in rings(polygon) {
                edges.extend(line.lines().map(|edge| IndexedEdge {
                    start: edge.start,
                    end: edge.end,
                    ring,
                }));
                if let [only] = line.0.as_slice() {
                    edges.push(IndexedEdge { start: *only, end: *only, ring });
                }
                east = line.coords().map(|corner| corner.x).fold(east, f64::max);
                ring += 1;
            }
            polygons.push((first, ring));
        }
        Self { edges: RTree::bulk_load(edges), polygons, east }
    }

    /// Is the coordinate inside a polygon or on an edge of one?
    pub(super) fn contains(&self, at: Coord<f64>) -> bool {
        let ray = AABB::from_corners([at.x, at.y], [self.east.max(at.x), at.y]);
        let mut windings: Vec<(u32, i32)> = Vec::new();
        let mut on_edge: Vec<u32> = Vec::new();
        for edge in self.edges.locate_in_envelope_intersecting(ray) {
            match crossing(edge, at) {
                None => on_edge.push(edge.ring),
                Some(0) => {}
                Some(winding) => match windings.iter_mut().find(|(ring, _)| *ring == edge.ring) {
                    Some((_, sum)) => *sum += winding,
                    None => windings.push((edge.ring, winding)),
                },
            }
        }
        if windings.is_empty() && on_edge.is_empty() {
            return false;
        }
        let side = |ring: u32| {
            let winding = windings.iter().find(|(known, _)| *known == ring);
            match winding {
                _ if on_edge.contains(&ring) => Side::Edge,
                Some((_, sum)) if *sum != 0 => Side::Inside,
                _ => Side::Outside,
            }
        };
        self.polygons.iter().any(|&(outer, end)| match side(outer) {
            Side::Outside => false,
            Side::Edge => true,
            Side::Inside => {
                let hole = (outer + 1..end).map(side).find(|side| *side != Side::Outside);
                hole != Some(Side::Inside)
            }
        })
    }
}

fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &geo::LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// What an edge adds to the winding number around `at`: 1 where it crosses the ray upwards, -1
/// downwards, 0 where it does not cross; `None` where `at` lies on the edge. An upward edge
/// includes its start, a downward edge its end, a horizontal edge crosses nothing.
fn crossing(edge: &IndexedEdge, at: Coord<f64>) -> Option<i32> {
    let IndexedEdge { start, end, .. } = edge;
    let upward = start.y <= at.y;
    if upward && end.y < at.y || !upward && end.y > at.y {
        return Some(0);
    }
    let between = start.x.min(end.x) <= at.x && at.x <= start.x.max(end.x);
    match <f64 as GeoNum>::Ker::orient2d(*start, *end, at) {
        Orientation::Collinear if between => None,
        Orientation::CounterClockwise if upward && end.y != at.y => Some(1),
        Orientation::Clockwise if !upward => Some(-1),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Intersects, LineString, Point};
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    /// A closed ring of whole-numbered corners: it may cross itself, repeat corners or have edges
    /// of length zero.
    fn ring(rng: &mut SmallRng, corners: usize) -> LineString<f64> {
        let corner = |_| (f64::from(rng.random_range(-6..=6)), f64::from(rng.random_range(-6..=6)));
        LineString::from((0..corners).map(corner).collect::<Vec<_>>())
    }

    #[test]
    fn equals_geo_on_random_rings_with_holes_and_crossings() {
        let mut rng = SmallRng::seed_from_u64(20_261_127);
        let (mut inside, mut tested) = (0, 0);
        for _ in 0..400 {
            let shape: MultiPolygon<f64> = (0..rng.random_range(0..3))
                .map(|_| {
                    let (outer, hole) = (rng.random_range(1..12), rng.random_range(1..6));
                    let holes = (0..rng.random_range(0..3)).map(|_| ring(&mut rng, hole));
                    let holes = holes.collect();
                    Polygon::new(ring(&mut rng, outer), holes)
                })
                .collect();
            let index = EdgeIndex::new(&shape);
            for x in -14..=14 {
                for y in -14..=14 {
                    let at = Coord { x: f64::from(x) / 2.0, y: f64::from(y) / 2.0 };
                    let scanned = shape.intersects(&Point::from(at));
                    assert_eq!(index.contains(at), scanned, "{at:?} {shape:?}");
                    (inside, tested) = (inside + usize::from(scanned), tested + 1);
                }
            }
        }
        assert!(inside * 10 > tested && inside < tested, "{inside} of {tested} inside");
    }
}
