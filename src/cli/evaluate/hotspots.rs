//! `pointchaud evaluate hotspots`: recall and precision of hotspots and alerts on generated cities
//! with known ground truth, and false positives under the null.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::cli::shared::catalogues;
use crate::demo::{DemoCity, Plan, PlantedHotspot, PlantedTruth};
use crate::domain::{Change, Event, Filter, Gate, ReportTime, ServiceCode, tracking_number};
use crate::error::{Error, Result};
use crate::index::{Index, Snapshot};
use crate::query::{
    AlertQuery, CellTotals, Exposure, ExposureCounts, HexCounts, HexTest, Hotspot, Population,
    Priority, alerts, count_hexes, hotspots_by_service, score_hexes_with,
};
use crate::statistics::{NeighbourLists, ScanCases, ScanSettings, scan};
use crate::usecase::quebec;
use crate::usecase::watch::{standing, standing_filter};

const DAY: i64 = 86_400;
/// The last second of the evaluated cities: fixed, so that results do not change with the date.
const UNTIL: i64 = 1_795_500_000;
/// Number of seeds under the null.
const NULL_SEEDS: u64 = 200;
/// Reports scattered for one seed under the null.
const NULL_REPORTS: usize = 3_000;
/// Number of hotspots of highest priority whose precision is measured.
const TOP: usize = 10;
/// Nominal false discovery rate.
const RATE: f64 = 0.05;

/// Prints the tables.
pub fn run(reports: u64, cities: u64, first_seed: u64, scan_alerts: bool) -> Result<ExitCode> {
    let mut score = Score::default();
    let mut null = None;
    for number in 0..cities {
        let plan = Plan { reports, seed: first_seed + number, until: UNTIL };
        let (snapshot, truth) = city(plan)?;
        eprintln!("city {} of {cities}…", number + 1);
        score.add_hotspots(&snapshot, &truth)?;
        if scan_alerts {
            score.add_alerts(&snapshot, &truth);
        }
        null = null.or_else(|| Some(Null::measure(&snapshot)));
    }
    print!("{}\n{}", score.table(), null.map(|null| null.table()).unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

/// A generated city in memory, with its ground truth.
///
/// # Errors
/// Internal, where a generated report does not pass the gate.
pub fn city(plan: Plan) -> Result<(Snapshot, PlantedTruth)> {
    let catalogue = catalogues()?.quebec;
    let zone = quebec().zone().map_err(|message| Error::internal(message.en))?;
    let gate = Gate { catalogue: &catalogue, zone: &zone, now: plan.until };
    let (mut index, mut changes, mut refused) = (Index::default(), Vec::new(), None);
    let truth = DemoCity::new(plan).map_err(Error::internal)?.generate(&mut |draft| {
        match gate.admit(draft, &tracking_number(0)) {
            Ok(report) => {
                let revision = changes.len() as u64 + 1;
                changes.push(Change { revision, event: Event::New(report.facts()) });
            }
            Err(list) => refused = Some(Error::refused(list)),
        }
        refused.is_none()
    });
    index.apply(changes);
    let snapshot = Snapshot::clone(&index.reader().load());
    refused.map_or(Ok((snapshot, truth)), Err)
}

/// Results for the planted hotspots of one strength.
#[derive(Default)]
struct Strength {
    planted: usize,
    reports: u64,
    found: usize,
    /// Recall of its reports: the share of those in the window that lie in a matching hotspot.
    caught: usize,
    held: usize,
    /// Precision of matching hotspots: the share of their reports that were planted.
    true_members: usize,
    members: usize,
    /// Days from the first report to the first alert.
    delays: Vec<i64>,
}

/// Results over all cities.
#[derive(Default)]
pub struct Score {
    strengths: [Strength; 3],
    /// Hotspots reported on the evaluated days: planted, made of repeats, neither.
    reported: [usize; 3],
    /// The same among the ten of highest priority on each of those days.
    top: [usize; 3],
    /// Scans of a service on days without a planted hotspot, and those that raised an alert.
    quiet: usize,
    alarms: usize,
}

const NAMES: [&str; 3] = ["low", "medium", "high"];

impl Score {
    /// Searches for hotspots on the last day of each planted one.
    ///
    /// # Errors
    /// The catalogue, which ranks them, is malformed.
    pub fn add_hotspots(&mut self, snapshot: &Snapshot, truth: &PlantedTruth) -> Result<()> {
        let catalogue = catalogues()?.quebec;
        let severity = |number: u16| catalogue.severity(snapshot.service_code(number));
        let repeats: HashSet<&str> =
            truth.repeats.iter().flat_map(|r| [r.child.as_str(), r.parent.as_str()]).collect();
        for planted in &truth.hotspots {
            if let Some((_, before)) = days_of(planted) {
                let found = hotspots_by_service(snapshot, &standing_filter(), &standing(before));
                let found = found.unwrap_or_default().into_iter();
                let mut found: Vec<Hotspot> = found.flat_map(|(_, one)| one.found).collect();
                let priority = |one: &Hotspot| Priority::of(one, before, severity).total();
                found.sort_by(|a, b| priority(b).total_cmp(&priority(a)));
                self.look(snapshot, truth, planted, &found, before, &repeats);
            }
        }
        Ok(())
    }

    /// Scans for alerts on every day of each planted hotspot, and on days without one.
    pub fn add_alerts(&mut self, snapshot: &Snapshot, truth: &PlantedTruth) {
        for planted in &truth.hotspots {
            let Some((from, before)) = days_of(planted) else { continue };
            let service = ServiceCode::new(&planted.service_code).expect("a service of ours");
            let own: HashSet<&str> = planted.members.iter().map(String::as_str).collect();
            let days = (before - from) / DAY;
            let first = (1..=days).find(|day| {
                let ask = alert_ask(snapshot, from + day * DAY);
                alerts(snapshot, &service, ask, 365.0).iter().any(|alert| {
                    alert.members.iter().filter(|id| own.contains(id.as_str())).count() >= 3
                })
            });
            self.strengths[strength_of(planted)].delays.extend(first);
        }
        self.quiet_days(snapshot, truth);
    }

    /// Scores the hotspots found on the last day of a planted one.
    fn look(
        &mut self,
        snapshot: &Snapshot,
        truth: &PlantedTruth,
        planted: &PlantedHotspot,
        found: &[Hotspot],
        before: i64,
        repeats: &HashSet<&str>,
    ) {
        let all: HashSet<&str> =
            truth.hotspots.iter().flat_map(|p| p.members.iter().map(String::as_str)).collect();
        let own: HashSet<&str> = planted.members.iter().map(String::as_str).collect();
        let (mut caught, mut members, mut is_found) = (0, 0, false);
        for (rank, hotspot) in found.iter().enumerate() {
            let ids = || hotspot.members.iter().map(|address| snapshot.id(*address));
            let count = |set: &HashSet<&str>| ids().filter(|id| set.contains(id)).count();
            let (of_any, of_repeats) = (count(&all), count(repeats));
            let kind = match hotspot.members.len() {
                size if of_any * 3 >= size => 0,
                size if of_repeats * 2 >= size => 1,
                _ => 2,
            };
            self.reported[kind] += 1;
            self.top[kind] += usize::from(rank < TOP);
            if is_of(snapshot, hotspot, planted) && count(&own) > 0 {
                is_found = true;
                caught += count(&own);
                members += hotspot.members.len();
            }
        }
        let window = standing(before);
        let held = planted.members.iter().filter_map(|id| snapshot.find(id)).filter(|address| {
            let at = snapshot.requested(*address);
            snapshot.position(*address).is_some() && window.from <= at && at < window.before
        });
        let strength = &mut self.strengths[strength_of(planted)];
        strength.planted += 1;
        strength.reports += planted.reports;
        strength.found += usize::from(is_found);
        strength.held += held.count();
        strength.caught += caught;
        strength.true_members += caught;
        strength.members += members;
    }

    /// Scores alerts on days on which nothing was planted for the service.
    fn quiet_days(&mut self, snapshot: &Snapshot, truth: &PlantedTruth) {
        let mut rng = ChaCha8Rng::seed_from_u64(truth.seed);
        for _ in 0..40 {
            let at = truth.until - rng.random_range(0..300) * DAY;
            let number = rng.random_range(0..snapshot.service_count() as u16);
            let Some(service) = ServiceCode::new(snapshot.service_code(number)) else { continue };
            let busy = truth.hotspots.iter().any(|planted| {
                let near = days_of(planted)
                    .is_some_and(|(from, before)| from - DAY < at && at < before + 15 * DAY);
                planted.service_code == service.as_str() && near
            });
            if !busy {
                let found = alerts(snapshot, &service, alert_ask(snapshot, at), 365.0);
                self.quiet += 1;
                self.alarms += usize::from(!found.is_empty());
            }
        }
    }

    /// Number of planted hotspots of a strength (0 to 2), and of those that were found.
    pub fn found(&self, strength: usize) -> (usize, usize) {
        (self.strengths[strength].planted, self.strengths[strength].found)
    }

    /// Share of planted ones among the hotspots of highest priority.
    pub fn top_precision(&self) -> f64 {
        self.top[0] as f64 / self.top.iter().sum::<usize>().max(1) as f64
    }

    /// The tables, in Markdown.
    pub fn table(&self) -> String {
        let share = |part: usize, of: usize| match of {
            0 => "–".to_owned(),
            _ => format!("{:.0} %", part as f64 * 100.0 / of as f64),
        };
        let mut text = String::from(
            "| planted | how many | reports each | found | of its reports | of the hotspot's | \
             alert raised | median days until |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (name, one) in NAMES.iter().zip(&self.strengths) {
            let mut delays = one.delays.clone();
            delays.sort_unstable();
            let median = delays.get(delays.len() / 2).map_or("–".to_owned(), i64::to_string);
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} | {median} |",
                one.planted,
                one.reports / one.planted.max(1) as u64,
                share(one.found, one.planted),
                share(one.caught, one.held),
                share(one.true_members, one.members),
                share(one.delays.len(), one.planted),
            );
        }
        let [planted, repeats, neither] = self.reported;
        let all = planted + repeats + neither;
        let _ = writeln!(
            text,
            "\nOf {all} hotspots reported on those days {} are planted, {} repeats of one report, \
             {} neither. Alerts on {} scans of a service on a day without: {}.",
            share(planted, all),
            share(repeats, all),
            share(neither, all),
            self.quiet,
            self.alarms,
        );
        let [planted, repeats, neither] = self.top;
        let all = planted + repeats + neither;
        let _ = writeln!(
            text,
            "\nOf the {TOP} of highest priority on each day, {all} together, {} are planted, {} \
             repeats of one report, {} neither.",
            share(planted, all),
            share(repeats, all),
            share(neither, all),
        );
        text
    }
}

fn strength_of(planted: &PlantedHotspot) -> usize {
    NAMES.iter().position(|name| *name == planted.strength).unwrap_or(0)
}

fn alert_ask(snapshot: &Snapshot, at: i64) -> AlertQuery {
    let draws = ScanSettings { replicas: 999, seed: 311, stop_after: 20 };
    AlertQuery { at, draws, services: snapshot.service_count() }
}

/// Start and exclusive end of a planted hotspot, in seconds of Unix time.
fn days_of(planted: &PlantedHotspot) -> Option<(i64, i64)> {
    let zone = quebec().zone().ok()?;
    let from = ReportTime::parse(&planted.first_date, &zone).ok()?.second();
    Some((from, from + planted.days as i64 * DAY))
}

fn is_of(snapshot: &Snapshot, hotspot: &Hotspot, planted: &PlantedHotspot) -> bool {
    let named = hotspot.services.iter();
    let mut codes = named.map(|(number, _)| snapshot.service_code(*number));
    codes.any(|code| code == planted.service_code)
}

/// False positives under the null.
pub struct Null {
    cells: usize,
    /// For each test the share of cells called hot, and of seeds with any such cell.
    tests: [(f64, f64); 2],
    /// Share of scans with p at most 0.05.
    scans: f64,
}

impl Null {
    fn measure(snapshot: &Snapshot) -> Self {
        let (cells, tests) = Self::hexes(snapshot);
        Self { cells, tests, scans: null_scans(snapshot) }
    }

    /// Scatters reports over the cells of a city in proportion to its background, and evenly.
    /// Returns the number of cells and, for the test with exposure and the one without, the share
    /// of cells called hot and the share of seeds with any such cell.
    pub fn hexes(snapshot: &Snapshot) -> (usize, [(f64, f64); 2]) {
        let everything = snapshot.compiled(&Filter::default());
        let counts = count_hexes(snapshot, &everything, 9);
        let background = counts.values();
        let even = vec![1; background.len()];
        let test = |exposure, weights: &[u32]| {
            null_share(snapshot, &counts, &background, weights, exposure)
        };
        let tests = [test(Exposure::Reports, &background), test(Exposure::None, &even)];
        (background.len(), tests)
    }

    fn table(&self) -> String {
        let percent = |share: f64| format!("{:.3} %", share * 100.0);
        let mut text = format!(
            "| chance alone, {NULL_SEEDS} seeds | stated | called so | seeds with any |\n\
             |---|---:|---:|---:|\n"
        );
        let names = ["scattered by the background, held against it", "scattered evenly, Gi*"];
        for (name, (share, any)) in names.iter().zip(self.tests) {
            let _ = writeln!(
                text,
                "| hexagons hot, {name} ({} cells, {NULL_REPORTS} reports) | ≤ 5 % | {} | {:.1} % \
                 |",
                self.cells,
                percent(share),
                any * 100.0
            );
        }
        let _ = writeln!(
            text,
            "| scans with p ≤ 0.05, days shuffled | 5 % | {:.1} % | |",
            self.scans * 100.0
        );
        text
    }
}

/// Share of cells called hot, and of seeds with any, where reports fall in proportion to `weights`.
fn null_share(
    snapshot: &Snapshot,
    counts: &HexCounts,
    background: &[u32],
    weights: &[u32],
    exposure: Exposure,
) -> (f64, f64) {
    let mut ends = Vec::with_capacity(weights.len());
    let mut sum = 0u64;
    for weight in weights {
        sum += u64::from(*weight);
        ends.push(sum);
    }
    let exposed =
        ExposureCounts { population: Population::SamePeriod, counts: background.to_vec() };
    let (mut hot, mut any) = (0, 0);
    for seed in 0..NULL_SEEDS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut drawn = counts.clone();
        drawn.totals.fill(CellTotals::default());
        for _ in 0..NULL_REPORTS {
            let at = rng.random_range(0..sum);
            drawn.totals[ends.partition_point(|end| *end <= at)].count += 1;
        }
        let test = HexTest { k: Some(1), exposure };
        let Ok(scores) = score_hexes_with(snapshot, &drawn, test, || exposed.clone()) else {
            continue;
        };
        let called =
            (0..weights.len()).filter(|cell| scores.z[*cell] > 0.0 && scores.q[*cell] <= RATE);
        let called = called.count();
        hot += called;
        any += usize::from(called > 0);
    }
    let seeds = NULL_SEEDS as f64;
    (hot as f64 / (weights.len() as f64 * seeds), any as f64 / seeds)
}

/// Share of scans with p at most 0.05, over a year of one service whose days were permuted.
fn null_scans(snapshot: &Snapshot) -> f64 {
    let counts = count_hexes(snapshot, &snapshot.compiled(&Filter::default()), 9);
    let service = ServiceCode::new("lampadaire").expect("a service of ours");
    let filter = Filter { services: Some(vec![service]), ..Filter::default() };
    let by_fragment = counts.by_fragment(snapshot);
    let mut cases = Vec::new();
    snapshot.scan_located(&snapshot.compiled(&filter), 0, 1, |batch| {
        batch.slots().each(|slot| {
            let columns = batch.columns();
            cases.extend(
                by_fragment[columns.fragment(slot) as usize]
                    .map(|place| (place, ((UNTIL - columns.requested(slot)).max(0) / DAY) as u32)),
            );
        });
    });
    let (places, mut ages): (Vec<u32>, Vec<u32>) = cases.into_iter().unzip();
    let alone = NeighbourLists::alone(counts.cells.len());
    let zones = [alone, counts.neighbours(snapshot, 1), counts.neighbours(snapshot, 2)];
    let mut alarms = 0;
    for seed in 0..NULL_SEEDS {
        ages.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let cases = ScanCases { places: &places, ages: &ages, zones: &zones };
        let draws = ScanSettings { replicas: 199, seed, stop_after: usize::MAX };
        let best = scan(cases, draws, 1);
        alarms += usize::from(best.first().is_some_and(|best| best.p <= 0.05));
    }
    alarms as f64 / NULL_SEEDS as f64
}
