//! The answers about imports.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Report, ReportTime};
use crate::error::Refusal;
use crate::export::geojson::{Point, instant};
use crate::i18n::{Language, Message};
use crate::ingest::{InspectedColumn, Inspection};
use crate::usecase::Summary;
use crate::usecase::imports::{
    ImportChoices, ImportOverview, ImportPreview, ImportProgress, PreviewRow, RefusalCount,
};

/// Words of a status column that are shown.
const WORDS: usize = 50;

/// The imports that are kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Imports")]
pub struct ImportsOut {
    /// Largest file that may be sent, in bytes.
    #[schemars(extend("x-fr" = "Taille maximale d’un fichier envoyé, en octets."))]
    bytes_max: u64,
    imports: Vec<ImportProgressOut>,
}

impl ImportsOut {
    /// The list in a language.
    pub fn new(all: &[ImportOverview], bytes_max: u64, language: Language) -> Self {
        let imports = all.iter().map(|one| ImportProgressOut::new(one, language)).collect();
        Self { bytes_max, imports }
    }
}

/// How far an import has come.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportProgress")]
pub struct ImportProgressOut {
    id: String,
    /// Name of the file.
    #[schemars(extend("x-fr" = "Nom du fichier."))]
    name: String,
    #[schemars(extend("enum" = ["waiting", "running", "done", "failed"]))]
    state: &'static str,
    bytes_total: u64,
    bytes_read: u64,
    rows: u64,
    /// Number of refused rows.
    #[schemars(extend("x-fr" = "Nombre de lignes refusées."))]
    refused: u64,
    /// Why rows were refused, with the number of rows; a row may have several reasons.
    #[schemars(extend("x-fr" = "Pourquoi des lignes ont été refusées, avec leur nombre ; une \
                                    ligne peut avoir plusieurs raisons."))]
    reasons: Vec<ReasonOut>,
    /// The city; null before the import.
    #[schemars(extend("x-fr" = "La ville ; null avant l’import."))]
    jurisdiction_id: Option<String>,
    /// The counts; null before the end.
    #[schemars(extend("x-fr" = "Les nombres ; null avant la fin."))]
    summary: Option<SummaryOut>,
    /// How the whole file was read.
    #[schemars(extend("x-fr" = "Comment l’ensemble du fichier a été lu."))]
    notes: Vec<String>,
    /// Why it failed.
    #[schemars(extend("x-fr" = "Pourquoi il a échoué."))]
    error: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ReasonOut {
    field: String,
    reason: String,
    count: u64,
}

/// The counts of an import.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportSummary")]
struct SummaryOut {
    rows: u64,
    /// Rows that an earlier, interrupted import wrote.
    #[schemars(extend("x-fr" = "Lignes qu’un import interrompu avait écrites."))]
    resumed: u64,
    added: u64,
    updated: u64,
    unchanged: u64,
    /// Rows that are older than what is stored, and changed nothing.
    #[schemars(extend("x-fr" = "Lignes plus anciennes que ce qui est conservé, sans effet."))]
    older: u64,
    /// Rows whose id another row of the file has, too.
    #[schemars(extend("x-fr" = "Lignes dont une autre ligne du fichier a le numéro."))]
    repeated: u64,
    refused: u64,
    /// Reports without a position.
    #[schemars(extend("x-fr" = "Demandes sans position."))]
    unlocated: u64,
    /// Reports at a default point, which the publisher gives to unknown places.
    #[schemars(extend("x-fr" = "Demandes au point par défaut des lieux inconnus."))]
    approximate: u64,
    /// Reports outside the usual extent of the city.
    #[schemars(extend("x-fr" = "Demandes hors de l’étendue habituelle de la ville."))]
    outside: u64,
    /// Services that were added to the catalogue.
    #[schemars(extend("x-fr" = "Services ajoutés au catalogue."))]
    services: u64,
}

impl SummaryOut {
    fn new(summary: &Summary) -> Self {
        Self {
            rows: summary.rows,
            resumed: summary.resumed,
            added: summary.counts.added,
            updated: summary.counts.updated,
            unchanged: summary.counts.unchanged,
            older: summary.counts.older,
            repeated: summary.repeated,
            refused: summary.refused,
            unlocated: summary.unlocated,
            approximate: summary.approximate,
            outside: summary.outside,
            services: summary.services,
        }
    }
}

/// A sentence in which the members of the body stand for the options of the command.
fn sentence(message: &Message, language: Language) -> String {
    language.pick(&message.with_member_names()).to_owned()
}

fn sentences(messages: &[Message], language: Language) -> Vec<String> {
    messages.iter().map(|message| sentence(message, language)).collect()
}

impl ImportProgressOut {
    /// The progress in a language.
    pub fn new(overview: &ImportOverview, language: Language) -> Self {
        let ImportOverview { id, name, bytes_total, progress } = overview;
        let ImportProgress { state, bytes_read, rows, refused, .. } = progress;
        let reasons = progress.reasons.iter().map(|RefusalCount { field, message, count }| {
            let reason = sentence(message, language);
            ReasonOut { field: field.clone(), reason, count: *count }
        });
        Self {
            id: id.clone(),
            name: name.clone(),
            state: state.as_str(),
            bytes_total: *bytes_total,
            bytes_read: *bytes_read,
            rows: *rows,
            refused: *refused,
            reasons: reasons.collect(),
            jurisdiction_id: progress.jurisdiction.clone(),
            summary: progress.summary.as_ref().map(SummaryOut::new),
            notes: sentences(&progress.notes, language),
            error: progress.error.as_ref().map(|message| sentence(message, language)),
        }
    }
}

/// What a file was recognised as.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub struct ImportOut<'a> {
    id: &'a str,
    /// Name of the file.
    #[schemars(extend("x-fr" = "Nom du fichier."))]
    name: &'a str,
    bytes_total: u64,
    /// Format, packing and character encoding, in English.
    #[schemars(extend("x-fr" = "Format, compression et encodage, en anglais."))]
    format: &'a str,
    /// The built-in profile that fits; null where the columns were recognised one by one.
    #[schemars(extend(
        "x-fr" = "Le profil intégré qui convient ; null si les colonnes ont été reconnues une à \
                  une."
    ))]
    profile: Option<&'a str>,
    /// The city that the reports would be filed under; null if it has to be named.
    #[schemars(extend(
        "x-fr" = "La ville à laquelle les demandes seraient versées ; null s’il faut la nommer."
    ))]
    jurisdiction: Option<&'a str>,
    /// IANA time zone of times without an offset; null if it has to be named.
    #[schemars(extend(
        "x-fr" = "Fuseau IANA des heures sans décalage ; null s’il faut le nommer."
    ))]
    time_zone: Option<&'a str>,
    /// What has to be named before the import: `jurisdiction`, `time_zone`.
    #[schemars(extend(
        "x-fr" = "Ce qu’il faut nommer avant l’import : `jurisdiction`, `time_zone`."
    ))]
    needs: &'a [&'static str],
    /// What is ambiguous; the import cannot start before it is decided.
    #[schemars(extend(
        "x-fr" = "Ce qui est ambigu ; l’import ne peut commencer avant que ce soit décidé."
    ))]
    doubts: Vec<String>,
    /// Every field that a column may be read as.
    #[schemars(extend("x-fr" = "Tous les champs possibles d’une colonne."))]
    fields: &'static [&'static str],
    columns: Vec<ColumnOut<'a>>,
    /// Words of the status column that are not known. Their rows count as closed where they have a
    /// closing time, otherwise as open.
    #[schemars(extend("x-fr" = "Mots d’état inconnus ; leurs demandes sont fermées si elles \
                                    ont une date de fermeture, sinon ouvertes."))]
    unknown_statuses: Vec<WordOut<'a>>,
    choices: ChoicesOut<'a>,
    /// How the first rows were read.
    #[schemars(extend("x-fr" = "Comment les premières lignes ont été lues."))]
    notes: Vec<String>,
    rows: RowCollection,
}

/// A column of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportColumn")]
struct ColumnOut<'a> {
    name: &'a str,
    /// The field it is read as; null if it is ignored.
    #[schemars(extend("x-fr" = "Le champ qu’elle remplit ; null si elle est ignorée."))]
    field: Option<&'a str>,
    /// How certain the field is, from 0 to 1.
    #[schemars(extend("x-fr" = "Certitude de ce champ, de 0 à 1."))]
    certainty: Option<f64>,
    /// A person chose it.
    #[schemars(extend("x-fr" = "Choisi par une personne."))]
    declared: bool,
    examples: &'a [String],
    /// Fields that an ignored column may be.
    #[schemars(extend("x-fr" = "Champs possibles d’une colonne ignorée."))]
    others: Vec<OtherOut>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct OtherOut {
    field: &'static str,
    certainty: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct WordOut<'a> {
    word: &'a str,
    count: u32,
}

/// What people chose; null where they chose nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ChoicesOut<'a> {
    category: Option<&'a str>,
    jurisdiction: Option<&'a str>,
    time_zone: Option<&'a str>,
    date_order: Option<&'a str>,
    projection: Option<&'a str>,
    negate: Option<&'a str>,
    ids: Option<&'a str>,
    delimiter: Option<String>,
    encoding: Option<&'a str>,
    sheet: Option<&'a str>,
}

impl<'a> ChoicesOut<'a> {
    fn new(choices: &'a ImportChoices) -> Self {
        let declared = &choices.declared;
        Self {
            category: declared.category.as_deref(),
            jurisdiction: choices.jurisdiction.as_deref(),
            time_zone: choices.time_zone.as_deref(),
            date_order: declared.date_order.as_deref(),
            projection: declared.projection.as_deref(),
            negate: declared.negate.as_deref(),
            ids: declared.ids.as_deref(),
            delimiter: declared.options.delimiter.map(String::from),
            encoding: declared.options.encoding.as_deref(),
            sheet: declared.options.sheet.as_deref(),
        }
    }
}

/// The first rows as they would be imported.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct RowCollection {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    features: Vec<RowFeature>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportRowFeature")]
struct RowFeature {
    #[schemars(extend("enum" = ["Feature"]))]
    r#type: &'static str,
    geometry: Option<Point>,
    properties: RowOut,
}

/// A row: the report that it becomes, or why it is refused.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ImportRow")]
struct RowOut {
    /// The line where it begins, the row of the sheet or the number of the record, from 1.
    #[schemars(extend("x-fr" = "La ligne où elle commence, la ligne de la feuille ou le \
                                    rang de l’enregistrement, à partir de 1."))]
    row: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// As it is written in the file while the time zone has to be named.
    #[schemars(extend("x-fr" = "Telle qu’elle est écrite dans le fichier tant que le fuseau \
                                    reste à nommer."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_datetime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_datetime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Why it is refused; empty if it is not.
    #[schemars(extend("x-fr" = "Pourquoi elle est refusée ; vide si elle ne l’est pas."))]
    refusals: Vec<RowRefusal>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct RowRefusal {
    field: String,
    value: String,
    reason: String,
}

fn moment(time: ReportTime) -> String {
    time.day_only().map_or_else(|| instant(time.second()), |day| day.to_string())
}

impl RowFeature {
    fn new(row: &PreviewRow, language: Language) -> Self {
        let number = row.number;
        let (geometry, properties) = match &row.outcome {
            Ok((report, service)) => {
                let geometry = report.position.map(Point::at);
                let mut shown = RowOut::of_report(number, report, language.pick(service));
                if let Some([requested, closed]) = &row.written {
                    shown.requested_datetime.clone_from(requested);
                    shown.closed_datetime = shown.closed_datetime.and_then(|_| closed.clone());
                }
                (geometry, shown)
            }
            Err(refusals) => {
                let refusals = refusals.iter().map(|Refusal { field, value, message }| {
                    let reason = sentence(message, language);
                    RowRefusal { field: field.clone(), value: value.clone(), reason }
                });
                let refusals = refusals.collect();
                (None, RowOut { row: number, refusals, ..RowOut::default() })
            }
        };
        Self { r#type: "Feature", geometry, properties }
    }
}

impl RowOut {
    fn of_report(row: u64, report: &Report, service: &str) -> Self {
        Self {
            row,
            service_request_id: Some(report.id.to_string()),
            service_name: Some(service.to_owned()),
            status: Some(report.status.to_string()),
            requested_datetime: Some(moment(report.requested)),
            closed_datetime: report.closed.map(moment),
            address: report.address.clone(),
            refusals: Vec::new(),
        }
    }
}

impl<'a> ImportOut<'a> {
    /// The preview of an import in a language.
    pub fn new(
        overview: &'a ImportOverview,
        preview: &'a ImportPreview,
        language: Language,
    ) -> Self {
        let column = |column: &'a InspectedColumn| ColumnOut {
            name: &column.name,
            field: column.field.as_deref(),
            certainty: column.certainty,
            declared: column.is_declared,
            examples: &column.examples,
            others: column
                .other
                .map(|(field, certainty)| OtherOut { field, certainty })
                .into_iter()
                .collect(),
        };
        let inspection = &preview.inspection;
        let words = inspection.unknown_statuses.iter().take(WORDS);
        let features = preview.rows.iter().map(|row| RowFeature::new(row, language)).collect();
        Self {
            id: &overview.id,
            name: &overview.name,
            bytes_total: overview.bytes_total,
            format: &preview.described,
            profile: preview.profile.as_deref(),
            jurisdiction: preview.jurisdiction.as_deref(),
            time_zone: preview.time_zone.as_deref(),
            needs: &preview.needs,
            doubts: sentences(&inspection.doubts, language),
            fields: Inspection::fields(),
            columns: inspection.columns.iter().map(column).collect(),
            unknown_statuses: words.map(|(word, count)| WordOut { word, count: *count }).collect(),
            choices: ChoicesOut::new(&preview.choices),
            notes: sentences(&preview.notes, language),
            rows: RowCollection { r#type: "FeatureCollection", features },
        }
    }
}
