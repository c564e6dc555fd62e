//! Words that this code once had for things that have a standard term. They do not come back.

use std::collections::BTreeMap;

use crate::source::{Source, files, root};

/// Retired identifiers, each with what is said instead. Case counts.
const RETIRED: &[(&str, &str)] = &[
    ("Sieve", "CompiledFilter"),
    ("Slots", "Selection"),
    ("Bunch", "SelectionBatch"),
    ("Handle", "DocAddress"),
    ("Part", "Segment"),
    ("Run", "Segment"),
    ("Dead", "DeleteBitmap"),
    ("Gather", "Collector"),
    ("Grove", "the partial index of a service"),
    ("Forest", "the partial indexes"),
    ("Asker", "QueryPoint"),
    ("Tally", "Aggregate"),
    ("Sum", "Aggregate"),
    ("Names", "Dictionary"),
    ("Piece", "H3Fragment"),
    ("Shown", "SnapshotReader"),
    ("Grouping", "DisjointSet"),
    ("Nearness", "KdTree"),
    ("Leaning", "CoefficientOffset"),
    ("Is", "Comparison"),
    ("Running", "WriteTransaction"),
    ("Shelf", "PhotoStore"),
    ("Desk", "PublicConfig"),
    ("Site", "AppState"),
    ("Ask", "RequestContext"),
    ("Fail", "ApiError"),
    ("Brief", "DuplicateSummary"),
    ("Made", "CachedTile"),
    ("Keeper", "BackgroundWatch"),
    ("told", "the text, the output, the answer"),
    ("heard", "the changes, the requests"),
    ("sketch_distance", "approximate_distance"),
    ("asker", "point, origin"),
    ("askers", "points, origins"),
    ("sieve", "compiled, filter"),
    ("bunch", "batch"),
    ("grove", "partial index"),
    ("forest", "partial indexes"),
    ("gather", "collect"),
    ("tally", "counts, aggregate"),
    ("tallies", "counts, aggregates"),
    ("leaning", "offset"),
    ("nearness", "tree"),
    ("shelf", "photo_store"),
    ("desk", "public_config"),
    ("keeper", "watch"),
    ("probe", "query"),
    ("sabotage", "what is done"),
];

#[test]
fn retired_words_stay_retired() {
    let folders = [("src", "rs"), ("tests", "rs"), ("benches", "rs"), ("static", "ts")];
    let paths = folders.iter().flat_map(|(folder, kind)| files(&root().join(folder), kind));
    let mut found: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for source in paths.map(|path| Source::read(&path)) {
        for (line, word) in crate::source::identifiers(&source.code) {
            if RETIRED.iter().any(|(retired, _)| *retired == word) {
                found.entry((source.path.clone(), word.to_owned())).or_default().push(line);
            }
        }
    }
    let mut violations = Vec::new();
    for ((path, word), lines) in &found {
        let (_, instead) = RETIRED.iter().find(|(retired, _)| retired == word).unwrap();
        violations.push(format!("{path}: `{word}` in lines {lines:?}; say {instead}"));
    }
    crate::report(&violations);
}
