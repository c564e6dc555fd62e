//! A k-d tree over points of the unit sphere: nearest neighbours and the minimum spanning tree of
//! mutual reachability.

use std::ops::Range;

use crate::place::Vector;
use crate::statistics::sphere_grid::chord2;
use crate::statistics::{DisjointSet, Effort, Stopped};

/// Points of a leaf, at most.
const LEAF: usize = 16;

/// The bounding box of the points `slots`; an inner node has two children.
struct KdNode {
    low: Vector,
    high: Vector,
    slots: Range<u32>,
    children: Option<[u32; 2]>,
}

impl KdNode {
    /// Squared distance from a point to the box.
    fn far(&self, at: Vector) -> f64 {
        let outside = |n: usize| (self.low[n] - at[n]).max(at[n] - self.high[n]).max(0.0);
        let [x, y, z] = [0, 1, 2].map(outside);
        x * x + y * y + z * z
    }
}

/// A k-d tree (Bentley 1975) over points, split at the median of the widest side.
///
/// It is used through [`hdbscan`](crate::statistics::hdbscan).
pub struct KdTree {
    nodes: Vec<KdNode>,
    /// Points in the order of the leaves, and the number each was given.
    points: Vec<Vector>,
    order: Vec<u32>,
}

/// An edge between two places.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// The places, by number.
    pub ends: [u32; 2],
    /// Squared chord of their mutual reachability.
    pub reach: f64,
    /// Squared chord between the places: orders edges of equal reachability, which are common
    /// around an isolated place.
    pub far: f64,
}

impl Edge {
    const NONE: Self = Self { ends: [0; 2], reach: f64::INFINITY, far: f64::INFINITY };

    /// Orders edges by reachability, then by distance.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.reach.total_cmp(&other.reach).then(self.far.total_cmp(&other.far))
    }
}

impl KdTree {
    /// Builds the tree over at least one point. O(n log n).
    pub fn new(points: &[Vector]) -> Self {
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        let mut nodes = Vec::new();
        divide(points, &mut order, 0, &mut nodes);
        let points = order.iter().map(|place| points[*place as usize]).collect();
        Self { nodes, points, order }
    }

    /// Squared chord from each place to its `nth` nearest, where the first is the place itself.
    ///
    /// # Errors
    /// The result is not wanted any more.
    pub fn nth_nearest(&self, nth: usize, effort: Effort<'_>) -> Result<Vec<f64>, Stopped> {
        let mut far = vec![0.0; self.order.len()];
        let mut best: Vec<f64> = Vec::with_capacity(nth + 1);
        for slot in 0..self.order.len() {
            effort.check()?;
            best.clear();
            self.collect_nearest(0, self.points[slot], nth, &mut best);
            far[self.order[slot] as usize] = best.last().copied().unwrap_or_default();
        }
        Ok(far)
    }

    /// Keeps the `nth` smallest squared chords to `at`, ascending.
    fn collect_nearest(&self, node: u32, at: Vector, nth: usize, best: &mut Vec<f64>) {
        let node = &self.nodes[node as usize];
        if best.len() == nth && node.far(at) >= best[nth - 1] {
            return;
        }
        let Some(mut children) = node.children else {
            for slot in node.slots.clone() {
                let far = chord2(at, self.points[slot as usize]);
                if best.len() < nth || far < best[nth - 1] {
                    best.truncate(nth.saturating_sub(1).min(best.len()));
                    best.insert(best.partition_point(|known| *known <= far), far);
                }
            }
            return;
        };
        let far = |child: u32| self.nodes[child as usize].far(at);
        if far(children[1]) < far(children[0]) {
            children.swap(0, 1);
        }
        children.into_iter().for_each(|child| self.collect_nearest(child, at, nth, best));
    }

    /// The minimum spanning tree of mutual reachability: the distance between two places, but no
    /// less than the `core` distance (a squared chord) of either. Borůvka's method (1926): in each
    /// round every component adds its shortest edge to another.
    ///
    /// # Errors
    /// The result is not wanted any more.
    pub fn spanning_tree(&self, core: &[f64], effort: Effort<'_>) -> Result<Vec<Edge>, Stopped> {
        let n = self.order.len();
        let core: Vec<f64> = self.order.iter().map(|place| core[*place as usize]).collect();
        let mut least = vec![f64::INFINITY; self.nodes.len()];
        for (node, least) in self.nodes.iter().zip(&mut least) {
            let slots = node.slots.start as usize..node.slots.end as usize;
            *least = core[slots].iter().copied().fold(f64::INFINITY, f64::min);
        }
        let mut parts = DisjointSet::new(n);
        let mut edges = Vec::with_capacity(n.saturating_sub(1));
        while edges.len() + 1 < n {
            let part: Vec<u32> = (0..n as u32).map(|slot| parts.find(slot)).collect();
            let search =
                Search { tree: self, core: &core, least: &least, whole: self.whole(&part), part };
            let mut ways = vec![Edge::NONE; n];
            for slot in 0..n as u32 {
                effort.check()?;
                let way = &mut ways[search.part[slot as usize] as usize];
                if core[slot as usize] <= way.reach {
                    search.out(0, slot, way);
                }
            }
            for way in ways.into_iter().filter(|way| way.reach.is_finite()) {
                if parts.join(way.ends[0], way.ends[1]) {
                    let ends = way.ends.map(|slot| self.order[slot as usize]);
                    edges.push(Edge { ends, ..way });
                }
            }
        }
        Ok(edges)
    }

    /// The component of each node whose points are all of one component.
    fn whole(&self, part: &[u32]) -> Vec<Option<u32>> {
        let mut whole = vec![None; self.nodes.len()];
        // Children have higher numbers than their parents.
        for (n, node) in self.nodes.iter().enumerate().rev() {
            whole[n] = match node.children {
                Some([a, b]) => whole[a as usize].filter(|one| whole[b as usize] == Some(*one)),
                None => {
                    let first = part[node.slots.start as usize];
                    let same = node.slots.clone().all(|slot| part[slot as usize] == first);
                    same.then_some(first)
                }
            };
        }
        whole
    }
}

/// A search for the shortest edges that leave components.
struct Search<'a> {
    tree: &'a KdTree,
    core: &'a [f64],
    /// The least core distance in each node.
    least: &'a [f64],
    whole: Vec<Option<u32>>,
    part: Vec<u32>,
}

impl Search<'_> {
    /// Searches below a node for an edge from `slot` to another component shorter than `way`.
    fn out(&self, node: u32, slot: u32, way: &mut Edge) {
        let at = self.tree.points[slot as usize];
        let (own, core) = (self.part[slot as usize], self.core[slot as usize]);
        let bound = |node: u32| {
            self.tree.nodes[node as usize].far(at).max(self.least[node as usize]).max(core)
        };
        let is_longer = |node: u32, way: &Edge| {
            let bound = bound(node);
            let far = self.tree.nodes[node as usize].far(at);
            bound > way.reach || bound == way.reach && far >= way.far
        };
        if self.whole[node as usize] == Some(own) || is_longer(node, way) {
            return;
        }
        let KdNode { slots, children, .. } = &self.tree.nodes[node as usize];
        if let Some(mut children) = *children {
            if bound(children[1]) < bound(children[0]) {
                children.swap(0, 1);
            }
            return children.into_iter().for_each(|child| self.out(child, slot, way));
        }
        for other in slots.clone().filter(|other| self.part[*other as usize] != own) {
            let far = chord2(at, self.tree.points[other as usize]);
            let reach = far.max(core).max(self.core[other as usize]);
            let edge = Edge { ends: [slot, other], reach, far };
            if edge.order(way).is_lt() {
                *way = edge;
            }
        }
    }
}

/// Builds the nodes over `order`, a slice that starts at position `first` of the whole. Returns the
/// number of its root.
fn divide(points: &[Vector], order: &mut [u32], first: u32, nodes: &mut Vec<KdNode>) -> u32 {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for place in order.iter() {
        for n in 0..3 {
            low[n] = low[n].min(points[*place as usize][n]);
            high[n] = high[n].max(points[*place as usize][n]);
        }
    }
    let number = nodes.len() as u32;
    let slots = first..first + order.len() as u32;
    nodes.push(KdNode { low, high, slots, children: None });
    if order.len() > LEAF {
        let width = |n: &usize| high[*n] - low[*n];
        let side = (0..3).max_by(|a, b| width(a).total_cmp(&width(b))).unwrap_or_default();
        let middle = order.len() / 2;
        order.select_nth_unstable_by(middle, |a, b| {
            points[*a as usize][side].total_cmp(&points[*b as usize][side])
        });
        let (left, right) = order.split_at_mut(middle);
        let a = divide(points, left, first, nodes);
        let b = divide(points, right, first + middle as u32, nodes);
        nodes[number as usize].children = Some([a, b]);
    }
    number
}
