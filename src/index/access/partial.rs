//! The R-trees of a segment: one over all exact positions, one over all approximate positions, and
//! partial indexes over subsets of the exact ones. A partial index, as in PostgreSQL, holds only
//! the rows that match a predicate: here one service, one service and open, or open.
//!
//! Queries about places mostly name a service and want open reports. With a partial index they read
//! only such reports, so a rare service is answered as fast as a common one. A query that wants
//! most of the segment searches the full tree and tests each candidate against the columns.

use std::ops::Range;

use crate::index::access::rtree::{LEAF_POINTS, PackedRTree};
use crate::index::columns::Columns;
use crate::index::compiled_filter::CompiledFilter;
use crate::place::{DistanceKey, QueryPoint};

/// Segments with fewer exact positions have no partial indexes: testing every slot is faster.
const PARTIAL_INDEX_MIN: usize = 1_024;

/// The predicate of a partial index. All of them hold reports with an exact position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Predicate {
    /// Reports of the service with this number.
    Service(u16),
    /// Reports of the service with this number that are open or in progress.
    OpenOfService(u16),
    /// Reports that are open or in progress.
    Open,
}

/// Collects the candidates of a proximity search.
pub trait Collector<T> {
    /// Takes a candidate and its haversine from the query point, whose error is at most what
    /// [`haversine_tolerance`](crate::place::haversine_tolerance) allows.
    fn collect(&mut self, candidate: T, haversine: f32);

    /// The haversine beyond which candidates are no longer of interest. It never grows: the search
    /// prunes with it.
    fn max_haversine(&mut self) -> f32;
}

/// One partial index.
struct PartialIndex {
    predicate: Predicate,
    /// Its points in [`PartialIndexes::slots`].
    range: Range<usize>,
    tree: PackedRTree,
}

/// The R-trees of one segment.
#[derive(Default)]
pub struct PartialIndexes {
    exact: PackedRTree,
    approximate: PackedRTree,
    /// The slots of all partial indexes, one index after the other, each ascending (in Z order).
    slots: Vec<u32>,
    /// Column and row of each of `slots` in the finest grid, copied so that a leaf is contiguous.
    grid: Vec<[u32; 2]>,
    partials: Vec<PartialIndex>,
}

impl PartialIndexes {
    /// Builds all trees of a segment.
    pub fn build(columns: &Columns) -> Self {
        let full_tree = |range: Range<u32>| {
            let first = range.start;
            let grid = |i| columns.grid_cell(first + i);
            PackedRTree::build(range.len(), grid, |i| columns.degrees(first + i))
        };
        let mut indexes = Self {
            exact: full_tree(columns.exact_slots()),
            approximate: full_tree(columns.approximate_slots()),
            ..Self::default()
        };
        if columns.exact_slots().len() >= PARTIAL_INDEX_MIN {
            indexes.build_partials(columns);
        }
        indexes
    }

    fn build_partials(&mut self, columns: &Columns) {
        let is_open = |slot: &u32| columns.state(*slot).is_open();
        let mut lists = Vec::new();
        for open in [false, true] {
            let slots = columns.exact_slots().filter(|slot| !open || is_open(slot));
            for (service, own) in group_by_service(columns, slots) {
                let predicate = if open {
                    Predicate::OpenOfService(service)
                } else {
                    Predicate::Service(service)
                };
                lists.push((predicate, own));
            }
        }
        lists.push((Predicate::Open, columns.exact_slots().filter(is_open).collect()));
        let total = lists.iter().map(|(_, own)| own.len()).sum();
        self.slots.reserve_exact(total);
        for (predicate, own) in lists {
            let slot = |i: u32| own[i as usize];
            let grid = |i| columns.grid_cell(slot(i));
            let tree = PackedRTree::build(own.len(), grid, |i| columns.degrees(slot(i)));
            let range = self.slots.len()..self.slots.len() + own.len();
            self.slots.extend(own);
            self.partials.push(PartialIndex { predicate, range, tree });
        }
        self.grid = self.slots.iter().map(|slot| columns.grid_cell(*slot)).collect();
    }

    /// Chooses the trees to search for a filter: the partial indexes that together hold all exact
    /// positions that may match, or the full tree where that costs less.
    pub fn plan(&self, filter: &CompiledFilter) -> AccessPlan<'_> {
        let approximate = filter.accepts_approximate();
        let full = || AccessPlan { partials: None, approximate, skip_test: filter.matches_all() };
        if self.partials.is_empty() || filter.accepts_every_service_and_state() {
            return full();
        }
        let (mut partials, mut candidates) = (Vec::new(), 0);
        let (every_service, closed) = (filter.accepts_every_service(), filter.accepts_closed());
        for partial in &self.partials {
            let is_needed = match partial.predicate {
                Predicate::Open => every_service && !closed,
                Predicate::Service(service) => closed && filter.accepts_service(service),
                Predicate::OpenOfService(service) => {
                    !every_service && !closed && filter.accepts_service(service)
                }
            };
            if is_needed {
                candidates += partial.tree.len();
                partials.push(partial);
            }
        }
        // Scanning the full tree costs 1/selectivity candidates per match, with selectivity =
        // candidates / all; searching the partial indexes costs one descent each.
        if partials.len() * candidates > self.exact.len() {
            return full();
        }
        // Largest first: it lowers the bound for the others most.
        partials.sort_by_key(|partial| std::cmp::Reverse(partial.tree.len()));
        let skip_test = filter.is_by_kind() && !approximate && filter.accepts_open();
        AccessPlan { partials: Some(partials), approximate, skip_test }
    }

    /// Lists of slots, each ascending, that together hold all exact positions that may match a
    /// filter. None where scanning all slots is as fast.
    pub fn slot_lists(&self, filter: &CompiledFilter) -> Option<Vec<&[u32]>> {
        let partials = self.plan(filter).partials?;
        Some(partials.iter().map(|partial| &self.slots[partial.range.clone()]).collect())
    }

    /// Passes to `collector` all slots of the plan's trees within its `max_haversine`, and some
    /// farther ones, roughly in ascending distance. `wanted` is the number of matches that the
    /// collector expects to need; it only affects speed.
    pub fn search(
        &self,
        columns: &Columns,
        origin: &QueryPoint,
        plan: &AccessPlan<'_>,
        wanted: usize,
        collector: &mut impl Collector<u32>,
    ) {
        // Where some candidates do not match, more are needed before the bound converges.
        let wanted = if plan.skip_test { wanted } else { wanted.saturating_mul(2) };
        let mut search = TreeSearch { columns, origin, wanted, collector };
        if plan.approximate {
            search.full_tree(&self.approximate, columns.approximate_slots());
        }
        match &plan.partials {
            None => search.full_tree(&self.exact, columns.exact_slots()),
            Some(partials) => {
                for partial in partials {
                    let slots = &self.slots[partial.range.clone()];
                    search.tree(&partial.tree, &self.grid[partial.range.clone()], |i| slots[i]);
                }
            }
        }
    }

    /// Calls `visit` with slots of the plan's trees, roughly in ascending distance from `origin`,
    /// until all remaining ones are farther than the key that `visit` returned last. For searches
    /// that reach farther than [`search`](Self::search) is good for.
    pub fn search_far(
        &self,
        columns: &Columns,
        origin: &QueryPoint,
        plan: &AccessPlan<'_>,
        max: &mut DistanceKey,
        mut visit: impl FnMut(u32) -> DistanceKey,
    ) {
        for (tree, slots) in self.trees(columns, plan) {
            tree.search_far(origin, max, &mut |points| {
                let mut max = DistanceKey::MAX;
                for point in points {
                    max = visit(slots.slot(point));
                }
                max
            });
        }
    }

    /// Are all points of the plan's trees known to be within this distance of `origin`?
    pub fn is_within(
        &self,
        columns: &Columns,
        origin: &QueryPoint,
        plan: &AccessPlan<'_>,
        distance: DistanceKey,
    ) -> bool {
        self.trees(columns, plan).iter().all(|(tree, _)| tree.is_within(origin, distance))
    }

    /// The trees of a plan, each with the slots of its points.
    fn trees<'a>(
        &'a self,
        columns: &Columns,
        plan: &AccessPlan<'a>,
    ) -> Vec<(&'a PackedRTree, TreeSlots<'a>)> {
        let mut trees = Vec::new();
        if plan.approximate {
            trees.push((&self.approximate, TreeSlots::From(columns.approximate_slots().start)));
        }
        match &plan.partials {
            None => trees.push((&self.exact, TreeSlots::From(columns.exact_slots().start))),
            Some(partials) => trees.extend(partials.iter().map(|partial| {
                (&partial.tree, TreeSlots::Listed(&self.slots[partial.range.clone()]))
            })),
        }
        trees
    }

    /// Number of points in the two full trees, and in the partial indexes by service.
    pub fn point_counts(&self) -> (usize, usize) {
        let of_services = self.partials.iter();
        let of_services =
            of_services.filter(|partial| matches!(partial.predicate, Predicate::Service(_)));
        let by_service = of_services.map(|partial| partial.tree.len()).sum();
        (self.exact.len() + self.approximate.len(), by_service)
    }
}

/// The slots of the points of a tree.
enum TreeSlots<'a> {
    /// Consecutive slots, from this one.
    From(u32),
    /// These slots.
    Listed(&'a [u32]),
}

impl TreeSlots<'_> {
    fn slot(&self, point: u32) -> u32 {
        match self {
            Self::From(first) => first + point,
            Self::Listed(slots) => slots[point as usize],
        }
    }
}

/// Groups slots by service number; each group keeps their order.
fn group_by_service(columns: &Columns, slots: impl Iterator<Item = u32>) -> Vec<(u16, Vec<u32>)> {
    let mut lists: Vec<Vec<u32>> = Vec::new();
    for slot in slots {
        let service = usize::from(columns.service(slot));
        if lists.len() <= service {
            lists.resize(service + 1, Vec::new());
        }
        lists[service].push(slot);
    }
    let lists = lists.into_iter().zip(0..).map(|(list, service)| (service, list));
    lists.filter(|(_, list)| !list.is_empty()).collect()
}

/// The trees of a segment that a query searches.
pub struct AccessPlan<'a> {
    /// Partial indexes, or the full tree over exact positions.
    partials: Option<Vec<&'a PartialIndex>>,
    /// Search the tree over approximate positions too.
    approximate: bool,
    /// Every report in these trees matches the filter unless it is deleted.
    pub skip_test: bool,
}

struct TreeSearch<'a, C> {
    columns: &'a Columns,
    origin: &'a QueryPoint,
    wanted: usize,
    collector: &'a mut C,
}

impl<C: Collector<u32>> TreeSearch<'_, C> {
    /// Searches a tree over all slots of a range.
    fn full_tree(&mut self, tree: &PackedRTree, slots: Range<u32>) {
        let cells = self.columns.grid_cells(slots.clone());
        self.tree(tree, cells, |i| slots.start + i as u32);
    }

    /// Searches a tree over points given by their cells in the finest grid.
    fn tree(&mut self, tree: &PackedRTree, cells: &[[u32; 2]], slot: impl Fn(usize) -> u32) {
        let (origin, wanted) = (self.origin, self.wanted);
        let mut max_haversine = self.collector.max_haversine();
        tree.search(
            origin,
            wanted,
            &mut max_haversine,
            |point| cells[point as usize],
            |range| {
                let first = range.start as usize;
                self.leaf(&cells[first..range.end as usize], |i| slot(first + i));
                self.collector.max_haversine()
            },
        );
    }

    /// Computes the distances of a leaf's points: on the plane of the grid where they are near,
    /// else on the sphere.
    #[inline]
    fn leaf(&mut self, cells: &[[u32; 2]], slot: impl Fn(usize) -> u32) {
        let max_haversine = self.collector.max_haversine();
        let mut haversines = [0.0f32; LEAF_POINTS];
        let haversines = &mut haversines[..cells.len()];
        if self.origin.approximate_haversines(cells, haversines) {
            for (i, haversine) in haversines.iter().enumerate() {
                if *haversine <= max_haversine {
                    self.collector.collect(slot(i), *haversine);
                }
            }
        } else {
            for slot in (0..cells.len()).map(slot) {
                let [lon, lat] = self.columns.degrees(slot);
                let haversine = self.origin.haversine(lon, lat) as f32;
                if haversine <= max_haversine {
                    self.collector.collect(slot, haversine);
                }
            }
        }
    }
}
