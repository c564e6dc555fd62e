//! Public functions of the rooms that a program would use by themselves have a runnable example.

use std::collections::BTreeSet;
use std::fs;

use crate::report;
use crate::source::{identifiers, library, root};

/// Rooms whose public functions need an example.
const ROOMS: [&str; 4] = ["place", "statistics", "index", "query"];

/// The names that a room exports: what follows `pub use` in its `mod.rs`.
fn exported(room: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(format!("src/{room}/mod.rs"))).unwrap();
    let uses = text.split("\npub use ").skip(1).map(|rest| rest.split(';').next().unwrap());
    let names = uses.flat_map(|names| identifiers(names).map(|(_, name)| name).collect::<Vec<_>>());
    names.map(str::to_owned).collect()
}

/// The words in the examples of a file's documentation.
fn words_of_examples(text: &str) -> BTreeSet<&str> {
    let mut is_example = false;
    let mut words = BTreeSet::new();
    for line in text.lines().map(str::trim).filter(|line| line.starts_with("//")) {
        if line.contains("```") {
            is_example = !is_example;
        } else if is_example {
            words.extend(identifiers(line).map(|(_, word)| word));
        }
    }
    words
}

/// The public functions of a file without unit tests: the type whose method it is, where it is one,
/// and its name.
fn public_functions(code: &str) -> Vec<(Option<&str>, &str)> {
    let first_word = |text| identifiers(text).next().map(|(_, word)| word);
    let (mut found, mut owner) = (Vec::new(), None);
    for line in code.lines() {
        if let Some(rest) = line.strip_prefix("impl") {
            let rest = rest.rsplit(" for ").next().unwrap();
            let rest = match rest.strip_prefix('<') {
                Some(generic) => generic.split_once("> ").map_or(generic, |(_, rest)| rest),
                None => rest,
            };
            owner = first_word(rest);
        } else if line.starts_with('}') {
            owner = None;
        }
        let line = line.trim_start();
        let rest = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn "));
        found.extend(rest.and_then(first_word).map(|name| (owner, name)));
    }
    found
}

#[test]
fn public_functions_have_an_example() {
    let (mut violations, mut count) = (Vec::new(), 0);
    for room in ROOMS {
        let exported = exported(room);
        let prefix = format!("src/{room}/");
        for source in library().iter().filter(|source| source.path.starts_with(&prefix)) {
            let shown = words_of_examples(&source.text);
            for (owner, name) in public_functions(source.code_without_tests()) {
                if !exported.contains(owner.unwrap_or(name)) {
                    continue;
                }
                count += 1;
                if !shown.contains(name) {
                    let owner = owner.map(|owner| format!("{owner}::")).unwrap_or_default();
                    violations.push(format!("{}: no example calls `{owner}{name}`", source.path));
                }
            }
        }
    }
    assert!(count > 120, "only {count} public functions were found");
    report(&violations);
}

#[test]
fn functions_are_found_with_their_types() {
    let code = "pub fn a() {}\nimpl<'a> B<'a> {\n    pub const fn c() {}\n}\nimpl D for E {\n}\n";
    assert_eq!(public_functions(code), [(None, "a"), (Some("B"), "c")]);
    assert_eq!(words_of_examples("/// x\n/// ```\n/// y(z);\n/// ```\nw"), ["y", "z"].into());
}
