//! Duplicate detection in process: one report, many at once, and the history of a whole city.

use std::hint::black_box;
use std::time::Instant;

use pointchaud::domain::{Catalogue, Filter, Nature, ServiceCode};
use pointchaud::index::{DocAddress, Index, Snapshot};
use pointchaud::ingest::builtin_model;
use pointchaud::query::{DuplicateModel, DuplicateQuery, DuplicateRule, group_incidents};

use crate::city::{self, Point};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::{Contender, interleaved};

const THREADS: usize = 2;

/// The city's twelve services in four groups.
fn catalogue() -> Catalogue {
    let groups = ["voirie", "eclairage", "matieres-residuelles", "proprete"];
    let mut catalogue = Catalogue::new(vec![]);
    for number in 0..12 {
        let mut service =
            catalogue.adopt(city::service(number).as_str(), None, Nature::Intervention);
        service.group = groups[number % groups.len()].into();
        catalogue.add(service);
    }
    catalogue
}

/// The query that a stored report would have sent from a telephone when it was made.
fn query_of(snapshot: &Snapshot, report: DocAddress) -> DuplicateQuery<'_> {
    let query = DuplicateQuery::of(snapshot, report).expect("every report of the city has a place");
    DuplicateQuery { accuracy_m: 10.0, ..query }
}

/// A city with the duplicate rule of each service.
struct Rules<'a> {
    snapshot: &'a Snapshot,
    catalogue: &'a Catalogue,
    model: &'a DuplicateModel,
    /// Service codes by their number in the index.
    codes: Vec<ServiceCode>,
    rules: Vec<DuplicateRule>,
    /// Reports to ask about.
    asked: Vec<DocAddress>,
}

impl Rules<'_> {
    /// One query as the service answers it: the rule is made for it.
    fn ask(&self, n: usize) {
        let report = self.asked[n % self.asked.len()];
        let code = &self.codes[usize::from(self.snapshot.service(report))];
        let rule = DuplicateRule::new(self.snapshot, self.catalogue, self.model, code);
        black_box(rule.rank(self.snapshot, &query_of(self.snapshot, report), 5));
    }

    /// Queries a second of several threads that share the rules.
    fn rate(&self) -> f64 {
        let began = Instant::now();
        std::thread::scope(|scope| {
            for part in self.asked.chunks(self.asked.len().div_ceil(THREADS)) {
                scope.spawn(move || {
                    for report in part {
                        let rule = &self.rules[usize::from(self.snapshot.service(*report))];
                        black_box(rule.rank(self.snapshot, &query_of(self.snapshot, *report), 5));
                    }
                });
            }
        });
        self.asked.len() as f64 / began.elapsed().as_secs_f64()
    }
}

/// All reports, oldest first.
fn by_age(snapshot: &Snapshot, count: usize) -> Vec<DocAddress> {
    let mut reports = Vec::with_capacity(count);
    snapshot.scan_located(&snapshot.compiled(&Filter::default()), 0, 1, |batch| {
        batch.slots().each(|slot| reports.push(batch.address(slot)));
    });
    reports.sort_by_key(|report| snapshot.requested(*report));
    reports
}

/// The rows of one size.
pub fn measure(table: &mut Table, settings: &Settings, points: &[Point], index: &Index) {
    let snapshot = index.reader().load();
    table.group(points.len(), "likely duplicates", |table| {
        group_rows(table, settings, points.len(), &snapshot)
    });
}

fn group_rows(
    table: &mut Table,
    settings: &Settings,
    size: usize,
    snapshot: &Snapshot,
) -> Outcome<()> {
    let (catalogue, model) = (catalogue(), builtin_model()?);
    let reports = by_age(snapshot, size);
    let names = (0..snapshot.service_count() as u16).map(|n| snapshot.service_code(n));
    let codes: Vec<ServiceCode> = names.filter_map(ServiceCode::new).collect();
    let rule = |code| DuplicateRule::new(snapshot, &catalogue, &model, code);
    let rules: Vec<DuplicateRule> = codes.iter().map(rule).collect();
    let asked: Vec<DocAddress> =
        (0..settings.queries()).map(|n| reports[n.wrapping_mul(7_919) % size]).collect();
    let rules = Rules {
        snapshot,
        catalogue: &catalogue,
        model: &model,
        codes: codes.clone(),
        rules,
        asked,
    };

    let work = "likely duplicates: search and full score";
    table.measure(size, work, || {
        let ours = Contender::new("ours", |n| rules.ask(n));
        let repeat = settings.repeat(settings.queries());
        let timing = interleaved(vec![ours], repeat).remove(0);
        Ok(vec![
            Row::new(size, work, "µs", timing.median_us)
                .p99(timing.p99_us)
                .target(1_000_000, Target::AtMost(15.0)),
            Row::new(size, "the same, 99th percentile", "µs", timing.p99_us)
                .target(1_000_000, Target::AtMost(100.0)),
        ])
    });
    let work = "likely duplicates, many at once on two threads";
    table.measure(size, work, || {
        let row = Row::new(size, work, "/s", rules.rate());
        Ok(row.target(1_000_000, Target::AtLeast(100_000.0)))
    });
    let work = "a whole city grouped into incidents";
    table.measure(size, work, || {
        let began = Instant::now();
        black_box(group_incidents(snapshot, &rules.rules, &reports, THREADS));
        let row = Row::new(size, work, "s", began.elapsed().as_secs_f64());
        Ok(row.target(1_000_000, Target::AtMost(10.0)))
    });
    Ok(())
}
