//! Counts in the hexagons of H3, and where they are more than chance.
//!
//! The *extent* of a city is every cell of the resolution in which a report was ever placed
//! exactly, of any service and time: where people live, drive and report. A cell of the extent that
//! no report under the filter lies in counts as zero; cells outside it (river, forest) do not count
//! at all.
//!
//! Statistics are taken over the whole extent whatever box is asked for, so that what is hot does
//! not depend on where the map is.

use std::hint::select_unpredictable;

use crate::domain::Filter;
use crate::index::{CompiledFilter, RING_MAX, Snapshot};
use crate::place::Hex;
use crate::statistics;
use crate::statistics::{
    EmergingClass, MannKendall, NeighbourLists, gi_star, lower_tail, q_values, two_sided,
    upper_tail,
};

/// Fewer cells have no statistic: z is not normal among so few.
pub const CELLS_MIN: usize = 30;
/// Reports that a neighbourhood should hold on the average, where it is chosen automatically: the
/// least expectation at which a normal approximation is commonly used (Cochran 1954).
const EXPECTED_MIN: f64 = 5.0;

/// What passes in one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HexCell {
    /// How many reports.
    pub count: u32,
    /// How many of them are not closed.
    pub open: u32,
    /// When the oldest that is not closed was made, in seconds since 1970.
    pub oldest_open: Option<i64>,
}

/// Counts of a whole city at one resolution.
#[derive(Debug, Clone)]
pub struct HexCounts {
    /// The resolution.
    pub resolution: u8,
    /// The cells of the extent.
    pub cells: Vec<Hex>,
    /// What passes in each.
    pub tallies: Vec<HexCell>,
    /// Number of each cell of the snapshot in the extent; none where it is outside.
    places: Vec<Option<u32>>,
}

impl HexCounts {
    /// How many reports pass.
    pub fn total(&self) -> u64 {
        self.tallies.iter().map(|tally| u64::from(tally.count)).sum()
    }

    /// The counts alone.
    pub fn values(&self) -> Vec<u32> {
        self.tallies.iter().map(|tally| tally.count).collect()
    }

    /// The neighbours within `k` steps that are in the extent.
    pub fn neighbours(&self, snapshot: &Snapshot, k: u8) -> NeighbourLists {
        let rings = snapshot.h3_rings(self.resolution, k);
        let mut neighbours = NeighbourLists::with_capacity(self.cells.len(), Hex::ring_size(k));
        for (number, place) in self.places.iter().enumerate() {
            if place.is_some() {
                let near = rings.of(number as u32);
                neighbours.push(near.filter_map(|n| self.places.get(n as usize).copied()?));
            }
        }
        neighbours
    }

    /// For each piece of the index the number of its cell here; none outside the extent.
    pub fn by_fragment(&self, snapshot: &Snapshot) -> Vec<Option<u32>> {
        let cells = snapshot.h3_cell_by_fragment(self.resolution);
        cells.into_iter().map(|cell| self.places[cell as usize]).collect()
    }
}

#[derive(Clone, Copy)]
struct HexAggregate {
    count: u32,
    open: u32,
    /// Seconds since 1970, which all pass the gate as; see the index's columns.
    oldest: i64,
}

/// From this many reports on two threads count.
const HALVE_FROM: usize = 300_000;

/// Counts what passes in every cell of `resolution`.
pub fn count_hexes(snapshot: &Snapshot, compiled: &CompiledFilter, resolution: u8) -> HexCounts {
    let by_fragment = snapshot.h3_cell_by_fragment(resolution);
    let hexes = snapshot.h3_cells(resolution);
    let count = |part: usize, parts: usize| {
        let mut sums = vec![HexAggregate { count: 0, open: 0, oldest: i64::MAX }; hexes.len()];
        snapshot.scan_located(compiled, part, parts, |batch| {
            let columns = batch.columns();
            batch.slots().each(|slot| {
                let sum = &mut sums[by_fragment[columns.fragment(slot) as usize] as usize];
                // Which are open cannot be guessed.
                let open = columns.state(slot).is_open();
                let since = select_unpredictable(open, columns.requested(slot), i64::MAX);
                sum.count += 1;
                sum.open += u32::from(open);
                sum.oldest = sum.oldest.min(since);
            });
        });
        sums
    };
    let sums = if snapshot.len() < HALVE_FROM {
        count(0, 1)
    } else {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| count(1, 2));
            let mut sums = count(0, 2);
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (sum, more) in sums.iter_mut().zip(other) {
                sum.count += more.count;
                sum.open += more.open;
                sum.oldest = sum.oldest.min(more.oldest);
            }
            sums
        })
    };
    in_extent(snapshot, resolution, &hexes, &sums)
}

/// Leaves out the cells that are not of the extent.
fn in_extent(
    snapshot: &Snapshot,
    resolution: u8,
    hexes: &[Hex],
    sums: &[HexAggregate],
) -> HexCounts {
    let mut vacant = snapshot.vacant_h3_cells(resolution).iter().peekable();
    let mut counts = HexCounts {
        resolution,
        cells: Vec::with_capacity(hexes.len()),
        tallies: Vec::with_capacity(hexes.len()),
        places: Vec::with_capacity(hexes.len()),
    };
    for ((cell, sum), number) in hexes.iter().zip(sums).zip(0u32..) {
        // What is placed approximately counts where the filter lets it in, and makes its cell part
        // of the extent.
        let is_vacant = vacant.next_if(|vacant| **vacant == number).is_some();
        if is_vacant && sum.count == 0 {
            counts.places.push(None);
            continue;
        }
        counts.places.push(Some(counts.cells.len() as u32));
        counts.cells.push(*cell);
        let oldest_open = (sum.open > 0).then_some(sum.oldest);
        counts.tallies.push(HexCell { count: sum.count, open: sum.open, oldest_open });
    }
    counts
}

/// What a count is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The mean of all cells: Gi* proper. What is hot is busy.
    None,
    /// All reports of any kind and time: what is hot has more of this than its share.
    Reports,
}

impl Exposure {
    /// The words of all exposures.
    pub const WORDS: [(&'static str, Self); 2] = [("none", Self::None), ("reports", Self::Reports)];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, exposure)| *exposure == self).map_or("", |(word, _)| word)
    }
}

/// How significance is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HexTest {
    /// Steps that a neighbourhood reaches; none chooses it, see [`auto_k`].
    pub k: Option<u8>,
    /// What counts are held against.
    pub exposure: Exposure,
    /// Permutations and their seed, where asked.
    pub permutations: Option<(u32, u64)>,
}

/// Why there is no significance to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntestableReason {
    /// Nothing passes the filter.
    NoReports,
    /// The extent has fewer than [`CELLS_MIN`] cells.
    FewCells,
    /// Every cell has the same count.
    AllEqual,
}

/// What is known of each cell's significance, in the order of [`HexCounts::cells`].
#[derive(Debug, Clone, PartialEq)]
pub struct HexScores {
    /// Steps that a neighbourhood reached.
    pub k: u8,
    /// What the cell's own count was expected to be.
    pub expected: Vec<f64>,
    /// How many there are in its neighbourhood, itself among it.
    pub around: Vec<u64>,
    /// How many were expected there.
    pub expected_around: Vec<f64>,
    /// Standard normal under the null.
    pub z: Vec<f64>,
    /// Two-sided probability.
    pub p: Vec<f64>,
    /// [`q_values`] of p.
    pub q: Vec<f64>,
    /// Probability by permutation, where asked.
    pub p_permuted: Option<Vec<f64>>,
}

impl HexScores {
    /// 3, 2, 1 where hot at a false discovery rate of 1, 5, 10 %, -3, -2, -1 where cold, else 0.
    pub fn class(&self, cell: usize) -> i8 {
        class_of(self.z[cell], self.q[cell])
    }
}

pub(super) fn class_of(z: f64, q: f64) -> i8 {
    let level = [0.01, 0.05, 0.1].iter().position(|rate| q <= *rate).map_or(0, |n| 3 - n as i8);
    if z > 0.0 { level } else { -level }
}

/// The fewest steps at which a neighbourhood holds five reports on the average, at most
/// [`RING_MAX`].
pub fn auto_k(total: u64, cells: usize) -> u8 {
    let mean = total as f64 / cells.max(1) as f64;
    let enough = |k: &u8| mean * (Hex::ring_size(*k) + 1) as f64 >= EXPECTED_MIN;
    (1..RING_MAX).find(enough).unwrap_or(RING_MAX)
}

/// How significant each cell's count is.
///
/// Without exposure: Gi* ([`gi_star`]), p from the normal distribution. With exposure the same sum
/// over the same neighbourhood is held against what its share of all reports would bring: under
/// the null it is binomial, z is standardised by that variance, and p is exact, twice the smaller
/// tail (Besag and Newell, *The Detection of Clusters in Rare Diseases*, 1991, with a fixed
/// neighbourhood).
///
/// # Errors
/// Why there is nothing to tell.
pub fn score_hexes(
    snapshot: &Snapshot,
    counts: &HexCounts,
    approximate: bool,
    test: HexTest,
) -> Result<HexScores, UntestableReason> {
    score_hexes_against(snapshot, counts, test, || exposure(snapshot, counts, approximate))
}

/// [`score_hexes`] against a background that is known: all reports in each cell of the counts.
///
/// # Errors
/// As there.
pub fn score_hexes_against<B: std::borrow::Borrow<[u32]>>(
    snapshot: &Snapshot,
    counts: &HexCounts,
    test: HexTest,
    background: impl FnOnce() -> B,
) -> Result<HexScores, UntestableReason> {
    let total = counts.total();
    if total == 0 {
        return Err(UntestableReason::NoReports);
    }
    if counts.cells.len() < CELLS_MIN {
        return Err(UntestableReason::FewCells);
    }
    let k = test.k.unwrap_or_else(|| auto_k(total, counts.cells.len()));
    let neighbours = counts.neighbours(snapshot, k);
    let values = counts.values();
    let mean = total as f64 / values.len() as f64;
    let (expected_around, expected, z, p) = match test.exposure {
        Exposure::None => {
            let z = gi_star(&values, &neighbours).ok_or(UntestableReason::AllEqual)?;
            let p = z.iter().map(|z| two_sided(*z)).collect();
            let size = |cell: usize| (neighbours.of(cell).len() + 1) as f64;
            let expected = (0..values.len()).map(|cell| mean * size(cell)).collect();
            (expected, vec![mean; values.len()], z, p)
        }
        Exposure::Reports => {
            let background = background();
            let background = background.borrow();
            let scores = against(&values, background, &neighbours);
            let (expected, z, p) = scores.ok_or(UntestableReason::AllEqual)?;
            let all: u64 = background.iter().map(|value| u64::from(*value)).sum();
            let share = |value: &u32| total as f64 * f64::from(*value) / all as f64;
            (expected, background.iter().map(share).collect(), z, p)
        }
    };
    let q = q_values(&p);
    let permute = |(n, seed)| statistics::permuted(&values, &neighbours, n, seed);
    let p_permuted = test.permutations.map(permute);
    let around = (0..values.len()).map(|cell| neighbours.sum(cell, &values)).collect();
    Ok(HexScores { k, expected, around, expected_around, z, p, q, p_permuted })
}

/// All reports of any kind and time in each cell of the counts' extent.
pub fn exposure(snapshot: &Snapshot, counts: &HexCounts, approximate: bool) -> Vec<u32> {
    let all = snapshot.compiled(&Filter { approximate, ..Filter::default() });
    let whole = count_hexes(snapshot, &all, counts.resolution);
    // Extents differ where approximate places are let in: what is asked about is the counts' own.
    let of = |place: u32| whole.tallies[place as usize].count;
    let places = counts.places.iter().zip(&whole.places);
    places.filter_map(|(own, whole)| own.map(|_| whole.map_or(0, of))).collect()
}

/// Expectation, z and p of each neighbourhood's sum against its share of the background.
fn against(
    values: &[u32],
    background: &[u32],
    neighbours: &NeighbourLists,
) -> Option<(Vec<f64>, Vec<f64>, Vec<f64>)> {
    let sum = |values: &[u32]| values.iter().map(|value| u64::from(*value)).sum::<u64>();
    let (total, all) = (sum(values), sum(background));
    if all == 0 || background.iter().filter(|value| **value > 0).count() < 2 {
        return None;
    }
    let score = |cell: usize| {
        let share = neighbours.sum(cell, background) as f64 / all as f64;
        let observed = neighbours.sum(cell, values);
        let expected = total as f64 * share;
        let spread = (expected * (1.0 - share)).sqrt();
        if spread <= 0.0 {
            return (expected, 0.0, 1.0);
        }
        let z = (observed as f64 - expected) / spread;
        let tail = if z > 0.0 { upper_tail } else { lower_tail };
        (expected, z, (2.0 * tail(observed, total, share)).min(1.0))
    };
    let scores = (0..values.len()).map(score);
    let (mut expected, mut z, mut p) = (Vec::new(), Vec::new(), Vec::new());
    for (e, one, chance) in scores {
        expected.push(e);
        z.push(one);
        p.push(chance);
    }
    Some((expected, z, p))
}

/// What becomes of a cell through the steps of a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HexTrend {
    /// The trend of its z.
    pub trend: MannKendall,
    /// Its class and whether that is of a hot (1) or a cold (-1) spot.
    pub emerging: Option<(EmergingClass, i8)>,
}

/// Equal steps of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSteps {
    /// First second, since 1970.
    pub from: i64,
    /// First second behind it.
    pub before: i64,
    /// How many steps.
    pub steps: usize,
}

impl TimeSteps {
    /// The step of a second.
    fn of(&self, second: i64) -> Option<usize> {
        let inside = self.from <= second && second < self.before;
        let at = i128::from(second - self.from) * self.steps as i128;
        inside.then(|| (at / i128::from(self.before - self.from)) as usize)
    }
}

/// The trend of each cell through the steps: Gi* of every step's counts with the same
/// neighbourhood, each with its own false discovery rate at 10 %, Mann and Kendall's test on z.
/// Where a step has the same count everywhere its z is 0.
pub fn trend_hexes(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    counts: &HexCounts,
    k: u8,
    steps: TimeSteps,
) -> Vec<HexTrend> {
    let cells = counts.cells.len();
    let by_fragment = counts.by_fragment(snapshot);
    let mut matrix = vec![0u32; cells * steps.steps];
    snapshot.scan_located(compiled, 0, 1, |batch| {
        let columns = batch.columns();
        batch.slots().each(|slot| {
            let step = steps.of(columns.requested(slot));
            let cell = by_fragment[columns.fragment(slot) as usize];
            if let (Some(step), Some(cell)) = (step, cell) {
                matrix[step * cells + cell as usize] += 1;
            }
        });
    });
    let neighbours = counts.neighbours(snapshot, k);
    let mut z = vec![0.0; cells * steps.steps];
    let mut class = vec![0i8; cells * steps.steps];
    for (step, values) in matrix.chunks_exact(cells.max(1)).enumerate() {
        let Some(scores) = gi_star(values, &neighbours) else { continue };
        let p: Vec<f64> = scores.iter().map(|z| two_sided(*z)).collect();
        for (cell, (score, q)) in scores.iter().zip(q_values(&p)).enumerate() {
            z[cell * steps.steps + step] = *score;
            class[cell * steps.steps + step] = class_of(*score, q).signum();
        }
    }
    let series = z.chunks_exact(steps.steps).zip(class.chunks_exact(steps.steps));
    series
        .map(|(z, class)| {
            let trend = statistics::mann_kendall(z);
            HexTrend { trend, emerging: statistics::emerging(class, trend) }
        })
        .collect()
}
