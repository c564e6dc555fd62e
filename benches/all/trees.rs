//! Spatial indexes of other crates, on planar points without filters, updates or deletes.

use std::hint::black_box;
use std::num::NonZero;

use geo_index::kdtree::{KDTree, KDTreeBuilder, KDTreeIndex};
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree as PackedRTree, RTreeBuilder, RTreeIndex};
use kiddo::{ImmutableKdTree, SquaredEuclidean};

use crate::allocator::live_bytes;
use crate::table::Outcome;
use crate::timing::Contender;

/// Coordinates in metres.
type Planar = [f64; 2];

/// A point of the rstar tree with its number.
struct Leaf(Planar, u32);

impl rstar::RTreeObject for Leaf {
    type Envelope = rstar::AABB<Planar>;

    fn envelope(&self) -> Self::Envelope {
        rstar::AABB::from_point(self.0)
    }
}

impl rstar::PointDistance for Leaf {
    fn distance_2(&self, to: &Planar) -> f64 {
        (self.0[0] - to[0]).powi(2) + (self.0[1] - to[1]).powi(2)
    }
}

/// The trees of one city.
pub struct Trees {
    kiddo: ImmutableKdTree<f64, 2>,
    /// None for ten million points, where it would take a gigabyte and more while it is built.
    rstar: Option<rstar::RTree<Leaf>>,
    packed: PackedRTree<f64>,
    packed_kd: KDTree<f64>,
    /// Bytes that the rstar tree takes.
    pub rstar_bytes: Option<usize>,
    /// Bytes that the packed R-tree takes.
    pub packed_bytes: usize,
}

impl Trees {
    /// Builds all trees of the points.
    pub fn build(points: &[Planar]) -> Outcome<Self> {
        let number = u32::try_from(points.len())?;
        let kiddo =
            ImmutableKdTree::new_from_slice(points).map_err(|error| format!("{error:?}"))?;
        let mut packed = RTreeBuilder::new(number);
        let mut packed_kd = KDTreeBuilder::new(number);
        for [x, y] in points {
            packed.add(*x, *y, *x, *y);
            packed_kd.add(*x, *y);
        }
        let packed = packed.finish::<HilbertSort>();
        let packed_bytes = packed.metadata().data_buffer_length();
        let before = live_bytes();
        let rstar = (points.len() <= 1_000_000).then(|| {
            let leaves = points.iter().zip(0..).map(|(place, n)| Leaf(*place, n));
            rstar::RTree::bulk_load(leaves.collect())
        });
        let rstar_bytes = rstar.as_ref().and_then(|_| live_bytes().checked_sub(before));
        let packed_kd = packed_kd.finish();
        Ok(Self { kiddo, rstar, packed, packed_kd, rstar_bytes, packed_bytes })
    }

    /// The ten nearest points of query `n`.
    pub fn ten_nearest<'a>(
        &'a self,
        at: impl Fn(usize) -> Planar + Copy + 'a,
    ) -> Vec<Contender<'a>> {
        let ten = NonZero::new(10usize).expect("ten is not zero");
        let mut contenders = vec![
            Contender::new("kiddo", move |n| {
                let at = at(n);
                let query = self.kiddo.query(&at);
                black_box(query.nearest_n::<SquaredEuclidean<f64>>(ten).execute());
            }),
            Contender::new("geo-index, R-tree", move |n| {
                let [x, y] = at(n);
                black_box(self.packed.neighbors(x, y, Some(10), None));
            }),
        ];
        if let Some(tree) = &self.rstar {
            contenders.push(Contender::new("rstar", move |n| {
                black_box(tree.nearest_neighbor_iter(at(n)).take(10).map(|leaf| leaf.1).max());
            }));
        }
        contenders
    }

    /// All points within a distance of query `n`, in no order.
    pub fn within<'a>(
        &'a self,
        meters: f64,
        at: impl Fn(usize) -> Planar + Copy + 'a,
    ) -> Vec<Contender<'a>> {
        let square = meters * meters;
        let mut contenders = vec![
            Contender::new("kiddo", move |n| {
                let at = at(n);
                let query = self.kiddo.query(&at);
                black_box(query.within::<SquaredEuclidean<f64>>(square).unsorted().execute());
            }),
            Contender::new("geo-index, k-d tree", move |n| {
                let [x, y] = at(n);
                black_box(self.packed_kd.within(x, y, meters));
            }),
        ];
        if let Some(tree) = &self.rstar {
            contenders.push(Contender::new("rstar", move |n| {
                let found = tree.locate_within_distance(at(n), square);
                black_box(found.map(|leaf| leaf.1).collect::<Vec<_>>());
            }));
        }
        contenders
    }

    /// How many points are within a distance, by each tree: the trees must agree.
    pub fn counts_within(&self, [x, y]: Planar, meters: f64) -> Vec<usize> {
        let square = meters * meters;
        let query = [x, y];
        let kiddo = self.kiddo.query(&query);
        let mut counts = vec![
            kiddo.within::<SquaredEuclidean<f64>>(square).unsorted().execute().len(),
            self.packed_kd.within(x, y, meters).len(),
            self.packed.neighbors(x, y, None, Some(square)).len(),
        ];
        counts.extend(
            self.rstar.as_ref().map(|tree| tree.locate_within_distance([x, y], square).count()),
        );
        counts
    }
}
