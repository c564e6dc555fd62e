//! How many personal words the detector finds, and how many words it takes for personal ones:
//! measured on two sets of sentences and printed in `docs/privacy.md`. `known.txt` was beside the
//! rules while they were made; `held_out.txt` was written before them and not looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pointchaud::domain::{PersonalKind, personal_spans};

use crate::common::data_or_skip;

const BEGIN: &str = "<!-- personal words: begin -->\n";
const END: &str = "<!-- personal words: end -->";

/// A sentence without its marks, and its personal words: first byte, byte after, kind.
type Sentence = (String, Vec<(usize, usize, PersonalKind)>);

/// Reads a line: `fr<TAB>text with {kind:words}`.
fn sentence(line: &str) -> Option<(String, Sentence)> {
    let (language, marked) = line.split_once('\t')?;
    let marked = marked.replace("\\n", "\n");
    let (mut text, mut labels) = (String::new(), Vec::new());
    for part in marked.split_inclusive(['{', '}']) {
        match part.strip_suffix('}').and_then(|label| label.split_once(':')) {
            Some((kind, words)) => {
                let kind = PersonalKind::parse(kind).unwrap_or_else(|| panic!("{kind}: {line}"));
                labels.push((text.len(), text.len() + words.len(), kind));
                text += words;
            }
            None => text += part.trim_end_matches('{'),
        }
    }
    Some((language.to_owned(), (text, labels)))
}

fn sentences(file: &str) -> Vec<(String, Sentence)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/personal_words").join(file);
    fs::read_to_string(path).unwrap().lines().filter_map(sentence).collect()
}

/// What was counted of a kind: labelled, found of these, found of these from end to end, said to be
/// personal, rightly said.
#[derive(Default, Clone, Copy)]
struct Counts {
    labelled: usize,
    found: usize,
    whole: usize,
    said: usize,
    right: usize,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.labelled += other.labelled;
        self.found += other.found;
        self.whole += other.whole;
        self.said += other.said;
        self.right += other.right;
    }

    fn line(&self, set: &str, kind: &str, language: &str) -> String {
        let share = |part: usize, of: usize| match of {
            0 => "–".to_owned(),
            of => format!("{part} of {of} ({:.0} %)", 100.0 * part as f64 / of as f64),
        };
        format!(
            "| {set} | {kind} | {language} | {} | {} | {} |\n",
            share(self.found, self.labelled),
            share(self.whole, self.labelled),
            share(self.right, self.said)
        )
    }
}

fn counted(text: &str, labels: &[(usize, usize, PersonalKind)], kind: PersonalKind) -> Counts {
    let spans = personal_spans(text);
    let mut counts = Counts::default();
    for (start, end, _) in labels.iter().filter(|label| label.2 == kind) {
        counts.labelled += 1;
        let touches =
            |one: &&pointchaud::domain::PersonalSpan| one.start < *end && one.end > *start;
        counts.found += usize::from(spans.iter().any(|one| touches(&one) && one.kind == kind));
        counts.whole += usize::from(spans.iter().any(|one| one.start <= *start && one.end >= *end));
    }
    for span in spans.iter().filter(|span| span.kind == kind) {
        counts.said += 1;
        let is_right = |label: &&(usize, usize, PersonalKind)| {
            label.0 < span.end && label.1 > span.start && label.2 == kind
        };
        counts.right += usize::from(labels.iter().any(|label| is_right(&label)));
    }
    counts
}

/// The counts of a file by kind and language.
fn measured(file: &str) -> BTreeMap<(PersonalKind, String), Counts> {
    let mut all: BTreeMap<(PersonalKind, String), Counts> = BTreeMap::new();
    for (language, (text, labels)) in sentences(file) {
        for kind in PersonalKind::ALL {
            all.entry((*kind, language.clone())).or_default().add(counted(&text, &labels, *kind));
        }
    }
    all
}

fn total(counts: &BTreeMap<(PersonalKind, String), Counts>) -> Counts {
    let mut all = Counts::default();
    counts.values().for_each(|one| all.add(*one));
    all
}

fn table() -> String {
    let mut out = "| sentences | kind | language | found | found whole | rightly found |\n\
                   |---|---|---|---|---|---|\n"
        .to_owned();
    let held_out = measured("held_out.txt");
    for ((kind, language), counts) in &held_out {
        out += &counts.line("held out", kind.as_str(), language);
    }
    out += &total(&held_out).line("held out", "all", "both");
    out += &total(&measured("known.txt")).line("known", "all", "both");
    out
}

/// `UPDATE_DOCS=1` writes the table; without it the page must have it.
#[test]
fn what_the_detector_finds_is_printed_in_the_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/privacy.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table's begin");
    let (found, after) = rest.split_once(END).expect("the table's end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(found, table(), "`UPDATE_DOCS=1 cargo test --test it personal_words` renews it");
    }
}

#[test]
fn nine_in_ten_personal_words_are_found_and_rightly() {
    let known = total(&measured("known.txt"));
    let held_out = total(&measured("held_out.txt"));
    let sentences = sentences("known.txt").len() + sentences("held_out.txt").len();
    assert!(sentences >= 300 && held_out.labelled > 90 && known.labelled > 90);
    for (name, counts) in [("known", known), ("held out", held_out)] {
        assert!(10 * counts.found >= 9 * counts.labelled, "{name}: {}", counts.found);
        assert!(10 * counts.whole >= 9 * counts.labelled, "{name}: {}", counts.whole);
        assert!(10 * counts.right >= 9 * counts.said, "{name}: {}", counts.right);
    }
}

/// Addresses and names of places of published files: none of them is a person's.
#[test]
fn hardly_any_address_of_real_files_is_taken_for_personal_words() {
    let mut texts = std::collections::BTreeSet::new();
    for (file, columns) in [
        ("boston-311-2011-jul-oct.csv", &["location", "case_title"][..]),
        ("real/paris-dans-ma-rue-2023.csv", &["adresse", "conseilquartier"]),
        ("nyc-311-1000-2024.csv", &["descriptor", "landmark"]),
    ] {
        let Some(path) = data_or_skip(file) else { return };
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
        let header = rows.byte_headers().unwrap().clone();
        let is_wanted = |name: &[u8]| columns.iter().any(|column| name == column.as_bytes());
        let wanted: Vec<usize> = (0..header.len()).filter(|at| is_wanted(&header[*at])).collect();
        for row in rows.byte_records().map_while(Result::ok) {
            let cells = wanted.iter().filter_map(|at| row.get(*at));
            texts.extend(cells.map(|cell| String::from_utf8_lossy(cell).into_owned()));
        }
    }
    assert!(texts.len() > 15_000, "only {}", texts.len());
    let wrong: Vec<&String> =
        texts.iter().filter(|text| !personal_spans(text).is_empty()).collect();
    assert!(wrong.len() * 1_000 < texts.len(), "{} of {}: {wrong:?}", wrong.len(), texts.len());
}
