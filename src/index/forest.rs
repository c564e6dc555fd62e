//! A forest of R-trees: one per service, open or closed, exact or approximate. Proximity questions
//! almost always name a service and want what is open, so every filter on these costs nothing.
//!
//! Leaves are unit vectors: squared chord length orders exactly as great-circle distance, so no
//! tree knows of antimeridian, poles or degrees. Radii cross this file's border in metres.

use std::collections::BinaryHeap;

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use super::columns::Columns;
use crate::place::{Meters, Position, chord2};
use crate::report::{Accuracy, Status};

/// Which tree: (service number, closed, approximate).
pub type Kind = (u16, bool, bool);

struct Leaf {
    vector: [f64; 3],
    slot: u32,
}

impl RTreeObject for Leaf {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.vector)
    }
}

impl PointDistance for Leaf {
    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        chord2(&self.vector, point)
    }
}

/// The trees of one run, by kind.
#[derive(Default)]
pub struct Forest {
    trees: Vec<(Kind, RTree<Leaf>)>,
}

impl Forest {
    /// Loads every located slot of `columns` in bulk.
    pub fn build(columns: &Columns) -> Self {
        let kind = |slot: usize| {
            let closed = columns.status[slot] == Status::Closed;
            (columns.service[slot], closed, columns.accuracy[slot] == Accuracy::Approximate)
        };
        let mut slots: Vec<u32> = (0..columns.located() as u32).collect();
        slots.sort_by_key(|slot| kind(*slot as usize));
        let mut trees = Vec::new();
        for group in slots.chunk_by(|a, b| kind(*a as usize) == kind(*b as usize)) {
            let leaves = group.iter().filter_map(|slot| {
                columns.position(*slot).map(|at| Leaf { vector: at.unit(), slot: *slot })
            });
            trees.push((kind(group[0] as usize), RTree::bulk_load(leaves.collect())));
        }
        Self { trees }
    }

    /// Slots of the trees that `wanted` lets through, nearest first, with squared chord lengths.
    pub fn nearest<'a>(
        &'a self,
        at: Position,
        wanted: impl Fn(Kind) -> bool,
    ) -> impl Iterator<Item = (u32, f64)> + 'a {
        let at = at.unit();
        let trees = self.trees.iter().filter(|(kind, _)| wanted(*kind));
        let mut streams: Vec<_> =
            trees.map(|(_, tree)| tree.nearest_neighbor_iter_with_distance_2(at)).collect();
        let mut heap = BinaryHeap::with_capacity(streams.len());
        for (i, stream) in streams.iter_mut().enumerate() {
            heap.extend(stream.next().map(|(leaf, chord2)| Front { chord2, slot: leaf.slot, i }));
        }
        std::iter::from_fn(move || {
            let Front { chord2, slot, i } = heap.pop()?;
            let next = streams[i].next();
            heap.extend(next.map(|(leaf, chord2)| Front { chord2, slot: leaf.slot, i }));
            Some((slot, chord2))
        })
    }

    /// Slots of the wanted trees no farther than `radius`, in no order. A hair more than the radius
    /// is let through: the caller judges by the distance itself.
    pub fn within<'a>(
        &'a self,
        at: Position,
        radius: Meters,
        wanted: impl Fn(Kind) -> bool + 'a,
    ) -> impl Iterator<Item = u32> + 'a {
        let at = at.unit();
        let reach = slack(radius.chord2());
        let trees = self.trees.iter().filter(move |(kind, _)| wanted(*kind));
        trees
            .flat_map(move |(_, tree)| tree.locate_within_distance(at, reach))
            .map(|leaf| leaf.slot)
    }

    /// How many leaves.
    pub fn len(&self) -> usize {
        self.trees.iter().map(|(_, tree)| tree.size()).sum()
    }
}

/// A squared chord length that no rounding of a point at this very distance exceeds.
pub fn slack(chord2: f64) -> f64 {
    chord2 * (1.0 + 1e-9) + 1e-15
}

/// The nearest leaf not yet given of stream `i`; the heap's greatest is the nearest.
struct Front {
    chord2: f64,
    slot: u32,
    i: usize,
}

impl Ord for Front {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.chord2.total_cmp(&self.chord2).then(other.slot.cmp(&self.slot))
    }
}

impl PartialOrd for Front {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Front {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Front {}
