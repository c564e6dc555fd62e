//! The test for hotspots: one group of cases or several, each over all cells, as one family.
//!
//! A group is the reports of one service, or of several together. The count of each cell's
//! neighbourhood is compared twice. An exact binomial test compares it with the share that the
//! place has of the population over a year, which says what is expected there. Fisher's exact test
//! compares the group's share of the reports of all services of the same period there with that in
//! the whole city, so that what raises all services alike makes no hotspot of any. A neighbourhood
//! is hot only by both: its p-value is the larger one (intersection–union test, Berger 1982). The
//! tests of all cells and groups are one family, so that the false discovery rate holds for the
//! whole list.
//!
//! Neighbourhoods that are hot and touch each other form a region. Its members are those cells that
//! have more reports than they expect themselves; the cells around them only took part in the test.

use std::collections::HashMap;

use crate::index::{DocAddress, RING_MAX, Snapshot};
use crate::query::exposure::Population;
use crate::query::hex_counts::HexCounts;
use crate::query::hex_scores::auto_k;
use crate::statistics::{
    DisjointSet, NeighbourLists, hypergeometric_upper_tail, q_values_among, upper_tail,
};

/// A group with fewer reports is not tested: it has no hotspot.
pub const CASES_MIN: usize = 5;
/// A neighbourhood with fewer reports is not tested: its p-value is taken as 1.
const AROUND_MIN: u64 = 3;
/// With a smaller z the p-value is above every false discovery rate, and is taken as 1.
const Z_MIN: f64 = 1.0;

/// A report that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Index of its cell in the counts.
    pub cell: u32,
    /// Service number.
    pub service: u16,
    /// When it was requested, in seconds since 1970.
    pub requested: i64,
    /// Whether it is open or in progress.
    pub is_open: bool,
    /// Where it is.
    pub address: DocAddress,
}

/// Reports that are tested together.
pub struct CaseGroup<'a> {
    /// Its service; none where all services are tested together.
    pub service: Option<u16>,
    /// Its reports.
    pub cases: &'a [Case],
    /// The population's count in each cell.
    pub exposure: &'a [u32],
    /// What `exposure` counts.
    pub population: Population,
    /// The count of the reports of all services of the same period in each cell; none where the
    /// group is not compared with them.
    pub same_period: Option<&'a [u32]>,
}

/// A region of a group's hot cells.
#[derive(Debug, Clone)]
pub struct HotRegion {
    /// Number of its group.
    pub group: usize,
    /// Its members, as indices of cells, ascending.
    pub cells: Vec<u32>,
    /// Cells of its members' neighbourhoods that are no members, ascending.
    pub ring: Vec<u32>,
    /// Its reports.
    pub cases: Vec<Case>,
    /// Number expected in its members.
    pub expected: f64,
    /// Largest z score of its members.
    pub z: f64,
    /// Smallest false discovery rate of its members.
    pub q: f64,
}

/// The neighbourhoods of a test, computed once for each radius.
pub struct Neighbourhoods<'a> {
    snapshot: &'a Snapshot,
    counts: &'a HexCounts,
    by_radius: Vec<Option<NeighbourLists>>,
}

impl<'a> Neighbourhoods<'a> {
    /// Those of the cells of `counts`.
    pub fn new(snapshot: &'a Snapshot, counts: &'a HexCounts) -> Self {
        Self { snapshot, counts, by_radius: vec![None; usize::from(RING_MAX) + 1] }
    }

    fn of(&mut self, k: u8) -> &NeighbourLists {
        let lists = &mut self.by_radius[usize::from(k.min(RING_MAX))];
        lists.get_or_insert_with(|| self.counts.neighbours(self.snapshot, k))
    }
}

/// A neighbourhood whose count is above expectation.
struct HighCell {
    group: usize,
    /// Index of the cell at its centre.
    cell: u32,
    z: f64,
    p: f64,
}

/// The radius of a group's neighbourhoods: `k`, else 1 with exposure, else [`auto_k`].
pub fn radius(group: &CaseGroup<'_>, k: Option<u8>, cells: usize) -> u8 {
    k.unwrap_or_else(|| match group.population {
        Population::Cells => auto_k(group.cases.len() as u64, cells),
        _ => 1,
    })
}

/// Tests all groups at a false discovery rate, and returns their hot regions, by group.
///
/// Takes O(cases · k² + groups · cells) time.
pub fn hot_regions(
    neighbourhoods: &mut Neighbourhoods<'_>,
    groups: &[CaseGroup<'_>],
    k: Option<u8>,
    rate: f64,
) -> Vec<HotRegion> {
    let cells = neighbourhoods.counts.cells.len();
    let (mut high, mut around) = (Vec::new(), vec![0u32; cells]);
    let tested = || groups.iter().enumerate().filter(|(_, one)| one.cases.len() >= CASES_MIN);
    for (number, group) in tested() {
        let k = radius(group, k, cells);
        high_cells(group, number, neighbourhoods.of(k), &mut around, &mut high);
    }
    let p: Vec<f64> = high.iter().map(|cell| cell.p).collect();
    let q = q_values_among(&p, cells * tested().count());
    let mut hot: Vec<Vec<(HighCell, f64)>> = groups.iter().map(|_| Vec::new()).collect();
    for (cell, q) in high.into_iter().zip(q) {
        if q <= rate {
            hot[cell.group].push((cell, q));
        }
    }
    let mut found = Vec::new();
    for (group, hot) in groups.iter().zip(hot) {
        if !hot.is_empty() {
            let k = radius(group, k, cells);
            found.extend(regions(group, &hot, neighbourhoods, k));
        }
    }
    found
}

/// Appends the neighbourhoods of a group that may be hot, by cell. `around` is zero for every cell,
/// before and after.
fn high_cells(
    group: &CaseGroup<'_>,
    number: usize,
    neighbours: &NeighbourLists,
    around: &mut [u32],
    high: &mut Vec<HighCell>,
) {
    let all: u64 = group.exposure.iter().map(|count| u64::from(*count)).sum();
    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let all_same = group.same_period.map_or(0, sum);
    let total = group.cases.len() as u64;
    // Only cells that have a report near can be hot.
    let mut touched = Vec::new();
    for case in group.cases {
        let others = neighbours.of(case.cell as usize).iter().copied();
        for cell in others.chain([case.cell]) {
            let count = &mut around[cell as usize];
            if *count == 0 {
                touched.push(cell);
            }
            *count += 1;
        }
    }
    touched.sort_unstable();
    for cell in touched {
        let observed = u64::from(std::mem::take(&mut around[cell as usize]));
        if observed < AROUND_MIN || all == 0 {
            continue;
        }
        let share = neighbours.sum(cell as usize, group.exposure) as f64 / all as f64;
        let expected = total as f64 * share;
        let deviation = (expected * (1.0 - share)).sqrt();
        if deviation <= 0.0 {
            continue;
        }
        let z = (observed as f64 - expected) / deviation;
        if z >= Z_MIN {
            let among = group.same_period.map_or(0.0, |same| {
                let draws = neighbours.sum(cell as usize, same);
                hypergeometric_upper_tail(observed, draws, total, all_same)
            });
            let p = upper_tail(observed, total, share).max(among);
            high.push(HighCell { group: number, cell, z, p });
        }
    }
}

/// The connected regions of a group's hot cells, those without a member left out.
fn regions(
    group: &CaseGroup<'_>,
    hot: &[(HighCell, f64)],
    neighbourhoods: &mut Neighbourhoods<'_>,
    k: u8,
) -> Vec<HotRegion> {
    let numbers: HashMap<u32, u32> = hot.iter().map(|(cell, _)| cell.cell).zip(0..).collect();
    let mut components = DisjointSet::new(hot.len());
    let adjacent = neighbourhoods.of(1);
    for (number, (cell, _)) in (0u32..).zip(hot) {
        for other in adjacent.of(cell.cell as usize).iter().filter_map(|at| numbers.get(at)) {
            components.join(number, *other);
        }
    }
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for case in group.cases.iter().filter(|case| numbers.contains_key(&case.cell)) {
        *counts.entry(case.cell).or_default() += 1;
    }
    let all: u64 = group.exposure.iter().map(|count| u64::from(*count)).sum();
    let scale = group.cases.len() as f64 / all.max(1) as f64;
    let mut of_root: HashMap<u32, HotRegion> = HashMap::new();
    let mut root_of_cell: HashMap<u32, u32> = HashMap::new();
    for (number, (cell, q)) in (0u32..).zip(hot) {
        let expected = f64::from(group.exposure[cell.cell as usize]) * scale;
        let count = counts.get(&cell.cell).copied().unwrap_or(0);
        if f64::from(count) <= expected {
            continue;
        }
        let root = components.find(number);
        root_of_cell.insert(cell.cell, root);
        let region = of_root.entry(root).or_insert_with(|| HotRegion {
            group: cell.group,
            cells: Vec::new(),
            ring: Vec::new(),
            cases: Vec::new(),
            expected: 0.0,
            z: 0.0,
            q: 1.0,
        });
        region.cells.push(cell.cell);
        region.expected += expected;
        region.z = region.z.max(cell.z);
        region.q = region.q.min(*q);
    }
    for case in group.cases {
        let root = root_of_cell.get(&case.cell);
        if let Some(region) = root.and_then(|root| of_root.get_mut(root)) {
            region.cases.push(*case);
        }
    }
    let neighbours = neighbourhoods.of(k);
    let mut found: Vec<HotRegion> = of_root.into_values().collect();
    for region in &mut found {
        region.cells.sort_unstable();
        let around = region.cells.iter().flat_map(|cell| neighbours.of(*cell as usize)).copied();
        region.ring = around.filter(|cell| region.cells.binary_search(cell).is_err()).collect();
        region.ring.sort_unstable();
        region.ring.dedup();
    }
    // Hash maps have no order of their own: by first cell, so that the result is reproducible.
    found.sort_by_key(|region| region.cells.first().copied());
    found
}
