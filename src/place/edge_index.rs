//! An R-tree of the edges of polygons: is a position inside, without looking at every edge?

use std::borrow::Cow;

use geo::kernels::{Kernel, Orientation};
use geo::{Coord, GeoNum, LineString, MultiPolygon, Polygon};
use rstar::{AABB, RTree, RTreeObject};

/// One edge of a ring. Only a ring whose corners are all equal has an edge of length zero.
#[derive(Debug, Clone)]
pub(super) struct IndexedEdge {
    pub start: Coord<f64>,
    pub end: Coord<f64>,
    /// Number of its ring, over all polygons.
    pub ring: u32,
    /// Its place in the ring, from 0.
    pub place: u32,
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

/// How often each ring winds around a position that lies on no edge, counter-clockwise turns
/// positive. Rings that do not wind around it are absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Windings(Vec<(u32, i32)>);

impl Windings {
    /// The winding number of one ring.
    pub fn of(&self, ring: u32) -> i32 {
        self.0.iter().find(|(known, _)| *known == ring).map_or(0, |(_, winding)| *winding)
    }

    /// The rings that wind around the position.
    pub fn rings(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|(_, winding)| *winding != 0).map(|(ring, _)| *ring)
    }

    /// The winding numbers of the other rings.
    pub fn without(self, ring: u32) -> Self {
        Self(self.0.into_iter().filter(|(known, _)| *known != ring).collect())
    }

    fn add(&mut self, ring: u32, winding: i32) {
        match self.0.iter_mut().find(|(known, _)| *known == ring) {
            Some((_, sum)) => *sum += winding,
            None => self.0.push((ring, winding)),
        }
    }
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
    /// Indexes every edge of closed rings. A corner that repeats the one before adds none.
    pub fn new(shape: &MultiPolygon<f64>) -> Self {
        let (mut edges, mut polygons) = (Vec::new(), Vec::new());
        let mut ring = 0;
        let mut east = f64::NEG_INFINITY;
        for polygon in shape {
            let first = ring;
            for line in rings(polygon) {
                add_edges(line, ring, &mut edges);
                east = line.coords().map(|corner| corner.x).fold(east, f64::max);
                ring += 1;
            }
            polygons.push((first, ring));
        }
        Self { edges: RTree::bulk_load(edges), polygons, east }
    }

    /// All edges, in no particular order.
    pub fn edges(&self) -> impl Iterator<Item = &IndexedEdge> {
        self.edges.iter()
    }

    /// The R-tree of the edges.
    pub fn tree(&self) -> &RTree<IndexedEdge> {
        &self.edges
    }

    /// For each polygon the number of its outer ring and the number after its last hole.
    pub fn polygons(&self) -> &[(u32, u32)] {
        &self.polygons
    }

    /// Is the coordinate inside a polygon or on an edge of one?
    pub fn contains(&self, at: Coord<f64>) -> bool {
        let (windings, on_edge) = self.locate(at);
        if on_edge.is_empty() {
            return self.holds(&windings);
        }
        let side = |ring: u32| match windings.of(ring) {
            _ if on_edge.contains(&ring) => Side::Edge,
            0 => Side::Outside,
            _ => Side::Inside,
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

    /// The winding numbers of all rings around a coordinate, and the rings on whose edge it lies;
    /// for those the winding number means nothing.
    pub fn locate(&self, at: Coord<f64>) -> (Windings, Vec<u32>) {
        let ray = AABB::from_corners([at.x, at.y], [self.east.max(at.x), at.y]);
        let mut windings = Windings::default();
        let mut on_edge: Vec<u32> = Vec::new();
        for edge in self.edges.locate_in_envelope_intersecting(ray) {
            match crossing(edge, at) {
                None => on_edge.push(edge.ring),
                Some(0) => {}
                Some(winding) => windings.add(edge.ring, winding),
            }
        }
        (windings, on_edge)
    }

    /// Is a coordinate with these winding numbers, which lies on no edge, inside a polygon?
    pub fn holds(&self, windings: &Windings) -> bool {
        windings.rings().any(|ring| {
            let (outer, end) = self.polygons[self.polygon_of(ring)];
            ring == outer && !windings.rings().any(|hole| (outer + 1..end).contains(&hole))
        })
    }

    /// The number of the polygon that a ring belongs to.
    pub fn polygon_of(&self, ring: u32) -> usize {
        self.polygons.partition_point(|(outer, _)| *outer <= ring) - 1
    }
}

fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

fn add_edges(line: &LineString<f64>, ring: u32, edges: &mut Vec<IndexedEdge>) {
    let first = edges.len();
    for edge in line.lines().filter(|edge| edge.start != edge.end) {
        let place = (edges.len() - first) as u32;
        edges.push(IndexedEdge { start: edge.start, end: edge.end, ring, place });
    }
    if edges.len() == first {
        let only = line.0.first();
        edges.extend(only.map(|at| IndexedEdge { start: *at, end: *at, ring, place: 0 }));
    }
}

/// On which side of the line from `a` to `b` is `c`?
pub(super) fn orientation(a: Coord<f64>, b: Coord<f64>, c: Coord<f64>) -> Orientation {
    <f64 as GeoNum>::Ker::orient2d(a, b, c)
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
    match orientation(*start, *end, at) {
        Orientation::Collinear if between => None,
        Orientation::CounterClockwise if upward && end.y != at.y => Some(1),
        Orientation::Clockwise if !upward => Some(-1),
        _ => Some(0),
    }
}

/// The winding numbers at `to`, where `known` are those at `from`, which lies on no edge. `edges`
/// holds every edge that the straight line between the two touches. `None` where the line passes
/// through a corner, along an edge or ends on one: then the crossings do not decide.
pub(super) fn moved<'a, 'b>(
    known: &'a Windings,
    (from, to): (Coord<f64>, Coord<f64>),
    edges: impl IntoIterator<Item = &'b IndexedEdge>,
) -> Option<Cow<'a, Windings>> {
    let mut windings = Cow::Borrowed(known);
    for edge in edges {
        let IndexedEdge { start, end, ring, .. } = edge;
        let apart = |a: f64, b: f64, c: f64, d: f64| a.max(b) < c.min(d) || c.max(d) < a.min(b);
        if apart(from.x, to.x, start.x, end.x) || apart(from.y, to.y, start.y, end.y) {
            continue;
        }
        let (before, after) = (orientation(*start, *end, from), orientation(*start, *end, to));
        if before == Orientation::Collinear || after == Orientation::Collinear {
            return None;
        }
        if before == after {
            continue;
        }
        let ends = (orientation(from, to, *start), orientation(from, to, *end));
        match ends {
            (Orientation::Collinear, _) | (_, Orientation::Collinear) => return None,
            (a, b) if a == b => {}
            // The inside of a counter-clockwise ring is to the left of its edges.
            _ if after == Orientation::CounterClockwise => windings.to_mut().add(*ring, 1),
            _ => windings.to_mut().add(*ring, -1),
        }
    }
    Some(windings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Intersects, Point};
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    /// A closed ring of whole-numbered corners: it may cross itself, repeat corners or have edges
    /// of length zero.
    fn ring(rng: &mut SmallRng, corners: usize) -> LineString<f64> {
        let corner = |_| (f64::from(rng.random_range(-6..=6)), f64::from(rng.random_range(-6..=6)));
        LineString::from((0..corners).map(corner).collect::<Vec<_>>())
    }

    fn shape(rng: &mut SmallRng) -> MultiPolygon<f64> {
        (0..rng.random_range(0..3))
            .map(|_| {
                let (outer, hole) = (rng.random_range(1..12), rng.random_range(1..6));
                let holes = (0..rng.random_range(0..3)).map(|_| ring(rng, hole)).collect();
                Polygon::new(ring(rng, outer), holes)
            })
            .collect()
    }

    #[test]
    fn equals_geo_on_random_rings_with_holes_and_crossings() {
        let mut rng = SmallRng::seed_from_u64(20_261_127);
        let (mut inside, mut tested) = (0, 0);
        for _ in 0..400 {
            let shape = shape(&mut rng);
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

    #[test]
    fn windings_along_a_line_equal_windings_at_its_end() {
        let mut rng = SmallRng::seed_from_u64(15);
        let (mut compared, mut undecided) = (0, 0);
        for _ in 0..300 {
            let index = EdgeIndex::new(&shape(&mut rng));
            for _ in 0..50 {
                // Half of the ends have whole coordinates, where corners and edges are.
                let mut end = || match rng.random_bool(0.5) {
                    true => f64::from(rng.random_range(-7..=7)),
                    false => rng.random_range(-7.0..7.0),
                };
                let (from, to) = (Coord { x: end(), y: end() }, Coord { x: end(), y: end() });
                let (known, on_edge) = index.locate(from);
                if !on_edge.is_empty() {
                    continue;
                }
                let Some(found) = moved(&known, (from, to), index.edges()) else {
                    undecided += 1;
                    continue;
                };
                let (wanted, on_edge) = index.locate(to);
                assert!(on_edge.is_empty(), "{to:?} is on an edge");
                assert!((0..12).all(|ring| found.of(ring) == wanted.of(ring)), "{from:?} {to:?}");
                assert_eq!(index.holds(&found), index.contains(to), "{from:?} {to:?}");
                compared += 1;
            }
        }
        assert!(compared > 3_000 && undecided > 100, "{compared} compared, {undecided} undecided");
    }
}
