//! A packed R-tree over points that are already sorted in Z order (Morton order).
//!
//! In Z order the points of every quadtree square are one contiguous range. A node covers such a
//! range and has up to [`FAN_OUT`] children: the squares two levels further down, adjacent ones
//! joined while they fit in one leaf. So sibling boxes do not overlap. The tree stores the boxes
//! and where each range begins, 2 to 3 bytes a point; the points stay in the columns and those of a
//! leaf are contiguous. Boxes are in degrees, as `f32` rounded outwards, in structure-of-arrays
//! layout: one loop without branches bounds the distance to all boxes of a node.
//!
//! Packing an R-tree along a space-filling curve is Kamel and Faloutsos, *On Packing R-trees*
//! (1993); a pointer-based R-tree takes about 76 bytes a point.

use std::ops::Range;

use crate::index::access::grid::{GridBlock, GridTable};
use crate::place::{DistanceKey, GRID_BITS, QueryPoint, morton};

/// Most points in a leaf; more only where they share one cell of the finest grid.
pub const LEAF_POINTS: usize = 64;
/// Children of a node.
const FAN_OUT: usize = 16;
/// A circle that covers at most this many grid cells is searched whole, without a first guess of
/// the distance of the last neighbour.
const SMALL_BLOCK_CELLS: u64 = 16;
/// The child number that marks a leaf.
const LEAF: u32 = u32::MAX;

/// Boxes in structure-of-arrays layout. Unused entries hold an empty box, which no query reaches.
#[derive(Clone)]
struct RTreeNode {
    west: [f32; FAN_OUT],
    east: [f32; FAN_OUT],
    south: [f32; FAN_OUT],
    north: [f32; FAN_OUT],
    /// A lower bound of the cosine of every latitude in the box.
    cos: [f32; FAN_OUT],
    /// The first point of each child.
    first: [u32; FAN_OUT],
    /// The node of each child, or [`LEAF`].
    child: [u32; FAN_OUT],
    /// The end of the last child's points.
    end: u32,
}

const EMPTY: RTreeNode = RTreeNode {
    west: [f32::INFINITY; FAN_OUT],
    east: [f32::NEG_INFINITY; FAN_OUT],
    south: [f32::INFINITY; FAN_OUT],
    north: [f32::NEG_INFINITY; FAN_OUT],
    cos: [0.0; FAN_OUT],
    first: [NO_POINT; FAN_OUT],
    child: [LEAF; FAN_OUT],
    end: 0,
};

/// The first point of a child that does not exist.
const NO_POINT: u32 = u32::MAX;

/// The tree. Points are numbered in Z order; their coordinates stay with the caller.
#[derive(Default)]
pub struct PackedRTree {
    len: u32,
    /// Children before parents, the root last; empty where all points fit in one leaf.
    nodes: Vec<RTreeNode>,
    /// A shortcut to dense neighbourhoods, where points are dense enough for one.
    grid: Option<GridTable>,
}

/// A query point as `f32` intervals: each coordinate lies between the two numbers.
struct PointInterval {
    lon: (f32, f32),
    lat: (f32, f32),
    /// A lower bound of the cosine of the latitude.
    cos: f32,
}

/// The largest `f32` not above `x`.
fn round_down(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) > x { nearest.next_down() } else { nearest }
}

/// The smallest `f32` not below `x`.
fn round_up(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) < x { nearest.next_up() } else { nearest }
}

/// Factor that lowers a bound by more than all rounding can have raised it.
const ROUNDING: f32 = 1.0 - 1e-5;
/// A full turn in degrees, lowered by the rounding error of a difference near 360.
const TURN: f32 = 360.0 - 2e-4;
/// From a difference in degrees to half of it in radians.
const HALF_RADIANS: f32 = std::f32::consts::PI / 360.0;

impl PointInterval {
    fn new(origin: &QueryPoint) -> Self {
        let (lon, lat) = (origin.lon(), origin.lat());
        let cos = (round_down(origin.cos_lat()) * ROUNDING).max(0.0);
        let lon = (round_down(lon), round_up(lon));
        Self { lon, lat: (round_down(lat), round_up(lat)), cos }
    }
}

impl RTreeNode {
    fn set_box(&mut self, i: usize, [west, south, east, north]: [f32; 4]) {
        (self.west[i], self.south[i], self.east[i], self.north[i]) = (west, south, east, north);
        let farthest = f64::from(south.abs().max(north.abs()));
        self.cos[i] = (round_down(farthest.to_radians().cos()) * ROUNDING - 1e-6).max(0.0);
    }

    /// The points of child `i`.
    fn points(&self, i: usize) -> Range<u32> {
        let end = self.first.get(i + 1).copied().unwrap_or(NO_POINT);
        self.first[i]..if end == NO_POINT { self.end } else { end }
    }

    /// The children that exist.
    fn children(&self) -> impl Iterator<Item = usize> {
        (0..FAN_OUT).filter(|i| self.first[*i] != NO_POINT)
    }

    /// West, south, east and north of child `i`, in degrees.
    fn edges(&self, i: usize) -> [f64; 4] {
        [self.west[i], self.south[i], self.east[i], self.north[i]].map(f64::from)
    }

    /// For each child a lower bound of the haversine to every point in its box.
    ///
    /// With Δφ and Δλ the least differences to the box, hav(d) = hav(φ₂-φ₁) + cos φ₁ cos φ₂
    /// hav(λ₂-λ₁) ≥ hav(Δφ) + cos φ₁ · min cos φ₂ · hav(Δλ), and sin x ≥ x - x³/6 for x ≥ 0.
    #[inline]
    fn min_haversines(&self, origin: &PointInterval) -> [f32; FAN_OUT] {
        let mut bounds = [0.0; FAN_OUT];
        for (i, bound) in bounds.iter_mut().enumerate() {
            let to_west = self.west[i] - origin.lon.1;
            let to_east = origin.lon.0 - self.east[i];
            let round = to_west.min(to_east) + TURN;
            let east = to_west.max(to_east).max(0.0).min(round.max(0.0));
            let north = (self.south[i] - origin.lat.1).max(origin.lat.0 - self.north[i]).max(0.0);
            let sine = |degrees: f32| {
                let x = degrees * HALF_RADIANS;
                x - x * x * x * (1.0 / 6.0)
            };
            let (s, t) = (sine(north), sine(east));
            *bound = (s * s + origin.cos * self.cos[i] * t * t) * ROUNDING;
        }
        bounds
    }
}

/// West, south, east, north.
type Edges = [f32; 4];

/// Builds the tree from the leaves up. `code` returns the Morton code of a point, `degrees` its
/// longitude and latitude.
struct Builder<C, P> {
    code: C,
    degrees: P,
    nodes: Vec<RTreeNode>,
}

impl<C: Fn(u32) -> u64, P: Fn(u32) -> [f64; 2]> Builder<C, P> {
    /// Builds the subtree over a range of points, which lie in one grid square of `level`. Returns
    /// its box and its node, [`LEAF`] for a leaf.
    fn build_subtree(&mut self, points: Range<u32>, level: u8) -> (Edges, u32) {
        let same = (self.code)(points.start) ^ (self.code)(points.end - 1);
        if points.len() <= LEAF_POINTS || same == 0 {
            return (self.bounds(points), LEAF);
        }
        // The level of the smallest square that holds all points; children are two levels below.
        let level = level.max((same.leading_zeros() / 2) as u8);
        let below = (level + 2).min(GRID_BITS);
        let mut node = EMPTY;
        let mut edges = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
        for (i, child_points) in self.split(points.clone(), below).into_iter().enumerate() {
            node.first[i] = child_points.start;
            let (own, child) = self.build_subtree(child_points, below);
            node.set_box(i, own);
            node.child[i] = child;
            for (side, pick) in [f32::min, f32::min, f32::max, f32::max].iter().enumerate() {
                edges[side] = pick(edges[side], own[side]);
            }
        }
        node.end = points.end;
        self.nodes.push(node);
        (edges, self.nodes.len() as u32 - 1)
    }

    /// Splits a range at the borders of the squares of `level`; adjacent squares stay together
    /// while they fit in one leaf.
    fn split(&self, points: Range<u32>, level: u8) -> Vec<Range<u32>> {
        let shift = 2 * u32::from(GRID_BITS - level);
        let mut children: Vec<Range<u32>> = Vec::with_capacity(FAN_OUT);
        let mut start = points.start;
        while start < points.end {
            let last = (self.code)(start) | 1u64.checked_shl(shift).unwrap_or(0).wrapping_sub(1);
            let end = upper_bound(&self.code, last, start..points.end);
            match children.last_mut() {
                Some(child) if (end - child.start) as usize <= LEAF_POINTS => child.end = end,
                _ => children.push(start..end),
            }
            start = end;
        }
        children
    }

    fn bounds(&self, points: Range<u32>) -> Edges {
        let mut edges = [f64::INFINITY, f64::INFINITY, -f64::INFINITY, -f64::INFINITY];
        for [lon, lat] in points.map(&self.degrees) {
            edges[0] = edges[0].min(lon);
            edges[1] = edges[1].min(lat);
            edges[2] = edges[2].max(lon);
            edges[3] = edges[3].max(lat);
        }
        [round_down(edges[0]), round_down(edges[1]), round_up(edges[2]), round_up(edges[3])]
    }
}

/// The first of these points whose code is greater than `limit`, or their end: a binary search.
pub fn upper_bound(code: &impl Fn(u32) -> u64, limit: u64, points: Range<u32>) -> u32 {
    let (mut low, mut high) = (points.start, points.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if code(middle) <= limit {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl PackedRTree {
    /// Builds the tree over `len` points in Z order. `grid` returns the column and row of a point
    /// in the finest grid, `degrees` its longitude and latitude.
    ///
    /// Takes O(n log n) time in the worst case.
    pub fn build(
        len: usize,
        grid: impl Fn(u32) -> [u32; 2],
        degrees: impl Fn(u32) -> [f64; 2],
    ) -> Self {
        let len = len as u32;
        let table = GridTable::build(len, &grid);
        let code = |i| {
            let [x, y] = grid(i);
            morton(x, y)
        };
        let mut builder = Builder { code, degrees, nodes: Vec::new() };
        if len > 0 {
            builder.build_subtree(0..len, 0);
        }
        let mut nodes = builder.nodes;
        nodes.shrink_to_fit();
        Self { len, nodes, grid: table }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Calls `leaf` with ranges of at most [`LEAF_POINTS`] points, roughly in ascending distance
    /// from `origin`, until all remaining points are farther than `max_haversine`. `leaf` returns
    /// the new `max_haversine`, which never grows. Every point within the final `max_haversine` has
    /// been passed once, and some farther ones.
    ///
    /// `wanted` is the number of candidates expected before `max_haversine` converges; it only
    /// affects speed. `grid` returns the column and row of a point in the finest grid.
    pub fn search(
        &self,
        origin: &QueryPoint,
        wanted: usize,
        max_haversine: &mut f32,
        grid: impl Fn(u32) -> [u32; 2],
        mut leaf: impl FnMut(Range<u32>) -> f32,
    ) {
        let Some(table) = &self.grid else {
            return self.search_tree(origin, max_haversine, &mut leaf);
        };
        let mut scan = |block: &GridBlock, except: Option<&GridBlock>, max_haversine: &mut f32| {
            table
                .each_range(block, except, |points| visit_leaves(points, max_haversine, &mut leaf));
        };
        let circle = table.block_around(origin, *max_haversine);
        let is_small = circle.as_ref().is_some_and(|block| block.count() <= SMALL_BLOCK_CELLS);
        let guess =
            (!is_small && wanted <= self.len()).then(|| table.block_with(origin, wanted)).flatten();
        if let Some((own, guess)) = guess {
            scan(&own, None, max_haversine);
            // The points of its own cell may have lowered the bound already.
            let circle = table.block_around(origin, *max_haversine);
            let circle = circle.filter(|block| guess.contains(block));
            let guess = circle.unwrap_or(guess);
            scan(&guess, Some(&own), max_haversine);
            match table.block_around(origin, *max_haversine) {
                Some(block) if guess.contains(&block) => {}
                Some(block) => scan(&block, Some(&guess), max_haversine),
                // Too few candidates were accepted: the tree finds the remaining ones.
                None => self.search_tree(origin, max_haversine, &mut |points: Range<u32>| {
                    let is_new = |point: &u32| !table.is_in_block(&guess, grid(*point));
                    let mut bound = f32::INFINITY;
                    for point in points.filter(is_new) {
                        bound = leaf(point..point + 1);
                    }
                    bound
                }),
            }
        } else if let Some(block) = circle {
            scan(&block, None, max_haversine);
        } else {
            self.search_tree(origin, max_haversine, &mut leaf);
        }
    }

    /// Calls `leaf` with ranges of points, roughly in ascending distance from `origin`, until all
    /// remaining points are farther than `max`; `leaf` returns the new `max`, which never grows.
    /// Slower than [`search`](Self::search) for near points, but its bounds are as good at any
    /// distance: it reads few points also from another continent and from the antipode.
    pub fn search_far(
        &self,
        origin: &QueryPoint,
        max: &mut DistanceKey,
        leaf: &mut impl FnMut(Range<u32>) -> DistanceKey,
    ) {
        match self.nodes.last() {
            None if self.len == 0 => {}
            None => *max = leaf(0..self.len),
            Some(root) => self.descend_far(root, origin, max, leaf),
        }
    }

    /// Depth-first search, nearest child first.
    fn descend_far(
        &self,
        node: &RTreeNode,
        origin: &QueryPoint,
        max: &mut DistanceKey,
        leaf: &mut impl FnMut(Range<u32>) -> DistanceKey,
    ) {
        let bound = |i: usize| (origin.key_bounds(node.edges(i)).0, i);
        let mut order: Vec<(DistanceKey, usize)> = node.children().map(bound).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for (bound, i) in order {
            if bound > *max {
                return;
            }
            match self.nodes.get(node.child[i] as usize) {
                Some(child) => self.descend_far(child, origin, max, leaf),
                None => *max = leaf(node.points(i)),
            }
        }
    }

    /// Are all points known to be within this distance of `origin`? False where it is not known.
    pub fn is_within(&self, origin: &QueryPoint, distance: DistanceKey) -> bool {
        let is_near = |root: &RTreeNode| {
            root.children().all(|i| origin.key_bounds(root.edges(i)).1 <= distance)
        };
        self.len == 0 || self.nodes.last().is_some_and(is_near)
    }

    fn search_tree(
        &self,
        origin: &QueryPoint,
        max_haversine: &mut f32,
        leaf: &mut impl FnMut(Range<u32>) -> f32,
    ) {
        match self.nodes.last() {
            None => visit_leaves(0..self.len, max_haversine, leaf),
            Some(root) => self.descend(root, &PointInterval::new(origin), max_haversine, leaf),
        }
    }

    /// Depth-first search, nearest child first.
    fn descend(
        &self,
        node: &RTreeNode,
        origin: &PointInterval,
        max_haversine: &mut f32,
        leaf: &mut impl FnMut(Range<u32>) -> f32,
    ) {
        let bounds = node.min_haversines(origin);
        let mut order = [(0.0, 0usize); FAN_OUT];
        let mut count = 0;
        for (i, bound) in bounds.into_iter().enumerate() {
            // The bound of an unused entry is infinite or NaN, so the comparison is false.
            if bound <= *max_haversine {
                let mut at = count;
                while at > 0 && order[at - 1].0 > bound {
                    order[at] = order[at - 1];
                    at -= 1;
                }
                order[at] = (bound, i);
                count += 1;
            }
        }
        for (bound, i) in &order[..count] {
            if *bound > *max_haversine {
                return;
            }
            match self.nodes.get(node.child[*i] as usize) {
                Some(child) => self.descend(child, origin, max_haversine, leaf),
                None => visit_leaves(node.points(*i), max_haversine, leaf),
            }
        }
    }
}

/// Calls `leaf` with the points in ranges of [`LEAF_POINTS`].
fn visit_leaves(
    points: Range<u32>,
    max_haversine: &mut f32,
    leaf: &mut impl FnMut(Range<u32>) -> f32,
) {
    for first in points.clone().step_by(LEAF_POINTS) {
        let range = first..points.end.min(first + LEAF_POINTS as u32);
        *max_haversine = max_haversine.min(leaf(range));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Position;

    /// Compares bounds with the exact haversines of points in the box, all over the Earth.
    #[test]
    fn no_point_is_nearer_than_the_bound_of_its_box() {
        let mut state = 7u64;
        let mut random = |low: f64, high: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            low + (high - low) * ((state >> 33) as f64 / f64::from(1u32 << 31))
        };
        let mut tight = 0;
        for round in 0..4_000 {
            let spread = [1e-5, 0.01, 3.0, 120.0][round % 4];
            let (lon, lat) = (random(-180.0, 180.0), random(-90.0, 90.0));
            let places: Vec<(f64, f64)> = (0..8)
                .map(|_| {
                    let x = (lon + random(-spread, spread)).clamp(-180.0, 179.999_999);
                    (x, (lat + random(-spread, spread)).clamp(-90.0, 90.0))
                })
                .collect();
            let edge = |pick: fn(f64, f64) -> f64, of: fn(&(f64, f64)) -> f64| {
                places.iter().map(of).reduce(pick).unwrap()
            };
            let mut node = EMPTY;
            let (west, east) = (edge(f64::min, |p| p.0), edge(f64::max, |p| p.0));
            let (south, north) = (edge(f64::min, |p| p.1), edge(f64::max, |p| p.1));
            node.set_box(3, [round_down(west), round_down(south), round_up(east), round_up(north)]);
            let away = [0.0, 1e-4, 0.5, 170.0][round / 4 % 4];
            let x = (lon + random(-away, away) + 540.0).rem_euclid(360.0) - 180.0;
            let at = Position::new(x, (lat + random(-away, away)).clamp(-90.0, 90.0)).unwrap();
            let origin = QueryPoint::new(at);
            let bound = f64::from(node.min_haversines(&PointInterval::new(&origin))[3]);
            let least = places.iter().map(|(lon, lat)| origin.haversine(*lon, *lat));
            let least = least.reduce(f64::min).unwrap();
            assert!(bound <= least, "{bound} {least} {places:?} {at:?}");
            tight += usize::from(bound > least * 0.2);
        }
        assert!(tight > 500, "only {tight} bounds are tight");
    }

    #[test]
    fn empty_boxes_are_never_reached() {
        let origin = QueryPoint::new(Position::new(0.0, 0.0).unwrap());
        let bounds = EMPTY.min_haversines(&PointInterval::new(&origin));
        assert!(bounds.iter().all(|bound| *bound > 1e9 || bound.is_nan()), "{bounds:?}");
    }
}
