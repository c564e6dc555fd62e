//! Import: the drafts of a source are checked by the gate and written to the store in batches.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use jiff::tz::TimeZone;

use crate::domain::{
    Catalogue, Clock, Draft, Gate, Jurisdiction, JurisdictionId, Nature, Report, ReportId, Service,
    ServiceCode, SystemClock, name_key,
};
use crate::error::{Error, Refusal, Result};
use crate::ingest::{Notes, SourceFile, SourceRow};
use crate::message;
use crate::store::{
    AddJurisdiction, Checkpoint, ImportReports, Pending, Reader, WriteCounts, Writer, of_report,
};
use crate::usecase::Catalogues;

/// Rows in one transaction. Ids come in random order, so each transaction rewrites most pages of
/// the index of ids: a few large transactions write less than many small ones.
const BATCH: usize = 40_000;

/// The counts of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows read.
    pub rows: u64,
    /// Rows written by an earlier, interrupted run of the same file.
    pub resumed: u64,
    /// Added, updated and unchanged reports of the admitted rows.
    pub counts: WriteCounts,
    /// Rows refused.
    pub refused: u64,
    /// Admitted rows without a position.
    pub unlocated: u64,
    /// Admitted rows whose position is a default point of the source.
    pub approximate: u64,
    /// Admitted rows whose position is outside the extent of the jurisdiction.
    pub outside: u64,
    /// Services added to the catalogue from categories of the source.
    pub services: u64,
}

/// A row's draft with the name and hint of its source's category, or what is wrong with the row.
pub type MappedDraft = std::result::Result<(Draft, Option<(String, Option<String>)>), Vec<Refusal>>;

/// A row of a source that was admitted or refused.
#[derive(Debug, Clone, Copy)]
pub struct SettledRow<'a> {
    /// Line of a table or number of a feature, from 1.
    pub number: u64,
    /// How much of the file has been read, in bytes.
    pub bytes_read: u64,
    /// The cells as they stood, for the file of refused rows; empty where the row was taken.
    pub raw: &'a [String],
}

/// An import under way.
pub struct Importer<'a> {
    writer: &'a Writer,
    jurisdiction: Jurisdiction,
    zone: TimeZone,
    catalogue: Catalogue,
    quebec: Catalogue,
    adopted: Vec<Service>,
    /// Names of categories with the code each came with and the code it was given.
    codes_of_names: HashMap<String, (String, Option<String>)>,
    batch: Vec<(Report, u64)>,
    /// The previous batch, which is written while this one is read.
    writing: Option<Pending<WriteCounts>>,
    seen: HashMap<u64, u64>,
    hasher: RandomState,
    file_digest: String,
    resume_at: u64,
    fallback_id: ReportId,
    summary: Summary,
}

impl<'a> Importer<'a> {
    /// Prepares the import of the file with this digest. A new jurisdiction is added to the store;
    /// a known one keeps its time zone and extent.
    ///
    /// # Errors
    /// The zone is unknown; the store.
    pub fn begin(
        reader: &Reader,
        writer: &'a Writer,
        catalogues: &Catalogues,
        jurisdiction: Jurisdiction,
        file_digest: String,
    ) -> Result<Self> {
        let name = jurisdiction.time_zone.clone();
        jurisdiction.zone().map_err(|message| Refusal::new("--time-zone", name, message))?;
        let (services, added) = (Vec::new(), jurisdiction.clone());
        writer.execute(AddJurisdiction { jurisdiction: added, services })?;
        let known = reader.jurisdictions()?.into_iter().map(|(known, _)| known);
        let jurisdiction = known
            .into_iter()
            .find(|known| known.id == jurisdiction.id)
            .ok_or_else(|| Error::not_found(jurisdiction.id.as_str()))?;
        let zone = jurisdiction.zone().map_err(|message| Error::internal(message.en))?;
        let mut catalogue = catalogues.of(&jurisdiction.id);
        reader.services(&jurisdiction.id)?.into_iter().for_each(|service| catalogue.add(service));
        let checkpoint = reader.checkpoint(&jurisdiction.id, &file_digest)?;
        let resume_at = checkpoint.filter(|c| !c.finished).map_or(0, |c| c.rows_done);
        Ok(Self {
            writer,
            zone,
            catalogue,
            quebec: catalogues.quebec.clone(),
            adopted: Vec::new(),
            codes_of_names: HashMap::new(),
            batch: Vec::with_capacity(BATCH),
            writing: None,
            seen: HashMap::new(),
            hasher: RandomState::new(),
            file_digest,
            resume_at,
            fallback_id: crate::domain::tracking_number(0),
            summary: Summary::default(),
            jurisdiction,
        })
    }

    /// The jurisdiction as the store knows it.
    pub fn jurisdiction(&self) -> &Jurisdiction {
        &self.jurisdiction
    }

    /// The jurisdiction's key.
    pub fn id(&self) -> &JurisdictionId {
        &self.jurisdiction.id
    }

    /// The zone in which wall clocks are read.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Adds the next row: its number in the file, and its draft with the category of the source
    /// (name and hint), or its refusals. Returns the refusals; there are none if it is admitted.
    ///
    /// # Errors
    /// The store.
    pub fn push(&mut self, number: u64, mapped: MappedDraft) -> Result<Vec<Refusal>> {
        self.summary.rows += 1;
        let refused = match mapped {
            Err(refused) => refused,
            Ok((draft, category)) => match self.admit(number, draft, category) {
                Err(refused) => refused,
                Ok(report) => {
                    self.count(&report);
                    if self.summary.rows > self.resume_at {
                        let digest = of_report(&report);
                        self.batch.push((report, digest));
                    } else {
                        self.summary.resumed += 1;
                    }
                    Vec::new()
                }
            },
        };
        self.summary.refused += u64::from(!refused.is_empty());
        if self.batch.len() >= BATCH {
            self.flush(false)?;
        }
        Ok(refused)
    }

    /// Reads every row of a source. `settled` is called with each row and its refusals, and answers
    /// whether to continue. Returns what was noticed in the source.
    ///
    /// # Errors
    /// The source cannot be read, the store, or those of `settled`.
    pub fn read(
        &mut self,
        source: &SourceFile,
        fix_swapped: bool,
        mut settled: impl FnMut(SettledRow<'_>, &[Refusal]) -> Result<bool>,
    ) -> Result<Notes> {
        let (zone, extent) = (self.zone.clone(), self.jurisdiction.extent);
        let mut failed = None;
        let noticed = source.read(zone, extent, fix_swapped, &mut |row: SourceRow| {
            let SourceRow { number, bytes_read, mapped, raw } = row;
            let mapped = mapped.map(|(draft, category)| {
                (draft, category.map(|category| (category.name, category.hint)))
            });
            let pushed = self.push(number, mapped);
            let on = pushed.and_then(|refusals| {
                settled(SettledRow { number, bytes_read, raw: &raw }, &refusals)
            });
            on.unwrap_or_else(|error| {
                failed = Some(error);
                false
            })
        })?;
        failed.map_or(Ok(noticed), Err)
    }

    /// Writes the remaining rows; `finished` says whether the whole file was read.
    ///
    /// # Errors
    /// The store.
    pub fn finish(mut self, finished: bool) -> Result<Summary> {
        self.flush(finished)?;
        self.settle()?;
        Ok(self.summary)
    }

    fn admit(
        &mut self,
        number: u64,
        mut draft: Draft,
        category: Option<(String, Option<String>)>,
    ) -> std::result::Result<Report, Vec<Refusal>> {
        if let Some((name, hint)) = category {
            if let Some(code) = self.code_of_name(&draft.service, &name) {
                draft.service = code;
            }
            if self.catalogue.get(&draft.service).is_none() {
                self.adopt(&draft.service, &name, hint.as_deref());
            }
        }
        let now = SystemClock.now().as_second();
        let gate = Gate { catalogue: &self.catalogue, zone: &self.zone, now };
        let report = gate.admit(draft, &self.fallback_id)?;
        let first = *self.seen.entry(self.hasher.hash_one(report.id.as_str())).or_insert(number);
        if first != number {
            let message = message!("répète la ligne {first}", "repeats row {first}");
            return Err(vec![Refusal::new("service_request_id", &report.id, message)]);
        }
        Ok(report)
    }

    /// The code of the service of this name, where the code is made of the name: services whose
    /// names differ have different codes, the second of a slug with a number behind it. `None`
    /// where the code was given otherwise, or is that of a built-in service.
    fn code_of_name(&mut self, code: &str, name: &str) -> Option<String> {
        if let Some((made_of, given)) = self.codes_of_names.get(name)
            && made_of == code
        {
            return given.clone();
        }
        let slug = ServiceCode::slug(name);
        let given = (slug.as_str() == code && self.quebec.get(code).is_none()).then(|| {
            let key = name_key(name);
            let is_free = |code: &ServiceCode| {
                self.catalogue.get(code.as_str()).is_none_or(|known| {
                    [&known.names.fr, &known.names.en].iter().any(|known| name_key(known) == key)
                })
            };
            let numbered = (2..).map(|number| slug.numbered(number));
            let mut codes = std::iter::once(slug.clone()).chain(numbered);
            codes.find(is_free).unwrap_or_else(|| slug.clone()).to_string()
        });
        self.codes_of_names.insert(name.to_owned(), (code.to_owned(), given.clone()));
        given
    }

    /// Adds a service to the jurisdiction's catalogue: one of the built-in ones if the mapping
    /// named it, else one made of the source's category.
    fn adopt(&mut self, code: &str, name: &str, hint: Option<&str>) {
        let Some(code) = ServiceCode::new(code) else { return };
        let service = match self.quebec.get(code.as_str()) {
            Some(known) => Service::clone(known),
            None => Service { code, ..self.catalogue.adopt(name, hint, Nature::Intervention) },
        };
        self.catalogue.add(service.clone());
        self.adopted.push(service);
        self.summary.services += 1;
    }

    fn count(&mut self, report: &Report) {
        let Some(at) = report.position else {
            self.summary.unlocated += 1;
            return;
        };
        if report.accuracy == crate::domain::Accuracy::Approximate {
            self.summary.approximate += 1;
        } else if self.jurisdiction.extent.as_ref().is_some_and(|extent| !extent.contains(at)) {
            self.summary.outside += 1;
        }
    }

    fn flush(&mut self, finished: bool) -> Result<()> {
        self.settle()?;
        if !self.adopted.is_empty() {
            let services = std::mem::take(&mut self.adopted);
            let jurisdiction = self.jurisdiction.clone();
            self.writer.execute(AddJurisdiction { jurisdiction, services })?;
        }
        let checkpoint = Checkpoint {
            file_digest: self.file_digest.clone(),
            rows_done: self.summary.rows.max(self.resume_at),
            finished,
        };
        self.writing = Some(self.writer.submit(ImportReports {
            jurisdiction: self.jurisdiction.id.clone(),
            reports: std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH)),
            checkpoint: Some(checkpoint),
        }));
        Ok(())
    }

    /// Waits for the batch under way.
    fn settle(&mut self) -> Result<()> {
        if let Some(writing) = self.writing.take() {
            self.summary.counts += writing.wait()?;
        }
        Ok(())
    }
}
