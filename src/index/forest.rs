//! The trees of a run: one over everything that is placed exactly, one over what is placed
//! approximately, and a forest: for each service one of all its reports and one of those not
//! closed, and one of all that is not closed.
//!
//! Proximity questions almost always name a service and want what is open: they walk the trees of
//! what they want and look at nothing else, so a rare service is no slower than a common one. A
//! question that wants most of a run walks the tree of everything and asks the columns.

use std::ops::Range;

use super::columns::Columns;
use super::sieve::Sieve;
use super::tree::{LEAF, Tree};
use crate::place::Origin;

/// Runs with fewer exact places have no forest: a look at all of them is quicker.
const FOREST_MIN: usize = 1_024;

/// Which reports a tree of the forest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All of one service number.
    Service(u16),
    /// Those of one service number that are not closed.
    ServiceOpen(u16),
    /// All that are not closed.
    Open,
}

/// Takes what a walk finds.
pub trait Gather<T> {
    /// Takes one, with a haversine as good as [`slack`](crate::place::slack) says.
    fn offer(&mut self, found: T, haversine: f32);

    /// The haversine up to which more is of interest; it never grows.
    fn reach(&mut self) -> f32;
}

/// One tree of the forest.
struct Grove {
    kind: Kind,
    /// Where its slots are in `slots`.
    range: Range<usize>,
    tree: Tree,
}

/// The trees of one run.
#[derive(Default)]
pub struct Forest {
    exact: Tree,
    approximate: Tree,
    /// By kind, ascending slots each: the order of the curve.
    slots: Vec<u32>,
    /// Their grid column and row, so that a walk reads in a row.
    grid: Vec<[u32; 2]>,
    groves: Vec<Grove>,
}

impl Forest {
    /// Packs the trees over every located slot of `columns`.
    pub fn build(columns: &Columns) -> Self {
        let whole = |range: Range<u32>| {
            let first = range.start;
            let grid = |i| columns.grid(first + i);
            Tree::build(range.len(), grid, |i| columns.degrees(first + i))
        };
        let mut forest = Self {
            exact: whole(columns.exact()),
            approximate: whole(columns.approximate()),
            ..Self::default()
        };
        if columns.exact().len() >= FOREST_MIN {
            forest.plant(columns);
        }
        forest
    }

    fn plant(&mut self, columns: &Columns) {
        let is_open = |slot: &u32| columns.state(*slot).is_open();
        let mut kinds = Vec::new();
        for open in [false, true] {
            let slots = columns.exact().filter(|slot| !open || is_open(slot));
            for (service, own) in by_service(columns, slots) {
                let kind = if open { Kind::ServiceOpen(service) } else { Kind::Service(service) };
                kinds.push((kind, own));
            }
        }
        kinds.push((Kind::Open, columns.exact().filter(is_open).collect()));
        let total = kinds.iter().map(|(_, own)| own.len()).sum();
        self.slots.reserve_exact(total);
        for (kind, own) in kinds {
            let slot = |i: u32| own[i as usize];
            let grid = |i| columns.grid(slot(i));
            let tree = Tree::build(own.len(), grid, |i| columns.degrees(slot(i)));
            let range = self.slots.len()..self.slots.len() + own.len();
            self.slots.extend(own);
            self.groves.push(Grove { kind, range, tree });
        }
        self.grid = self.slots.iter().map(|slot| columns.grid(*slot)).collect();
    }

    /// The trees that hold all that `sieve` may let through and least else.
    pub fn choose(&self, sieve: &Sieve) -> Trees<'_> {
        let approximate = sieve.wants_approximate();
        let everything = || Trees { groves: None, approximate, are_enough: sieve.is_open_to_all() };
        if self.groves.is_empty() || sieve.wants_every_kind() {
            return everything();
        }
        let (mut groves, mut held) = (Vec::new(), 0);
        let (every_service, closed) = (sieve.wants_every_service(), sieve.wants_closed());
        for grove in &self.groves {
            let wanted = match grove.kind {
                Kind::Open => every_service && !closed,
                Kind::Service(service) => closed && sieve.wants_service(service),
                Kind::ServiceOpen(service) => {
                    !every_service && !closed && sieve.wants_service(service)
                }
            };
            if wanted {
                held += grove.tree.len();
                groves.push(grove);
            }
        }
        // The tree of everything shows 1/share places for each that is wanted; each tree of the
        // forest costs a walk of its own.
        if groves.len() * held > self.exact.len() {
            return everything();
        }
        // The reach is short after the largest.
        groves.sort_by_key(|grove| std::cmp::Reverse(grove.tree.len()));
        let are_enough = sieve.is_by_kind() && !approximate && sieve.wants_open();
        Trees { groves: Some(groves), approximate, are_enough }
    }

    /// Slots placed exactly that hold all that `sieve` lets through of these, list by list; none
    /// where a look at all of them is as quick.
    pub fn lists(&self, sieve: &Sieve) -> Option<Vec<&[u32]>> {
        let groves = self.choose(sieve).groves?;
        Some(groves.iter().map(|grove| &self.slots[grove.range.clone()]).collect())
    }

    /// Offers slots of `trees`: all that are no farther than the reach, perhaps some that are,
    /// roughly the nearest first. `wanted` says how many are most likely enough.
    pub fn near(
        &self,
        columns: &Columns,
        origin: &Origin,
        trees: &Trees<'_>,
        wanted: usize,
        gather: &mut impl Gather<u32>,
    ) {
        // Where some do not pass, more are looked at before it is known how far to look.
        let wanted = if trees.are_enough { wanted } else { wanted.saturating_mul(2) };
        let mut walk = Walk { columns, origin, wanted, gather };
        if trees.approximate {
            walk.whole(&self.approximate, columns.approximate());
        }
        match &trees.groves {
            None => walk.whole(&self.exact, columns.exact()),
            Some(groves) => {
                for grove in groves {
                    let slots = &self.slots[grove.range.clone()];
                    walk.tree(&grove.tree, &self.grid[grove.range.clone()], |i| slots[i]);
                }
            }
        }
    }

    /// How many places the trees hold, those of services counted once more.
    pub fn len(&self) -> (usize, usize) {
        let services = self.groves.iter().filter(|grove| matches!(grove.kind, Kind::Service(_)));
        let forest = services.map(|grove| grove.tree.len()).sum();
        (self.exact.len() + self.approximate.len(), forest)
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
pub struct Trees<'a> {
    /// Those of the forest, or the one of everything that is placed exactly.
    groves: Option<Vec<&'a Grove>>,
    approximate: bool,
    /// All that is in them passes.
    pub are_enough: bool,
}

struct Walk<'a, G> {
    columns: &'a Columns,
    origin: &'a Origin,
    wanted: usize,
    gather: &'a mut G,
}

impl<G: Gather<u32>> Walk<'_, G> {
    /// Walks a tree over all of `slots`.
    fn whole(&mut self, tree: &Tree, slots: Range<u32>) {
        let places = self.columns.grid_of(slots.clone());
        self.tree(tree, places, |i| slots.start + i as u32);
    }

    /// Walks a tree over places given by their grid column and row.
    fn tree(&mut self, tree: &Tree, places: &[[u32; 2]], slot: impl Fn(usize) -> u32) {
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
        if self.origin.sketch(places, sketches) {
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
