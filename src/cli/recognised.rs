//! What the columns of a file were recognised as, printed, and the mapping file that says so.

use std::path::{Path, PathBuf};

use crate::cli::shared::unwritable;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{Declared, Recognition, SourceFile};
use crate::message;

/// Words that are shown of a status column.
const WORDS: usize = 12;

/// Prints each column: its field with the certainty, or that it is left out, and examples.
pub fn print(recognition: &Recognition) {
    println!("  columns, from a sample of {} rows:", recognition.rows);
    for column in &recognition.columns {
        let beside = recognition.field_beside(column.bare_key());
        let taken = match (column.field, column.guess) {
            (None, _) if beside.is_some() => beside.unwrap_or_default().to_owned(),
            (Some(field), _) if column.joined => format!("{field}, with the columns of its parts"),
            (Some(field), Some((_, certainty))) => {
                let percent = certainty * 100.0;
                let is_both = field == "point" && column.has_addresses;
                format!("{field}{} ({percent:.0} %)", if is_both { " and address" } else { "" })
            }
            (None, Some((field, certainty))) => {
                format!("left out; perhaps {field} ({:.0} %)", certainty * 100.0)
            }
            _ if column.joined => recognition.joined_with(column).to_owned(),
            _ => "left out".to_owned(),
        };
        let examples = examples(&column.examples);
        println!("    {} -> {taken}: {examples}", column.name);
    }
    let has_status = |field: Option<&str>| matches!(field, Some("status" | "closed"));
    if !recognition.columns.iter().any(|column| has_status(column.field)) {
        println!("  no column of statuses or closing times: every request counts as open");
    }
    if !recognition.unknown_statuses.is_empty() {
        let words = recognition.unknown_statuses.iter().take(WORDS);
        let words: Vec<String> = words.map(|(word, count)| format!("{count} '{word}'")).collect();
        println!("  status words not known: {}", words.join(", "));
    }
}

/// A few values of a column in quotes.
pub fn examples(values: &[String]) -> String {
    match values {
        [] => "no value in the sample".to_owned(),
        values => values.iter().map(|one| format!("'{one}'")).collect::<Vec<_>>().join(", "),
    }
}

/// The mapping file of a source, in the current directory, unless another is named.
pub fn mapping_path(given: Option<&Path>, source: &Path) -> PathBuf {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    given.map_or_else(|| PathBuf::from(format!("{name}.mapping.toml")), Path::to_path_buf)
}

/// Writes the mapping file.
pub fn write_mapping(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(unwritable("--output", path))
}

/// Fails where the columns of a file are ambiguous. The mapping, with what was `declared`, is
/// written for its owner to complete. An existing file of that name, which may be completed
/// already, is kept.
pub fn require_sure(source: &SourceFile, file: &Path, declared: &Declared<'_>) -> Result<()> {
    let Some(recognition) = source.recognition().filter(|found| !found.is_sure()) else {
        return Ok(());
    };
    if !recognition.finds_something() {
        return Err(nothing_recognised(recognition));
    }
    let path = mapping_path(None, file);
    let is_kept = path.exists();
    if !is_kept {
        write_mapping(&path, &recognition.mapping(declared))?;
    }
    print(recognition);
    let fr: Vec<&str> = recognition.doubts.iter().map(|doubt| doubt.fr.as_str()).collect();
    let en: Vec<&str> = recognition.doubts.iter().map(|doubt| doubt.en.as_str()).collect();
    let (fr, en, shown) = (fr.join(" ; "), en.join("; "), path.display());
    let (kept_fr, kept_en) = match is_kept {
        true => ("existe déjà et est gardé", "exists already and is kept"),
        false => ("est écrit", "is written"),
    };
    let message = message!(
        "Les colonnes sont ambiguës ({fr}). Le fichier « {shown} » {kept_fr} : complétez-le, \
         puis importez avec --mapping",
        "The columns are ambiguous ({en}). The file '{shown}' {kept_en}: complete it, then import \
         with --mapping"
    );
    Err(Error::new(ErrorKind::Invalid, message))
}

/// The error of a file of which no column was recognised.
pub fn nothing_recognised(recognition: &Recognition) -> Error {
    let names: Vec<String> = recognition
        .columns
        .iter()
        .take(WORDS)
        .map(|column| format!("'{}'", column.name.chars().take(40).collect::<String>()))
        .collect();
    let (count, names) = (recognition.columns.len(), names.join(", "));
    let message = message!(
        "Aucune colonne n’est reconnue ({count} : {names}) : est-ce un tableau de demandes ? Sinon \
         un fichier de --mapping le décrit",
        "No column is recognised ({count}: {names}): is it a table of requests? If it is, a \
         --mapping file describes it"
    );
    Error::new(ErrorKind::Invalid, message)
}
