//! The trees of a run: one over everything that is placed exactly, one over what is placed
//! approximately, and a forest: for each service one of all its reports and one of those not
//! closed, and one of all that is not closed.
//!
//! Proximity questions almost always name a service and want what is open: they walk the trees of
//! what they want and look at nothing else, so a rare service is no slower than a common one. A
//! question that wants most of a run walks the tree of everything and asks the columns.

use std::ops::Range;

use crate::index::access::rtree::{LEAF, PackedRTree};
use crate::index::columns::Columns;
use crate::index::compiled_filter::CompiledFilter;
use crate::place::QueryPoint;

/// Runs with fewer exact places have no forest: a look at all of them is quicker.
const FOREST_MIN: usize = 1_024;

/// Which reports a tree of the forest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartialKind {
    /// All of one service number.
    Service(u16),
    /// Those of one service number that are not closed.
    ServiceOpen(u16),
    /// All that are not closed.
    Open,
}

/// Takes what a walk finds.
pub trait Collector<T> {
    /// Takes one, with a haversine as good as
    /// [`haversine_tolerance`](crate::place::haversine_tolerance) says.
    fn offer(&mut self, found: T, haversine: f32);

    /// The haversine up to which more is of interest; it never grows.
    fn reach(&mut self) -> f32;
}

/// One tree of the forest.
struct PartialIndex {
    kind: PartialKind,
    /// Where its slots are in `slots`.
    range: Range<usize>,
    tree: PackedRTree,
}

/// The trees of one run.
#[derive(Default)]
pub struct PartialIndexes {
    exact: PackedRTree,
    approximate: PackedRTree,
    /// By kind, ascending slots each: the order of the curve.
    slots: Vec<u32>,
    /// Their grid column and row, so that a walk reads in a row.
    grid: Vec<[u32; 2]>,
    partials: Vec<PartialIndex>,
}

impl PartialIndexes {
    /// Packs the trees over every located slot of `columns`.
    pub fn build(columns: &Columns) -> Self {
        let whole = |range: Range<u32>| {
            let first = range.start;
            let grid = |i| columns.grid(first + i);
            PackedRTree::build(range.len(), grid, |i| columns.degrees(first + i))
        };
        let mut partials = Self {
            exact: whole(columns.exact()),
            approximate: whole(columns.approximate()),
            ..Self::default()
        };
        if columns.exact().len() >= FOREST_MIN {
            partials.plant(columns);
        }
        partials
    }

    fn plant(&mut self, columns: &Columns) {
        let is_open = |slot: &u32| columns.state(*slot).is_open();
        let mut kinds = Vec::new();
        for open in [false, true] {
            let slots = columns.exact().filter(|slot| !open || is_open(slot));
            for (service, own) in by_service(columns, slots) {
                let kind = if open {
                    PartialKind::ServiceOpen(service)
                } else {
                    PartialKind::Service(service)
                };
                kinds.push((kind, own));
            }
        }
        kinds.push((PartialKind::Open, columns.exact().filter(is_open).collect()));
        let total = kinds.iter().map(|(_, own)| own.len()).sum();
        self.slots.reserve_exact(total);
        for (kind, own) in kinds {
            let slot = |i: u32| own[i as usize];
            let grid = |i| columns.grid(slot(i));
            let tree = PackedRTree::build(own.len(), grid, |i| columns.degrees(slot(i)));
            let range = self.slots.len()..self.slots.len() + own.len();
            self.slots.extend(own);
            self.partials.push(PartialIndex { kind, range, tree });
        }
        self.grid = self.slots.iter().map(|slot| columns.grid(*slot)).collect();
    }

    /// The trees that hold all that `compiled` may let through and least else.
    pub fn choose(&self, compiled: &CompiledFilter) -> ChosenPartials<'_> {
        let approximate = compiled.wants_approximate();
        let everything = || ChosenPartials {
            partials: None,
            approximate,
            are_enough: compiled.is_open_to_all(),
        };
        if self.partials.is_empty() || compiled.wants_every_kind() {
            return everything();
        }
        let (mut partials, mut held) = (Vec::new(), 0);
        let (every_service, closed) = (compiled.wants_every_service(), compiled.wants_closed());
        for partial in &self.partials {
            let wanted = match partial.kind {
                PartialKind::Open => every_service && !closed,
                PartialKind::Service(service) => closed && compiled.wants_service(service),
                PartialKind::ServiceOpen(service) => {
                    !every_service && !closed && compiled.wants_service(service)
                }
            };
            if wanted {
                held += partial.tree.len();
                partials.push(partial);
            }
        }
        // The tree of everything shows 1/share places for each that is wanted; each tree of the
        // forest costs a walk of its own.
        if partials.len() * held > self.exact.len() {
            return everything();
        }
        // The reach is short after the largest.
        partials.sort_by_key(|partial| std::cmp::Reverse(partial.tree.len()));
        let are_enough = compiled.is_by_kind() && !approximate && compiled.wants_open();
        ChosenPartials { partials: Some(partials), approximate, are_enough }
    }

    /// Slots placed exactly that hold all that `compiled` lets through of these, list by list; none
    /// where a look at all of them is as quick.
    pub fn lists(&self, compiled: &CompiledFilter) -> Option<Vec<&[u32]>> {
        let partials = self.choose(compiled).partials?;
        Some(partials.iter().map(|partial| &self.slots[partial.range.clone()]).collect())
    }

    /// Offers slots of `trees`: all that are no farther than the reach, perhaps some that are,
    /// roughly the nearest first. `wanted` says how many are most likely enough.
    pub fn near(
        &self,
        columns: &Columns,
        origin: &QueryPoint,
        trees: &ChosenPartials<'_>,
        wanted: usize,
        gather: &mut impl Collector<u32>,
    ) {
        // Where some do not pass, more are looked at before it is known how far to look.
        let wanted = if trees.are_enough { wanted } else { wanted.saturating_mul(2) };
        let mut walk = PartialSearch { columns, origin, wanted, gather };
        if trees.approximate {
            walk.whole(&self.approximate, columns.approximate());
        }
        match &trees.partials {
            None => walk.whole(&self.exact, columns.exact()),
            Some(partials) => {
                for partial in partials {
                    let slots = &self.slots[partial.range.clone()];
                    walk.tree(&partial.tree, &self.grid[partial.range.clone()], |i| slots[i]);
                }
            }
        }
    }

    /// How many places the trees hold, those of services counted once more.
    pub fn len(&self) -> (usize, usize) {
        let services =
            self.partials.iter().filter(|partial| matches!(partial.kind, PartialKind::Service(_)));
        let partials = services.map(|partial| partial.tree.len()).sum();
        (self.exact.len() + self.approximate.len(), partials)
    }
}

/// Slots by service number, each in their order.
fn by_service(columns: &Columns, slots: impl Iterator<Item = u32>) -> Vec<(u16, Vec<u32>)> {
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

/// Trees that a question walks.
pub struct ChosenPartials<'a> {
    /// Those of the forest, or the one of everything that is placed exactly.
    partials: Option<Vec<&'a PartialIndex>>,
    approximate: bool,
    /// All that is in them passes.
    pub are_enough: bool,
}

struct PartialSearch<'a, G> {
    columns: &'a Columns,
    origin: &'a QueryPoint,
    wanted: usize,
    gather: &'a mut G,
}

impl<G: Collector<u32>> PartialSearch<'_, G> {
    /// Walks a tree over all of `slots`.
    fn whole(&mut self, tree: &PackedRTree, slots: Range<u32>) {
        let places = self.columns.grid_of(slots.clone());
        self.tree(tree, places, |i| slots.start + i as u32);
    }

    /// Walks a tree over places given by their grid column and row.
    fn tree(&mut self, tree: &PackedRTree, places: &[[u32; 2]], slot: impl Fn(usize) -> u32) {
        let (origin, wanted) = (self.origin, self.wanted);
        let mut reach = self.gather.reach();
        tree.near(
            origin,
            wanted,
            &mut reach,
            |place| places[place as usize],
            |range| {
                let first = range.start as usize;
                self.leaf(&places[first..range.end as usize], |i| slot(first + i));
                self.gather.reach()
            },
        );
    }

    /// Looks at the places of a leaf.
    #[inline]
    fn leaf(&mut self, places: &[[u32; 2]], slot: impl Fn(usize) -> u32) {
        let reach = self.gather.reach();
        let mut sketches = [0.0f32; LEAF];
        let sketches = &mut sketches[..places.len()];
        if self.origin.approximate_haversines(places, sketches) {
            for (i, sketch) in sketches.iter().enumerate() {
                if *sketch <= reach {
                    self.gather.offer(slot(i), *sketch);
                }
            }
        } else {
            for slot in (0..places.len()).map(slot) {
                let [lon, lat] = self.columns.degrees(slot);
                let haversine = self.origin.haversine(lon, lat) as f32;
                if haversine <= reach {
                    self.gather.offer(slot, haversine);
                }
            }
        }
    }
}
