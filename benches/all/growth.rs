//! How the figures grow with the number of reports.

use std::collections::HashSet;

use crate::row::{Row, figure, size};
use crate::settings::Settings;
use crate::table::Table;

/// Why figures grow as they do, by the beginning of the work's name.
const CAUSES: &[(&str, &str)] = &[
    ("10 nearest", "a grid leads straight to the leaf; larger memory is slower to read"),
    ("all within 50", "the circle holds proportionally more reports"),
    ("all within 500", "the circle holds proportionally more reports"),
    ("duplicates'", "the circle holds proportionally more reports"),
    ("likely", "proportionally more reports are within the search radius"),
    ("a whole city", "each report is compared with proportionally more others"),
    ("hexes", "every report is counted once, every hexagon reads its neighbours"),
    ("Gi*", "every hexagon reads its neighbours"),
    ("DBSCAN", "more reports are within the radius of each other"),
    ("hotspots", "the time of every report is read twice"),
    ("clusters", "every report in the viewport is read once; from zoom 12 on it holds fewer"),
    ("index memory", "every report takes the same columns and tree nodes"),
    ("resident", "the fixed memory of the process weighs less"),
    ("boot", "every row is read and decoded once"),
];

/// The exponent `e` of `time ~ reports^e` between two sizes.
fn exponent(from: (usize, Option<f64>), to: (usize, Option<f64>)) -> String {
    match (from, to) {
        ((small, Some(a)), (large, Some(b))) if a > 0.0 && b > 0.0 => {
            format!("{:.2}", (b / a).ln() / (large as f64 / small as f64).ln())
        }
        _ => String::new(),
    }
}

/// Prints the works that were measured at several sizes, with the exponents of their growth.
pub fn print(table: &mut Table, settings: &Settings) {
    let sizes = [settings.small, settings.city, settings.large.unwrap_or(10_000_000)];
    let [a, b, c] = sizes.map(size);
    table.print("\n## Growth\n");
    table.print(&format!(
        "| work | unit | {a} | {b} | {c} | exponent {a}–{b} | exponent {b}–{c} | cause |"
    ));
    table.print("|---|---|---:|---:|---:|---:|---:|---|");
    let rows: Vec<Row> = table.rows.clone();
    let mut printed = HashSet::new();
    for row in &rows {
        let [small, city, large] = sizes.map(|reports| {
            let same = |other: &&Row| other.reports == reports && other.work == row.work;
            (reports, rows.iter().find(same).map(|row| row.ours))
        });
        let known = [small, city, large].iter().filter(|(_, value)| value.is_some()).count();
        if known < 2 || !printed.insert(row.work.as_str()) {
            continue;
        }
        let cause = CAUSES.iter().find(|(work, _)| row.work.starts_with(work));
        let text = |(_, value): (usize, Option<f64>)| value.map(figure).unwrap_or_default();
        table.print(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.work,
            row.unit,
            text(small),
            text(city),
            text(large),
            exponent(small, city),
            exponent(city, large),
            cause.map(|(_, cause)| *cause).unwrap_or_default(),
        ));
    }
}
