//! Counts under a filter, and the places where repairs do not last.

use std::hint::black_box;

use pointchaud::domain::{Filter, Status};
use pointchaud::index::{Index, Snapshot};
use pointchaud::place::BBox;
use pointchaud::query::{RecurrenceQuery, StatsPart, StatsQuery, recurrences, stats};

use crate::city::{self, END, Point};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::Table;
use crate::timing::alone;

const DAY: i64 = 86_400;

/// The filters of the page: what counts, what is asked of it and how fast, in milliseconds on a
/// million reports.
fn cases() -> Vec<(&'static str, Filter, &'static [StatsPart], f64)> {
    let open = Some(vec![Status::Open, Status::InProgress]);
    let west = BBox::new(-71.5, 46.75, -71.3, 46.95).ok();
    let three = Some((0..3).map(city::service).collect());
    vec![
        ("all fields, any report", Filter::default(), StatsPart::ALL, 8.0),
        (
            "all fields, 900 days",
            Filter { from: Some(END - 900 * DAY), ..Filter::default() },
            StatsPart::ALL,
            8.0,
        ),
        (
            "all fields, three services",
            Filter { services: three, ..Filter::default() },
            StatsPart::ALL,
            8.0,
        ),
        ("all fields, a box", Filter { bbox: west, ..Filter::default() }, StatsPart::ALL, 8.0),
        ("all fields, open", Filter { statuses: open, ..Filter::default() }, StatsPart::ALL, 8.0),
        ("by day, any report", Filter::default(), &[StatsPart::Days][..], 3.0),
        ("by service, any report", Filter::default(), &[StatsPart::Services][..], 3.0),
    ]
}

/// The rows of one size.
pub fn measure(table: &mut Table, settings: &Settings, points: &[Point], index: &Index) {
    let (reports, snapshot) = (points.len(), &*index.reader().load());
    let days: Vec<i64> = (0..5 * 365).rev().map(|n| END - (n + 1) * DAY).collect();
    for (name, filter, parts, most) in cases() {
        let work = format!("counts, {name}");
        table.measure(reports, &work, || {
            let timing = alone(settings.repeat(10), |_| {
                let compiled = snapshot.compiled(&filter);
                let query = StatsQuery { parts, day_starts: &days, areas: None };
                black_box(stats(snapshot, &compiled, query));
            });
            let row = Row::new(reports, &work, "ms", timing.median_us / 1e3);
            Ok(row.p99(timing.p99_us / 1e3).target(1_000_000, Target::AtMost(most)))
        });
    }
    failed_repairs(table, settings, reports, snapshot);
}

fn failed_repairs(table: &mut Table, settings: &Settings, reports: usize, snapshot: &Snapshot) {
    let work = "recurrences of the whole city";
    table.measure(reports, work, || {
        let query = RecurrenceQuery {
            radius_m: 15.0,
            within: 60 * DAY,
            not_before: 3_600,
            chronic_from: 3,
        };
        let every = snapshot.compiled(&Filter::default());
        let timing = alone(settings.repeat(2), |_| {
            black_box(recurrences(snapshot, &every, query));
        });
        Ok(Row::new(reports, work, "ms", timing.median_us / 1e3))
    });
}
