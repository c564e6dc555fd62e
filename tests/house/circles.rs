//! No two files of the library use each other, directly or through others.
//!
//! A file is a module. It uses the file in which an item of one of its paths (`crate::…`,
//! `super::…`, `self::…` or a module of its own, in a `use` or elsewhere) is defined. A path
//! through the facade of a room (`pub use` in its `mod.rs`) leads to the file behind the facade.
//! The facade uses what it passes on only if its own code names it too. Unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, identifiers, library};

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

/// The `use` declarations of code, without `use` and `;`, and whether others may use what they
/// name; and the code without them.
fn declarations(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut found, mut rest, mut end) = (Vec::new(), String::new(), 0);
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_public = before.starts_with("pub");
        if before.is_empty() || is_public {
            let tree = code[at + 4..].split(';').next().unwrap();
            rest.push_str(code.get(end..at).unwrap_or_default());
            end = at + 4 + tree.len();
            found.push((is_public, tree.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    rest.push_str(&code[end..]);
    (found, rest)
}

impl Modules {
    fn new(sources: &[Source]) -> Self {
        let library = sources.iter().filter(|source| source.path != "src/main.rs");
        let files: BTreeMap<Path, String> =
            library.map(|source| (module(&source.path), source.path.clone())).collect();
        let mut modules = Self { files, passed_on: BTreeMap::new() };
        for source in sources {
            let own = module(&source.path);
            for (is_public, tree) in declarations(source.code_without_tests()).0 {
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
        let own = module(&source.path);
        let (declared, rest) = declarations(source.code_without_tests());
        let mut named = Vec::new();
        for (is_public, tree) in declared {
            let mut passed_on = Vec::new();
            leaves(&tree, &[], &mut passed_on);
            let own_code_names = |name: &str| identifiers(&rest).any(|(_, word)| word == name);
            named.extend(passed_on.into_iter().filter(|(_, n)| !is_public || own_code_names(n)));
        }
        // `pub(in crate::…)` says who may see an item; it uses nothing.
        let paths = rest.lines().filter(|line| !line.trim().starts_with("pub(in "));
        let paths = paths
            .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':'));
        let paths = paths.filter(|path| path.contains("::") && !path.starts_with(':'));
        named.extend(paths.map(|path| (segments(path).collect(), String::new())));
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
    let mut violations = Vec::new();
    for circle in &circles(&uses) {
        let edge = |file: &String| {
            let inside: Vec<_> = uses[file].intersection(circle).cloned().collect();
            format!("\n    {file} uses {}", inside.join(", "))
        };
        violations.push(format!("a circle:{}", circle.iter().map(edge).collect::<String>()));
    }
    crate::report(&violations);
}

#[test]
fn circles_are_found_and_facades_are_seen_through() {
    /// The facade, `a.rs` and `b.rs` of a room.
    fn circle(facade: &str, a: &str, b: &str) -> Vec<String> {
        let modules = "mod a;\nmod b;\npub use a::A;\npub use b::{B, C as D};\n";
        let codes = [("mod", format!("{modules}{facade}")), ("a", a.into()), ("b", b.into())];
        let sources = codes.map(|(name, code)| Source {
            path: format!("src/room/{name}.rs"),
            text: code.clone(),
            code,
        });
        let modules = Modules::new(&sources);
        let uses = sources.iter().map(|one| (one.path.clone(), modules.used_by(one)));
        let found = circles(&uses.collect());
        assert!(found.len() <= 1, "{found:?}");
        found.into_iter().flatten().map(|file| file.replace("src/room/", "")).collect()
    }
    let siblings = "use crate::room::{B, message};\n";
    assert!(circle("", siblings, "fn f() {}\n").is_empty(), "through the facade");
    let sibling = "use crate::room::B;\n";
    assert!(circle("fn f(a: A) {}\n", sibling, "").is_empty(), "the facade uses one of them");
    assert_eq!(circle("", siblings, "fn f(a: &super::A) {}\n"), ["a.rs", "b.rs"]);
    assert_eq!(circle("", "use super::D;\n", "use crate::room::a::A;\n"), ["a.rs", "b.rs"]);
    let upwards = "use crate::room::f;\n";
    assert_eq!(
        circle("fn f() -> B {}\n", "", upwards),
        ["b.rs", "mod.rs"],
        "names what it passes on"
    );
    assert_eq!(circle("fn f() { b::g() }\n", "", upwards), ["b.rs", "mod.rs"], "its own module");
    assert!(circle("fn f() {}\n", "", upwards).is_empty(), "an item of the facade itself");
    let visible = "pub(in crate::room::b) fn f() {}\n";
    assert!(circle("", visible, "use super::A;\n").is_empty(), "who may see it is no use");
}
