//! "Is this already reported?" in process: one question, many, and a whole city's history.

use std::hint::black_box;
use std::time::Instant;

use pointchaud::domain::{Catalogue, Filter, Nature, ServiceCode};
use pointchaud::index::DocAddress;
use pointchaud::index::{Index, Snapshot};
use pointchaud::ingest::builtin_model;
use pointchaud::query::{DuplicateQuery, DuplicateRule, group};

use crate::city::{self, Point};
use crate::clock::{Contender, turns};
use crate::table::{Row, Target};

const THREADS: usize = 2;

/// The city's twelve services in four groups, as a city has them.
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

/// What a report would have asked when it was made, from a telephone.
fn probe(snapshot: &Snapshot, report: DocAddress) -> DuplicateQuery<'_> {
    let asked = DuplicateQuery::of(snapshot, report).expect("every report of the city is placed");
    DuplicateQuery { accuracy_m: 10.0, ..asked }
}

fn row(size: usize, work: &str, unit: &'static str, ours: f64, target: Target) -> Row {
    let target = Some(target).filter(|_| size == 1_000_000);
    Row { reports: size, work: work.into(), unit, ours, p99: None, peer: None, target }
}

/// The rows of one size.
pub fn rows(points: &[Point], index: &Index, times: usize) -> Vec<Row> {
    let (size, snapshot) = (points.len(), index.reader().load());
    let snapshot = &*snapshot;
    let (catalogue, model) = (catalogue(), builtin_model().expect("the built-in model"));
    let mut reports = Vec::with_capacity(size);
    snapshot.scan_located(&snapshot.compiled(&Filter::default()), 0, 1, |batch| {
        batch.slots().each(|slot| reports.push(batch.address(slot)));
    });
    reports.sort_by_key(|report| snapshot.requested(*report));
    let asked: Vec<DocAddress> =
        (0..times).map(|n| reports[n.wrapping_mul(7_919) % size]).collect();
    let names = (0..snapshot.service_count() as u16).map(|n| snapshot.service_code(n));
    let codes: Vec<ServiceCode> = names.filter_map(ServiceCode::new).collect();
    let one = turns(
        vec![Contender {
            name: "ours",
            ask: Box::new(|n| {
                let report = asked[n % asked.len()];
                let code = &codes[usize::from(snapshot.service(report))];
                let rule = DuplicateRule::new(snapshot, &catalogue, &model, code);
                black_box(rule.rank(snapshot, &probe(snapshot, report), 5));
            }),
        }],
        times,
    );
    let work = "likely duplicates: search and full score";
    let mut rows = vec![row(size, work, "µs", one[0].median, Target::Most(15.0))];
    rows[0].p99 = Some(one[0].p99);
    rows.push(row(size, "the same, 99th percentile", "µs", one[0].p99, Target::Most(100.0)));
    let rule = |code| DuplicateRule::new(snapshot, &catalogue, &model, code);
    let rules: Vec<DuplicateRule> = codes.iter().map(rule).collect();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for part in asked.chunks(asked.len().div_ceil(THREADS)) {
            let rules = &rules;
            scope.spawn(move || {
                for report in part {
                    let rule = &rules[usize::from(snapshot.service(*report))];
                    black_box(rule.rank(snapshot, &probe(snapshot, *report), 5));
                }
            });
        }
    });
    let rate = asked.len() as f64 / began.elapsed().as_secs_f64();
    let work = "likely duplicates, many at once on two threads";
    rows.push(row(size, work, "/s", rate, Target::Least(100_000.0)));
    let began = Instant::now();
    black_box(group(snapshot, &rules, &reports, THREADS));
    let seconds = began.elapsed().as_secs_f64();
    rows.push(row(size, "a whole city grouped into incidents", "s", seconds, Target::Most(10.0)));
    rows
}
