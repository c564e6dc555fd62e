//! The rules of the source: which room may use which, no circle of files, no retired word, one name
//! for one type, an example for each public function, how long things may be, and that the docs name
//! what exists. Each check reports all violations at once.
//!
//! These tests are a binary of their own because they read the sources as text: they compile in a
//! second and can be run while the other tests do not compile.

mod circles;
mod examples;
mod source;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use source::{Source, files, library, root};

/// Rooms with what each may use of ours and of others.
const ROOMS: &[(&str, &[&str], &[&str])] = &[
    ("i18n", &[], &[]),
    ("error", &["i18n"], &[]),
    ("config", &[], &[]),
    ("place", &[], &["h3o", "geo", "rstar"]),
    ("statistics", &["place"], &["libm", "rand", "rand_xoshiro"]),
    ("domain", &["place", "i18n", "error"], &["jiff", "deunicode"]),
    (
        "store",
        &["domain", "place", "i18n", "error"],
        // Contacts are encrypted where they are stored.
        &["rusqlite", "jiff", "blake3", "chacha20poly1305", "tracing", "geo", "geozero"],
    ),
    ("index", &["domain", "place"], &["hashbrown", "arc_swap"]),
    (
        "query",
        &["index", "statistics", "domain", "place", "i18n", "error"],
        &["geo", "unicode_normalization"],
    ),
    (
        "export",
        &["index", "query", "domain", "place", "i18n", "error"],
        // A GeoPackage is a SQLite file by its standard: `rusqlite` writes its tables.
        &[
            "serde",
            "serde_json",
            "schemars",
            "geojson",
            "geo",
            "csv",
            "parquet",
            "rusqlite",
            "flatbuffers",
            "flatgeobuf",
            "tempfile",
        ],
    ),
    (
        "ingest",
        &["query", "domain", "place", "i18n", "error"],
        // GeoPackage and GeoParquet are read as well as written: a GeoPackage is a SQLite file,
        // which `rusqlite` opens read-only and as one that nobody changes.
        &[
            "serde",
            "serde_json",
            "geojson",
            "geo",
            "csv",
            "toml",
            "jiff",
            "proj4rs",
            "crs_definitions",
            "deunicode",
            "blake3",
            "quick_xml",
            "memchr",
            "parquet",
            "rusqlite",
            "calamine",
            "chardetng",
            "encoding_rs",
            "flate2",
            "flatgeobuf",
            "tempfile",
            "zip",
        ],
    ),
    (
        "media",
        &["place", "i18n", "error"],
        &["blake3", "exif", "flate2", "image", "object_store", "rand", "rustls"],
    ),
    (
        "usecase",
        &[
            "store",
            "ingest",
            "index",
            "query",
            "statistics",
            "domain",
            "place",
            "i18n",
            "error",
            "config",
        ],
        &["tokio", "arc_swap", "blake3", "jiff", "rand", "rustix", "tracing"],
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
            "ipnet",
            "governor",
            "arc_swap",
            "rustls",
            "tokio_rustls",
            "rustix",
            "http_body_util",
            "tokio",
            "flate2",
            "prometheus_client",
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
const LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// Fails with all violations, where there are any.
fn report(violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{} violations:\n  {}",
        violations.len(),
        violations.join("\n  ")
    );
}

/// The room that a source file of the library is in.
fn room(source: &Source) -> &str {
    let inside = source.path.trim_start_matches("src/");
    inside.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Names right behind each `prefix` in code.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let starts = code.match_indices(prefix).filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        !before.is_some_and(|c| is_word(c) || c == ':' || c == '$')
    });
    let names = starts.map(|(at, _)| &code[at + prefix.len()..]);
    names.map(|rest| rest.split(|c| !is_word(c)).next().unwrap()).collect()
}

#[test]
fn every_room_keeps_to_its_neighbours() {
    let mut violations = Vec::new();
    for source in library() {
        let (room, path) = (room(&source), &source.path);
        let Some((_, ours, theirs)) = ROOMS.iter().find(|(name, ..)| *name == room) else {
            if !["main", "lib", "cli"].contains(&room) {
                violations.push(format!("{path}: {room} is no room"));
            }
            continue;
        };
        let code = source.code_without_tests();
        for name in names_after(code, "crate::") {
            if name != room && name != "message" && !ours.contains(&name) {
                violations.push(format!("{path}: `{room}` may not use `{name}`"));
            }
        }
        for dependency in dependencies() {
            // A module of ours may bear a library's name.
            let is_module = |line: &str| {
                line.starts_with("use crate::") && line.contains(&format!("::{dependency}"))
            };
            let is_used = !names_after(code, &format!("{dependency}::")).is_empty()
                || !names_after(code, &format!("use {dependency}::")).is_empty();
            if is_used && !theirs.contains(&dependency.as_str()) && !code.lines().any(is_module) {
                violations.push(format!("{path}: `{room}` may not use the library `{dependency}`"));
            }
        }
    }
    report(&violations);
}

fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = section.lines().filter_map(|line| line.split_once(" = "));
    let names: Vec<_> = names.map(|(name, _)| name.replace('-', "_")).collect();
    assert!(names.len() > 20, "the dependencies were not found");
    names
}

/// The functions of code that have a body: the name, the first line counted from 1, and the number
/// of lines.
fn functions(code: &str) -> Vec<(&str, usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at..];
        let name = rest[3..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
        // A `;` outside of brackets ends a declaration without a body.
        let (mut brackets, mut braces, mut end) = (0, 0, None);
        for (n, c) in rest.char_indices() {
            match c {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets -= 1,
                ';' if brackets == 0 && braces == 0 => break,
                '{' => braces += 1,
                '}' => {
                    braces -= 1;
                    if braces == 0 {
                        end = Some(n);
                        break;
                    }
                }
                _ => {}
            }
        }
        if let (Some(end), false) = (end, name.is_empty()) {
            let first = code[..at].matches('\n').count() + 1;
            found.push((name, first, rest[..end].matches('\n').count() + 1));
        }
    }
    found
}

#[test]
fn files_functions_and_lines_stay_short() {
    let (mut violations, mut count) = (Vec::new(), 0);
    for folder in ["src", "tests", "benches"] {
        for source in files(&root().join(folder), "rs").iter().map(|path| Source::read(path)) {
            let (path, lines) = (&source.path, source.text.lines().count());
            if lines > LINES_MAX {
                violations.push(format!("{path}: {lines} lines; {LINES_MAX} at most"));
            }
            for (line, n) in source.text.lines().zip(1..) {
                let width = line.chars().count();
                let may_be_long = line.contains("://") || line.starts_with("//! |");
                if width > COLUMNS_MAX && !may_be_long && folder == "src" {
                    violations.push(format!("{path}:{n}: {width} columns; {COLUMNS_MAX} at most"));
                }
            }
            for (name, first, length) in functions(&source.code) {
                count += 1;
                if length > FUNCTION_LINES_MAX {
                    violations.push(format!(
                        "{path}:{first}: `{name}` has {length} lines; {FUNCTION_LINES_MAX} at most"
                    ));
                }
            }
        }
    }
    assert!(count > 1_000, "only {count} functions were found");
    report(&violations);
}

#[test]
fn a_function_is_measured_whatever_its_signature_holds() {
    let code = "fn a(x: [u8; 4]) -> [u8; 2] {\n    if x {\n    }\n}\nfn declared();\nfn b() {}\n";
    assert_eq!(functions(code), [("a", 1, 4), ("b", 6, 1)]);
}

/// Types of one name, each with the reason why that is no confusion.
const SAME_NAME: &[(&str, &str)] = &[
    ("Arguments", "each command of the program has its own; no other file names them"),
    ("Reader", "each store has its own; `store::Reader` is the handle on any of them"),
];

/// The files that declare each type of this visibility: `pub ` or nothing.
fn types(visibility: &str) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in library() {
        let code: String = source.code_without_tests().lines().fold("\n".into(), |all, line| {
            // `pub(super)` and `pub(crate)` are public within the crate, which is what counts here.
            all + &line.replace("pub(super) ", "pub ").replace("pub(crate) ", "pub ") + "\n"
        });
        for kind in ["struct", "enum", "trait", "type", "union"] {
            // A declaration of a file begins its line; types of traits are indented.
            for name in names_after(&code, &format!("\n{visibility}{kind} ")) {
                places.entry(name.to_owned()).or_default().push(source.path.clone());
            }
        }
    }
    places
}

#[test]
fn no_two_public_types_have_one_name() {
    let places = types("pub ");
    assert!(places.len() > 150, "only {} public types were found", places.len());
    for (name, _) in SAME_NAME {
        assert!(places.get(*name).is_some_and(|files| files.len() > 1), "{name} is one type now");
    }
    let is_allowed = |name: &str| SAME_NAME.iter().any(|(known, _)| *known == name);
    let violations =
        places.into_iter().filter(|(name, files)| files.len() > 1 && !is_allowed(name));
    let violations: Vec<_> =
        violations.map(|(name, files)| format!("`{name}` in {}", files.join(", "))).collect();
    report(&violations);
}

/// Two private types may share a name: each is read in its own file alone.
#[test]
fn no_private_type_has_the_name_of_a_public_one() {
    let (public, private) = (types("pub "), types(""));
    assert!(private.len() > 100, "only {} private types were found", private.len());
    let violations: Vec<_> = private
        .iter()
        .filter_map(|(name, files)| {
            let others = public.get(name)?.join(", ");
            Some(format!("`{name}`, private in {}, public in {others}", files.join(", ")))
        })
        .collect();
    report(&violations);
}

#[test]
fn paths_named_in_the_docs_exist() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let mut texts: Vec<(String, String)> =
        library().into_iter().map(|source| (source.path, source.text)).collect();
    let named = ["README.md", "CHANGELOG.md", "SECURITY.md", "data/README.md", "Makefile"];
    let mut pages: Vec<PathBuf> = named.iter().map(|name| root().join(name)).collect();
    pages.extend(files(&root().join("docs"), "md"));
    for page in pages {
        texts.push((page.display().to_string(), fs::read_to_string(page).unwrap()));
    }
    let (mut violations, mut named) = (Vec::new(), 0);
    for (path, text) in texts {
        for quoted in text.split('`').skip(1).step_by(2) {
            let first = quoted.split('/').next().unwrap();
            let is_whole = quoted.contains('/') && !quoted.contains([' ', '*', '<', '…', '{']);
            let folders = ["src", "data", "static", "tests", "benches", "docs"];
            let is_path = is_whole && folders.contains(&first);
            // Sources name each other from `src/` on.
            let is_room = first == "cli" || ROOMS.iter().any(|(room, ..)| *room == first);
            let is_inside = is_whole && is_room && path.starts_with("src/");
            named += usize::from(is_path || is_inside);
            if is_path && !root().join(quoted).exists()
                || is_inside && !root().join("src").join(quoted).exists()
            {
                violations.push(format!("{path}: no `{quoted}`"));
            }
            let target = quoted.strip_prefix("make ").filter(|target| !target.contains(' '));
            if target.is_some_and(|target| !makefile.contains(&format!("\n{target}:"))) {
                violations.push(format!("{path}: no target for `{quoted}`"));
            }
        }
    }
    assert!(named > 10, "only {named} paths were found");
    report(&violations);
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
    let mut violations = Vec::new();
    for (folder, extension) in [("src", "rs"), ("static", "ts")] {
        for path in files(&root().join(folder), extension) {
            let text = fs::read_to_string(&path).unwrap();
            for word in ["todo!", "unimplemented!", "FIXME", "TODO", "dbg!"] {
                if text.contains(word) {
                    violations.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    report(&violations);
}
