//! Hotspots: where hexagons that are significantly hot touch, one region with what is known of it.
//!
//! First [`count_hexes`] and [`score_hexes`]; cells hot at the level asked and all that touch them
//! through such cells are one region. Its members are the reports of the window in those of its
//! cells that hold any. Then one look at the years before: what is usual here, since when it is
//! more, whether it grows.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::domain::{Filter, ServiceCode};
use crate::index::{DocAddress, Snapshot};
use crate::place::Hex;
use crate::query::hexes::{
    Exposure, HexCounts, HexScores, HexTest, UntestableReason, count_hexes, exposure,
    score_hexes_against,
};
use crate::statistics::{DisjointSet, MannKendall, mann_kendall};

/// Steps of the window in which a trend is looked for.
const TREND_STEPS: usize = 8;
/// How far back the usual is looked for.
const HISTORY: i64 = 366 * 86_400;
const YEAR: i64 = 365 * 86_400;
/// Fewer reports are no hotspot, however unlikely.
const REPORTS_MIN: u64 = 3;

/// What is asked.
#[derive(Debug, Clone)]
pub struct HotspotQuery {
    /// H3 resolution.
    pub resolution: u8,
    /// Steps that a neighbourhood reaches, none: 1 with exposure, else as many as it needs.
    pub k: Option<u8>,
    /// What counts are held against.
    pub exposure: Exposure,
    /// False discovery rate at which a cell is hot: 0.1, 0.05 or 0.01.
    pub rate: f64,
    /// First second of the window, since 1970.
    pub from: i64,
    /// First second behind it.
    pub before: i64,
}

/// A region where there is more than chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspot {
    /// Its cells that hold reports, in H3's order.
    pub cells: Vec<Hex>,
    /// Reports of the window.
    pub count: u64,
    /// How many of them are not closed.
    pub open: u64,
    /// How many its cells would hold by chance.
    pub expected: f64,
    /// The largest z of its cells.
    pub z: f64,
    /// The smallest q of its cells.
    pub q: f64,
    /// When the oldest that is not closed was made, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// Since when there is more than expected, in seconds since 1970.
    pub since: i64,
    /// How many it has in a window of the same length on the average of the year before, where the
    /// city's reports go back two windows.
    pub usual: Option<f64>,
    /// How many it had in the same days a year before, where reports go back so far.
    pub last_year: Option<u64>,
    /// The trend of its counts through the window.
    pub trend: MannKendall,
    /// How many of each service number, most first.
    pub services: Vec<(u16, u64)>,
    /// The numbers of the areas it lies in, most reports first.
    pub areas: Vec<u16>,
    /// Its reports, in the order of time.
    pub members: Vec<DocAddress>,
}

impl Hotspot {
    /// Its class, as those of cells are: 3, 2, 1 at a false discovery rate of 1, 5, 10 %.
    pub fn class(&self) -> i8 {
        crate::query::hexes::class_of(self.z, self.q)
    }
}

/// Regions, and how they were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspots {
    /// In no order of importance.
    pub found: Vec<Hotspot>,
    /// Steps that a neighbourhood reached.
    pub k: u8,
    /// Cells of the extent.
    pub cells: usize,
    /// Reports that were looked at.
    pub total: u64,
}

/// The hotspots of what passes the filter in the window; the filter's own times are left aside.
///
/// # Errors
/// Why there is no significance to tell.
pub fn hotspots(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
) -> Result<Hotspots, UntestableReason> {
    hotspots_against(snapshot, filter, query, &OnceCell::new())
}

/// The hotspots of each service on its own, of those that pass the filter and have enough reports
/// in the window; what there is of all services is looked at once for all.
///
/// # Errors
/// No service has any.
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
        match hotspots_against(snapshot, &own, query, &background) {
            Ok(hotspots) => found.push((code, hotspots)),
            Err(UntestableReason::NoReports) => {}
            Err(reason) => return Err(reason),
        }
    }
    if found.is_empty() { Err(UntestableReason::NoReports) } else { Ok(found) }
}

fn hotspots_against(
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
    let exposed = || exposure(snapshot, &counts, filter.approximate);
    let scores = score_hexes_against(snapshot, &counts, test, || {
        // With approximate places let in, each filter has an extent of its own.
        if filter.approximate { exposed() } else { background.get_or_init(exposed).clone() }
    })?;
    let regions = Regions::of(snapshot, &counts, &scores, query.rate);
    let drafts = regions.drafts(&counts, &scores);
    let mut found = Hotspots {
        found: Vec::new(),
        k: scores.k,
        cells: counts.cells.len(),
        total: counts.total(),
    };
    if !drafts.is_empty() {
        found.found = members(snapshot, filter, query, &counts, &regions, drafts);
        found.found.retain(|hotspot| hotspot.count >= REPORTS_MIN);
    }
    Ok(found)
}

/// One look at the reports from a year before the window on, in the regions alone.
fn members(
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
    // By piece of the index, not by cell: one look-up less for each of many reports.
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

/// Which cells belong to which region.
struct Regions {
    /// By cell of the counts: the region whose members it holds.
    of_cell: Vec<Option<u32>>,
    count: usize,
}

impl Regions {
    fn of(snapshot: &Snapshot, counts: &HexCounts, scores: &HexScores, rate: f64) -> Self {
        let hot = |cell: usize| scores.z[cell] > 0.0 && scores.q[cell] <= rate;
        let touching = counts.neighbours(snapshot, 1);
        let mut grouping = DisjointSet::new(counts.cells.len());
        for cell in (0..counts.cells.len()).filter(|cell| hot(*cell)) {
            for other in touching.of(cell) {
                if hot(*other as usize) {
                    grouping.join(cell as u32, *other);
                }
            }
        }
        // A cell that is hot for its neighbours' sake alone holds the region together, but is not
        // where anything is.
        let mut numbers = BTreeMap::new();
        let mut of_cell = vec![None; counts.cells.len()];
        for cell in (0..counts.cells.len()).filter(|cell| hot(*cell)) {
            if counts.tallies[cell].count > 0 {
                let next = numbers.len() as u32;
                let root = grouping.find(cell as u32);
                of_cell[cell] = Some(*numbers.entry(root).or_insert(next));
            }
        }
        Self { of_cell, count: numbers.len() }
    }

    fn drafts(&self, counts: &HexCounts, scores: &HexScores) -> Vec<Draft> {
        let mut drafts = vec![Draft::default(); self.count];
        for (cell, region) in self.of_cell.iter().enumerate() {
            let Some(region) = region else { continue };
            let (draft, tally) = (&mut drafts[*region as usize], &counts.tallies[cell]);
            draft.cells.push(counts.cells[cell]);
            draft.count += u64::from(tally.count);
            draft.open += u64::from(tally.open);
            draft.oldest_open = match (draft.oldest_open, tally.oldest_open) {
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

#[derive(Clone)]
struct Draft {
    cells: Vec<Hex>,
    count: u64,
    open: u64,
    expected: f64,
    z: f64,
    q: f64,
    oldest_open: Option<i64>,
    /// When its reports were made, the history's too.
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
    /// `first` is when the city's first report that passes was made.
    fn finish(mut self, snapshot: &Snapshot, query: &HotspotQuery, first: i64) -> Hotspot {
        self.times.sort_unstable();
        // Reports of one second in the order of their ids: the answer can be repeated.
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

/// The beginning of the time up to `before` in which there was most more than expected: the largest
/// likelihood ratio of Poisson counts, over all beginnings at a report. `times` are in order.
fn onset(times: &[i64], per_second: f64, before: i64) -> Option<i64> {
    let mut best: Option<(f64, i64)> = None;
    for (earlier, time) in times.iter().enumerate() {
        let count = (times.len() - earlier) as f64;
        let expected = (per_second * (before - time) as f64).max(1e-9);
        if count <= expected {
            continue;
        }
        let ratio = count * (count / expected).ln() - (count - expected);
        if best.is_none_or(|(most, _)| ratio > most) {
            best = Some((ratio, *time));
        }
    }
    best.map(|(_, time)| time)
}

/// How urgent a hotspot is, 0 to 100, and of what it is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priority {
    /// Up to 40: reports above the expected, half of it at 14.
    pub excess: f64,
    /// Up to 25: reports not closed, half of it at 7.
    pub open: f64,
    /// Up to 15: days the oldest has waited, all of it at 30.
    pub age: f64,
    /// Up to 10: all of it where it grows, half where it stays.
    pub trend: f64,
    /// Up to 10: how severe its services are.
    pub severity: f64,
}

impl Priority {
    /// The priority of a hotspot at a second; `severity` of a service number lies in [0, 1].
    pub fn of(hotspot: &Hotspot, now: i64, severity: impl Fn(u16) -> f64) -> Self {
        let filling = |value: f64, half: f64| 1.0 - (-value.max(0.0) / half * 2f64.ln()).exp();
        let days = hotspot.oldest_open.map_or(0.0, |oldest| (now - oldest) as f64 / 86_400.0);
        let services = hotspot.services.iter();
        let severe: f64 = services.map(|(number, n)| severity(*number) * *n as f64).sum();
        Self {
            excess: 40.0 * filling(hotspot.count as f64 - hotspot.expected, 14.0),
            open: 25.0 * filling(hotspot.open as f64, 7.0),
            age: 15.0 * (days / 30.0).clamp(0.0, 1.0),
            trend: match direction(hotspot.trend) {
                1 => 10.0,
                0 => 5.0,
                _ => 0.0,
            },
            severity: 10.0 * severe / hotspot.count.max(1) as f64,
        }
    }

    /// All together.
    pub fn total(&self) -> f64 {
        self.excess + self.open + self.age + self.trend + self.severity
    }
}

/// 1 where it grows, -1 where it shrinks, else 0, at a probability of one in ten.
pub fn direction(trend: MannKendall) -> i8 {
    match trend {
        MannKendall { p, .. } if p > 0.1 => 0,
        MannKendall { z, .. } => z.signum() as i8,
    }
}
