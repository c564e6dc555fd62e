//! What the columns of a file were taken for, printed, and the mapping file that says so.

use std::path::{Path, PathBuf};

use crate::cli::shared::unwritable;
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::ingest::{RECOGNISED, Recognition, SourceFile};
use crate::message;

/// Words that are shown of a status column.
const WORDS: usize = 12;

/// Prints each column: its field with the certainty, or that it is left out, and examples.
pub fn tell(recognition: &Recognition) {
    println!("  columns, from a sample of {} rows:", recognition.rows);
    for column in &recognition.columns {
        let taken = match (column.field, column.guess) {
            (Some(field), Some((_, certainty))) => {
                format!("{field} ({:.0} %)", certainty * 100.0)
            }
            (None, Some((field, certainty))) => {
                format!("left out; perhaps {field} ({:.0} %)", certainty * 100.0)
            }
            _ => "left out".to_owned(),
        };
        let examples: Vec<String> =
            column.examples.iter().map(|example| format!("'{example}'")).collect();
        let examples = match examples.is_empty() {
            true => "no value in the sample".to_owned(),
            false => examples.join(", "),
        };
        println!("    {} -> {taken}: {examples}", column.name);
    }
    if !recognition.unknown_statuses.is_empty() {
        let words = recognition.unknown_statuses.iter().take(WORDS);
        let words: Vec<String> = words.map(|(word, count)| format!("{count} '{word}'")).collect();
        println!("  status words not known: {}", words.join(", "));
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

/// Fails where the columns of a file are not sure, with the mapping written for its owner to
/// complete. An existing file of that name, which may be completed already, is kept.
pub fn settle(source: &SourceFile, file: &Path, jurisdiction: Option<&str>) -> Result<()> {
    let Some(recognition) = source.recognition().filter(|found| !found.is_sure()) else {
        return Ok(());
    };
    let path = mapping_path(None, file);
    let is_kept = path.exists();
    if !is_kept {
        write_mapping(&path, &recognition.mapping(jurisdiction, None))?;
    }
    tell(recognition);
    let fr: Vec<&str> = recognition.doubts.iter().map(|doubt| doubt.fr.as_str()).collect();
    let en: Vec<&str> = recognition.doubts.iter().map(|doubt| doubt.en.as_str()).collect();
    let (fr, en, shown) = (fr.join(" ; "), en.join("; "), path.display());
    let (kept_fr, kept_en) = match is_kept {
        true => ("existe déjà et est gardé", "exists already and is kept"),
        false => ("est écrit", "is written"),
    };
    let message = message!(
        "Les colonnes ne sont pas sûres ({fr}). Le fichier « {shown} » {kept_fr} : complétez-le, \
         puis importez avec --mapping",
        "The columns are not sure ({en}). The file '{shown}' {kept_en}: complete it, then import \
         with --mapping"
    );
    Err(Error::new(ErrorKind::Invalid, message))
}

/// Refuses a file of unknown layout for which nobody named the city: it would be filed under the
/// default one.
pub fn wants_jurisdiction(source: &SourceFile, named: Option<&str>) -> Result<()> {
    let profile = source.profile();
    if profile.name != RECOGNISED || named.is_some() || profile.jurisdiction.is_some() {
        return Ok(());
    }
    let message = message!(
        "manque : le fichier ne dit pas de quelle ville il vient (--jurisdiction ville.example)",
        "is missing: the file does not say which city it is from (--jurisdiction city.example)"
    );
    Err(Refusal::new("--jurisdiction", "", message).into())
}

/// Refuses times without an offset for a city whose time zone nobody knows.
pub fn wants_time_zone(source: &SourceFile, is_known: bool) -> Result<()> {
    let found = source.recognition().is_some_and(|found| found.needs_time_zone);
    if !found || is_known {
        return Ok(());
    }
    let message = message!(
        "manque : les heures du fichier n’ont pas de décalage et la ville est nouvelle \
         (--time-zone America/Toronto)",
        "is missing: the times of the file have no offset and the city is new \
         (--time-zone America/Toronto)"
    );
    Err(Refusal::new("--time-zone", "", message).into())
}
