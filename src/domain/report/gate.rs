//! The gate: the only place where a draft becomes a report. Whatever is wrong with it is refused
//! with the field, the value and the reason.

use jiff::tz::TimeZone;

use crate::domain::catalogue::{Catalogue, ServiceCode};
use crate::domain::report::attribute;
use crate::domain::report::details::{AttributeValue, Details};
use crate::domain::report::draft::{Draft, LINE_CHARS_MAX, Patch};
use crate::domain::report::fields::draft_texts;
use crate::domain::report::id::ReportId;
use crate::domain::report::record::Report;
use crate::domain::report::text_limit::{line, visible};
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::error::Refusal;
use crate::i18n::Message;
use crate::message;
use crate::place::Position;

/// Longest URL of a photo, in characters.
const URL_CHARS_MAX: usize = 2_000;
/// Most photos of one report.
pub const MEDIA_MAX: usize = 10;
/// Earliest time of a request, in seconds since 1970: earlier times are placeholders of sources.
const EARLIEST_SECOND: i64 = 0;
/// Clocks differ: how long before its opening a closing may be, in seconds; it must be less.
const CLOSED_EARLY_SECONDS: i64 = 60;
/// Clocks differ: how far ahead of ours a time may be, in seconds.
pub const AHEAD_SECONDS_MAX: i64 = 900;

/// Checks drafts and changes of one jurisdiction at a given time.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// Services of the jurisdiction.
    pub catalogue: &'a Catalogue,
    /// Zone of the jurisdiction.
    pub zone: &'a TimeZone,
    /// The present time, in seconds since 1970.
    pub now: i64,
}

impl Gate<'_> {
    /// Checks a draft and makes a report of it. Its id is the draft's own, else `fresh_id`.
    ///
    /// # Errors
    /// Every value refused, each with its field and reason.
    pub fn admit(&self, mut draft: Draft, fresh_id: &ReportId) -> Result<Report, Vec<Refusal>> {
        let mut refused = Vec::new();
        let id = match &draft.id {
            None => fresh_id.clone(),
            Some(text) => take(&mut refused, "service_request_id", text, ReportId::new(text))
                .unwrap_or_else(|| fresh_id.clone()),
        };
        let service = self.service(&draft.service, &mut refused);
        let parent = draft.parent.as_ref().and_then(|text| {
            let parent = take(&mut refused, "parent_service_request_id", text, ReportId::new(text));
            parent.filter(|parent| *parent != id)
        });
        let requested = draft
            .requested
            .or_else(|| jiff::Timestamp::from_second(self.now).ok().map(ReportTime::instant));
        self.times(requested, draft.updated, draft.closed, &mut refused);
        let position = position(draft.lon_lat, &mut refused);
        let status = draft.status.unwrap_or(Status::Open);
        let reason = ending(status, draft.reason, &mut refused);
        let is_typed = draft.is_typed;
        for (field, chars_max, slot) in draft_texts() {
            let slot = slot(&mut draft);
            line(field.name, slot, chars_max, &mut refused);
            if is_typed {
                visible(field.name, slot, &mut refused);
            }
            *slot = filled(slot.take());
        }
        self.details(&draft, &mut refused);
        draft.contact.iter().for_each(|contact| contact.judge(&mut refused));
        let (Some((service, nature)), Some(requested), true) =
            (service, requested, refused.is_empty())
        else {
            return Err(refused);
        };
        Ok(Report {
            id,
            service,
            status,
            reason,
            source_status: draft.source_status,
            nature: draft.nature.unwrap_or(nature),
            channel: draft.channel.unwrap_or(Channel::Import),
            requested,
            updated: draft.updated,
            closed: draft.closed.filter(|_| status == Status::Closed),
            position,
            accuracy: draft.accuracy.unwrap_or(Accuracy::Exact),
            address: draft.address,
            area: draft.area,
            description: draft.description,
            parent,
            assignee: draft.assignee,
            details: known(draft.details),
        })
    }

    /// Changes a report; the rules are those of [`Gate::admit`].
    ///
    /// # Errors
    /// Every value refused, each with its field and reason.
    pub fn amend(&self, report: &Report, patch: Patch) -> Result<Report, Vec<Refusal>> {
        let mut refused = Vec::new();
        let mut next = report.clone();
        if let Some(code) = &patch.service
            && let Some((service, _)) = self.service(code, &mut refused)
        {
            next.service = service;
        }
        if patch.status.is_some() || patch.reason.is_some() {
            let status = patch.status.unwrap_or(report.status);
            let kept = report.reason.filter(|_| status == Status::Closed);
            next.reason = ending(status, patch.reason.or(kept), &mut refused);
            next.closed = match (status, report.status) {
                (Status::Closed, Status::Closed) => report.closed,
                (Status::Closed, _) => {
                    jiff::Timestamp::from_second(self.now.max(report.requested.second()))
                        .ok()
                        .map(ReportTime::instant)
                }
                _ => None,
            };
            if status != report.status {
                next.source_status = None;
            }
            next.status = status;
        }
        if patch.lon_lat.is_some() {
            next.position = position(patch.lon_lat, &mut refused);
            next.accuracy = Accuracy::Exact;
        }
        line("address", &patch.address, LINE_CHARS_MAX, &mut refused);
        line("assignee", &patch.assignee, LINE_CHARS_MAX, &mut refused);
        visible("address", &patch.address, &mut refused);
        visible("assignee", &patch.assignee, &mut refused);
        if patch.address.is_some() {
            next.address = filled(patch.address);
        }
        if patch.assignee.is_some() {
            next.assignee = filled(patch.assignee);
        }
        if refused.is_empty() { Ok(next) } else { Err(refused) }
    }

    fn service(&self, code: &str, refused: &mut Vec<Refusal>) -> Option<(ServiceCode, Nature)> {
        let found = self.catalogue.get(code).map(|service| (service.code.clone(), service.nature));
        if found.is_none() {
            refused.push(self.catalogue.unknown("service_code", code));
        }
        found
    }

    fn details(&self, draft: &Draft, refused: &mut Vec<Refusal>) {
        let Details { answers, media, .. } = &draft.details;
        photos(media, refused);
        for AttributeValue { code, values } in answers.iter().filter(|_| draft.is_typed) {
            values.iter().for_each(|value| visible(code, &Some(value.clone()), refused));
        }
        match self.catalogue.get(&draft.service) {
            Some(service) if draft.asked => attribute::judge(&service.attributes, answers, refused),
            _ => attribute::bound(answers, refused),
        }
    }

    pub(super) fn times(
        &self,
        requested: Option<ReportTime>,
        updated: Option<ReportTime>,
        closed: Option<ReportTime>,
        refused: &mut Vec<Refusal>,
    ) {
        let mut judged = [
            ("requested_datetime", requested),
            ("updated_datetime", updated),
            ("closed_datetime", closed),
        ]
        .into_iter()
        .filter_map(|(field, when)| when.map(|when| (field, when)));
        for (field, when) in judged.by_ref() {
            if when.second() > self.now + AHEAD_SECONDS_MAX {
                refused.push(Refusal::new(
                    field,
                    when,
                    message!("est dans le futur", "is in the future"),
                ));
            } else if when.last_second() < EARLIEST_SECOND {
                refused.push(Refusal::new(
                    field,
                    when,
                    message!("est avant 1970", "is before 1970"),
                ));
            }
        }
        if let (Some(requested), Some(closed)) = (requested, closed)
            && closed.last_second() + CLOSED_EARLY_SECONDS <= requested.second()
            && closed.last_second() >= EARLIEST_SECOND
        {
            let message = message!(
                "est avant la création de la demande ({requested})",
                "is before the request was created ({requested})"
            );
            refused.push(Refusal::new("closed_datetime", closed, message));
        }
    }
}

/// Checks the addresses of photos.
pub(super) fn photos(media: &[String], refused: &mut Vec<Refusal>) {
    for url in media {
        line("media_url", &Some(url.clone()), URL_CHARS_MAX, refused);
        let known = ["http://", "https://", "/media/"];
        let is_url = known.iter().any(|start| url.starts_with(start));
        if !is_url || url.contains(char::is_whitespace) {
            let message = message!(
                "doit être une adresse http(s) ou celle d’une photo envoyée ici",
                "must be an http(s) URL or that of a photo uploaded here"
            );
            refused.push(Refusal::new("media_url", url, message));
        }
    }
    if media.len() > MEDIA_MAX {
        let message = message!("{MEDIA_MAX} photos au plus", "{MEDIA_MAX} photos at most");
        refused.push(Refusal::new("media_url", media.len(), message));
    }
}

fn take<T>(
    refused: &mut Vec<Refusal>,
    field: &str,
    value: &str,
    result: Result<T, Message>,
) -> Option<T> {
    result.map_err(|message| refused.push(Refusal::new(field, value, message))).ok()
}

/// The position at these degrees, `None` where none are given. A degree out of range is added to
/// `refused`.
pub fn position(lon_lat: Option<(f64, f64)>, refused: &mut Vec<Refusal>) -> Option<Position> {
    let (lon, lat) = lon_lat?;
    let out = match Position::new(lon, lat) {
        Ok(position) => return Some(position),
        Err(out) => out,
    };
    let limit = out.limit;
    let message = message!(
        "doit être un nombre entre -{limit} et {limit} degrés",
        "must be a number between -{limit} and {limit} degrees"
    );
    refused.push(Refusal::new(out.axis, out.value, message));
    None
}

fn ending(
    status: Status,
    reason: Option<ClosedReason>,
    refused: &mut Vec<Refusal>,
) -> Option<ClosedReason> {
    match (status, reason) {
        (Status::Closed, reason) => Some(reason.unwrap_or(ClosedReason::Done)),
        (_, None) => None,
        (_, Some(reason)) => {
            let message = message!(
                "ne s’applique qu’à une demande fermée ; celle-ci est « {status} »",
                "applies to closed requests only; this one is '{status}'"
            );
            refused.push(Refusal::new("closed_reason", reason, message));
            None
        }
    }
}

/// The details, `None` if they are empty.
fn known(details: Details) -> Option<Box<Details>> {
    let details = Details { answers: answered(details.answers), ..details };
    (!details.is_empty()).then(|| Box::new(details))
}

/// The answers that are not blank, without white space at their ends.
fn answered(answers: Vec<AttributeValue>) -> Vec<AttributeValue> {
    let values = |values: Vec<String>| {
        let trimmed = values.into_iter().map(|value| value.trim().to_owned());
        trimmed.filter(|value| !value.is_empty()).collect::<Vec<_>>()
    };
    let answers = answers
        .into_iter()
        .map(|answer| AttributeValue { values: values(answer.values), ..answer });
    answers.filter(|answer| !answer.values.is_empty()).collect()
}

/// A text without white space at its ends; `None` if nothing is left.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupWords;
    use crate::domain::catalogue::Group;
    use crate::domain::report::id::tracking_number;

    fn with_gate<T>(ask: impl FnOnce(&Gate<'_>) -> T) -> T {
        let code = "voirie".into();
        let (words, weak_words) = (GroupWords::default(), GroupWords::default());
        let group = Group { code, names: Message::default(), words, weak_words, severity: 3 };
        let mut catalogue = Catalogue::new(vec![group]);
        catalogue.add(catalogue.adopt("Nid-de-poule", None, Nature::Intervention));
        let zone = TimeZone::get("America/Toronto").unwrap();
        ask(&Gate { catalogue: &catalogue, zone: &zone, now: 1_780_000_000 })
    }

    fn at(second: i64) -> Option<ReportTime> {
        Some(ReportTime::instant(jiff::Timestamp::from_second(second).unwrap()))
    }

    fn refused(change: impl FnOnce(&mut Draft)) -> Vec<String> {
        let mut draft = Draft { service: "nid-de-poule".into(), ..Draft::default() };
        change(&mut draft);
        let result = with_gate(|gate| gate.admit(draft, &tracking_number(1)));
        result.err().unwrap_or_default().into_iter().map(|refusal| refusal.field).collect()
    }

    #[test]
    fn every_refusal_names_its_field() {
        assert_eq!(refused(|_| ()), [""; 0]);
        assert_eq!(refused(|d| d.service = "licorne".into()), ["service_code"]);
        assert_eq!(refused(|d| d.lon_lat = Some((f64::NAN, 0.0))), ["lon"]);
        assert_eq!(refused(|d| d.lon_lat = Some((0.0, 91.0))), ["lat"]);
        assert_eq!(refused(|d| d.requested = at(1_790_000_000)), ["requested_datetime"]);
        assert_eq!(refused(|d| d.requested = at(-2_208_988_800)), ["requested_datetime"]);
        assert_eq!(refused(|d| d.description = Some("é".repeat(4001))), ["description"]);
        assert_eq!(refused(|d| d.description = Some("é".repeat(4000))), [""; 0]);
        let hidden = |d: &mut Draft| d.description = Some("a\u{202e}b".into());
        assert_eq!(refused(hidden), [""; 0], "files keep theirs");
        let typed = |d: &mut Draft| (hidden(d), d.is_typed = true).1;
        assert_eq!(refused(typed), ["description"]);
        assert_eq!(refused(|d| d.reason = Some(ClosedReason::Done)), ["closed_reason"]);
        assert_eq!(refused(|d| d.id = Some("a\nb".into())), ["service_request_id"]);
        let early = |d: &mut Draft| {
            (d.requested, d.closed, d.status) = (at(100_000), at(99_940), Some(Status::Closed));
        };
        assert_eq!(refused(early), ["closed_datetime"]);
        let seconds_early = |d: &mut Draft| {
            (d.requested, d.closed, d.status) = (at(100_000), at(99_941), Some(Status::Closed));
        };
        assert_eq!(refused(seconds_early), [""; 0]);
        assert_eq!(
            refused(|d| {
                early(d);
                d.service = String::new()
            })
            .len(),
            2
        );
    }

    #[test]
    fn a_day_closed_on_its_own_day_is_not_before_itself() {
        let zone = TimeZone::get("Europe/Zurich").unwrap();
        let draft = Draft {
            service: "nid-de-poule".into(),
            requested: Some(ReportTime::parse("2016-06-27T15:00:00", &zone).unwrap()),
            closed: Some(ReportTime::parse("2016-06-27", &zone).unwrap()),
            status: Some(Status::Closed),
            ..Draft::default()
        };
        let report = with_gate(|gate| gate.admit(draft, &tracking_number(1))).unwrap();
        assert_eq!(report.closed.unwrap().to_string(), "2016-06-27");
        assert_eq!(report.reason, Some(ClosedReason::Done));
    }

    #[test]
    fn amending_opens_and_closes() {
        with_gate(|gate| {
            let draft = Draft { service: "nid-de-poule".into(), ..Draft::default() };
            let open = gate.admit(draft, &tracking_number(1)).unwrap();
            let close = Patch { status: Some(Status::Closed), ..Patch::default() };
            let closed = gate.amend(&open, close).unwrap();
            assert_eq!(closed.reason, Some(ClosedReason::Done));
            assert_eq!(closed.closed.unwrap().second(), gate.now);
            let reopen = Patch { status: Some(Status::Open), ..Patch::default() };
            let reopened = gate.amend(&closed, reopen).unwrap();
            assert_eq!((reopened.reason, reopened.closed), (None, None));
            let bad = Patch { lon_lat: Some((0.0, -91.0)), ..Patch::default() };
            assert_eq!(gate.amend(&open, bad).unwrap_err()[0].field, "lat");
        });
    }
}
