//! Import: the drafts of a source are checked by the gate and written to the store in batches.

use jiff::tz::TimeZone;

use crate::domain::{
    Clock, Draft, Gate, Jurisdiction, JurisdictionId, RepeatRule, Report, ReportId, Service,
    SystemClock,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::{Category, Notes, OriginalRow, SourceFile, SourceRow};
use crate::message;
use crate::store::{
    AddJurisdiction, Checkpoint, ImportReports, ImportedReport, Pending, Reader, SaveCheckpoint,
    SeenIds, WriteCounts, Writer, of_report,
};
use crate::usecase::Catalogues;
use crate::usecase::callers::{callers, further_callers};
use crate::usecase::import_ids::doubt_of_ids;
use crate::usecase::import_memory::{check_zone, known_as, noted_date_order, recall_date_order};
use crate::usecase::import_places::ImportPlaces;
use crate::usecase::import_services::ImportServices;
use crate::usecase::import_summary::Summary;

/// Rows in one transaction. Ids come in random order, so each transaction rewrites most pages of
/// the index of ids: a few large transactions write less than many small ones.
const BATCH: usize = 40_000;

/// A row's draft with the name and hint of its source's category, or what is wrong with the row.
pub type MappedDraft = std::result::Result<(Draft, Option<(String, Option<String>)>), Vec<Refusal>>;

/// The draft of a row as the importer takes it.
pub(super) fn mapped_draft(
    mapped: std::result::Result<(Draft, Option<Category>), Vec<Refusal>>,
) -> MappedDraft {
    mapped.map(|(draft, category)| (draft, category.map(|category| (category.name, category.hint))))
}

/// A row of a source that was admitted or refused.
#[derive(Debug, Clone, Copy)]
pub struct SettledRow<'a> {
    /// Line of a table or number of a feature, from 1.
    pub number: u64,
    /// How much of the file has been read, in bytes.
    pub bytes_read: u64,
    /// The row as it is in the source.
    pub raw: OriginalRow<'a>,
}

/// Where the reports of an import go.
enum Target<'a> {
    /// Into a store.
    Store(&'a Writer),
    /// Nowhere: they are compared with the store, if there is one.
    Preview(Option<&'a Reader>),
}

/// An import under way.
pub struct Importer<'a> {
    target: Target<'a>,
    jurisdiction: Jurisdiction,
    /// The store does not have the jurisdiction yet.
    is_new: bool,
    zone: TimeZone,
    services: ImportServices,
    places: ImportPlaces,
    batch: Vec<ImportedReport>,
    /// Fields of which the source says nothing, by their names in mappings.
    unsaid: Vec<&'static str>,
    /// Reports that were put into batches so far, this one included: the number of the last one.
    batched: u32,
    /// The previous batch, which is written while this one is read.
    writing: Option<Pending<WriteCounts>>,
    repeats: RepeatRule,
    /// For each id the number of its report in the batches, or of its row where repeats are
    /// refused, and the second of its update, 0 without one.
    seen: SeenIds,
    file_digest: String,
    resume_at: u64,
    fallback_id: ReportId,
    summary: Summary,
    /// The store, where it has reports of the city.
    known: Option<&'a Reader>,
    /// The store, where it has the city: what earlier imports decided.
    stored: Option<&'a Reader>,
    /// How the dates of the source were read, to be kept once all of it is written.
    dates: Option<Checkpoint>,
    /// The same until the ids of a source's first batch were compared with it.
    unchecked: Option<&'a Reader>,
}

impl<'a> Importer<'a> {
    /// Prepares the import of the file with this digest. A new jurisdiction is added to the store
    /// with its first reports, so that an import which fails before leaves none; a known one
    /// keeps its time zone and extent.
    ///
    /// # Errors
    /// The zone is unknown; the store.
    pub fn begin(
        reader: &'a Reader,
        writer: &'a Writer,
        catalogues: &Catalogues,
        jurisdiction: Jurisdiction,
        file_digest: String,
    ) -> Result<Self> {
        check_zone(&jurisdiction)?;
        let known = known_as(reader, &jurisdiction.id)?;
        let is_new = known.is_none();
        let jurisdiction = known.unwrap_or(jurisdiction);
        let checkpoint = reader.checkpoint(&jurisdiction.id, &file_digest)?;
        let resume_at = checkpoint.filter(|c| !c.finished).map_or(0, |c| c.rows_done);
        let services = reader.services(&jurisdiction.id)?;
        let importer =
            Self::new(Target::Store(writer), catalogues, jurisdiction, services, file_digest)?;
        let stored = Some(reader).filter(|_| !is_new);
        let known = stored.filter(|_| resume_at == 0);
        Ok(Self { resume_at, is_new, known, stored, ..importer })
    }

    /// Prepares an import that writes nothing: its summary is that of an import into the store of
    /// `reader`, or into a new one.
    ///
    /// # Errors
    /// The zone is unknown; the store cannot be read.
    pub fn preview(
        reader: Option<&'a Reader>,
        catalogues: &Catalogues,
        jurisdiction: Jurisdiction,
    ) -> Result<Self> {
        check_zone(&jurisdiction)?;
        let known = reader.map(|reader| known_as(reader, &jurisdiction.id)).transpose()?.flatten();
        let with_reports = reader.filter(|_| known.is_some());
        let jurisdiction = known.unwrap_or(jurisdiction);
        let services = reader.map(|reader| reader.services(&jurisdiction.id)).transpose()?;
        let (target, services) = (Target::Preview(reader), services.unwrap_or_default());
        let importer = Self::new(target, catalogues, jurisdiction, services, String::new())?;
        Ok(Self { known: with_reports, stored: with_reports, ..importer })
    }

    fn new(
        target: Target<'a>,
        catalogues: &Catalogues,
        jurisdiction: Jurisdiction,
        services: Vec<Service>,
        file_digest: String,
    ) -> Result<Self> {
        let zone = jurisdiction.zone().map_err(|message| Error::internal(message.en))?;
        let mut catalogue = catalogues.of(&jurisdiction.id);
        services.into_iter().for_each(|service| catalogue.add(service));
        Ok(Self {
            target,
            zone,
            services: ImportServices::of(catalogue, catalogues.quebec.clone()),
            places: ImportPlaces::of(jurisdiction.extent, &jurisdiction.time_zone),
            batch: Vec::with_capacity(BATCH),
            unsaid: Vec::new(),
            batched: 0,
            writing: None,
            repeats: RepeatRule::Newest,
            seen: SeenIds::default(),
            file_digest,
            resume_at: 0,
            fallback_id: crate::domain::tracking_number(0),
            summary: Summary::default(),
            jurisdiction,
            is_new: false,
            known: None,
            stored: None,
            dates: None,
            unchecked: None,
        })
    }

    /// Says which of the rows of one id is taken; otherwise the newest is.
    pub fn set_repeats(&mut self, rule: RepeatRule) {
        self.repeats = rule;
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

    /// Adds the next row: its number, counted from 1, and its draft with the category of the source
    /// (name and hint), or its refusals. Returns the refusals; there are none if it is admitted.
    ///
    /// # Errors
    /// The store.
    pub fn push(&mut self, number: u64, mapped: MappedDraft) -> Result<Vec<Refusal>> {
        self.summary.rows += 1;
        let refused = match mapped {
            Err(refused) => refused,
            Ok((draft, category)) => match self.admit(draft, category) {
                Err(refused) => refused,
                Ok((report, further)) => Vec::from_iter(self.take(number, report, further)?),
            },
        };
        self.summary.refused += u64::from(!refused.is_empty());
        if self.batch.len() >= BATCH {
            self.flush(false)?;
        }
        Ok(refused)
    }

    /// Why the ids of a source's first reports are in doubt, beside those of the store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn doubt_of_ids(
        &self,
        source: &SourceFile,
        reports: &[&Report],
    ) -> Result<Option<Message>> {
        match self.known.filter(|_| !source.keeps_ids()) {
            Some(reader) => doubt_of_ids(reader, &self.jurisdiction.id, reports),
            None => Ok(None),
        }
    }

    /// The report that a row becomes and the names of its service, without writing it.
    ///
    /// # Errors
    /// The row's refusals.
    pub fn admitted(
        &mut self,
        mapped: MappedDraft,
    ) -> std::result::Result<(Report, Message), Vec<Refusal>> {
        let (draft, category) = mapped?;
        let (report, _) = self.admit(draft, category)?;
        let service = self.services.catalogue.get(report.service.as_str());
        let code = || {
            let code = &report.service;
            message!("{code}", "{code}")
        };
        let names = service.map_or_else(code, |service| service.names.clone());
        Ok((report, names))
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
        self.repeats = source.repeats();
        self.unchecked = self.known.filter(|_| !source.keeps_ids());
        if let Some(reader) = self.stored {
            recall_date_order(source, &self.jurisdiction.id, reader)?;
        }
        let (zone, extent) = (self.zone.clone(), self.jurisdiction.extent);
        let (mut failed, mut noted) = (None, Notes::default());
        let noticed = source.read(zone, extent, fix_swapped, &mut |row: SourceRow| {
            let SourceRow { number, bytes_read, mapped, no_place, raw, is_refused, .. } = row;
            if self.unsaid.len() != row.unsaid.len() {
                self.unsaid = row.unsaid.to_vec();
            }
            let pushed = self.push(raw.ordinal, mapped_draft(mapped));
            let on = pushed.and_then(|refusals| {
                is_refused.set(!refusals.is_empty());
                noted.refusals.add(&refusals);
                if let Some(reason) = no_place.filter(|_| refusals.is_empty()) {
                    *noted.no_place.entry(reason).or_default() += 1;
                }
                settled(SettledRow { number, bytes_read, raw }, &refusals)
            });
            on.unwrap_or_else(|error| {
                failed = Some(error);
                false
            })
        })?;
        self.dates = noted_date_order(source)?;
        self.places.decide();
        let (outside, ungrouped) = (self.places.examples.clone(), self.services.ungrouped.clone());
        let Notes { no_place, refusals, .. } = noted;
        let mut noticed = Notes { no_place, refusals, outside, ungrouped, ..noticed };
        noticed.sentences.extend(self.places.frequent_point());
        failed.map_or(Ok(noticed), Err)
    }

    /// Writes the remaining rows; `finished` says whether the whole file was read.
    ///
    /// # Errors
    /// The store.
    pub fn finish(mut self, finished: bool) -> Result<Summary> {
        self.flush(finished)?;
        self.settle()?;
        self.keep_dates(finished)?;
        self.places.decide();
        let ImportPlaces { unlocated, approximate, outside, .. } = self.places;
        Ok(Summary {
            unlocated,
            approximate,
            outside,
            services: self.services.count,
            ..self.summary
        })
    }

    fn admit(
        &mut self,
        mut draft: Draft,
        category: Option<(String, Option<String>)>,
    ) -> std::result::Result<(Report, Vec<Report>), Vec<Refusal>> {
        if let Some((name, hint)) = category {
            if let Some(code) = self.services.code_of_name(&draft.service, &name) {
                draft.service = code;
            }
            self.services.propose(&draft.service, &name, hint.as_deref());
        }
        let now = SystemClock.now().as_second();
        let gate = Gate { catalogue: &self.services.catalogue, zone: &self.zone, now };
        let count = callers(draft.callers.as_deref());
        let report = gate.admit(draft, &self.fallback_id)?;
        let further = count.and_then(|count| further_callers(&report, count));
        further.map(|further| (report, further)).map_err(|refusal| vec![refusal])
    }

    /// Puts the report of a row into the batch, unless another row of its id is taken instead.
    /// Returns the refusal of a repeated id, where these are refused.
    fn take(
        &mut self,
        number: u64,
        report: Report,
        further: Vec<Report>,
    ) -> Result<Option<Refusal>> {
        let is_resumed = self.summary.rows <= self.resume_at;
        let as_of = report.updated.map(|updated| updated.last_second());
        let updated = small(report.updated.map_or(0, |updated| updated.second()));
        // The number that it has if it is put into the batch; 0 where an earlier run wrote it.
        let next = if is_resumed { 0 } else { self.batched + 1 };
        let mark = if self.repeats == RepeatRule::Refuse { small(number as i64) } else { next };
        let Some(before) = self.seen.note(report.id.as_str(), [mark, updated])? else {
            self.places.count(number, &report, 1);
            match is_resumed {
                true => self.summary.resumed += 1,
                false => {
                    self.put(report, as_of, false);
                    self.put_further(further, as_of);
                }
            }
            return Ok(None);
        };
        let [place, latest] = before;
        let is_newer = as_of.is_none_or(|as_of| as_of >= i64::from(latest));
        let wins = match self.repeats {
            RepeatRule::Refuse => {
                let message = message!("répète la ligne {place}", "repeats row {place}");
                return Ok(Some(Refusal::new("service_request_id", &report.id, message)));
            }
            RepeatRule::First => false,
            RepeatRule::Last => true,
            RepeatRule::Newest => is_newer,
        };
        self.summary.repeated += 1;
        if self.repeats == RepeatRule::Newest && (as_of.is_none() || latest == 0) {
            self.summary.repeated_without_time += 1;
        }
        if wins {
            self.take_instead(number, report, (next, updated), before)?;
            if next > 0 {
                self.put_further(further, as_of);
            }
        }
        Ok(None)
    }

    /// Puts a report in the place of an earlier one of its id, whose number and update time are
    /// `before`.
    fn take_instead(
        &mut self,
        number: u64,
        report: Report,
        (next, updated): (u32, u32),
        before: [u32; 2],
    ) -> Result<()> {
        let [place, latest] = before;
        let mut as_of = report.updated.map(|updated| updated.last_second());
        let mut updated = updated;
        if self.repeats == RepeatRule::Last {
            // It replaces all rows of its id, also for those of a later update time.
            updated = updated.max(latest);
            as_of = as_of.map(|as_of| as_of.max(i64::from(latest)));
        }
        let first = self.batched - self.batch.len() as u32 + 1;
        let earlier = place.checked_sub(first).and_then(|at| self.batch.get(at as usize));
        let Some(earlier) = earlier.map(|earlier| earlier.report.clone()) else {
            self.seen.replace(report.id.as_str(), [next, updated])?;
            self.places.count(number, &report, 1);
            if next > 0 {
                self.put(report, as_of, true);
            }
            return Ok(());
        };
        self.seen.replace(report.id.as_str(), [place, updated])?;
        self.places.count(number, &earlier, -1);
        self.places.count(number, &report, 1);
        self.services.adopt(&report.service);
        let digest = of_report(&report);
        if let Some(batched) = self.batch.get_mut((place - first) as usize) {
            *batched = ImportedReport { report, digest, as_of, is_repeat: batched.is_repeat };
        }
        Ok(())
    }

    /// Puts the reports of further callers after that of the first one. They are not counted as
    /// rows.
    fn put_further(&mut self, further: Vec<Report>, as_of: Option<i64>) {
        self.summary.callers += further.len() as u64;
        further.into_iter().for_each(|report| self.put(report, as_of, true));
    }

    fn put(&mut self, report: Report, as_of: Option<i64>, is_repeat: bool) {
        self.services.adopt(&report.service);
        let digest = of_report(&report);
        self.batch.push(ImportedReport { report, digest, as_of, is_repeat });
        self.batched += 1;
    }

    fn flush(&mut self, finished: bool) -> Result<()> {
        if let Some(reader) = self.unchecked.take() {
            let reports: Vec<&Report> = self.batch.iter().map(|one| &one.report).collect();
            let doubt = doubt_of_ids(reader, &self.jurisdiction.id, &reports)?;
            doubt.map_or(Ok(()), |doubt| Err(Error::new(ErrorKind::Invalid, doubt)))?;
        }
        self.settle()?;
        let reports = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let jurisdiction = self.jurisdiction.id.clone();
        let services = std::mem::take(&mut self.services.adopted);
        let writer = match self.target {
            Target::Store(writer) => writer,
            Target::Preview(Some(reader)) => {
                self.summary.counts +=
                    reader.preview_import(&jurisdiction, &reports, &self.unsaid)?;
                return Ok(());
            }
            Target::Preview(None) => {
                let new = reports.iter().filter(|imported| !imported.is_repeat);
                self.summary.counts.added += new.count() as u64;
                return Ok(());
            }
        };
        if self.is_new && reports.is_empty() {
            return Ok(());
        }
        if self.is_new || !services.is_empty() {
            self.is_new = false;
            let jurisdiction = self.jurisdiction.clone();
            writer.execute(AddJurisdiction { jurisdiction, services })?;
        }
        let checkpoint = Some(Checkpoint {
            file_digest: self.file_digest.clone(),
            rows_done: self.summary.rows.max(self.resume_at),
            finished,
        });
        let unsaid = self.unsaid.clone();
        let command = ImportReports { jurisdiction, reports, unsaid, checkpoint };
        self.writing = Some(writer.submit(command));
        Ok(())
    }

    /// Keeps in which order the dates of a source were read that was wholly written.
    fn keep_dates(&mut self, finished: bool) -> Result<()> {
        match (&self.target, self.dates.take()) {
            (Target::Store(writer), Some(checkpoint)) if finished && !self.is_new => {
                let jurisdiction = self.jurisdiction.id.clone();
                writer.execute(SaveCheckpoint { jurisdiction, checkpoint })
            }
            _ => Ok(()),
        }
    }

    /// Waits for the batch under way.
    fn settle(&mut self) -> Result<()> {
        if let Some(writing) = self.writing.take() {
            self.summary.counts += writing.wait()?;
        }
        Ok(())
    }
}

/// A number that is kept in 32 bits; a second of a time before 1970 or after 2106 is cut.
fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}
