//! Erasures that are asked for over the API. They are carried out in parts, each durable by itself,
//! and other writes go on in between.

use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{
    Actor, ErasableField, ErasureKind, Idempotency, Interrupt, ReportId, ReportTime,
};
use crate::error::{Error, Refusal, Result};
use crate::message;
use crate::store::RememberErasure;
pub use crate::store::{ErasurePage, StoredErasure};
use crate::usecase::erasure::{
    Eraser, ErasureOutcome, ErasureTarget, moment, remove_erased_photos, rewrite_if_due,
};
use crate::usecase::{App, City};

/// Largest store that is written anew at the end of a request, in bytes: about two seconds, in
/// which other writes wait. Larger ones are written anew by the daily pass.
const REWRITTEN_BYTES_MAX: u64 = 256 << 20;

/// Removes a photo, which may be gone already, by its name.
pub type RemovePhoto<'a> = &'a mut dyn FnMut(&str) -> Result<()>;

/// What is to be erased, as it was sent: one of the first three.
#[derive(Debug, Clone, Default)]
pub struct SentErasure {
    /// The number of a report.
    pub report: Option<String>,
    /// An e-mail address, a telephone number, an account or a device of senders.
    pub contact: Option<String>,
    /// How long ago reports were made (`30d`, `6w`, `18m`, `2y`), or before which day.
    pub older_than: Option<String>,
    /// What is erased of them; all fields if absent.
    pub fields: Option<Vec<ErasableField>>,
    /// Only say of which reports.
    pub is_trial: bool,
}

/// What is to be erased, checked.
#[derive(Debug, Clone)]
pub struct ErasureRequest {
    /// Whose data.
    pub target: ErasureTarget,
    /// What it was asked for.
    pub kind: ErasureKind,
    /// What is erased.
    pub fields: Vec<ErasableField>,
    /// Only say of which reports.
    pub is_trial: bool,
    /// Who erases; kept in the history.
    pub author: String,
}

/// What an erasure did, and what is left to be done.
#[derive(Debug, Clone, Default)]
pub struct CarriedOutErasure {
    /// The reports and the counts.
    pub outcome: ErasureOutcome,
    /// Files of photos that were removed, each with its thumbnail.
    pub photo_files: u64,
    /// The store's file holds no copy of what was erased in unused parts.
    pub is_rewritten: bool,
}

impl SentErasure {
    /// Checks what was sent. Days are those of `zone`.
    ///
    /// # Errors
    /// None or several of report, contact and age; one of them is not valid.
    ///
    /// ```
    /// use jiff::tz::TimeZone;
    /// use pointchaud::usecase::erasure_request::SentErasure;
    ///
    /// let now = "2028-02-29T12:00:00Z".parse().unwrap();
    /// let sent = SentErasure { older_than: Some("2y".into()), ..SentErasure::default() };
    /// let checked = sent.check(&TimeZone::UTC, now, "marie").unwrap();
    /// assert_eq!(checked.target.before.unwrap().to_string(), "2026-02-28T12:00:00Z");
    /// assert!(SentErasure::default().check(&TimeZone::UTC, now, "marie").is_err());
    /// ```
    pub fn check(self, zone: &TimeZone, now: Timestamp, author: &str) -> Result<ErasureRequest> {
        let Self { report, contact, older_than, fields, is_trial } = self;
        let mut target = ErasureTarget::default();
        let kind = match (&report, &contact, &older_than) {
            (Some(report), None, None) => {
                let id = ReportId::new(report);
                target.reports.push(id.map_err(|why| Refusal::new("report", report, why))?);
                ErasureKind::Report
            }
            (None, Some(contact), None) => {
                if contact.trim().is_empty() {
                    let message = message!("est vide", "is empty");
                    return Err(Refusal::new("contact", contact, message).into());
                }
                target.contact = Some(contact.clone());
                ErasureKind::Contact
            }
            (None, None, Some(text)) => {
                target.before = Some(before(text, zone, now)?);
                ErasureKind::OlderThan
            }
            _ => {
                let message = message!(
                    "dites ce qui est à effacer par un seul de report, contact, older_than",
                    "say what is to be erased by one of report, contact, older_than"
                );
                return Err(Refusal::new("report", report.unwrap_or_default(), message).into());
            }
        };
        let fields = fields.unwrap_or_else(|| ErasableField::ALL.to_vec());
        Ok(ErasureRequest { target, kind, fields, is_trial, author: author.to_owned() })
    }
}

fn before(text: &str, zone: &TimeZone, now: Timestamp) -> Result<ReportTime> {
    let refused = |message| Error::from(Refusal::new("older_than", text, message));
    let before = moment(text, zone, now).map_err(refused)?;
    match before.second() > now.as_second() {
        true => Err(refused(message!("est dans le futur", "is in the future"))),
        false => Ok(before),
    }
}

impl App {
    /// The answer to an erasure that was sent before with this idempotency key, if it was.
    ///
    /// # Errors
    /// A conflict where the key came with another erasure; the store.
    pub fn remembered_erasure(&self, city: &City, sent: &Idempotency) -> Result<Option<String>> {
        self.reader().remembered(city.id(), sent)
    }

    /// Keeps the answer to a finished erasure for requests with the same idempotency key.
    ///
    /// # Errors
    /// A conflict where the key came with another erasure meanwhile; the store.
    pub fn remember_erasure(
        &self,
        city: &City,
        idempotency: Idempotency,
        answer: &str,
    ) -> Result<()> {
        let jurisdiction = city.id().clone();
        let answer = answer.to_owned();
        self.writer().execute(RememberErasure { jurisdiction, idempotency, answer })
    }

    /// A page of the erasures of a city, newest first, and whether there are more.
    ///
    /// # Errors
    /// The store.
    pub fn erasures(&self, city: &City, page: &ErasurePage) -> Result<(Vec<StoredErasure>, bool)> {
        self.reader().erasures_of(city.id(), page)
    }

    /// Erases. What does not fit into half the time of a request, or is not wanted any more because
    /// the client has gone, is left: the same request goes on there. At the end the files of erased
    /// photos are removed, and a small store is written anew.
    ///
    /// # Errors
    /// Not found; unavailable where contacts are looked for and their keys are missing; the store;
    /// the photos cannot be reached.
    pub fn erase(
        &self,
        (city, by): (&City, Actor),
        request: &ErasureRequest,
        remove: RemovePhoto<'_>,
        interrupt: &Interrupt,
    ) -> Result<CarriedOutErasure> {
        let ErasureRequest { target, fields, is_trial, author, .. } = request;
        let (reader, writer, jurisdiction) = (self.reader(), &self.writer().by(by), city.id());
        for id in &target.reports {
            if reader.get(jurisdiction, id.as_str())?.is_none()
                && reader.history(jurisdiction, id)?.is_empty()
            {
                return Err(Error::not_found(id.as_str()));
            }
        }
        let end = Instant::now() + self.limits.request_time_max / 2;
        let goes_on = || interrupt.check().is_ok() && Instant::now() < end;
        let (catalogue, author) = (city.catalogue(), author.clone());
        let goes_on = &goes_on;
        let eraser = Eraser { reader, writer, jurisdiction, catalogue, author, goes_on };
        let outcome = eraser.erase(target, fields, *is_trial)?;
        let mut done = CarriedOutErasure { outcome, ..CarriedOutErasure::default() };
        if !*is_trial {
            done.photo_files = remove_erased_photos(reader, writer, remove)?;
            if !done.outcome.is_partial && reader.file_bytes()? <= REWRITTEN_BYTES_MAX {
                rewrite_if_due(reader, writer)?;
            }
        }
        done.is_rewritten = !reader.is_rewrite_due()?;
        Ok(done)
    }
}
