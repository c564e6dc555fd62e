//! What README.md and `docs/` say is true: commands, paths of the API, links, and the figures of
//! `BENCH.md`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md, README.fr.md and the pages of `docs/`, with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md"), root().join("README.fr.md")];
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    paths.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    assert!(paths.len() > 5, "the pages of docs/ were not found");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn every_path_of_the_api_is_in_its_reference() {
    let reference = page("docs/api.md");
    let routes = pointchaud::http::paths().into_iter();
    let mut count = 0;
    for route in routes.filter(|route| !route.contains("assets") && !route.contains("config")) {
        assert!(
            reference.contains(&format!("{route}`")) || reference.contains(&format!("{route}?")),
            "docs/api.md does not name {route}"
        );
        count += 1;
    }
    assert!(count > 40, "only {count} routes were found");
}

/// The source in which a test that the docs name as `file::test` or `room::file::test` stands.
fn source_of_test(path: &[&str]) -> String {
    let names = path.join("/");
    let candidates = [
        format!("tests/it/{names}.rs"),
        format!("tests/{names}.rs"),
        format!("src/{names}.rs"),
        format!("src/{names}/mod.rs"),
    ];
    let found = candidates.iter().find(|candidate| root().join(candidate).is_file());
    page(found.unwrap_or_else(|| panic!("the docs name tests of {names}, which is no file")))
}

#[test]
fn tests_that_the_docs_name_exist() {
    let promises = page("docs/promises.md");
    let named: Vec<&str> = promises.split('`').filter(|code| code.contains("::")).collect();
    assert!(named.len() > 60, "only {} tests are named", named.len());
    for name in named.into_iter().filter(|name| *name != "file::test") {
        let mut path: Vec<&str> = name.split("::").collect();
        let test = path.pop().unwrap();
        let declared = format!("#[test]\nfn {test}(");
        let inner = format!("#[test]\n    fn {test}(");
        let source = source_of_test(&path);
        assert!(source.contains(&declared) || source.contains(&inner), "there is no test {name}");
    }
}

/// Names of the commands, as the program's own help lists them.
fn commands() -> Vec<String> {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_pointchaud"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let list = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_is_in_all_tables() {
    let commands = commands();
    assert!(commands.len() >= 10, "{commands:?}");
    for name in ["README.md", "README.fr.md", "docs/operations.md"] {
        let text = page(name);
        for command in &commands {
            let row = format!("| `pointchaud {command}` |");
            assert!(text.contains(&row), "{name} has no row for `{command}`");
        }
    }
}

/// The anchor that a heading has on a rendered page.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    for (path, text) in pages() {
        for rest in text.split("](").skip(1) {
            let link = rest.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: no {link}", path.display());
            if !heading.is_empty() {
                let target = fs::read_to_string(&target).unwrap();
                let headings = target.lines().filter(|line| line.starts_with('#'));
                let found = headings.map(|line| anchor(line.trim_start_matches('#')));
                assert!(found.into_iter().any(|a| a == heading), "{}: no {link}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 15, "only {count} links were found");
}

#[test]
fn the_tests_of_the_table_of_attacks_exist() {
    let table = page("docs/privacy.md");
    let of = |module: &str| {
        let named = table.split('`').filter_map(|part| part.strip_prefix(module));
        let source = page(&format!("tests/it/{}.rs", module.trim_end_matches("::")));
        named.filter(|name| source.contains(&format!("fn {name}()"))).count()
            == table.matches(module).count()
    };
    assert!(of("canaries::") && of("visibility::"));
    assert!(table.matches("visibility::").count() > 3);
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let readme = page("README.md");
    assert!(readme.contains("](README.fr.md)"), "README.md does not link README.fr.md");
    for (path, _) in pages().into_iter().skip(2) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(readme.contains(&format!("](docs/{name})")), "README.md does not link docs/{name}");
    }
}

/// Rows of the tables of speed: is it in the README, too? the work, our figures, other programs'.
/// `{work}` stands for the figure of that row of `BENCH.md` at a million reports, `{work|peer}` for
/// the peer's, `{10M:work}` for another size. `{work#p99}` is the 99th percentile. `{work~}` is a
/// figure in milliseconds, written in seconds.
const SPEED: &[(bool, &str, &str, &str)] = &[
    (
        true,
        "10 nearest · all within 50 m · all within 500 m",
        "{10 nearest, any report} · {all within 50 m, any report} · {all within 500 m, any report} µs",
        "kiddo, planar: {10 nearest, any report|kiddo} · {all within 50 m, any report|kiddo} · \
         {all within 500 m, any report|kiddo} µs; PostGIS: {10 nearest, any report|PostGIS} · \
         {all within 50 m, any report|PostGIS} · {all within 500 m, any report|PostGIS} µs",
    ),
    (
        false,
        "candidates for a duplicate (service, 100 m, 30 days)",
        "{duplicates' candidates (service, 100 m, 30 d)} µs",
        "PostGIS: {duplicates' candidates (service, 100 m, 30 d)|PostGIS} µs",
    ),
    (
        true,
        "likely duplicates of a report, searched and scored: median · 99th percentile",
        "{likely duplicates: search and full score} · {likely duplicates: search and full score#p99} µs",
        "–",
    ),
    (
        false,
        "the same, many at once on two threads",
        "{likely duplicates, many at once on two threads} a second",
        "–",
    ),
    (
        false,
        "a whole city's history grouped into incidents",
        "{a whole city grouped into incidents} s",
        "–",
    ),
    (
        true,
        "clusters of a service under a new filter, zoom 10 · 12 · 14",
        "{clusters, zoom 10, one service, cold} · {clusters, zoom 12, one service, cold} · \
         {clusters, zoom 14, one service, cold} ms",
        "npm supercluster, filtered and loaded: \
         {clusters, zoom 10, one service, cold|npm supercluster} · \
         {clusters, zoom 12, one service, cold|npm supercluster} · \
         {clusters, zoom 14, one service, cold|npm supercluster} ms",
    ),
    (
        false,
        "clusters of all reports, zoom 10 · 12 · 14",
        "{clusters, zoom 10, no filter, cold} · {clusters, zoom 12, no filter, cold} · \
         {clusters, zoom 14, no filter, cold} ms",
        "npm supercluster, loaded: {clusters, zoom 10, no filter, cold|npm supercluster} · \
         {clusters, zoom 12, no filter, cold|npm supercluster} · \
         {clusters, zoom 14, no filter, cold|npm supercluster} ms",
    ),
    (
        false,
        "hexagons with Gi\\*, p and false discovery rates under a new filter, resolution 9 · 10",
        "{hexes at 9, Gi*, p, rates of false discovery, cold} · \
         {hexes at 10, Gi*, p, rates of false discovery, cold} ms",
        "–",
    ),
    (
        true,
        "Gi\\* and p of given counts, resolution 9 · 10",
        "{Gi* and p of the same cells at 9, counts given} · \
         {Gi* and p of the same cells at 10, counts given} ms",
        "esda, weights given: {Gi* and p of the same cells at 9, counts given|esda} · \
         {Gi* and p of the same cells at 10, counts given|esda} ms",
    ),
    (
        false,
        "999 conditional permutations, resolution 10",
        "{999 conditional permutations at 10~} s",
        "esda: {999 conditional permutations at 10|esda~} s",
    ),
    (
        true,
        "DBSCAN, 50 m, 5 reports",
        "{DBSCAN, 50 m, 5 reports} ms",
        "PostGIS, table in order of place: {DBSCAN, 50 m, 5 reports|PostGIS~} s; scikit-learn: \
         {DBSCAN, 50 m, 5 reports|scikit-learn~} s",
    ),
    (
        false,
        "hotspots of one service · of each of 12 services, 30 days",
        "{hotspots of a service, 30 days} · {hotspots of each of 12 services, 30 days} ms",
        "–",
    ),
    (
        false,
        "scan of a year of 12 services, 999 permutations each, one background thread",
        "{scan of a year of 12 services, 999 replicas each, one thread~} s",
        "–",
    ),
    (
        false,
        "memory of the whole index",
        "{index memory, all views, a report} bytes a report",
        "R-tree of the positions alone: {index memory, all views, a report|rstar} bytes",
    ),
    (
        true,
        "start until ready, 1 million · 10 million reports",
        "{boot to ready} · {10M:boot to ready} s",
        "–",
    ),
    (
        true,
        "a CSV file of a million rows, on the disk and searchable",
        "{CSV to durable and queryable} s",
        "SQLite, one table: {CSV to durable and queryable|SQLite} s; DuckDB: \
         {CSV to durable and queryable|DuckDB} s",
    ),
    (
        true,
        "reports filed over HTTP, each on the disk before its answer: 16 clients · one batch",
        "{durable POST, 16 clients} · {durable batch of 200,000 in one request} a second",
        "PostgreSQL, 16 clients, without HTTP: {durable POST, 16 clients|PostgreSQL} a second",
    ),
    (
        false,
        "10 nearest · all within 50 m · likely duplicates over HTTP, 64 connections",
        "{HTTP nearest, 64 connections} · {HTTP within 50 m, 64 connections} · \
         {HTTP duplicates, 64 connections} a second",
        "a constant axum answer of the same size: {HTTP nearest, 64 connections|axum} · \
         {HTTP within 50 m, 64 connections|axum} · {HTTP duplicates, 64 connections|axum} a second",
    ),
];

/// A row of the first table of `BENCH.md`.
struct Measured {
    size: String,
    work: String,
    ours: String,
    p99: String,
    peer: String,
    theirs: String,
}

fn measured() -> Vec<Measured> {
    let text = page("BENCH.md");
    let row = |line: &str| {
        let cells: Vec<String> = line.split(" | ").map(|cell| cell.trim().to_owned()).collect();
        let [size, work, _, ours, p99, peer, theirs, ..] = cells.as_slice() else { return None };
        Some(Measured {
            size: size.trim_start_matches(['|', ' ']).to_owned(),
            work: work.clone(),
            ours: ours.clone(),
            p99: p99.clone(),
            peer: peer.clone(),
            theirs: theirs.clone(),
        })
    };
    let table = text.split("\n## ").next().unwrap();
    table
        .lines()
        .filter(|line| line.contains("M | ") || line.contains("k | "))
        .filter_map(row)
        .collect()
}

/// The figure that `{wanted}` stands for.
fn figure(rows: &[Measured], wanted: &str) -> String {
    let (size, key) =
        wanted.split_once(':').filter(|(size, _)| *size == "10M").unwrap_or(("1M", wanted));
    let (key, in_seconds) = key.strip_suffix('~').map_or((key, false), |key| (key, true));
    let (key, p99) = key.strip_suffix("#p99").map_or((key, false), |key| (key, true));
    let (work, peer) = key.split_once('|').map_or((key, None), |(work, peer)| (work, Some(peer)));
    let fits = |row: &&Measured| {
        row.size == size && row.work == work && peer.is_none_or(|peer| row.peer.starts_with(peer))
    };
    let row = rows.iter().find(fits).unwrap_or_else(|| panic!("BENCH.md has no row {wanted}"));
    let text = match (peer, p99) {
        (Some(_), _) => &row.theirs,
        (None, true) => &row.p99,
        (None, false) => &row.ours,
    };
    let value: f64 = text.replace(' ', "").parse().unwrap_or_else(|_| panic!("{wanted}: {text:?}"));
    shown(if in_seconds { value / 1000.0 } else { value })
}

/// Two significant digits below ten, whole numbers of three significant digits above.
fn shown(value: f64) -> String {
    if value < 1.0 {
        return format!("{value:.2}");
    }
    if value < 10.0 {
        return format!("{value:.1}");
    }
    let unit = 10f64.powi((value.log10().floor() as i32 - 2).max(0));
    let digits = ((value / unit).round() * unit).to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn filled(rows: &[Measured], template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (key, after) = after.split_once('}').expect("a bracket is closed");
        out += before;
        out += &figure(rows, key);
        rest = after;
    }
    out + rest
}

/// The table of speed, of a few rows or of all.
fn speed_table(all: bool) -> String {
    let rows = measured();
    assert!(rows.len() > 50, "BENCH.md has only {} rows", rows.len());
    let about = page("BENCH.md");
    let line = about.lines().find(|line| line.starts_with("A full run")).expect("a full run");
    let machine = line.split("` on ").nth(1).and_then(|rest| rest.split(", Linux").next());
    let machine = machine.expect("BENCH.md names day and machine");
    let mut out = format!(
        "One million reports. Measured on {machine}; each program was measured in the same minute \
         as the one beside it.\n\n| work | pointchaud | other programs |\n|---|---:|---|\n"
    );
    for (_, work, ours, theirs) in SPEED.iter().filter(|(short, ..)| all || *short) {
        out += &format!("| {work} | {} | {} |\n", filled(&rows, ours), filled(&rows, theirs));
    }
    out
}

/// `UPDATE_DOCS=1` writes the tables; without it they must be those of `BENCH.md`.
#[test]
fn figures_of_speed_are_those_of_the_bench() {
    const BEGIN: &str = "<!-- speed: written from BENCH.md by tests/it/docs.rs -->\n";
    const END: &str = "<!-- /speed -->";
    for (name, all) in [("README.md", false), ("docs/speed.md", true)] {
        let text = page(name);
        let (before, rest) = text.split_once(BEGIN).expect("the table's begin");
        let (table, after) = rest.split_once(END).expect("the table's end");
        let wanted = speed_table(all);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(root().join(name), format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        } else {
            assert_eq!(
                table, wanted,
                "{name}: `UPDATE_DOCS=1 cargo test --test it docs::` renews it"
            );
        }
    }
}

/// Numbers, units: what the tables do with them.
#[test]
fn figures_are_rounded_and_grouped() {
    let cases = [
        (0.6183, "0.62"),
        (7.79, "7.8"),
        (26.34, "26"),
        (516.0, "516"),
        (71_528.0, "71,500"),
        (236_785.0, "237,000"),
        (1_075_040.0, "1,080,000"),
    ];
    for (value, text) in cases {
        assert_eq!(shown(value), text);
    }
    let sizes: HashMap<String, usize> = measured().iter().fold(HashMap::new(), |mut sizes, row| {
        *sizes.entry(row.size.clone()).or_default() += 1;
        sizes
    });
    assert!(sizes["1M"] > 20, "{sizes:?}");
}

#[test]
fn tracking_numbers_of_the_docs_and_of_the_api_pass_their_own_check() {
    let is_like_one = |word: &str| {
        let parts: Vec<usize> = word.split('-').map(str::len).collect();
        let is_sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        parts == [3, 3, 2]
            && word.chars().all(is_sign)
            && word.contains(|c: char| c.is_ascii_digit())
    };
    let mut texts: Vec<String> = pages().into_iter().map(|(_, text)| text).collect();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pointchaud"))
        .arg("openapi")
        .output()
        .unwrap();
    texts.push(String::from_utf8(output.stdout).unwrap());
    let mut count = 0;
    for text in &texts {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        for word in words.filter(|word| is_like_one(word)) {
            let read = pointchaud::domain::read_tracking(word);
            assert!(matches!(read, pointchaud::domain::TrackingText::Valid(_)), "{word}");
            count += 1;
        }
    }
    assert!(count >= 3, "{count} tracking numbers were found");
}

#[test]
fn status_words_of_the_docs_have_their_documented_status() {
    let text = page("docs/import.md");
    let rows = text.lines().skip_while(|line| *line != "| status | words, for example |").skip(2);
    let (mut table, mut wanted) =
        (String::from("id,created,category,status,lat,lon\n"), Vec::new());
    for line in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        for word in cells[1].split(',').map(|word| word.trim().trim_matches('`')) {
            let n = wanted.len();
            table += &format!("w{n},2025-03-02T08:00:00Z,Pothole,{word},52.1,5.2\n");
            wanted.push((word.to_owned(), cells[0].trim_matches('`').to_owned()));
        }
    }
    assert!(wanted.len() > 60, "{} words were found", wanted.len());
    let folder = crate::common::Folder::new("docs");
    let file = folder.with("words.csv", table);
    let city = ["--jurisdiction", "w.example", "--time-zone", "UTC"];
    crate::common::done(&folder, &[&["import", file.to_str().unwrap()][..], &city].concat());
    let export = ["export", "--format", "csv", "--jurisdiction", city[1]];
    let text = crate::common::done(&folder, &export);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|has| has == name).unwrap();
    let (id, status, reason) = (at("service_request_id"), at("status"), at("closed_reason"));
    let found: HashMap<String, String> = reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| {
            let of = |column: usize| row[column].to_owned();
            let reason =
                if row[reason].is_empty() { String::new() } else { format!(":{}", of(reason)) };
            (of(id), of(status) + &reason)
        })
        .collect();
    for (n, (word, status)) in wanted.iter().enumerate() {
        assert_eq!(&found[&format!("w{n}")], status, "{word}");
    }
}
