//! Source files as the checks read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files with this extension in a folder and below it, in order; what npm installed is left
/// out.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("node_modules") && !path.ends_with("dist") {
                found.extend(files(&path, extension));
            }
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A source file.
pub struct Source {
    /// Its path from the folder of the package, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its text with comments and the contents of literals blanked; every line keeps its place.
    pub code: String,
}

impl Source {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let inside = path.strip_prefix(root()).unwrap();
        let path = inside.components().map(|part| part.as_os_str().to_string_lossy());
        let path = path.collect::<Vec<_>>().join("/");
        let quotes: &[char] = if path.ends_with(".rs") { &['"'] } else { &['"', '\'', '`'] };
        Self { path, code: blanked(&text, quotes), text }
    }

    /// The code in front of the unit tests, which may use what the rest may not.
    pub fn code_without_tests(&self) -> &str {
        self.code.split("#[cfg(test)]").next().unwrap()
    }
}

/// The Rust sources of the library and the program.
pub fn library() -> Vec<Source> {
    let sources: Vec<_> =
        files(&root().join("src"), "rs").iter().map(|path| Source::read(path)).collect();
    assert!(sources.len() > 40, "the sources were not found");
    sources
}

/// Replaces comments and the contents of literals by spaces. `quotes` begin and end a literal.
fn blanked(text: &str, quotes: &[char]) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let length = literal(&chars, at, quotes).max(1);
        let kept = length == 1;
        for &c in &chars[at..(at + length).min(chars.len())] {
            code.push(if kept || c == '\n' { c } else { ' ' });
        }
        at += length;
    }
    code
}

/// The length of the comment or literal that begins here; 0 where none does.
fn literal(chars: &[char], at: usize, quotes: &[char]) -> usize {
    let rest = &chars[at..];
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let until = |end: &[char], from: usize| {
        let found = rest[from..].windows(end.len()).position(|window| window == end);
        found.map_or(rest.len(), |n| from + n + end.len())
    };
    match rest {
        ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => until(&['*', '/'], 2),
        ['r', '"' | '#', ..] if quotes.len() == 1 && (at == 0 || !is_word(&chars[at - 1])) => {
            let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
            if rest.get(1 + hashes) != Some(&'"') {
                return 0;
            }
            let end: Vec<char> = std::iter::once('"').chain(vec!['#'; hashes]).collect();
            until(&end, 2 + hashes)
        }
        // A character of Rust; a quote that no other follows begins a lifetime.
        ['\'', '\\', ..] if quotes.len() == 1 => until(&['\''], 3),
        ['\'', _, '\'', ..] if quotes.len() == 1 => 3,
        [quote, ..] if quotes.contains(quote) => {
            let mut end = 1;
            while end < rest.len() && rest[end] != *quote {
                end += if rest[end] == '\\' { 2 } else { 1 };
            }
            end + 1
        }
        _ => 0,
    }
}

/// The comments and the contents of literals of a source; code is blanked, and every line keeps its
/// place.
pub fn prose(source: &Source) -> String {
    let both = source.text.chars().zip(source.code.chars());
    both.map(|(text, code)| if text == code && text != '\n' { ' ' } else { text }).collect()
}

/// The identifiers of code, each with its line, counted from 1.
pub fn identifiers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().zip(1..).flat_map(|(line, n)| {
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| !word.is_empty()).map(move |word| (n, word))
    })
}
