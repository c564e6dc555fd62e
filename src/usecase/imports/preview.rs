//! The preview of an import: what the file was recognised as, and its first rows as reports.

use std::path::Path;
use std::time::Duration;

use crate::domain::{Jurisdiction, Report};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::{Inspection, SourceFile, SourceRow};
use crate::usecase::import::mapped_draft;
use crate::usecase::imports::kept::ImportChoices;
use crate::usecase::{App, Importer, SourceCity, city_of};

/// Rows that are shown.
const ROWS: usize = 50;
/// Time for the survey of the rows that some files need before the first can be read.
const SURVEY_TIME_MAX: Duration = Duration::from_millis(1_500);
/// The id of a city that was not named yet.
const UNNAMED: &str = "city.example";

/// A row as it would be imported.
pub struct PreviewRow {
    /// Line of a table or number of a feature, from 1.
    pub number: u64,
    /// The texts of the times of the request and of its closing, while no time zone is chosen.
    pub written: Option<[Option<String>; 2]>,
    /// The report with the names of its service, or what is wrong with the row.
    pub outcome: std::result::Result<(Report, Message), Vec<Refusal>>,
}

/// What a file was recognised as, and its first rows.
pub struct ImportPreview {
    /// Format, packing and encoding.
    pub described: String,
    /// The built-in profile; `None` where the columns were recognised.
    pub profile: Option<String>,
    /// The city that it would be filed under.
    pub jurisdiction: Option<String>,
    /// The time zone of its times without an offset.
    pub time_zone: Option<String>,
    /// What people have to name before the import: `jurisdiction`, `time_zone`.
    pub needs: Vec<&'static str>,
    /// What people chose.
    pub choices: ImportChoices,
    /// Its columns and what is not sure.
    pub inspection: Inspection,
    /// The first rows.
    pub rows: Vec<PreviewRow>,
    /// How the surveyed rows were read.
    pub notes: Vec<Message>,
}

impl ImportPreview {
    /// Inspects a file with the choices of a person.
    ///
    /// # Errors
    /// The file cannot be read, or a choice is refused.
    pub fn of(app: &App, file: &Path, choices: &ImportChoices) -> Result<Self> {
        let (source, inspection) = Inspection::of(file, &choices.declared)?;
        let (SourceCity { jurisdiction: city, notes }, needs) = city(app, &source, choices)?;
        let mut preview = Self {
            described: source.described(),
            profile: Inspection::profile_name(&source).map(str::to_owned),
            jurisdiction: Some(city.id.to_string()).filter(|_| !needs.contains(&"jurisdiction")),
            time_zone: Some(city.time_zone.clone()).filter(|_| !needs.contains(&"time_zone")),
            needs,
            choices: choices.clone(),
            inspection,
            rows: Vec::new(),
            notes,
        };
        preview.read_rows(app, &source, city)?;
        Ok(preview)
    }

    /// Reads the first rows. What prevents it and can be declared becomes a doubt.
    fn read_rows(&mut self, app: &App, source: &SourceFile, city: Jurisdiction) -> Result<()> {
        let mut importer = Importer::preview(Some(app.reader()), app.catalogues(), city)?;
        let known = importer.jurisdiction();
        self.time_zone = self.time_zone.take().map(|_| known.time_zone.clone());
        let (zone, extent) = (importer.zone().clone(), known.extent);
        let (rows, is_zone_open) = (&mut self.rows, self.needs.contains(&"time_zone"));
        let read = source.preview(zone, extent, SURVEY_TIME_MAX, &mut |row: SourceRow| {
            let outcome = importer.admitted(mapped_draft(row.mapped));
            let written = is_zone_open.then(|| ["requested", "closed"].map(row.text_of));
            rows.push(PreviewRow { number: row.number, written, outcome });
            rows.len() < ROWS
        });
        let admitted = self.rows.iter().filter_map(|row| row.outcome.as_ref().ok());
        let reports: Vec<&Report> = admitted.map(|(report, _)| report).collect();
        self.inspection.doubts.extend(importer.doubt_of_ids(source, &reports)?);
        match read {
            Ok(noticed) => self.notes.extend(noticed.sentences),
            Err(Error { kind: ErrorKind::Invalid, message, .. }) if self.rows.is_empty() => {
                self.inspection.doubts.push(message);
            }
            Err(error) => return Err(error),
        }
        self.notes.extend(source.reading_notes());
        Ok(())
    }
}

/// The city of a source, and what people have to name before the import; where they have not named
/// it yet, a placeholder.
fn city(
    app: &App,
    source: &SourceFile,
    choices: &ImportChoices,
) -> Result<(SourceCity, Vec<&'static str>)> {
    let mut needs = Vec::new();
    let (mut named, mut zone) = (choices.jurisdiction.as_deref(), choices.time_zone.as_deref());
    loop {
        let error = match city_of(source, named, zone, app.reader()) {
            Ok(found) => {
                let city = &found.jurisdiction;
                city.zone()
                    .map_err(|message| Refusal::new("time_zone", &city.time_zone, message))?;
                return Ok((found, needs));
            }
            Err(error) => error,
        };
        // A value that is missing is asked for; one that is wrong is refused.
        let missing = error.refusals.first().filter(|refusal| refusal.value.is_empty());
        match missing.map(|refusal| refusal.field.as_str()) {
            Some("--jurisdiction") if named.is_none() => {
                needs.push("jurisdiction");
                named = Some(UNNAMED);
            }
            Some("--time-zone") if zone.is_none() => {
                needs.push("time_zone");
                zone = Some("UTC");
            }
            _ => return Err(error),
        }
    }
}
