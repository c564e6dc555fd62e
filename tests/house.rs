//! The walls of the house: who may use whom, how long things may be, and that the docs name what
//! exists.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms with what each may use of ours and of others.
const ROOMS: &[(&str, &[&str], &[&str])] = &[
    ("i18n", &[], &[]),
    ("error", &["i18n"], &[]),
    ("config", &[], &[]),
    ("place", &[], &["h3o", "geo", "rstar"]),
    ("statistics", &["place"], &["libm", "rand", "rand_xoshiro"]),
    ("domain", &["place", "i18n", "error"], &["jiff"]),
    (
        "store",
        &["domain", "place", "i18n", "error"],
        &["rusqlite", "jiff", "blake3", "tracing", "geo", "geozero"],
    ),
    ("index", &["domain", "place"], &["hashbrown", "arc_swap"]),
    ("query", &["index", "statistics", "domain", "place", "i18n", "error"], &["geo"]),
    (
        "export",
        &["index", "query", "domain", "place", "i18n", "error"],
        // A GeoPackage is a SQLite file by its standard: `rusqlite` writes its tables.
        &["serde", "serde_json", "schemars", "geojson", "geo", "csv", "parquet", "rusqlite"],
    ),
    (
        "ingest",
        &["query", "domain", "place", "i18n", "error"],
        &[
            "serde",
            "serde_json",
            "geojson",
            "geo",
            "csv",
            "toml",
            "jiff",
            "proj4rs",
            "blake3",
            "quick_xml",
        ],
    ),
    (
        "media",
        &["place", "i18n", "error"],
        &["blake3", "exif", "flate2", "image", "object_store", "rustls"],
    ),
    (
        "usecase",
        &["store", "index", "query", "statistics", "domain", "place", "i18n", "error", "config"],
        &["tokio", "arc_swap", "jiff", "rand", "rustix", "tracing"],
    ),
    ("demo", &["domain", "place"], &["rand", "rand_chacha", "rand_distr", "serde", "toml", "jiff"]),
    (
        "http",
        &[
            "usecase",
            "media",
            "ingest",
            "export",
            "query",
            "index",
            "statistics",
            "domain",
            "place",
            "i18n",
            "error",
            "config",
        ],
        &[
            "axum",
            "tower",
            "tower_http",
            "hyper",
            "hyper_util",
            "http_body_util",
            "tokio",
            "flate2",
            "quick_cache",
            "quick_xml",
            "cql2",
            "geo",
            "geojson",
            "geozero",
            "csv",
            "schemars",
            "serde",
            "serde_json",
            "form_urlencoded",
            "rust_embed",
            "blake3",
            "jiff",
            "tracing",
        ],
    ),
];
const LINES_MAX: usize = 510;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                found.extend(files(&path, extension));
            }
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

/// The sources, each with its room and its text.
fn sources() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&src).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let room = room.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (room, path, text)
    };
    let sources: Vec<_> = files(&src, "rs").into_iter().map(read).collect();
    assert!(sources.len() > 40, "the sources were not found");
    sources
}

/// Names right behind each `prefix` in code, comments left out.
fn names_after(text: &str, prefix: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut names = Vec::new();
    for line in code {
        for (at, _) in line.match_indices(prefix) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            let name = line[at + prefix.len()..].chars();
            names.push(name.take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

#[test]
fn every_room_keeps_to_its_neighbours() {
    for (room, path, text) in sources() {
        let Some((_, ours, theirs)) = ROOMS.iter().find(|(name, ..)| *name == room) else {
            assert!(["main", "lib", "cli"].contains(&room.as_str()), "{room} is no room");
            continue;
        };
        // Tests may look around.
        let text = text.split("#[cfg(test)]").next().unwrap();
        for name in names_after(text, "crate::") {
            let known = name == room || name == "message" || ours.contains(&name.as_str());
            assert!(known, "{}: `{room}` may not use `{name}`", path.display());
        }
        let modules: Vec<&str> =
            text.lines().filter(|line| line.starts_with("use crate::")).collect();
        for dependency in dependencies() {
            // A module of ours may bear a library's name.
            if modules.iter().any(|line| line.contains(&format!("::{dependency}"))) {
                continue;
            }
            let used = names_after(text, &format!("{dependency}::")).len()
                + names_after(text, &format!("use {dependency}::")).len();
            let allowed = theirs.contains(&dependency.as_str());
            assert!(
                used == 0 || allowed,
                "{}: `{room}` may not know `{dependency}`",
                path.display()
            );
        }
    }
}

fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = section.lines().filter_map(|line| line.split_once(" = "));
    let names: Vec<_> = names.map(|(name, _)| name.replace('-', "_")).collect();
    assert!(names.len() > 20, "the dependencies were not found");
    names
}

#[test]
fn files_functions_and_lines_stay_short() {
    for (_, path, text) in sources() {
        let shown = path.display();
        let count = text.lines().count();
        assert!(count <= LINES_MAX, "{shown}: {count} lines; {LINES_MAX} at most");
        let mut begun: Option<(usize, usize, String)> = None;
        for (n, line) in text.lines().enumerate() {
            let width = line.chars().count();
            assert!(
                width <= COLUMNS_MAX || line.contains("://") || line.starts_with("//! |"),
                "{shown}:{}: {width} columns",
                n + 1
            );
            let indent = line.len() - line.trim_start().len();
            let is_fn = line.trim_start().starts_with("fn ") || line.contains(" fn ");
            if begun.is_none()
                && is_fn
                && !line.trim_start().starts_with("//")
                && !line.contains(';')
            {
                begun = Some((n, indent, line.trim().to_owned()));
            }
            if let Some((first, outer, name)) = &begun
                && line.trim_end() == format!("{}}}", " ".repeat(*outer))
            {
                let length = n - first + 1;
                assert!(length <= FUNCTION_LINES_MAX, "{shown}: {length} lines in {name}");
                begun = None;
            }
        }
    }
}

#[test]
fn paths_named_in_the_docs_exist() {
    let mut texts: Vec<(PathBuf, String)> = Vec::new();
    texts.extend(sources().into_iter().map(|(_, path, text)| (path, text)));
    let named = ["README.md", "CHANGELOG.md", "data/README.md", "Makefile"];
    let mut pages: Vec<PathBuf> = named.iter().map(|name| root().join(name)).collect();
    pages.extend(files(&root().join("docs"), "md"));
    for path in pages {
        texts.push((path.clone(), fs::read_to_string(path).unwrap()));
    }
    let mut named = 0;
    for (path, text) in texts {
        for quoted in text.split('`').skip(1).step_by(2) {
            let first = quoted.split('/').next().unwrap();
            let is_path = ["src", "data", "static", "tests", "benches", "docs"].contains(&first)
                && quoted.contains('/')
                && !quoted.contains([' ', '*', '<', '…', '{']);
            if is_path {
                named += 1;
                assert!(root().join(quoted).exists(), "{}: no `{quoted}`", path.display());
            }
        }
    }
    assert!(named > 10, "only {named} paths were found");
}

#[test]
fn the_two_languages_of_the_page_say_the_same() {
    let message = |language: &str| -> Vec<String> {
        let path = root().join(format!("static/locales/{language}.json"));
        let json: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        json.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(message("fr"), message("en"));
}

#[test]
fn nothing_is_left_for_later() {
    let mut texts = files(&root().join("src"), "rs");
    texts.extend(files(&root().join("static"), "ts"));
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        for word in ["todo!", "unimplemented!", "FIXME", "TODO", "dbg!"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}
