//! Words that this code once had for things that have a standard term. They do not come back.

use std::collections::BTreeMap;

use crate::source::{Source, files, prose, root};

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

/// Retired words that are not to be read in comments, texts and documents either, because plain
/// English has hardly a use for them here. The other retired words are ordinary ones there.
const RETIRED_IN_PROSE: &[(&str, &str)] = &[
    ("told", "printed, reported, known, decided"),
    ("heard", "received"),
    ("asker", "the query, the caller"),
    ("askers", "the queries, the callers"),
    ("sieve", "filter"),
    ("grove", "partial index"),
    ("forest", "partial indexes"),
    ("tally", "count"),
    ("tallies", "counts"),
    ("leaning", "offset"),
    ("nearness", "distance"),
    ("keeper", "watch"),
    ("probe", "query, check"),
    ("sabotage", "what is done"),
    ("outbreak", "alert"),
    ("outbreaks", "alerts"),
];

/// Phrases in which those words are ordinary English, or a name.
const ORDINARY: &[&[&str]] = &[
    &["told", "apart"],
    &["river", "and", "forest"],
    &["disease", "outbreak", "detection"],
    &["lamp", "post", "leaning"],
];

/// The words of a text in lower case, each with its line, counted from 1.
fn words(text: &str) -> Vec<(usize, String)> {
    let words = text.lines().zip(1..).flat_map(|(line, n)| {
        let words = line.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        words.map(move |word| (n, word.to_lowercase()))
    });
    words.collect()
}

/// True if the word at this place belongs to an ordinary phrase.
fn is_ordinary(words: &[(usize, String)], at: usize) -> bool {
    ORDINARY.iter().any(|phrase| {
        (0..phrase.len()).filter(|before| *before <= at).any(|before| {
            let there = words[at - before..].iter().map(|(_, word)| word.as_str());
            phrase[before] == words[at].1 && there.take(phrase.len()).eq(phrase.iter().copied())
        })
    })
}

/// The retired words of a text, with their lines.
fn retired_in(text: &str) -> Vec<(usize, &'static str, &'static str)> {
    let words = words(text);
    let retired = words.iter().enumerate().filter_map(|(at, (line, word))| {
        let (word, instead) = RETIRED_IN_PROSE.iter().find(|(retired, _)| retired == word)?;
        (!is_ordinary(&words, at)).then_some((*line, *word, *instead))
    });
    retired.collect()
}

#[test]
fn a_retired_word_is_found_unless_its_phrase_is_ordinary() {
    let found = |text| retired_in(text).into_iter().map(|(line, word, _)| (line, word));
    assert!(found("It is\nTold; cannot be told\n/// apart").eq([(2, "told")]));
    assert!(found("river and forest, a forest").eq([(1, "forest")]));
    assert_eq!(found("foretold, untold, a probed place").count(), 0);
}

/// Comments and texts of the code, and documents, scripts and messages as a whole.
#[test]
fn retired_words_are_in_no_comment_and_no_document() {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (folder, kind) in [("src", "rs"), ("tests", "rs"), ("benches", "rs"), ("static", "ts")] {
        let sources = files(&root().join(folder), kind);
        let sources = sources.iter().map(|path| Source::read(path));
        // This file lists the words.
        let others = sources.filter(|source| source.path != "tests/house/words.rs");
        texts.extend(others.map(|source| (source.path.clone(), prose(&source))));
    }
    let mut whole = vec![root().join("README.md"), root().join("README.fr.md")];
    whole.push(root().join("CHANGELOG.md"));
    for (folder, kind) in [
        ("docs", "md"),
        ("data", "md"),
        ("static", "html"),
        ("static", "mjs"),
        ("static/locales", "json"),
        ("tests", "py"),
        ("tests", "mjs"),
        ("tests", "sh"),
        ("benches", "py"),
        ("benches", "mjs"),
    ] {
        whole.extend(files(&root().join(folder), kind));
    }
    let read = |path: std::path::PathBuf| {
        (path.display().to_string(), std::fs::read_to_string(&path).unwrap())
    };
    texts.extend(whole.into_iter().map(read));
    assert!(texts.len() > 200, "only {} texts were found", texts.len());
    let mut violations = Vec::new();
    for (path, text) in &texts {
        for (line, word, instead) in retired_in(text) {
            violations.push(format!("{path}:{line}: `{word}`; say {instead}"));
        }
    }
    crate::report(&violations);
}
