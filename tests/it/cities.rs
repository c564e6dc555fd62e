//! The table of `docs/cities.md`: every file of real open data that is at hand, imported by the
//! bare command and what it asked for.

use std::path::Path;

use crate::common::{Folder, data_or_skip, done, run};

/// The table: file, rows, added, placed, median hours to close, answers.
const DOCUMENT: &str = include_str!("../../docs/cities.md");

/// A line of the table.
struct City {
    file: &'static str,
    rows: u64,
    added: u64,
    placed: u64,
    hours: &'static str,
    answers: Vec<String>,
}

fn cities() -> Vec<City> {
    let lines = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    let city = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [file, rows, added, placed, hours, asked] = cells[..] else { panic!("{line}") };
        let number = |cell: &str| cell.replace(',', "").parse().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let answer = |word: &str| match word.starts_with("data/") {
            true => root.join(word).to_str().unwrap().to_owned(),
            false => word.to_owned(),
        };
        // Words between quotes are one answer.
        let answers = asked.trim_matches('`').split('\'').enumerate().flat_map(|(n, part)| {
            let whole = vec![part];
            if n % 2 == 1 { whole } else { part.split_whitespace().collect() }
        });
        City {
            file: file.trim_matches('`'),
            rows: number(rows),
            added: number(added),
            placed: number(placed),
            hours,
            answers: answers.filter(|_| asked != "nothing").map(answer).collect(),
        }
    };
    lines.map(city).collect()
}

/// The number before a word of the summary.
fn before(output: &str, word: &str) -> u64 {
    let (text, _) = output.split_once(word).unwrap_or_else(|| panic!("{word}: {output}"));
    text.split_whitespace().last().unwrap().parse().unwrap()
}

/// The median of the hours between request and closing by nearest rank, over the reports whose two
/// times are known to the second.
fn median_hours(folder: &Folder, jurisdiction: &str) -> String {
    done(folder, &["export", "--jurisdiction", jurisdiction, "--format", "csv", "-o", "all.csv"]);
    let mut table = csv::Reader::from_path(folder.file("all.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (from, to) = (column("requested_datetime"), column("closed_datetime"));
    let instant = |text: &str| text.parse::<jiff::Timestamp>().ok().map(|at| at.as_second());
    let mut seconds: Vec<i64> = Vec::new();
    for row in table.records() {
        let row = row.unwrap();
        if let (Some(from), Some(to)) = (instant(&row[from]), instant(&row[to])) {
            seconds.push((to - from).max(0));
        }
    }
    seconds.sort_unstable();
    match seconds.len().div_ceil(2) {
        0 => "–".to_owned(),
        rank => format!("{:.1}", seconds[rank - 1] as f64 / 3600.0),
    }
}

#[test]
fn real_files_of_cities_come_in_by_the_bare_command() {
    let cities = cities();
    assert_eq!(cities.len(), 12);
    for City { file, rows, added, placed, hours, answers } in cities {
        let Some(path) = data_or_skip(file) else { continue };
        let folder = Folder::new("cities");
        let bare = ["import", path.to_str().unwrap()];
        if !answers.is_empty() {
            let output = run(&folder, &bare);
            assert!(!output.status.success(), "{file} asks for nothing");
        }
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let output = done(&folder, &[&bare[..], &answers[..]].concat());
        let found = [
            before(&output, " rows in "),
            before(&output, " added,"),
            before(&output, " added,") - before(&output, " without a position"),
        ];
        assert_eq!(found, [rows, added, placed], "{file}: {output}");
        let (_, jurisdiction) = output.split_once("jurisdiction ").unwrap();
        let jurisdiction = jurisdiction.lines().next().unwrap();
        assert_eq!(median_hours(&folder, jurisdiction), hours, "{file}");
    }
}

#[test]
fn files_that_are_no_requests_are_not_taken_for_them() {
    for file in ["boston-duplicate-pairs-jul-oct.csv", "quebec/vdq-lieupublic.geojson"] {
        let Some(path) = data_or_skip(file) else { continue };
        let folder = Folder::new("cities");
        let output = run(&folder, &["import", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr);
        let is_none =
            ["no column of categories", "no column of the time", "No column is recognised"];
        let is_none = is_none.iter().any(|words| said.contains(words));
        assert!(!output.status.success() && is_none, "{said}");
    }
}
