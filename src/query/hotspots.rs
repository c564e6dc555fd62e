//! Hotspots: regions of touching H3 cells that are significantly hot, with what is known of each.
//!
//! Cells are counted ([`count_hexes`]) and tested ([`score_hexes`](crate::query::score_hexes)).
//! Cells that are hot at the false discovery rate asked for and touch each other form one region;
//! its reports are those of the window in its cells. Then the year before is scanned once: the
//! usual count of the region, since when there is more, and whether it grows.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::domain::{Filter, ServiceCode};
use crate::index::{DocAddress, Snapshot};
use crate::place::H3Cell;
use crate::query::hex_counts::{HexCounts, count_hexes, exposure_counts};
use crate::query::hex_scores::{
    Exposure, HexScores, HexTest, UntestableReason, class_of, score_hexes_with,
};
use crate::statistics::{DisjointSet, MannKendall, mann_kendall};

/// Number of time steps of the window for the test of a trend.
const TREND_STEPS: usize = 8;
/// How far back the usual count is computed from, in seconds.
const HISTORY: i64 = 366 * 86_400;
/// A year, for the comparison with the same days a year before, in seconds.
const YEAR: i64 = 365 * 86_400;
/// A region with fewer reports is no hotspot, however significant.
const REPORTS_MIN: u64 = 3;

/// Parameters of [`hotspots`].
#[derive(Debug, Clone)]
pub struct HotspotQuery {
    /// H3 resolution.
    pub resolution: u8,
    /// Radius of a neighbourhood in steps. None for 1 with exposure, else for
    /// [`auto_k`](crate::query::auto_k).
    pub k: Option<u8>,
    /// What the counts are compared with.
    pub exposure: Exposure,
    /// False discovery rate at which a cell is hot: 0.1, 0.05 or 0.01.
    pub rate: f64,
    /// Start of the window, in seconds since 1970.
    pub from: i64,
    /// End of the window, exclusive, in seconds since 1970.
    pub before: i64,
}

/// A region with significantly many reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspot {
    /// Its cells that hold reports, ascending.
    pub cells: Vec<H3Cell>,
    /// Number of reports in the window.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Number expected in its cells under the null hypothesis.
    pub expected: f64,
    /// Largest z score of its cells.
    pub z: f64,
    /// Smallest false discovery rate of its cells.
    pub q: f64,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// Since when there are more than expected, in seconds since 1970.
    pub since: i64,
    /// Mean number of reports in windows of the same length over the year before; none where the
    /// city's reports do not go back so far as one whole window before.
    pub usual: Option<f64>,
    /// Number of reports in the same days a year before; none where reports do not go back so far.
    pub last_year: Option<u64>,
    /// Trend of the count within the window.
    pub trend: MannKendall,
    /// Number of reports by service number, most first.
    pub services: Vec<(u16, u64)>,
    /// Numbers of the areas that its reports are in, most reports first.
    pub areas: Vec<u16>,
    /// Its reports, ascending by time.
    pub members: Vec<DocAddress>,
}

impl Hotspot {
    /// 3, 2, 1 at a false discovery rate of 1, 5, 10 %, like the class of a cell.
    pub fn class(&self) -> i8 {
        class_of(self.z, self.q)
    }
}

/// Result of [`hotspots`].
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspots {
    /// The hotspots, in no particular order.
    pub found: Vec<Hotspot>,
    /// Radius of the neighbourhoods, in steps.
    pub k: u8,
    /// Number of cells of the extent.
    pub cells: usize,
    /// Number of matching reports in the window.
    pub total: u64,
}

/// The hotspots of the matching reports in the window. The filter's own times are ignored.
///
/// Takes O(reports + cells · k²) time.
///
/// # Errors
/// Why nothing can be tested.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Exposure, HotspotQuery, hotspots};
///
/// // A report in each of 144 places, and sixty more in four of them.
/// let report = |n: u32| {
///     let (x, y) = if n < 144 { (n % 12, n / 12) } else { (4 + n % 2, 4 + n / 2 % 2) };
///     let at = Position::new(-71.3 + f64::from(x) * 0.01, 46.8 + f64::from(y) * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..204).map(report)).reader().load();
/// let query = HotspotQuery {
///     resolution: 8,
///     k: Some(1),
///     exposure: Exposure::None,
///     rate: 0.05,
///     from: 1_790_000_000 - 86_400,
///     before: 1_790_000_000 + 86_400,
/// };
/// let found = hotspots(&snapshot, &Filter::default(), &query).unwrap();
/// assert_eq!((found.found.len(), found.total), (1, 204));
/// assert!(found.found[0].count > 60);
/// ```
pub fn hotspots(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
) -> Result<Hotspots, UntestableReason> {
    hotspots_with(snapshot, filter, query, &OnceCell::new())
}

/// The hotspots of each service by itself, for the services with enough matching reports in the
/// window. The exposure is counted once for all of them.
///
/// # Errors
/// Why nothing can be tested; in particular no service has enough reports.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Exposure, HotspotQuery, hotspots_by_service};
///
/// // A report in each of 144 places, and sixty more in four of them.
/// let report = |n: u32| {
///     let (x, y) = if n < 144 { (n % 12, n / 12) } else { (4 + n % 2, 4 + n / 2 % 2) };
///     let at = Position::new(-71.3 + f64::from(x) * 0.01, 46.8 + f64::from(y) * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..204).map(report)).reader().load();
/// let query = HotspotQuery {
///     resolution: 8,
///     k: Some(1),
///     exposure: Exposure::None,
///     rate: 0.05,
///     from: 1_790_000_000 - 86_400,
///     before: 1_790_000_000 + 86_400,
/// };
/// let found = hotspots_by_service(&snapshot, &Filter::default(), &query).unwrap();
/// assert_eq!((found[0].0.as_str(), found[0].1.found.len()), ("graffiti", 1));
/// ```
pub fn hotspots_by_service(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
) -> Result<Vec<(ServiceCode, Hotspots)>, UntestableReason> {
    let timed = Filter { from: Some(query.from), before: Some(query.before), ..filter.clone() };
    let mut counts = vec![0u64; snapshot.service_count()];
    snapshot.scan_located(&snapshot.compiled(&timed), 0, 1, |batch| {
        batch.slots().each(|slot| counts[usize::from(batch.columns().service(slot))] += 1);
    });
    let background = OnceCell::new();
    let mut found = Vec::new();
    for (number, _) in (0u16..).zip(&counts).filter(|(_, count)| **count >= REPORTS_MIN) {
        let Some(code) = ServiceCode::new(snapshot.service_code(number)) else { continue };
        let own = Filter { services: Some(vec![code.clone()]), ..filter.clone() };
        match hotspots_with(snapshot, &own, query, &background) {
            Ok(hotspots) => found.push((code, hotspots)),
            Err(UntestableReason::NoReports) => {}
            Err(reason) => return Err(reason),
        }
    }
    if found.is_empty() { Err(UntestableReason::NoReports) } else { Ok(found) }
}

/// [`hotspots`] with exposure counts that are computed when first needed.
fn hotspots_with(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
    background: &OnceCell<Vec<u32>>,
) -> Result<Hotspots, UntestableReason> {
    let timed = |from, before| Filter { from: Some(from), before: Some(before), ..filter.clone() };
    let compiled = snapshot.compiled(&timed(query.from, query.before));
    let counts = count_hexes(snapshot, &compiled, query.resolution);
    let k = query.k.or((query.exposure == Exposure::Reports).then_some(1));
    let test = HexTest { k, exposure: query.exposure, permutations: None };
    let exposed = || exposure_counts(snapshot, &counts, filter.approximate);
    let scores = score_hexes_with(snapshot, &counts, test, || {
        // Where approximate positions are accepted, each filter has an extent of its own.
        if filter.approximate { exposed() } else { background.get_or_init(exposed).clone() }
    })?;
    let regions = Regions::new(snapshot, &counts, &scores, query.rate);
    let drafts = regions.drafts(&counts, &scores);
    let mut found = Hotspots {
        found: Vec::new(),
        k: scores.k,
        cells: counts.cells.len(),
        total: counts.total(),
    };
    if !drafts.is_empty() {
        found.found = complete(snapshot, filter, query, &counts, &regions, drafts);
        found.found.retain(|hotspot| hotspot.count >= REPORTS_MIN);
    }
    Ok(found)
}

/// Scans the reports from a year before the window on, and completes the regions with those in
/// their cells.
fn complete(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
    counts: &HexCounts,
    regions: &Regions,
    mut drafts: Vec<Draft>,
) -> Vec<Hotspot> {
    let from = Some(query.from.min(query.before - HISTORY).min(query.from - YEAR));
    let compiled =
        snapshot.compiled(&Filter { from, before: Some(query.before), ..filter.clone() });
    // By H3 fragment rather than by cell: one look-up less for each report.
    let by_fragment = counts.by_fragment(snapshot).into_iter();
    let by_fragment: Vec<Option<u32>> =
        by_fragment.map(|cell| cell.and_then(|cell| regions.of_cell[cell as usize])).collect();
    let mut first = i64::MAX;
    snapshot.scan_located(&compiled, 0, 1, |batch| {
        let columns = batch.columns();
        batch.slots().each(|slot| {
            let requested = columns.requested(slot);
            first = first.min(requested);
            let Some(region) = by_fragment[columns.fragment(slot) as usize] else { return };
            let draft = &mut drafts[region as usize];
            draft.times.push(requested);
            if requested >= query.from {
                draft.members.push((requested, batch.address(slot)));
            }
        });
    });
    drafts.into_iter().map(|draft| draft.finish(snapshot, query, first)).collect()
}

/// The connected regions of hot cells.
struct Regions {
    /// By cell of the counts: the region to which its reports belong.
    of_cell: Vec<Option<u32>>,
    count: usize,
}

impl Regions {
    fn new(snapshot: &Snapshot, counts: &HexCounts, scores: &HexScores, rate: f64) -> Self {
        let hot = |cell: usize| scores.z[cell] > 0.0 && scores.q[cell] <= rate;
        let adjacent = counts.neighbours(snapshot, 1);
        let mut components = DisjointSet::new(counts.cells.len());
        for cell in (0..counts.cells.len()).filter(|cell| hot(*cell)) {
            for other in adjacent.of(cell) {
                if hot(*other as usize) {
                    components.join(cell as u32, *other);
                }
            }
        }
        // A hot cell without a report is significant only because of its neighbours: it connects
        // the region but adds no reports.
        let mut numbers = BTreeMap::new();
        let mut of_cell = vec![None; counts.cells.len()];
        for cell in (0..counts.cells.len()).filter(|cell| hot(*cell)) {
            if counts.totals[cell].count > 0 {
                let next = numbers.len() as u32;
                let root = components.find(cell as u32);
                of_cell[cell] = Some(*numbers.entry(root).or_insert(next));
            }
        }
        Self { of_cell, count: numbers.len() }
    }

    fn drafts(&self, counts: &HexCounts, scores: &HexScores) -> Vec<Draft> {
        let mut drafts = vec![Draft::default(); self.count];
        for (cell, region) in self.of_cell.iter().enumerate() {
            let Some(region) = region else { continue };
            let (draft, totals) = (&mut drafts[*region as usize], &counts.totals[cell]);
            draft.cells.push(counts.cells[cell]);
            draft.count += u64::from(totals.count);
            draft.open += u64::from(totals.open);
            draft.oldest_open = match (draft.oldest_open, totals.oldest_open) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            draft.expected += scores.expected[cell];
            draft.z = draft.z.max(scores.z[cell]);
            draft.q = draft.q.min(scores.q[cell]);
        }
        drafts
    }
}

/// A hotspot in the making.
#[derive(Clone)]
struct Draft {
    cells: Vec<H3Cell>,
    count: u64,
    open: u64,
    expected: f64,
    z: f64,
    q: f64,
    oldest_open: Option<i64>,
    /// Times of its reports, those before the window included, in seconds since 1970.
    times: Vec<i64>,
    members: Vec<(i64, DocAddress)>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            count: 0,
            open: 0,
            expected: 0.0,
            z: 0.0,
            q: 1.0,
            oldest_open: None,
            times: Vec::new(),
            members: Vec::new(),
        }
    }
}

impl Draft {
    /// Computes the rest. `first` is the time of the city's first matching report.
    fn finish(mut self, snapshot: &Snapshot, query: &HotspotQuery, first: i64) -> Hotspot {
        self.times.sort_unstable();
        // Reports of one second by id, so that the result is reproducible.
        self.members.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| snapshot.id(a.1).cmp(snapshot.id(b.1)))
        });
        self.cells.sort_unstable();
        let length = query.before - query.from;
        let between = |from: i64, before: i64| {
            let at = |second: i64| self.times.partition_point(|time| *time < second);
            (at(before) - at(from)) as u64
        };
        let windows = ((query.from - first) / length.max(1)).min(HISTORY / length.max(1)).max(0);
        let usual = (windows >= 1)
            .then(|| between(query.from - windows * length, query.from) as f64 / windows as f64);
        let last_year =
            (first <= query.from - YEAR).then(|| between(query.from - YEAR, query.before - YEAR));
        let mut steps = [0.0; TREND_STEPS];
        let (mut services, mut areas) = (BTreeMap::new(), BTreeMap::new());
        for (second, address) in &self.members {
            let step =
                i128::from(second - query.from) * TREND_STEPS as i128 / i128::from(length.max(1));
            steps[(step as usize).min(TREND_STEPS - 1)] += 1.0;
            let record = snapshot.record(*address);
            *services.entry(record.service).or_insert(0u64) += 1;
            *areas.entry(record.area).or_insert(0u64) += 1;
        }
        let ranked = |counts: BTreeMap<u16, u64>| {
            let mut list: Vec<(u16, u64)> = counts.into_iter().collect();
            list.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
            list
        };
        let per_second = usual.unwrap_or(self.expected).min(self.expected) / length.max(1) as f64;
        Hotspot {
            since: onset(&self.times, per_second, query.before).unwrap_or(query.from),
            trend: mann_kendall(&steps),
            services: ranked(services),
            areas: ranked(areas).into_iter().map(|(area, _)| area).collect(),
            members: self.members.into_iter().map(|(_, address)| address).collect(),
            cells: self.cells,
            count: self.count,
            open: self.open,
            expected: self.expected,
            z: self.z,
            q: self.q,
            oldest_open: self.oldest_open,
            usual,
            last_year,
        }
    }
}

/// The start of the period up to `before` whose count exceeds expectation most: the one with the
/// largest Poisson likelihood ratio, over all periods that start at a report. `times` are
/// ascending. None where no count exceeds expectation.
fn onset(times: &[i64], per_second: f64, before: i64) -> Option<i64> {
    let mut best: Option<(f64, i64)> = None;
    for (earlier, time) in times.iter().enumerate() {
        let count = (times.len() - earlier) as f64;
        let expected = (per_second * (before - time) as f64).max(1e-9);
        if count <= expected {
            continue;
        }
        let ratio = count * (count / expected).ln() - (count - expected);
        if best.is_none_or(|(largest, _)| ratio > largest) {
            best = Some((ratio, *time));
        }
    }
    best.map(|(_, time)| time)
}
