//! A tree of boxes over places that are already in the order of the map's Z curve.
//!
//! In that order the places of every square of the map are a stretch. A node holds the up to
//! [`FAN`] parts of a stretch: squares two levels down, neighbours put together while they fit in a
//! leaf. So boxes do not overlap, and a place of any crowd is found in a few steps. Nothing is
//! stored but the boxes and where their stretches begin: 2 to 3 bytes a place, where an R-tree of
//! pointers takes 76, and the coordinates of a leaf are read in a row. Boxes are degrees in `f32`,
//! rounded outwards, side by side: one loop without branches bounds the distance to all of a node.

use std::ops::Range;

use crate::index::access::grid::{GridBlock, GridTable};
use crate::place::{GRID_BITS, QueryPoint, morton};

/// Places in a leaf, unless they share the finest square of the grid.
pub const LEAF: usize = 64;
/// Boxes in a node.
const FAN: usize = 16;
/// Squares of a circle that are looked into one and all, however few places are wanted.
const FEW_SQUARES: u64 = 16;
/// In the place of a child's number: it is a leaf.
const NONE: u32 = u32::MAX;

/// Boxes side by side; those that are not there are empty and within no reach.
#[derive(Clone)]
struct Node {
    west: [f32; FAN],
    east: [f32; FAN],
    south: [f32; FAN],
    north: [f32; FAN],
    /// The least cosine of a latitude in the box, or less.
    cos: [f32; FAN],
    /// Where the stretch of each begins.
    first: [u32; FAN],
    /// The node of each, or [`NONE`].
    child: [u32; FAN],
    /// Where the last stretch ends.
    end: u32,
}

const EMPTY: Node = Node {
    west: [f32::INFINITY; FAN],
    east: [f32::NEG_INFINITY; FAN],
    south: [f32::INFINITY; FAN],
    north: [f32::NEG_INFINITY; FAN],
    cos: [0.0; FAN],
    first: [NONE; FAN],
    child: [NONE; FAN],
    end: 0,
};

/// The boxes above a sequence of places. The places themselves are the caller's.
#[derive(Default)]
pub struct PackedRTree {
    len: u32,
    /// The root is the last; none where all places are one leaf.
    nodes: Vec<Node>,
    squares: Option<GridTable>,
}

/// A point to measure from, in the boxes' numbers.
struct QueryPointF32 {
    lon: (f32, f32),
    lat: (f32, f32),
    cos: f32,
}

/// The largest `f32` not above `x`.
fn down(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) > x { near.next_down() } else { near }
}

/// The smallest `f32` not below `x`.
fn up(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) < x { near.next_up() } else { near }
}

/// Takes off more than all rounding of a bound can have added.
const SURELY: f32 = 1.0 - 1e-5;
/// Degrees taken off where a difference is taken the other way round the Earth, whose rounding is
/// that of a number near 360.
const TURN: f32 = 360.0 - 2e-4;
/// Half a degree's difference in radians.
const HALF: f32 = std::f32::consts::PI / 360.0;

impl QueryPointF32 {
    fn new(origin: &QueryPoint) -> Self {
        let (lon, lat) = (origin.lon(), origin.lat());
        let cos = (down(origin.cos_lat()) * SURELY).max(0.0);
        Self { lon: (down(lon), up(lon)), lat: (down(lat), up(lat)), cos }
    }
}

impl Node {
    fn set(&mut self, i: usize, [west, south, east, north]: [f32; 4]) {
        (self.west[i], self.south[i], self.east[i], self.north[i]) = (west, south, east, north);
        let farthest = f64::from(south.abs().max(north.abs()));
        self.cos[i] = (down(farthest.to_radians().cos()) * SURELY - 1e-6).max(0.0);
    }

    /// The stretch of places in box `i`.
    fn places(&self, i: usize) -> Range<u32> {
        let end = self.first.get(i + 1).copied().unwrap_or(NONE);
        self.first[i]..if end == NONE { self.end } else { end }
    }

    /// A haversine that no place in box `i` is nearer than. With Δφ and Δλ the least differences to
    /// the box, hav(d) = hav(φ₂-φ₁) + cos φ₁ cos φ₂ hav(λ₂-λ₁) ≥ hav(Δφ) + cos φ₁ · min cos φ₂ ·
    /// hav(Δλ); and sin x ≥ x - x³/6 for every x ≥ 0.
    #[inline]
    fn nearest(&self, query_point: &QueryPointF32) -> [f32; FAN] {
        let mut bounds = [0.0; FAN];
        for (i, bound) in bounds.iter_mut().enumerate() {
            let to_west = self.west[i] - query_point.lon.1;
            let to_east = query_point.lon.0 - self.east[i];
            let round = to_west.min(to_east) + TURN;
            let east = to_west.max(to_east).max(0.0).min(round.max(0.0));
            let north =
                (self.south[i] - query_point.lat.1).max(query_point.lat.0 - self.north[i]).max(0.0);
            let sine = |degrees: f32| {
                let x = degrees * HALF;
                x - x * x * x * (1.0 / 6.0)
            };
            let (s, t) = (sine(north), sine(east));
            *bound = (s * s + query_point.cos * self.cos[i] * t * t) * SURELY;
        }
        bounds
    }
}

type Edges = [f32; 4];

/// Builds a tree from the leaves up; `code` and `place` tell of each place its number on the curve
/// and its degrees, longitude first.
struct Builder<C, P> {
    code: C,
    place: P,
    nodes: Vec<Node>,
}

impl<C: Fn(u32) -> u64, P: Fn(u32) -> [f64; 2]> Builder<C, P> {
    /// The box of a stretch and its node, [`NONE`] for a leaf. `level` is that of a square of the
    /// map that holds the stretch.
    fn grow(&mut self, stretch: Range<u32>, level: u8) -> (Edges, u32) {
        let same = (self.code)(stretch.start) ^ (self.code)(stretch.end - 1);
        if stretch.len() <= LEAF || same == 0 {
            return (self.edges(stretch), NONE);
        }
        // The smallest square that holds them all; it parts two levels further down.
        let level = level.max((same.leading_zeros() / 2) as u8);
        let below = (level + 2).min(GRID_BITS);
        let mut node = EMPTY;
        let mut edges = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
        for (i, part) in self.parts(stretch.clone(), below).into_iter().enumerate() {
            node.first[i] = part.start;
            let (own, child) = self.grow(part, below);
            node.set(i, own);
            node.child[i] = child;
            for (side, pick) in [f32::min, f32::min, f32::max, f32::max].iter().enumerate() {
                edges[side] = pick(edges[side], own[side]);
            }
        }
        node.end = stretch.end;
        self.nodes.push(node);
        (edges, self.nodes.len() as u32 - 1)
    }

    /// The parts of a stretch: squares of `level`, neighbours together while they make one leaf.
    fn parts(&self, stretch: Range<u32>, level: u8) -> Vec<Range<u32>> {
        let shift = 2 * u32::from(GRID_BITS - level);
        let mut parts: Vec<Range<u32>> = Vec::with_capacity(FAN);
        let mut start = stretch.start;
        while start < stretch.end {
            let last = (self.code)(start) | 1u64.checked_shl(shift).unwrap_or(0).wrapping_sub(1);
            let end = first_behind(&self.code, last, start..stretch.end);
            match parts.last_mut() {
                Some(part) if (end - part.start) as usize <= LEAF => part.end = end,
                _ => parts.push(start..end),
            }
            start = end;
        }
        parts
    }

    fn edges(&self, stretch: Range<u32>) -> Edges {
        let mut edges = [f64::INFINITY, f64::INFINITY, -f64::INFINITY, -f64::INFINITY];
        for [lon, lat] in stretch.map(&self.place) {
            edges[0] = edges[0].min(lon);
            edges[1] = edges[1].min(lat);
            edges[2] = edges[2].max(lon);
            edges[3] = edges[3].max(lat);
        }
        [down(edges[0]), down(edges[1]), up(edges[2]), up(edges[3])]
    }
}

/// The first of these places whose code is greater, or their end.
pub fn first_behind(code: &impl Fn(u32) -> u64, limit: u64, places: Range<u32>) -> u32 {
    let (mut low, mut high) = (places.start, places.end);
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
    /// Boxes over `len` places in the order of the curve; `grid` gives the column and row of each,
    /// `place` its degrees, longitude first.
    pub fn build(
        len: usize,
        grid: impl Fn(u32) -> [u32; 2],
        place: impl Fn(u32) -> [f64; 2],
    ) -> Self {
        let len = len as u32;
        let squares = GridTable::build(len, &grid);
        let code = |i| {
            let [x, y] = grid(i);
            morton(x, y)
        };
        let mut builder = Builder { code, place, nodes: Vec::new() };
        if len > 0 {
            builder.grow(0..len, 0);
        }
        let mut nodes = builder.nodes;
        nodes.shrink_to_fit();
        Self { len, nodes, squares }
    }

    /// How many places.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Calls `leaf` with stretches of at most [`LEAF`] places, roughly the nearest first, until all
    /// that are left lie beyond `reach`, a haversine. `leaf` answers the reach from there on, never
    /// a longer one. `wanted` says how many places most likely bring the reach down to theirs;
    /// `grid` gives the column and row of each.
    pub fn near(
        &self,
        origin: &QueryPoint,
        wanted: usize,
        reach: &mut f32,
        grid: impl Fn(u32) -> [u32; 2],
        mut leaf: impl FnMut(Range<u32>) -> f32,
    ) {
        let Some(squares) = &self.squares else { return self.walk(origin, reach, &mut leaf) };
        let mut look = |block: &GridBlock, done: Option<&GridBlock>, reach: &mut f32| {
            squares.each(block, done, |places| shed(places, reach, &mut leaf));
        };
        let circle = squares.around(origin, *reach);
        let few = circle.as_ref().is_some_and(|block| block.count() <= FEW_SQUARES);
        let close = (!few && wanted <= self.len()).then(|| squares.close(origin, wanted)).flatten();
        if let Some((own, close)) = close {
            look(&own, None, reach);
            // Its own square may have brought the reach down already.
            let circle = squares.around(origin, *reach).filter(|block| close.holds(block));
            let close = circle.unwrap_or(close);
            look(&close, Some(&own), reach);
            match squares.around(origin, *reach) {
                Some(block) if close.holds(&block) => {}
                Some(block) => look(&block, Some(&close), reach),
                // Too few of them passed: the tree has the rest.
                None => self.walk(origin, reach, &mut |places: Range<u32>| {
                    let is_new = |place: &u32| !squares.has(&close, grid(*place));
                    let mut now = f32::INFINITY;
                    for place in places.filter(is_new) {
                        now = leaf(place..place + 1);
                    }
                    now
                }),
            }
        } else if let Some(block) = circle {
            look(&block, None, reach);
        } else {
            self.walk(origin, reach, &mut leaf);
        }
    }

    fn walk(&self, origin: &QueryPoint, reach: &mut f32, leaf: &mut impl FnMut(Range<u32>) -> f32) {
        match self.nodes.last() {
            None => shed(0..self.len, reach, leaf),
            Some(root) => self.descend(root, &QueryPointF32::new(origin), reach, leaf),
        }
    }

    fn descend(
        &self,
        node: &Node,
        query_point: &QueryPointF32,
        reach: &mut f32,
        leaf: &mut impl FnMut(Range<u32>) -> f32,
    ) {
        let bounds = node.nearest(query_point);
        let mut order = [(0.0, 0usize); FAN];
        let mut wanted = 0;
        for (i, bound) in bounds.into_iter().enumerate() {
            // An empty box bounds nothing and is within no reach.
            if bound <= *reach {
                let mut at = wanted;
                while at > 0 && order[at - 1].0 > bound {
                    order[at] = order[at - 1];
                    at -= 1;
                }
                order[at] = (bound, i);
                wanted += 1;
            }
        }
        for (bound, i) in &order[..wanted] {
            if *bound > *reach {
                return;
            }
            match self.nodes.get(node.child[*i] as usize) {
                Some(child) => self.descend(child, query_point, reach, leaf),
                None => shed(node.places(*i), reach, leaf),
            }
        }
    }
}

fn shed(places: Range<u32>, reach: &mut f32, leaf: &mut impl FnMut(Range<u32>) -> f32) {
    for first in places.clone().step_by(LEAF) {
        *reach = reach.min(leaf(first..places.end.min(first + LEAF as u32)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Position;

    /// Every box's bound against the true haversines of the places in it, around the Earth.
    #[test]
    fn no_place_is_nearer_than_its_box() {
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
            node.set(3, [down(west), down(south), up(east), up(north)]);
            let away = [0.0, 1e-4, 0.5, 170.0][round / 4 % 4];
            let x = (lon + random(-away, away) + 540.0).rem_euclid(360.0) - 180.0;
            let at = Position::new(x, (lat + random(-away, away)).clamp(-90.0, 90.0)).unwrap();
            let origin = QueryPoint::new(at);
            let bound = f64::from(node.nearest(&QueryPointF32::new(&origin))[3]);
            let least = places.iter().map(|(lon, lat)| origin.haversine(*lon, *lat));
            let least = least.reduce(f64::min).unwrap();
            assert!(bound <= least, "{bound} {least} {places:?} {at:?}");
            tight += usize::from(bound > least * 0.2);
        }
        assert!(tight > 500, "only {tight} bounds say anything");
    }

    #[test]
    fn empty_boxes_are_never_near() {
        let origin = QueryPoint::new(Position::new(0.0, 0.0).unwrap());
        let bounds = EMPTY.nearest(&QueryPointF32::new(&origin));
        assert!(bounds.iter().all(|bound| *bound > 1e9 || bound.is_nan()), "{bounds:?}");
    }
}
