//! The prospective space–time permutation scan statistic, which finds emerging clusters.
//!
//! Kulldorff, Heffernan, Hartman, Assunção and Mostashari, *A Space–Time Permutation Scan Statistic
//! for Disease Outbreak Detection* (2005). A cylinder is a place with its neighbours, at one of
//! several widths, over the last 1, 2, … days. Its expected count is the count of its places times
//! the share of its days, so neither a busy place nor a busy day raises an alarm by itself. The
//! statistic is the largest likelihood ratio of all cylinders; its null distribution comes
//! from permuting days among cases, and in the far tail from a Gumbel distribution fitted by
//! moments (Abrams, Kulldorff and Kleinman, *Gumbel Based P-Value Approximations for Spatial Scan
//! Statistics*, 2010).

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::statistics::NeighbourLists;

/// The longest cylinder, in days.
pub const SCAN_DAYS: usize = 14;
/// Days of a counter, padded to the width of a vector addition.
const LANES: usize = 16;
/// Least cases of a cluster.
const CASES_MIN: u32 = 3;
/// Replicas above an observation below which its p-value comes from the fitted tail.
const RANKS_MIN: usize = 10;
/// Euler and Mascheroni's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The cases to scan.
#[derive(Debug, Clone, Copy)]
pub struct ScanCases<'a> {
    /// The place of each case.
    pub places: &'a [u32],
    /// Age of each case in days before the last day, in the order of `places`.
    pub ages: &'a [u32],
    /// Neighbourhoods of each place, each containing the previous one; the first is the place
    /// alone. Neighbourhood is symmetric.
    pub zones: &'a [NeighbourLists],
}

/// How the null distribution is sampled.
#[derive(Debug, Clone, Copy)]
pub struct ScanSettings {
    /// Number of permutations, such as 999.
    pub replicas: usize,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Stop once this many permutations are at least as extreme as the observation (Besag and
    /// Clifford, *Sequential Monte Carlo p-values*, 1991): it is not significant then.
    pub stop_after: usize,
}

/// A cylinder with more cases than expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cylinder {
    /// The place at its centre.
    pub place: u32,
    /// Number of its neighbourhood in `zones`; 0 is the place alone.
    pub width: usize,
    /// Its length: the last `days` days.
    pub days: usize,
    /// Observed cases.
    pub count: u32,
    /// Expected cases.
    pub expected: f64,
    /// Log likelihood ratio.
    pub ratio: f64,
    /// Probability, under the null, of a cylinder with this or a larger ratio anywhere: from the
    /// rank among the replicas, from the Gumbel tail where fewer than ten replicas are above.
    pub p: f64,
}

/// The cylinders with the largest ratios, without overlaps, at most `at_most`, the largest first.
/// Empty where fewer than three cases fall into the last [`SCAN_DAYS`] days, or all cases do.
///
/// ```
/// use pointchaud::statistics::{NeighbourLists, ScanCases, ScanSettings, scan};
///
/// // A case in each of two places every fourth day, and ten at place 1 today.
/// let (mut places, mut ages) = (Vec::new(), Vec::new());
/// for day in 0..100u32 {
///     places.extend([0, 1]);
///     ages.extend([day * 4, day * 4]);
/// }
/// places.extend([1; 10]);
/// ages.extend([0; 10]);
/// let zones = [NeighbourLists::alone(2)];
/// let cases = ScanCases { places: &places, ages: &ages, zones: &zones };
/// let settings = ScanSettings { replicas: 99, seed: 1, stop_after: 99 };
/// let found = scan(cases, settings, 1);
/// assert_eq!((found[0].place, found[0].days, found[0].count), (1, 1, 11));
/// assert!(found[0].p < 0.05);
/// ```
pub fn scan(cases: ScanCases<'_>, draws: ScanSettings, at_most: usize) -> Vec<Cylinder> {
    let recent = cases.ages.iter().filter(|age| (**age as usize) < SCAN_DAYS).count();
    if recent < CASES_MIN as usize || recent == cases.ages.len() {
        return Vec::new();
    }
    let mut board = RecentCounts::new(cases);
    for (place, age) in cases.places.iter().zip(cases.ages) {
        board.add(*place, *age);
    }
    let mut observed = board.clusters(at_most);
    let Some(most) = observed.first().map(|cylinder| cylinder.ratio) else { return observed };
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(draws.seed);
    // Recent ages are dealt to cases drawn at random; older ages do not matter.
    let ages: Vec<u32> =
        cases.ages.iter().copied().filter(|age| (*age as usize) < SCAN_DAYS).collect();
    let mut places = cases.places.to_vec();
    let (mut maxima, mut extreme) = (Vec::with_capacity(draws.replicas), 0);
    while maxima.len() < draws.replicas && extreme < draws.stop_after {
        board.clear();
        for (n, age) in ages.iter().enumerate() {
            let left = (places.len() - n) as u64;
            let drawn = n + ((rng.random::<u32>() as u64 * left) >> 32) as usize;
            places.swap(n, drawn);
            board.add(places[n], *age);
        }
        let largest = board.largest();
        extreme += usize::from(largest >= most);
        maxima.push(largest);
    }
    let tail = GumbelTail::of(&maxima);
    let stopped = extreme >= draws.stop_after;
    for cylinder in &mut observed {
        let above = maxima.iter().filter(|largest| **largest >= cylinder.ratio).count();
        let rank = match stopped {
            true => above as f64 / maxima.len() as f64,
            false => (above + 1) as f64 / (maxima.len() + 1) as f64,
        };
        let is_rare = !stopped && above < RANKS_MIN;
        cylinder.p = tail.filter(|_| is_rare).map_or(rank, |tail| tail.p(cylinder.ratio).min(rank));
    }
    observed
}

/// A Gumbel distribution of maxima.
#[derive(Clone, Copy)]
struct GumbelTail {
    mode: f64,
    scale: f64,
}

impl GumbelTail {
    /// Fits by the method of moments; `None` where the maxima do not vary.
    fn of(maxima: &[f64]) -> Option<Self> {
        let n = maxima.len() as f64;
        let mean = maxima.iter().sum::<f64>() / n;
        let variance = maxima.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        let scale = variance.sqrt() * 6f64.sqrt() / std::f64::consts::PI;
        (scale > 0.0).then_some(Self { mode: mean - EULER * scale, scale })
    }

    fn p(self, value: f64) -> f64 {
        -libm::expm1(-(-(value - self.mode) / self.scale).exp())
    }
}

/// Counts of the last days by place.
struct RecentCounts<'a> {
    zones: &'a [NeighbourLists],
    /// The places that each neighbourhood adds to the one before.
    rings: Vec<NeighbourLists>,
    /// Cases of the last 1, 2, … days, by place.
    counts: Vec<[u16; LANES]>,
    touched: Vec<u32>,
    /// Cases of a ring, by place and then by ring.
    held: Vec<[u16; LANES]>,
    /// All cases, by neighbourhood and place.
    totals: Vec<Vec<f64>>,
    /// Share of all cases in the last 1, 2, … days.
    shares: [f64; SCAN_DAYS],
    /// The same, and all of them where there are no days.
    rough: [f32; LANES],
    all: f64,
}

impl<'a> RecentCounts<'a> {
    fn new(cases: ScanCases<'a>) -> Self {
        let places = cases.zones.first().map_or(0, NeighbourLists::len);
        let mut own = vec![0u32; places];
        cases.places.iter().for_each(|place| own[*place as usize] += 1);
        let all = cases.places.len() as f64;
        let totals =
            |zone: &NeighbourLists| (0..places).map(|p| zone.sum(p, &own) as f64).collect();
        let until = |days: usize| cases.ages.iter().filter(|age| (**age as usize) < days).count();
        let shares: [f64; SCAN_DAYS] = std::array::from_fn(|n| until(n + 1) as f64 / all);
        let mut rings = cases.zones.to_vec();
        for (pair, ring) in cases.zones.windows(2).zip(&mut rings[1..]) {
            let mut beyond = NeighbourLists::with_capacity(places, 0);
            for place in 0..places {
                let inside = pair[0].of(place);
                beyond.push(pair[1].of(place).iter().copied().filter(|p| !inside.contains(p)));
            }
            *ring = beyond;
        }
        Self {
            zones: cases.zones,
            held: vec![[0; LANES]; places * rings.len()],
            rings,
            counts: vec![[0; LANES]; places],
            touched: Vec::new(),
            totals: cases.zones.iter().map(totals).collect(),
            rough: std::array::from_fn(|n| shares.get(n).map_or(1.0, |share| *share as f32)),
            shares,
            all,
        }
    }

    fn clear(&mut self) {
        self.touched.drain(..).for_each(|place| self.counts[place as usize] = [0; LANES]);
    }

    fn add(&mut self, place: u32, age: u32) {
        if age as usize >= SCAN_DAYS {
            return;
        }
        let counts = &mut self.counts[place as usize];
        if counts[LANES - 1] == 0 {
            self.touched.push(place);
        }
        // Whatever is in the last days is in those of a longer cylinder.
        counts[age as usize..].iter_mut().for_each(|count| *count = count.saturating_add(1));
    }

    /// Hands what each place holds on to those around it: few places hold anything.
    fn spread(&mut self) {
        let widths = self.rings.len();
        self.held.fill([0; LANES]);
        for place in self.touched.iter().map(|place| *place as usize) {
            let counts = self.counts[place];
            self.held[place * widths] = counts;
            for (width, ring) in self.rings.iter().enumerate().skip(1) {
                for other in ring.of(place) {
                    let sums = &mut self.held[*other as usize * widths + width];
                    (0..LANES).for_each(|n| sums[n] = sums[n].saturating_add(counts[n]));
                }
            }
        }
    }

    /// Calls `found` with each cylinder of more cases than expected whose ratio may be above what
    /// `found` answers.
    fn each(&mut self, mut found: impl FnMut(Cylinder) -> f64) {
        self.spread();
        let mut least = 0.0;
        for (place, held) in self.held.chunks_exact(self.rings.len()).enumerate() {
            // Each zone is the narrower one and a ring; most hold too few cases to be looked at.
            let mut sums = [0u16; LANES];
            for (width, ring) in held.iter().enumerate() {
                (0..LANES).for_each(|n| sums[n] = sums[n].saturating_add(ring[n]));
                if u32::from(sums[LANES - 1]) >= CASES_MIN {
                    let total = self.totals[width][place];
                    least = self.look(place as u32, width, total, &sums, least, &mut found);
                }
            }
        }
    }

    /// Looks at the cylinders of one zone, and answers the least ratio that is still of interest.
    fn look(
        &self,
        place: u32,
        width: usize,
        total: f64,
        sums: &[u16; LANES],
        mut least: f64,
        found: &mut impl FnMut(Cylinder) -> f64,
    ) -> f64 {
        // ln x ≤ x - 1 bounds the ratio without a logarithm: above² (1/μ + 1/(N - μ)). Roughly, but
        // never too low, of all days at once.
        let (all, wide, bound) = (self.all as f32, total as f32, least as f32 * 0.999);
        let mut may = false;
        for (count, share) in sums.iter().zip(&self.rough) {
            let expected = wide * share;
            let above = f32::from(*count) - expected;
            let high = above * above * all > bound * expected * (all - expected);
            may |= (above > -1e-3) & high;
        }
        if !may {
            return least;
        }
        for (n, share) in self.shares.iter().enumerate() {
            let (count, expected) = (u32::from(sums[n]), total * share);
            let above = f64::from(count) - expected;
            let rest = self.all - expected;
            let is_less = above * above * self.all <= least * expected * rest;
            if count < CASES_MIN || above <= 0.0 || is_less {
                continue;
            }
            let ratio = likelihood(f64::from(count), expected, self.all);
            if ratio > least {
                let days = n + 1;
                least = found(Cylinder { place, width, days, count, expected, ratio, p: 1.0 });
            }
        }
        least
    }

    fn largest(&mut self) -> f64 {
        let mut largest = 0.0;
        self.each(|cylinder| {
            largest = cylinder.ratio;
            largest
        });
        largest
    }

    /// The most unlikely cylinders that have no place in common.
    fn clusters(&mut self, at_most: usize) -> Vec<Cylinder> {
        let mut all = Vec::new();
        self.each(|cylinder| {
            all.push(cylinder);
            0.0
        });
        all.sort_by(|a, b| b.ratio.total_cmp(&a.ratio).then_with(|| a.place.cmp(&b.place)));
        let mut taken = vec![false; self.counts.len()];
        let mut chosen = Vec::new();
        for cylinder in all {
            let around = self.zones[cylinder.width].of(cylinder.place as usize);
            let places = || std::iter::once(cylinder.place).chain(around.iter().copied());
            if chosen.len() == at_most {
                break;
            }
            if !places().any(|place| taken[place as usize]) {
                places().for_each(|place| taken[place as usize] = true);
                chosen.push(cylinder);
            }
        }
        chosen
    }
}

/// Logarithm of Kulldorff's likelihood ratio of `count` cases where `expected` of `all` are.
fn likelihood(count: f64, expected: f64, all: f64) -> f64 {
    let rest = all - count;
    let outside = if rest > 0.0 { rest * (rest / (all - expected)).ln() } else { 0.0 };
    count * (count / expected).ln() + outside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of places with their neighbours within 0, 1, 2 steps.
    fn row(places: u32) -> Vec<NeighbourLists> {
        let zone = |reach: u32| {
            let mut zone = NeighbourLists::with_capacity(places as usize, 4);
            for place in 0..places {
                let around = place.saturating_sub(reach)..=(place + reach).min(places - 1);
                zone.push(around.filter(|other| *other != place));
            }
            zone
        };
        [0, 1, 2].map(zone).into()
    }

    fn draw(seed: u64, planted: usize) -> (Vec<u32>, Vec<u32>) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        // Busy places and busy days, but nothing of both.
        let busy = |rng: &mut Xoshiro256PlusPlus, n: u32| {
            rng.random_range(0..n).min(rng.random_range(0..n))
        };
        let (mut places, mut ages): (Vec<u32>, Vec<u32>) =
            (0..2_000).map(|_| (busy(&mut rng, 60), busy(&mut rng, 365))).unzip();
        for _ in 0..planted {
            places.push(40);
            ages.push(rng.random_range(0..4));
        }
        (places, ages)
    }

    #[test]
    fn a_burst_is_found_where_and_when_it_is() {
        let zones = row(60);
        let (places, ages) = draw(1, 12);
        let cases = ScanCases { places: &places, ages: &ages, zones: &zones };
        let draws = ScanSettings { replicas: 999, seed: 5, stop_after: usize::MAX };
        let found = scan(cases, draws, 3);
        assert!(found[0].p < 1e-4 && found[0].place.abs_diff(40) <= 2 && found[0].days <= 5);
        assert!(found[1].p > 0.05, "{:?}", found[1]);
        assert_eq!(found, scan(cases, draws, 3), "the same seed, the same answer");
    }

    #[test]
    fn false_alarms_are_no_more_frequent_than_stated() {
        let zones = row(60);
        let mut alarms = 0;
        for seed in 0..200 {
            let (places, ages) = draw(1_000 + seed, 0);
            let cases = ScanCases { places: &places, ages: &ages, zones: &zones };
            let draws = ScanSettings { replicas: 199, seed, stop_after: usize::MAX };
            alarms += usize::from(scan(cases, draws, 1).first().is_some_and(|best| best.p <= 0.05));
        }
        // 10 are expected of 200; 19 or more would come once in 150 times.
        assert!(alarms < 19, "{alarms} of 200");
    }

    #[test]
    fn nothing_to_scan_is_nothing_found() {
        let zones = row(3);
        let draws = ScanSettings { replicas: 99, seed: 1, stop_after: 10 };
        for (places, ages) in [
            (vec![], vec![]),
            (vec![0, 1], vec![0, 0]),
            (vec![0; 9], vec![1; 9]),
            (vec![0; 9], vec![99; 9]),
        ] {
            let cases = ScanCases { places: &places, ages: &ages, zones: &zones };
            assert_eq!(scan(cases, draws, 3), []);
        }
    }
}
