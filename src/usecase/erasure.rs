//! Erasure of parts of reports: by report, by contact, by age, and by what a city retains.
//!
//! Everything is done in batches, each durable by itself, and a report that has nothing left to
//! erase is passed over: after a crash the same request takes up where it ended.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{
    Catalogue, Contact, Datatype, ErasableField, ErasureCounts, ErasureKind, JurisdictionId,
    Report, ReportId, ReportTime, RetentionPeriod,
};
use crate::error::{Refusal, Result};
use crate::i18n::Message;
use crate::message;
use crate::store::{
    EncryptContacts, EraseReports, ErasureFilter, ForgetPhotos, Reader, RewriteStore, Writer,
};

/// Reports erased in one commit, and contacts encrypted in one.
const BATCH: usize = 100;
/// Fewest digits of a telephone number by which contacts are looked for.
const PHONE_DIGITS_MIN: usize = 7;
/// Digits of a telephone number without the code of its country, in North America.
const PHONE_DIGITS: usize = 10;

/// Whose data are erased. Reports that any of the three selects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErasureTarget {
    /// These reports.
    pub reports: Vec<ReportId>,
    /// Reports whose sender has this e-mail address, telephone number, account or device.
    pub contact: Option<String>,
    /// Reports made before this moment.
    pub before: Option<ReportTime>,
    /// The reports are those of a list of earlier erasures, which are done again in a store that
    /// was restored from a backup.
    pub is_again: bool,
}

/// What an erasure did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasureOutcome {
    /// Reports of which something was erased; for a trial, reports that were selected.
    pub reports: Vec<ReportId>,
    /// How much was removed; nothing for a trial.
    pub counts: ErasureCounts,
    /// It was stopped before its end: the same erasure goes on where this one ended.
    pub is_partial: bool,
}

/// A store and a city of it, for erasures.
pub struct Eraser<'a> {
    /// The store, for reading.
    pub reader: &'a Reader,
    /// The store's writer.
    pub writer: &'a Writer,
    /// The city.
    pub jurisdiction: &'a JurisdictionId,
    /// Its services, which say what answers are free text.
    pub catalogue: Arc<Catalogue>,
    /// Who erases; kept in the history.
    pub author: String,
    /// Is asked before each batch whether to go on.
    pub goes_on: &'a dyn Fn() -> bool,
}

/// Goes on to the end.
pub fn to_the_end() -> bool {
    true
}

/// What an erasure is asked for, which fields it erases, and whether it only says which reports.
type ErasureScope<'a> = (ErasureKind, &'a [ErasableField], bool);

/// Whether `wanted`, an e-mail address, a telephone number, an account or a device, is one of a
/// contact. Capitals of addresses do not matter, nor signs and country codes of numbers.
///
/// ```
/// use pointchaud::domain::Contact;
/// use pointchaud::usecase::erasure::is_contact;
///
/// let contact = Contact { phone: Some("+1 (418) 555-0199".into()), ..Contact::default() };
/// assert!(is_contact("418 555 0199", &contact));
/// assert!(!is_contact("0199", &contact));
/// ```
pub fn is_contact(wanted: &str, contact: &Contact) -> bool {
    let wanted = wanted.trim();
    let digits = |text: &str| -> Vec<u8> { text.bytes().filter(u8::is_ascii_digit).collect() };
    let same_number = |known: &String| {
        let (a, b) = (digits(wanted), digits(known));
        let longest = a.len().max(b.len());
        let end = |all: &[u8]| all[all.len().saturating_sub(PHONE_DIGITS)..].to_vec();
        a.len() >= PHONE_DIGITS_MIN
            && (a == b
                || longest > PHONE_DIGITS
                    && a.len().min(b.len()) >= PHONE_DIGITS
                    && end(&a) == end(&b))
    };
    let same_text = |known: &String| known.trim().to_lowercase() == wanted.to_lowercase();
    let Contact { email, phone, account_id, device_id, .. } = contact;
    let is_address = wanted.contains('@');
    email.as_ref().is_some_and(same_text)
        || (!is_address && phone.as_ref().is_some_and(same_number))
        || account_id.as_ref().is_some_and(|id| id == wanted)
        || device_id.as_ref().is_some_and(|id| id == wanted)
}

/// What tells the sender of a report from others: the e-mail address, else the telephone number,
/// the account or the device. Addresses and numbers that [`is_contact`] takes for the same are the
/// same here.
///
/// ```
/// use pointchaud::domain::Contact;
/// use pointchaud::usecase::erasure::sender_of;
///
/// let of = |phone: &str| sender_of(&Contact { phone: Some(phone.into()), ..Contact::default() });
/// assert_eq!(of("+1 (418) 555-0199"), of("418 555 0199"));
/// assert_eq!(sender_of(&Contact::default()), None);
/// ```
pub fn sender_of(contact: &Contact) -> Option<String> {
    let Contact { email, phone, account_id, device_id, .. } = contact;
    let email = email.as_ref().map(|address| format!("email {}", address.trim().to_lowercase()));
    let phone = || {
        let digits: String = phone.as_ref()?.chars().filter(char::is_ascii_digit).collect();
        let end = digits.len().saturating_sub(PHONE_DIGITS);
        let number = digits.get(end..).filter(|_| digits.len() >= PHONE_DIGITS_MIN);
        number.map(|number| format!("phone {number}"))
    };
    let account = || Some(format!("account {}", account_id.as_ref()?));
    let device = || Some(format!("device {}", device_id.as_ref()?));
    email.or_else(phone).or_else(account).or_else(device)
}

impl Eraser<'_> {
    /// Erases fields of the reports of a target. A trial only says which reports are selected.
    ///
    /// # Errors
    /// Refused where the target names nothing or a report that is not there; unavailable where
    /// contacts are looked for and their keys are missing; the store.
    pub fn erase(
        &self,
        target: &ErasureTarget,
        fields: &[ErasableField],
        is_trial: bool,
    ) -> Result<ErasureOutcome> {
        let ErasureTarget { reports, contact, before, is_again } = target;
        if reports.is_empty() && contact.is_none() && before.is_none() {
            let message = message!(
                "manque : dites ce qui est à effacer (reports, contact ou older_than)",
                "is missing: say what is to be erased (reports, contact or older_than)"
            );
            return Err(Refusal::new("reports", "", message).into());
        }
        let mut outcome = ErasureOutcome::default();
        let kind = if *is_again { ErasureKind::Again } else { ErasureKind::Report };
        self.erase_ids(reports.clone(), (kind, fields, is_trial), &mut outcome)?;
        if let Some(wanted) = contact {
            let is_it = |contact: &Contact| is_contact(wanted, contact);
            let ids = self.reader.reports_of_contact(self.jurisdiction, &is_it)?;
            self.erase_ids(ids, (ErasureKind::Contact, fields, is_trial), &mut outcome)?;
        }
        if let Some(before) = before {
            let scope = (ErasureKind::OlderThan, fields, is_trial);
            self.erase_before(*before, scope, &mut outcome)?;
        }
        Ok(outcome)
    }

    fn erase_ids(
        &self,
        mut ids: Vec<ReportId>,
        scope: ErasureScope<'_>,
        outcome: &mut ErasureOutcome,
    ) -> Result<()> {
        ids.sort_unstable();
        ids.dedup();
        for batch in ids.chunks(BATCH) {
            self.erase_batch(batch.to_vec(), scope, outcome)?;
        }
        Ok(())
    }

    fn erase_batch(
        &self,
        ids: Vec<ReportId>,
        (kind, fields, is_trial): ErasureScope<'_>,
        outcome: &mut ErasureOutcome,
    ) -> Result<()> {
        if outcome.is_partial || !(self.goes_on)() {
            outcome.is_partial = true;
            return Ok(());
        }
        if is_trial {
            outcome.reports.extend(ids);
            return Ok(());
        }
        let (catalogue, erased) = (self.catalogue.clone(), fields.to_vec());
        let amend = move |report: &Report| {
            let service = catalogue.get(report.service.as_str());
            let is_statistic = |code: &str| {
                let asked = service.and_then(|service| {
                    service.attributes.iter().find(|question| question.code == code)
                });
                asked.is_some_and(|question| {
                    !matches!(question.datatype, Datatype::String | Datatype::Text)
                })
            };
            report.without(&erased, &is_statistic)
        };
        let command = EraseReports {
            jurisdiction: self.jurisdiction.clone(),
            ids,
            fields: fields.to_vec(),
            kind,
            amend: Box::new(amend),
            author: self.author.clone(),
        };
        let erased = self.writer.execute(command)?;
        outcome.reports.extend(erased.reports);
        outcome.counts += erased.counts;
        Ok(())
    }

    /// Erases fields of the reports made before a moment.
    fn erase_before(
        &self,
        before: ReportTime,
        scope: ErasureScope<'_>,
        outcome: &mut ErasureOutcome,
    ) -> Result<()> {
        let filter = ErasureFilter { before, fields: scope.1.to_vec() };
        let mut after = String::new();
        while !outcome.is_partial {
            let ids = self.reader.erasable(self.jurisdiction, &filter, &after, BATCH)?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = last.to_string();
            self.erase_batch(ids, scope, outcome)?;
        }
        Ok(())
    }

    /// Erases what the city keeps no longer.
    ///
    /// # Errors
    /// The store.
    pub fn erase_expired(&self, now: Timestamp, is_trial: bool) -> Result<ErasureOutcome> {
        let mut outcome = ErasureOutcome::default();
        for (field, period) in self.reader.retention(self.jurisdiction)? {
            let before = ReportTime::instant(period.before(now));
            let scope = (ErasureKind::Expired, &[field][..], is_trial);
            self.erase_before(before, scope, &mut outcome)?;
        }
        outcome.reports.sort_unstable();
        outcome.reports.dedup();
        Ok(outcome)
    }
}

/// The moment before which reports are erased: `30d`, `6w`, `18m` or `2y` before `now`, or a day or
/// time of a city in this zone.
///
/// # Errors
/// It is none of these.
///
/// ```
/// use jiff::tz::TimeZone;
/// use pointchaud::usecase::erasure::moment;
///
/// let now = "2028-02-29T12:00:00Z".parse().unwrap();
/// let read = |text| moment(text, &TimeZone::UTC, now).map(|when| when.second());
/// assert_eq!(read("1d"), read("2028-02-28T12:00:00Z"));
/// assert!(read("soon").is_err());
/// ```
pub fn moment(
    text: &str,
    zone: &TimeZone,
    now: Timestamp,
) -> std::result::Result<ReportTime, Message> {
    match RetentionPeriod::parse(text) {
        Ok(period) => Ok(ReportTime::instant(period.before(now))),
        Err(_) => ReportTime::parse(text, zone),
    }
}

/// Removes the files of erased photos that no other report shows. `remove` removes a photo by its
/// name; it may be gone already. Returns how many were removed. After a crash, the next call goes
/// on.
///
/// # Errors
/// The store; the first error of `remove`.
pub fn remove_erased_photos(
    reader: &Reader,
    writer: &Writer,
    remove: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<u64> {
    let mut count = 0;
    loop {
        let photos = reader.erased_photos()?;
        if photos.is_empty() {
            return Ok(count);
        }
        let mut names = Vec::with_capacity(photos.len());
        for (name, is_shown) in photos {
            if !is_shown {
                remove(&name)?;
                count += 1;
            }
            names.push(name);
        }
        writer.execute(ForgetPhotos { names })?;
    }
}

/// Writes the store's file anew if something was erased since that was last done.
///
/// # Errors
/// The store.
pub fn rewrite_if_due(reader: &Reader, writer: &Writer) -> Result<()> {
    if reader.is_rewrite_due()? { writer.execute(RewriteStore) } else { Ok(()) }
}

/// Encrypts every contact with the newest key. Returns how many another key had encrypted.
///
/// # Errors
/// Unavailable: a contact does not decrypt; the store.
pub fn encrypt_contacts(writer: &Writer) -> Result<u64> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = writer.execute(EncryptContacts { after, limit: BATCH })?;
        count += page.count;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(count),
        }
    }
}
