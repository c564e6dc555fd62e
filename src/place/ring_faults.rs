//! Are the rings of polygons as GeoJSON and OGC Simple Features want them: simple lines around an
//! area that touch one another at points only, holes inside, polygons apart?

use geo::Coord;
use geo::kernels::Orientation;

use crate::place::edge_index::{EdgeIndex, IndexedEdge, Windings, orientation};

/// What is wrong with the rings of polygons, and where: longitude and latitude of a corner nearby.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RingFault {
    /// What is wrong.
    pub kind: RingFaultKind,
    /// Longitude and latitude in degrees.
    pub near: [f64; 2],
}

/// The kinds of [`RingFault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingFaultKind {
    /// A ring has fewer than three different corners.
    FewCorners,
    /// A ring crosses or touches itself, or runs back along its own line.
    SelfIntersection,
    /// Two rings cross.
    Crossing,
    /// Two rings share a line.
    SharedLine,
    /// A hole is not inside its polygon.
    HoleOutside,
    /// A hole is inside another hole, or a polygon inside another polygon.
    Overlap,
}

/// How two edges touch.
#[derive(Debug, Clone, Copy, PartialEq)]
enum EdgeContact {
    /// Each passes through the inner part of the other.
    Crossing,
    /// They share a line.
    Line,
    /// They share one point, which is a corner of one of them.
    Point(Coord<f64>),
}

/// Pairs of edges with overlapping boxes that are compared, at most. Outlines of areas have a few
/// for each corner; a star of 10,000 long rays has 50 million, which would take seconds.
const PAIRS_MAX: usize = 1_000_000;

/// There are too many pairs of edges with overlapping boxes to compare them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyPairs;

/// The first fault that is found; none where all rings are valid.
///
/// # Errors
/// More than [`PAIRS_MAX`] pairs of edges overlap.
pub(super) fn ring_fault(index: &EdgeIndex) -> Result<Option<RingFault>, TooManyPairs> {
    let rings = Rings::of(index);
    if let Some(fault) = rings.few_corners() {
        return Ok(Some(fault));
    }
    match rings.contact_fault()? {
        Some(fault) => Ok(Some(fault)),
        None => rings.nesting_fault(),
    }
}

/// The corners of all rings, by ring, without repetitions.
struct Rings<'a> {
    index: &'a EdgeIndex,
    corners: Vec<Vec<Coord<f64>>>,
}

impl<'a> Rings<'a> {
    fn of(index: &'a EdgeIndex) -> Self {
        let count = index.polygons().last().map_or(0, |(_, end)| *end);
        let mut corners = vec![Vec::new(); count as usize];
        for edge in index.edges() {
            corners[edge.ring as usize].push((edge.place, edge.start));
        }
        let in_order = |mut ring: Vec<(u32, Coord<f64>)>| {
            ring.sort_unstable_by_key(|(place, _)| *place);
            ring.into_iter().map(|(_, corner)| corner).collect()
        };
        Self { index, corners: corners.into_iter().map(in_order).collect() }
    }

    fn few_corners(&self) -> Option<RingFault> {
        let few = self.corners.iter().find(|ring| (1..3).contains(&ring.len()))?;
        Some(fault(RingFaultKind::FewCorners, few[0]))
    }

    /// A pair of edges that must not touch as they do.
    fn contact_fault(&self) -> Result<Option<RingFault>, TooManyPairs> {
        let tree = self.index.tree();
        let mut compared = 0;
        for (a, b) in tree.intersection_candidates_with_other_tree(tree) {
            // Each pair comes twice, and each edge with itself.
            if (a.ring, a.place) >= (b.ring, b.place) {
                continue;
            }
            compared += 1;
            if compared > PAIRS_MAX {
                return Err(TooManyPairs);
            }
            if let Some(found) = self.fault_of_pair(a, b) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn fault_of_pair(&self, a: &IndexedEdge, b: &IndexedEdge) -> Option<RingFault> {
        let contact = contact(a, b)?;
        let kind = match contact {
            _ if a.ring == b.ring => {
                let allowed = self.are_adjacent(a, b) && contact != EdgeContact::Line;
                (!allowed).then_some(RingFaultKind::SelfIntersection)
            }
            EdgeContact::Crossing => Some(RingFaultKind::Crossing),
            EdgeContact::Line => Some(RingFaultKind::SharedLine),
            EdgeContact::Point(at) => self.cross_at(a, b, at).then_some(RingFaultKind::Crossing),
        };
        let near = if let EdgeContact::Point(at) = contact { at } else { b.start };
        Some(fault(kind?, near))
    }

    fn are_adjacent(&self, a: &IndexedEdge, b: &IndexedEdge) -> bool {
        let edges = self.corners[a.ring as usize].len() as u32;
        (a.place + 1) % edges == b.place || (b.place + 1) % edges == a.place
    }

    /// Do two rings, which touch at a point of these edges, cross there?
    fn cross_at(&self, a: &IndexedEdge, b: &IndexedEdge, at: Coord<f64>) -> bool {
        let path = self.path_through(a, at);
        let [before, after] = self.path_through(b, at);
        let sides = (is_left(path, at, before), is_left(path, at, after));
        // Where a part of `b` runs along `a`, another pair of edges shares a line.
        matches!(sides, (Some(before), Some(after)) if before != after)
    }

    /// The corners before and after a point of an edge.
    fn path_through(&self, edge: &IndexedEdge, at: Coord<f64>) -> [Coord<f64>; 2] {
        let ring = &self.corners[edge.ring as usize];
        let corner = |place: usize| ring[place % ring.len()];
        let place = edge.place as usize;
        match at {
            _ if at == edge.start => [corner(place + ring.len() - 1), edge.end],
            _ if at == edge.end => [edge.start, corner(place + 2)],
            _ => [edge.start, edge.end],
        }
    }

    /// A hole outside of its polygon, or a ring inside another that must not be. The rings cross
    /// nowhere: each is inside another as a whole or not at all.
    fn nesting_fault(&self) -> Result<Option<RingFault>, TooManyPairs> {
        let mut compared = 0;
        for ring in 0..self.corners.len() as u32 {
            let Some((at, around)) = self.location(ring) else { continue };
            // Rings nested a thousand times in one another are compared pair by pair.
            let depth = around.rings().count();
            compared += depth * depth;
            if compared > PAIRS_MAX {
                return Err(TooManyPairs);
            }
            if let Some(found) = self.nesting_of(ring, at, &around) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What is wrong with the place of a ring, of which `around` wind around the point `at`.
    fn nesting_of(&self, ring: u32, at: Coord<f64>, around: &Windings) -> Option<RingFault> {
        let polygons = self.index.polygons();
        let holes_of = |polygon: usize| {
            let (outer, end) = polygons[polygon];
            outer + 1..end
        };
        let polygon_of = |ring: u32| self.index.polygon_of(ring);
        let own = polygon_of(ring);
        let outer = polygons[own].0;
        if ring != outer {
            let is_in_hole = around.rings().any(|other| holes_of(own).contains(&other));
            let kind = match (around.of(outer) != 0, is_in_hole) {
                (false, _) => RingFaultKind::HoleOutside,
                (true, true) => RingFaultKind::Overlap,
                (true, false) => return None,
            };
            return Some(fault(kind, at));
        }
        let overlaps = around.rings().any(|other| {
            let theirs = polygon_of(other);
            let is_outer = polygons[theirs].0 == other;
            let is_in_hole = || around.rings().any(|hole| holes_of(theirs).contains(&hole));
            is_outer && !is_in_hole()
        });
        overlaps.then(|| fault(RingFaultKind::Overlap, at))
    }

    /// A point of a ring on no other ring, and which rings wind around it. None of a ring that
    /// touches others at every corner and in the middle of every edge.
    fn location(&self, ring: u32) -> Option<(Coord<f64>, Windings)> {
        let corners = &self.corners[ring as usize];
        let next = corners.iter().cycle().skip(1);
        let middles = corners.iter().zip(next).map(|(a, b)| (*a + *b) / 2.0);
        corners.iter().copied().chain(middles).find_map(|at| {
            let (around, on_edge) = self.index.locate(at);
            let is_free = on_edge.iter().all(|other| *other == ring);
            is_free.then(|| (at, around.without(ring)))
        })
    }
}

fn fault(kind: RingFaultKind, near: Coord<f64>) -> RingFault {
    RingFault { kind, near: [near.x, near.y] }
}

/// How two edges of positive length touch; none where they do not.
fn contact(a: &IndexedEdge, b: &IndexedEdge) -> Option<EdgeContact> {
    let of_b = [b.start, b.end].map(|end| orientation(a.start, a.end, end));
    if of_b == [Orientation::Collinear; 2] {
        return contact_on_a_line(a, b);
    }
    let of_a = [a.start, a.end].map(|end| orientation(b.start, b.end, end));
    if of_a[0] == of_a[1] || of_b[0] == of_b[1] {
        return None;
    }
    let ends = [b.start, b.end, a.start, a.end].into_iter();
    let mut on_line = ends.zip(of_b.into_iter().chain(of_a));
    let end = on_line.find(|(_, side)| *side == Orientation::Collinear);
    Some(end.map_or(EdgeContact::Crossing, |(end, _)| EdgeContact::Point(end)))
}

/// How two edges on the same straight line touch.
fn contact_on_a_line(a: &IndexedEdge, b: &IndexedEdge) -> Option<EdgeContact> {
    let order = |one: &Coord<f64>, other: &Coord<f64>| {
        one.x.total_cmp(&other.x).then(one.y.total_cmp(&other.y))
    };
    let ends = |edge: &IndexedEdge| {
        let mut ends = [edge.start, edge.end];
        ends.sort_by(order);
        ends
    };
    let ([first, last], [their_first, their_last]) = (ends(a), ends(b));
    let from = std::cmp::max_by(first, their_first, order);
    let to = std::cmp::min_by(last, their_last, order);
    match order(&from, &to) {
        std::cmp::Ordering::Less => Some(EdgeContact::Line),
        std::cmp::Ordering::Equal => Some(EdgeContact::Point(from)),
        std::cmp::Ordering::Greater => None,
    }
}

/// Is `end`, seen from `at`, to the left of the path that comes from `path[0]` through `at` and
/// goes on to `path[1]`? None where it lies along the path.
fn is_left(path: [Coord<f64>; 2], at: Coord<f64>, end: Coord<f64>) -> Option<bool> {
    let [before, after] = path;
    let sides = [orientation(before, at, end), orientation(at, after, end)];
    let along = |side, corner: Coord<f64>| {
        let (own, other) = (corner - at, end - at);
        side == Orientation::Collinear && own.x * other.x + own.y * other.y > 0.0
    };
    if along(sides[0], before) || along(sides[1], after) {
        return None;
    }
    let [first, second] = sides.map(|side| side == Orientation::CounterClockwise);
    let turns_right = orientation(before, at, after) == Orientation::Clockwise;
    Some(if turns_right { first || second } else { first && second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, MultiPolygon, Polygon, Validation};
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    fn kind_of(polygons: &[&[&[(f64, f64)]]]) -> Option<RingFaultKind> {
        let line = |ring: &&[(f64, f64)]| LineString::from(ring.to_vec());
        let polygon = |rings: &&[&[(f64, f64)]]| {
            Polygon::new(line(&rings[0]), rings[1..].iter().map(line).collect())
        };
        let shape = MultiPolygon::new(polygons.iter().map(polygon).collect());
        ring_fault(&EdgeIndex::new(&shape)).unwrap().map(|fault| fault.kind)
    }

    #[test]
    fn a_star_and_a_thousand_nested_rings_are_not_compared_pair_by_pair() {
        let star = (0..9_999).map(|n| {
            let (angle, reach) = (f64::from(n) * 0.000_628, if n % 2 == 0 { 0.15 } else { 0.003 });
            (reach * angle.cos(), reach * angle.sin())
        });
        let star = Polygon::new(LineString::from_iter(star), vec![]);
        assert_eq!(ring_fault(&EdgeIndex::new(&star.into())), Err(TooManyPairs));
        // Squares one in the other: a polygon with a hole, in which there is a polygon with a hole.
        let square = |n: i32| {
            let (from, to) = (f64::from(n) * 0.001, 60.0 - f64::from(n) * 0.001);
            LineString::from(vec![(from, from), (to, from), (to, to), (from, to)])
        };
        let nested = |depth: i32| -> MultiPolygon<f64> {
            let at = |n: i32| Polygon::new(square(2 * n), vec![square(2 * n + 1)]);
            (0..depth).map(at).collect()
        };
        assert_eq!(ring_fault(&EdgeIndex::new(&nested(1_000))), Err(TooManyPairs));
        assert_eq!(ring_fault(&EdgeIndex::new(&nested(20))), Ok(None));
    }

    #[test]
    fn each_kind_of_fault_is_found() {
        let square: &[(f64, f64)] = &[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)];
        let inner: &[(f64, f64)] = &[(2.0, 2.0), (5.0, 2.0), (5.0, 5.0), (2.0, 5.0)];
        let innermost: &[(f64, f64)] = &[(3.0, 3.0), (4.0, 3.0), (4.0, 4.0)];
        let tip: &[(f64, f64)] = &[(0.0, 0.0), (4.0, 2.0), (2.0, 4.0)];
        let outside: &[(f64, f64)] = &[(20.0, 0.0), (22.0, 0.0), (21.0, 3.0)];
        let point: &[(f64, f64)] = &[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)];
        let line: &[(f64, f64)] = &[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)];
        let there_and_back: &[(f64, f64)] = &[(0.0, 0.0), (2.0, 2.0)];
        let bow_tie: &[(f64, f64)] = &[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)];
        let waist: &[(f64, f64)] =
            &[(0.0, 0.0), (2.0, 2.0), (4.0, 0.0), (4.0, 4.0), (2.0, 2.0), (0.0, 4.0)];
        let spike: &[(f64, f64)] = &[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (9.0, 4.0), (0.0, 4.0)];
        let across: &[(f64, f64)] = &[(5.0, 5.0), (12.0, 5.0), (12.0, 12.0), (5.0, 12.0)];
        // Passes through a corner of the square from the inside to the outside.
        let through: &[(f64, f64)] = &[(5.0, 5.0), (9.0, 9.0), (12.0, 20.0), (3.0, 20.0)];
        let beside: &[(f64, f64)] = &[(9.0, 2.0), (12.0, 2.0), (12.0, 5.0), (9.0, 5.0)];
        use RingFaultKind::*;
        for (wanted, polygons) in [
            (None, vec![vec![square]]),
            (None, vec![vec![square, inner], vec![innermost], vec![outside]]),
            (None, vec![vec![square, tip]]),
            (Some(FewCorners), vec![vec![point]]),
            (Some(FewCorners), vec![vec![there_and_back]]),
            (Some(SelfIntersection), vec![vec![line]]),
            (Some(SelfIntersection), vec![vec![bow_tie]]),
            (Some(SelfIntersection), vec![vec![waist]]),
            (Some(SelfIntersection), vec![vec![spike]]),
            (Some(Crossing), vec![vec![square], vec![across]]),
            (Some(Crossing), vec![vec![square, through]]),
            (Some(SharedLine), vec![vec![square], vec![beside]]),
            (Some(SharedLine), vec![vec![square], vec![square]]),
            (Some(SharedLine), vec![vec![square, inner], vec![inner]]),
            (Some(HoleOutside), vec![vec![square, outside]]),
            (Some(HoleOutside), vec![vec![inner, square]]),
            (Some(Overlap), vec![vec![square, inner, innermost]]),
            (Some(Overlap), vec![vec![square], vec![inner]]),
            (Some(Overlap), vec![vec![inner], vec![square]]),
        ] {
            let rings: Vec<&[&[(f64, f64)]]> = polygons.iter().map(Vec::as_slice).collect();
            assert_eq!(kind_of(&rings), wanted, "{polygons:?}");
        }
    }

    /// `geo` compares every pair of edges and relates every pair of rings. It accepts a ring that
    /// runs back along its own line; shapes with such a ring are left out.
    #[test]
    fn equals_geo_on_random_rings() {
        let mut rng = SmallRng::seed_from_u64(23);
        let ring = |rng: &mut SmallRng, reach: i32| {
            let (x, y) = (rng.random_range(0..12 - reach), rng.random_range(0..12 - reach));
            let corner = |rng: &mut SmallRng| {
                let mut at = || f64::from(rng.random_range(0..=reach));
                (f64::from(x) + at(), f64::from(y) + at())
            };
            let far = f64::from(reach);
            let (west, south) = (f64::from(x), f64::from(y));
            let corners = match rng.random_range(0..3) {
                0 => vec![
                    (west, south),
                    (west + far, south),
                    (west + far, south + far),
                    (west, south + far),
                ],
                1 => (0..3).map(|_| corner(rng)).collect(),
                _ => (0..4).map(|_| corner(rng)).collect::<Vec<_>>(),
            };
            LineString::from(corners)
        };
        let (mut valid, mut invalid) = (0, 0);
        for _ in 0..4_000 {
            let shape: MultiPolygon<f64> = (0..rng.random_range(1..3))
                .map(|_| {
                    let outer = rng.random_range(3..10);
                    let holes = (0..rng.random_range(0..3)).map(|_| {
                        let reach = rng.random_range(1..4);
                        ring(&mut rng, reach)
                    });
                    let holes = holes.collect();
                    Polygon::new(ring(&mut rng, outer), holes)
                })
                .collect();
            let runs_back = |ring: &LineString<f64>| {
                let alone = Polygon::new(ring.clone(), vec![]);
                alone.is_valid() && ring_fault(&EdgeIndex::new(&alone.into())).unwrap().is_some()
            };
            let mut rings =
                shape.iter().flat_map(|one| std::iter::once(one.exterior()).chain(one.interiors()));
            if rings.any(runs_back) {
                continue;
            }
            let ours = ring_fault(&EdgeIndex::new(&shape)).unwrap();
            let theirs = shape.validation_errors();
            assert_eq!(ours.is_none(), theirs.is_empty(), "{ours:?} {theirs:?} of {shape:?}");
            valid += usize::from(ours.is_none());
            invalid += usize::from(ours.is_some());
        }
        assert!(valid > 300 && invalid > 300, "{valid} valid, {invalid} invalid");
    }
}
