//! No two files of the library use each other, directly or through others.
//!
//! A file is a module. It uses the file in which an item of one of its paths (`crate::…`, `super::…`,
//! `self::…`, in a `use` or elsewhere) is defined: a path through the facade of a room (`pub use` in
//! its `mod.rs`) leads to the file behind the facade, and the facade itself uses nothing by passing
//! items on. Unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, library};

/// Circles that are known and still to be broken. An entry that is no circle any more must go.
const KNOWN: &[&[&str]] = &[];

type Path = Vec<String>;

/// The modules of the library.
struct Modules {
    /// The file of each module.
    files: BTreeMap<Path, String>,
    /// What a module passes on under a name: the path of the item.
    passed_on: BTreeMap<(Path, String), Path>,
}

/// The path of the module that a file is.
fn module(file: &str) -> Path {
    let inside = file.trim_start_matches("src/").trim_end_matches(".rs");
    let inside = inside.trim_end_matches("/mod");
    match inside {
        "lib" | "main" => Vec::new(),
        _ => inside.split('/').map(str::to_owned).collect(),
    }
}

/// The paths that a `use` tree such as `a::{b, c as d}` names, each with the name that it gives.
fn leaves(tree: &str, prefix: &[String], found: &mut Vec<(Path, String)>) {
    let tree = tree.trim();
    if let Some((before, rest)) = tree.split_once('{') {
        let mut prefix = prefix.to_vec();
        prefix.extend(segments(before));
        let (mut depth, mut from) = (0, 0);
        let inside = rest.strip_suffix('}').unwrap_or(rest);
        for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if c == ',' && depth == 0 {
                if !inside[from..at].trim().is_empty() {
                    leaves(&inside[from..at], &prefix, found);
                }
                from = at + 1;
            }
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut whole = prefix.to_vec();
    whole.extend(segments(path).filter(|segment| segment != "self" || prefix.is_empty()));
    let name = match alias.trim() {
        "" => whole.last().cloned().unwrap_or_default(),
        alias => alias.to_owned(),
    };
    found.push((whole, name));
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty())
}

/// The `use` declarations of code, without `use` and `;`, and whether others may use what they name.
fn declarations(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_public = before.starts_with("pub");
        if before.is_empty() || is_public {
            let tree = code[at + 4..].split(';').next().unwrap();
            found.push((is_public, tree.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    found
}

impl Modules {
    fn new(sources: &[Source]) -> Self {
        let library = sources.iter().filter(|source| source.path != "src/main.rs");
        let files: BTreeMap<Path, String> =
            library.map(|source| (module(&source.path), source.path.clone())).collect();
        let mut modules = Self { files, passed_on: BTreeMap::new() };
        for source in sources {
            let own = module(&source.path);
            for (is_public, tree) in declarations(source.code_without_tests()) {
                let mut named = Vec::new();
                leaves(&tree, &[], &mut named);
                for (path, name) in named.into_iter().filter(|_| is_public) {
                    if let Some(path) = modules.absolute(&path, &own) {
                        modules.passed_on.insert((own.clone(), name), path);
                    }
                }
            }
        }
        modules
    }

    /// A path from the root of the crate; `None` where it leads out of the crate.
    fn absolute(&self, path: &[String], own: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => own.to_vec(),
            "super" => own[..own.len().checked_sub(1)?].to_vec(),
            name => {
                let child = [own, &[name.to_owned()]].concat();
                return self.files.contains_key(&child).then(|| [own, path].concat());
            }
        };
        for segment in rest {
            if segment == "super" {
                base.pop()?;
            } else {
                base.push(segment.clone());
            }
        }
        Some(base)
    }

    /// The file in which the item at a path is defined.
    fn defining(&self, path: &[String]) -> Option<&str> {
        let mut path = path.to_vec();
        // A chain of facades is short; a circle of them does not compile.
        for _ in 0..16 {
            let depth = (0..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
            let Some(item) = path.get(depth) else { break };
            let facade = (path[..depth].to_vec(), item.clone());
            let Some(behind) = self.passed_on.get(&facade) else { break };
            path = [behind.as_slice(), &path[depth + 1..]].concat();
        }
        let depth = (0..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
        self.files.get(&path[..depth]).map(String::as_str)
    }

    /// The files that a file uses.
    fn used_by(&self, source: &Source) -> BTreeSet<String> {
        let (own, code) = (module(&source.path), source.code_without_tests());
        let mut named = Vec::new();
        for (is_public, tree) in declarations(code) {
            if !is_public {
                leaves(&tree, &[], &mut named);
            }
        }
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(start) {
                let before = code[..at].chars().next_back();
                let line = code[..at].rsplit('\n').next().unwrap_or_default();
                let is_inside = before.is_some_and(|c| c.is_alphanumeric() || "_:$".contains(c));
                if is_inside || line.contains("use ") || line.trim().starts_with("pub(") {
                    continue;
                }
                let path = code[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
                named.push((segments(path.into_iter().next().unwrap()).collect(), String::new()));
            }
        }
        let found = named.iter().filter_map(|(path, _)| self.absolute(path, &own));
        let files = found.filter(|path| !path.is_empty()).filter_map(|path| {
            // A name at the root of the crate is a macro of it.
            let is_macro = path.len() == 1 && !self.files.contains_key(&path);
            if is_macro { None } else { self.defining(&path).map(str::to_owned) }
        });
        files.filter(|file| *file != source.path).collect()
    }
}

/// Files from which a file can be reached, and that can be reached from it.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = next.pop() {
            for used in uses.get(&file).into_iter().flatten() {
                if seen.insert(used.clone()) {
                    next.push(used.clone());
                }
            }
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<String>> =
        uses.keys().map(|file| (file, reached(file))).collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for (file, reach) in &all {
        let is_known = found.iter().any(|circle| circle.contains(*file));
        if reach.contains(*file) && !is_known {
            let back =
                reach.iter().filter(|other| all.get(other).is_some_and(|r| r.contains(*file)));
            found.push(back.cloned().collect());
        }
    }
    found
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let sources = library();
    let modules = Modules::new(&sources);
    let uses: BTreeMap<String, BTreeSet<String>> = sources
        .iter()
        .filter(|source| source.path != "src/main.rs")
        .map(|source| (source.path.clone(), modules.used_by(source)))
        .collect();
    let edges: usize = uses.values().map(BTreeSet::len).sum();
    assert!(edges > 200, "only {edges} uses were found");
    let known: Vec<BTreeSet<String>> =
        KNOWN.iter().map(|files| files.iter().map(|file| (*file).to_owned()).collect()).collect();
    let found = circles(&uses);
    let mut violations = Vec::new();
    for circle in &found {
        if !known.iter().any(|known| circle.is_subset(known)) {
            let edge = |file: &String| {
                let inside: Vec<_> = uses[file].intersection(circle).cloned().collect();
                format!("\n    {file} uses {}", inside.join(", "))
            };
            violations.push(format!("a circle:{}", circle.iter().map(edge).collect::<String>()));
        }
    }
    for known in &known {
        if !found.contains(known) {
            violations.push(format!("{known:?} is no circle any more, or a smaller one"));
        }
    }
    crate::report(&violations);
}

#[test]
fn circles_are_found_and_facades_are_seen_through() {
    let source = |path: &str, code: &str| Source {
        path: path.to_owned(),
        text: code.to_owned(),
        code: code.to_owned(),
    };
    let graph = |sources: &[Source]| -> Vec<BTreeSet<String>> {
        let modules = Modules::new(sources);
        circles(&sources.iter().map(|one| (one.path.clone(), modules.used_by(one))).collect())
    };
    let facade =
        source("src/room/mod.rs", "mod a;\nmod b;\npub use a::A;\npub use b::{B, C as D};\n");
    let a = source("src/room/a.rs", "use crate::room::{B, message};\n");
    let b = source("src/room/b.rs", "fn f() {}\n");
    let sources = [facade, a, b];
    assert!(graph(&sources).is_empty(), "siblings through the facade of their room");
    let [facade, a, _] = sources;
    let b = source("src/room/b.rs", "fn f(a: &super::A) {}\n");
    let found = graph(&[facade, a, b]);
    let wanted = ["src/room/a.rs", "src/room/b.rs"].map(str::to_owned);
    assert_eq!(found, [BTreeSet::from(wanted)]);
}
