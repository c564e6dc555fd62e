//! What a file's columns are recognised as, for a person who looks at it before an import and may
//! declare something else.

use std::fmt::Write;
use std::path::Path;

use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::profile::document::{FIELDS, Profile};
use crate::ingest::read::ReadOptions;
use crate::ingest::recognition::mapping::{Declared, RECOGNISED, quoted};
use crate::ingest::recognition::recognised::Recognition;
use crate::ingest::source::file::SourceFile;
use crate::message;

/// Longest name of a category that is given to every row, in characters.
const CATEGORY_CHARS_MAX: usize = 200;

/// What a person declares about a file, in place of what was recognised.
#[derive(Debug, Clone, Default)]
pub struct Declarations {
    /// Names of columns, each with the field that it is read as; `None` leaves it out. Of several
    /// columns of one field the first with a value counts.
    pub columns: Vec<(String, Option<String>)>,
    /// Category of the rows without one.
    pub category: Option<String>,
    /// Order of day, month and year in dates: `dmy`, `mdy` or `ymd`.
    pub date_order: Option<String>,
    /// Projection of the columns `x` and `y`.
    pub projection: Option<String>,
    /// Degrees that lack a minus sign: `lon`, `lat`, `lon,lat` or `none`.
    pub negate: Option<String>,
    /// How the ids of rows are taken: `keep` or `contents`.
    pub ids: Option<String>,
    /// How the bytes are read.
    pub options: ReadOptions,
}

/// One column of an inspected file.
#[derive(Debug, Clone)]
pub struct InspectedColumn {
    /// Its name as the source writes it.
    pub name: String,
    /// The field it is read as; `None` where it is left out.
    pub field: Option<String>,
    /// How certain that field is, from 0 to 1: 1 where a built-in profile or a person says it.
    pub certainty: Option<f64>,
    /// Whether a person said it.
    pub is_declared: bool,
    /// A few of its values.
    pub examples: Vec<String>,
    /// The field that a column which is left out may be, with the certainty.
    pub other: Option<(&'static str, f64)>,
}

/// What a file was recognised as.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Its columns, in the order of the file.
    pub columns: Vec<InspectedColumn>,
    /// What has to be decided before an import; empty where nothing is open.
    pub doubts: Vec<Message>,
    /// Words of the status column that are not known, with their counts in the sample.
    pub unknown_statuses: Vec<(String, u32)>,
    /// Rows of the sample.
    pub rows: u32,
}

impl Inspection {
    /// The fields that a column may be read as.
    pub fn fields() -> &'static [&'static str] {
        &FIELDS
    }

    /// The file at a path as it is read with these declarations, and what it was recognised as.
    ///
    /// # Errors
    /// The file cannot be read, or has no rows; a declaration names a column that the file does not
    /// have, or a field, order or projection that there is not.
    pub fn of(path: &Path, declared: &Declarations) -> Result<(SourceFile, Self)> {
        let mut source = SourceFile::open(path, "auto", None, &declared.options)?;
        if !source.has_rows()? {
            let message = message!(
                "n’a aucune ligne : il n’y a que l’en-tête ou la structure",
                "has no rows: there is only its header or structure"
            );
            return Err(Refusal::new("file", source.input.label(), message).into());
        }
        let inspection = match source.recognition().cloned() {
            Some(found) => Self::recognised(&mut source, found, declared)?,
            None => Self::of_profile(&mut source, declared)?,
        };
        source.declare(&Declared {
            date_order: declared.date_order.as_deref(),
            projection: declared.projection.as_deref(),
            negate: declared.negate.as_deref(),
            ..Declared::default()
        })?;
        declared.ids.iter().try_for_each(|word| source.declare_ids(word))?;
        Ok((source, inspection))
    }

    fn recognised(
        source: &mut SourceFile,
        mut found: Recognition,
        declared: &Declarations,
    ) -> Result<Self> {
        for (name, field) in &declared.columns {
            let field = field.as_deref().map(known_field).transpose()?;
            let column = found.columns.iter_mut().find(|column| column.name == *name);
            let column = column.ok_or_else(|| unknown_column(name))?;
            (column.guess, column.is_declared) = (field.map(|field| (field, 1.0)), true);
        }
        found.default_category = default_category(declared)?;
        found.assign();
        let mapping = found.mapping(&Declared::default());
        let columns = found.columns.iter().map(|column| {
            let field = column.field.or_else(|| found.field_beside(&column.key));
            InspectedColumn {
                name: column.name.clone(),
                field: field.map(str::to_owned),
                certainty: field.and(column.guess).map(|guess| guess.1),
                is_declared: column.is_declared,
                examples: column.examples.clone(),
                other: column.guess.filter(|_| field.is_none()),
            }
        });
        let inspection = Self {
            columns: columns.collect(),
            doubts: found.doubts.clone(),
            unknown_statuses: found.unknown_statuses.clone(),
            rows: found.rows,
        };
        source.describe_as(&mapping, Some(found))?;
        Ok(inspection)
    }

    /// A file of a built-in profile: the profile says what its columns are, except those of which a
    /// person says something else.
    fn of_profile(source: &mut SourceFile, declared: &Declarations) -> Result<Self> {
        let sample = source.recognise()?;
        // Columns that the profile does not name, which were recognised.
        let added = source.added.iter().map(|(field, _)| (*field).to_owned());
        let names = |field: String| {
            let names = source.profile().columns.get(&field)?.clone();
            Some((field, names))
        };
        let mut changed: Vec<(String, Vec<String>)> = added.filter_map(names).collect();
        changed.dedup();
        let is_declared = !declared.columns.is_empty() || declared.category.is_some();
        for (name, field) in &declared.columns {
            let field = field.as_deref().map(known_field).transpose()?;
            let column = sample.columns.iter().find(|column| column.name == *name);
            let key = &column.ok_or_else(|| unknown_column(name))?.key;
            declare(source.profile(), &mut changed, key, field);
        }
        if is_declared {
            let mut text = format!("extends = {}\n[columns]\n", quoted(&source.profile().name));
            for (field, names) in &changed {
                let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                let _ = writeln!(text, "{field} = [{}]", names.join(", "));
            }
            if let Some(category) = default_category(declared)? {
                let _ = writeln!(text, "[defaults]\ncategory = {}", quoted(&category));
            }
            source.describe_as(&text, None)?;
        }
        let columns = columns_of_profile(source, &sample, &declared.columns);
        Ok(Self { columns, doubts: Vec::new(), unknown_statuses: Vec::new(), rows: sample.rows })
    }

    /// The name of the built-in profile of a source; `None` where its columns were recognised.
    pub fn profile_name(source: &SourceFile) -> Option<&str> {
        Some(source.profile().name.as_str()).filter(|name| *name != RECOGNISED)
    }
}

/// The columns of a sample as the profile of their source reads them; a person said what the
/// columns `declared` are.
pub fn columns_of_profile(
    source: &SourceFile,
    sample: &Recognition,
    declared: &[(String, Option<String>)],
) -> Vec<InspectedColumn> {
    let columns = sample.columns.iter().map(|column| {
        let field = field_of(source.profile(), &column.key).map(str::to_owned);
        InspectedColumn {
            name: column.name.clone(),
            certainty: field.is_some().then_some(1.0),
            field,
            is_declared: declared.iter().any(|(name, _)| *name == column.name),
            examples: column.examples.clone(),
            other: None,
        }
    });
    columns.collect()
}

/// The field that a profile reads a column as.
fn field_of<'a>(profile: &'a Profile, key: &str) -> Option<&'a str> {
    let reads = |names: &[String]| names.iter().any(|name| name.split('+').any(|one| one == key));
    let fields = profile.columns.iter().filter(|(_, names)| reads(names));
    // The map has no order of its own.
    fields.map(|(field, _)| field.as_str()).min()
}

/// Moves a column of a profile to another field. `changed` holds the columns of each field that
/// differs from the profile.
fn declare(
    profile: &Profile,
    changed: &mut Vec<(String, Vec<String>)>,
    key: &str,
    field: Option<&str>,
) {
    let mut columns_of = |field: &str| {
        if let Some(at) = changed.iter().position(|(known, _)| known == field) {
            return at;
        }
        let names = profile.columns.get(field).cloned().unwrap_or_default();
        changed.push((field.to_owned(), names));
        changed.len() - 1
    };
    let reading: Vec<String> = profile
        .columns
        .iter()
        .filter(|(_, names)| names.iter().any(|name| name.split('+').any(|one| one == key)))
        .map(|(field, _)| field.clone())
        .collect();
    let mut places: Vec<usize> = reading.iter().map(|field| columns_of(field)).collect();
    let added = field.map(&mut columns_of);
    places.extend(added);
    for at in places {
        if let Some((_, names)) = changed.get_mut(at) {
            names.retain(|name| !name.split('+').any(|one| one == key));
        }
    }
    if let Some((_, names)) = added.and_then(|at| changed.get_mut(at)) {
        names.insert(0, key.to_owned());
    }
}

/// The category of rows without one of their own.
fn default_category(declared: &Declarations) -> Result<Option<String>> {
    let Some(category) = &declared.category else { return Ok(None) };
    let length = category.trim().chars().count();
    if length == 0 || length > CATEGORY_CHARS_MAX {
        let max = CATEGORY_CHARS_MAX;
        let message =
            message!("doit avoir de 1 à {max} caractères", "must have 1 to {max} characters");
        return Err(Refusal::new("category", category, message).into());
    }
    Ok(Some(category.trim().to_owned()))
}

fn known_field(name: &str) -> Result<&'static str> {
    FIELDS.iter().find(|known| **known == name).copied().ok_or_else(|| {
        let all = FIELDS.join(", ");
        Refusal::new(
            "columns",
            name,
            message!("doit être l’un de : {all}", "must be one of: {all}"),
        )
        .into()
    })
}

fn unknown_column(name: &str) -> Error {
    let message = message!("n’est pas une colonne du fichier", "is not a column of the file");
    Refusal::new("columns", name, message).into()
}
