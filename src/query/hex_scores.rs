//! The significance of counts in H3 cells.
//!
//! Statistics are computed over the whole extent of a city, whatever box is asked for, so the
//! significance of a cell does not depend on the viewport.

use crate::domain::{Filter, Interrupt, Interrupted};
use crate::index::{RING_MAX, Snapshot};
use crate::place::H3Cell;
use crate::query::exposure::{Exposure, ExposureCounts, Population, exposure_counts};
use crate::query::hex_counts::HexCounts;
use crate::statistics::{
    Effort, NeighbourLists, gi_star, lower_tail, permuted, q_values, two_sided, upper_tail,
};

/// With fewer cells nothing is tested: z is not normally distributed then.
pub const CELLS_MIN: usize = 30;
/// Mean number of reports in a neighbourhood that an automatically chosen size reaches: the least
/// expectation at which a normal approximation is commonly used (Cochran, *Some Methods for
/// Strengthening the Common χ² Tests*, 1954).
const EXPECTED_MIN: f64 = 5.0;

/// How significance is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HexTest {
    /// Radius of a neighbourhood in steps; none for [`auto_k`].
    pub k: Option<u8>,
    /// What the counts are compared with.
    pub exposure: Exposure,
}

/// Why nothing can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntestableReason {
    /// No report matches.
    NoReports,
    /// The extent has fewer than [`CELLS_MIN`] cells.
    FewCells,
    /// Every cell has the same count.
    AllEqual,
}

/// The significance of each cell, in the order of [`HexCounts::cells`].
#[derive(Debug, Clone, PartialEq)]
pub struct HexScores {
    /// Radius of the neighbourhoods, in steps.
    pub k: u8,
    /// What the counts were compared with.
    pub population: Population,
    /// Expected count of the cell.
    pub expected: Vec<f64>,
    /// Count of the neighbourhood, the cell itself included.
    pub count_around: Vec<u64>,
    /// Expected count of the neighbourhood.
    pub expected_around: Vec<f64>,
    /// z score, standard normal under the null hypothesis.
    pub z: Vec<f64>,
    /// Two-sided p-value.
    pub p: Vec<f64>,
    /// False discovery rate at which the cell is significant: [`q_values`] of `p`.
    pub q: Vec<f64>,
}

impl HexScores {
    /// 3, 2, 1 for a cell that is hot at a false discovery rate of 1, 5, 10 %; -3, -2, -1 for one
    /// that is cold; else 0.
    pub fn class(&self, cell: usize) -> i8 {
        class_of(self.z[cell], self.q[cell])
    }
}

/// The class of a z score and a false discovery rate, see [`HexScores::class`].
pub(super) fn class_of(z: f64, q: f64) -> i8 {
    let level = [0.01, 0.05, 0.1].iter().position(|rate| q <= *rate).map_or(0, |n| 3 - n as i8);
    if z > 0.0 { level } else { -level }
}

/// The smallest radius, in steps, at which a neighbourhood holds five reports on average; at most
/// [`RING_MAX`].
///
/// ```
/// use pointchaud::query::auto_k;
///
/// assert_eq!((auto_k(1_000, 100), auto_k(100, 100), auto_k(1, 100)), (1, 1, 3));
/// ```
pub fn auto_k(total: u64, cells: usize) -> u8 {
    let mean = total as f64 / cells.max(1) as f64;
    let enough = |k: &u8| mean * (H3Cell::ring_size(*k) + 1) as f64 >= EXPECTED_MIN;
    (1..RING_MAX).find(enough).unwrap_or(RING_MAX)
}

/// Tests the count of every cell's neighbourhood.
///
/// Without exposure this is Gi\* ([`gi_star`]) with p from the normal distribution. With exposure
/// the count of the neighbourhood is compared with its share of the population
/// ([`exposure_counts`]), of which the counted reports are a part. Under the null hypothesis it is
/// hypergeometric; the binomial distribution with the same share has longer tails: z is
/// standardised by that variance, and p is exact, twice the smaller tail (Besag and Newell, *The
/// Detection of Clusters in Rare Diseases*, 1991, with a fixed neighbourhood).
///
/// `filter` is the one by which the reports were counted; without `area` and `bbox`, which select
/// among the results of a test of the whole city.
///
/// Takes O(cells · k²) time, plus the scan of the population.
///
/// # Errors
/// Why nothing can be tested.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Exposure, HexTest, count_hexes, score_hexes};
///
/// // A report in each of 64 cells, and twenty more in one of them.
/// let report = |n: u32| {
///     let (x, y) = if n < 64 { (n % 8, n / 8) } else { (4, 4) };
///     let at = Position::new(-71.3 + f64::from(x) * 0.01, 46.8 + f64::from(y) * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..84).map(report)).reader().load();
/// let every = Filter::default();
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&every), 8);
/// let test = HexTest { k: Some(1), exposure: Exposure::None };
/// let scores = score_hexes(&snapshot, &counts, &every, test).unwrap();
/// let busiest = (0..counts.cells.len()).max_by_key(|cell| counts.totals[*cell].count).unwrap();
/// assert!(scores.z[busiest] > 2.0);
/// assert_eq!(scores.class(busiest), 1, "hot at a false discovery rate of 10 %");
/// ```
pub fn score_hexes(
    snapshot: &Snapshot,
    counts: &HexCounts,
    filter: &Filter,
    test: HexTest,
) -> Result<HexScores, UntestableReason> {
    score_hexes_with(snapshot, counts, test, || exposure_counts(snapshot, counts, filter))
}

/// [`score_hexes`] with given exposure counts, for callers that test several filters against the
/// same ones. `exposed` is called only where `test` has an exposure.
///
/// # Errors
/// Why nothing can be tested.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Exposure, HexTest, count_hexes, exposure_counts, score_hexes_with};
///
/// // A report in each of 64 cells, and twenty more in one of them.
/// let report = |n: u32| {
///     let (x, y) = if n < 64 { (n % 8, n / 8) } else { (4, 4) };
///     let at = Position::new(-71.3 + f64::from(x) * 0.01, 46.8 + f64::from(y) * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..84).map(report)).reader().load();
/// let every = Filter::default();
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&every), 8);
/// let background = exposure_counts(&snapshot, &counts, &every);
/// let test = HexTest { k: Some(1), exposure: Exposure::Reports };
/// let scores = score_hexes_with(&snapshot, &counts, test, || background).unwrap();
/// // Compared with itself nothing is hot.
/// assert!(scores.z.iter().all(|z| z.abs() < 1e-6));
/// ```
pub fn score_hexes_with(
    snapshot: &Snapshot,
    counts: &HexCounts,
    test: HexTest,
    exposed: impl FnOnce() -> ExposureCounts,
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
    let mut population = Population::Cells;
    let (expected_around, expected, z, p) = match test.exposure {
        Exposure::None => {
            let z = gi_star(&values, &neighbours).ok_or(UntestableReason::AllEqual)?;
            let p = z.iter().map(|z| two_sided(*z)).collect();
            let size = |cell: usize| (neighbours.of(cell).len() + 1) as f64;
            let expected = (0..values.len()).map(|cell| mean * size(cell)).collect();
            (expected, vec![mean; values.len()], z, p)
        }
        Exposure::Reports => {
            let ExposureCounts { population: of, counts: background } = exposed();
            population = of;
            let scores = score_against(&values, &background, &neighbours);
            let (expected, z, p) = scores.ok_or(UntestableReason::AllEqual)?;
            let all: u64 = background.iter().map(|value| u64::from(*value)).sum();
            let share = |value: &u32| total as f64 * f64::from(*value) / all as f64;
            (expected, background.iter().map(share).collect(), z, p)
        }
    };
    let q = q_values(&p);
    let count_around = (0..values.len()).map(|cell| neighbours.sum(cell, &values)).collect();
    Ok(HexScores { k, population, expected, count_around, expected_around, z, p, q })
}

/// Pseudo p-values of the cells' neighbourhoods, of `k` steps, by conditional permutation
/// ([`permuted`]), in the order of [`HexCounts::cells`]. `draws` is the number of permutations and
/// the seed.
///
/// # Errors
/// The result is not wanted any more.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, Interrupt, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{count_hexes, permute_hexes};
///
/// let report = |n: u32| {
///     let at = Position::new(-71.3 + f64::from(n % 9) * 0.01, 46.8).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..30).map(report)).reader().load();
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&Filter::default()), 8);
/// let p = permute_hexes(&snapshot, &counts, 1, (99, 1), &Interrupt::default()).unwrap();
/// assert!(p.len() == counts.cells.len() && p.iter().all(|p| (0.01..=1.0).contains(p)));
/// ```
pub fn permute_hexes(
    snapshot: &Snapshot,
    counts: &HexCounts,
    k: u8,
    draws: (u32, u64),
    interrupt: &Interrupt,
) -> Result<Vec<f64>, Interrupted> {
    let is_wanted = || interrupt.check().is_ok();
    let effort = Effort { is_wanted: &is_wanted, ..Effort::UNBOUNDED };
    let found = permuted(&counts.values(), &counts.neighbours(snapshot, k), draws, effort);
    found.map_err(|_| Interrupted)
}

/// Expectation, z and p of each neighbourhood's count, compared with its share of the background.
fn score_against(
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
        let deviation = (expected * (1.0 - share)).sqrt();
        if deviation <= 0.0 {
            return (expected, 0.0, 1.0);
        }
        let z = (observed as f64 - expected) / deviation;
        let tail = if z > 0.0 { upper_tail } else { lower_tail };
        (expected, z, (2.0 * tail(observed, total, share)).min(1.0))
    };
    let scores = (0..values.len()).map(score);
    let (mut expected, mut z, mut p) = (Vec::new(), Vec::new(), Vec::new());
    for (expectation, score, probability) in scores {
        expected.push(expectation);
        z.push(score);
        p.push(probability);
    }
    Some((expected, z, p))
}
