//! Writing reports, services and errors as documents of Open311 GeoReport v2.

use std::sync::Arc;

use crate::domain::{
    Accuracy, Attribute, AttributeValue, Catalogue, ClosedReason, Details, Report, ReportTime,
    Service, Status, StoredReport, StoredUpdate, author_shown,
};
use crate::error::Error;
use crate::export::word::Word;
use crate::http::open311::answer::{
    AnsweredAttribute, Open311Attribute, Open311CreatedRequest, Open311Discovery, Open311Endpoint,
    Open311Error, Open311Extension, Open311Service, Open311ServiceDefinition,
    Open311ServiceRequest, Open311Update, Open311UpdateExtension, Open311Value,
};
use crate::http::reply::problem::ERRORS_MAX;
use crate::i18n::{Language, Message};
use crate::message;
use crate::usecase::updates::PUBLIC_AUTHOR;

/// Writes service requests.
pub struct RequestRenderer<'a> {
    /// The city's services.
    pub catalogue: &'a Catalogue,
    /// The reader's language.
    pub language: Language,
    /// Add `extended_attributes`, the fields that the standard does not name?
    pub extended: bool,
    /// The public address of this service, for its own photos.
    pub base: &'a str,
}

/// The contents of the discovery document.
pub struct DiscoveryFacts<'a> {
    /// The address of the endpoint.
    pub url: &'a str,
    /// An e-mail address or a name.
    pub contact: &'a str,
    /// How to get an API key.
    pub key_service: &'a str,
    /// `production` or `test`.
    pub kind: &'a str,
    /// When the endpoint last changed, RFC 3339.
    pub changeset: &'a str,
}

/// The discovery document.
pub fn discovery(about: &DiscoveryFacts<'_>) -> Open311Discovery {
    let endpoint = Open311Endpoint {
        specification: "http://wiki.open311.org/GeoReport_v2",
        url: about.url.to_owned(),
        changeset: about.changeset.to_owned(),
        r#type: about.kind.to_owned(),
        formats: ["text/xml", "application/json"],
    };
    Open311Discovery {
        changeset: about.changeset.to_owned(),
        contact: about.contact.to_owned(),
        key_service: about.key_service.to_owned(),
        endpoints: vec![endpoint],
    }
}

/// The list of services.
pub fn services(catalogue: &Catalogue, language: Language) -> Vec<Open311Service> {
    let group = |code: &str| {
        let known = catalogue.groups().iter().find(|group| group.code == code);
        known.map_or(code, |group| language.pick(&group.names)).to_owned()
    };
    let service = |service: &Arc<Service>| Open311Service {
        service_code: service.code.to_string(),
        service_name: language.pick(&service.names).to_owned(),
        description: language.pick(&service.descriptions).to_owned(),
        metadata: !service.attributes.is_empty(),
        r#type: "realtime",
        keywords: service.keywords.join(", "),
        group: group(&service.group),
    };
    catalogue.services().iter().map(service).collect()
}

/// The definition of a service: its questions.
pub fn definition(service: &Service, language: Language) -> Open311ServiceDefinition {
    let text = |message: &Message| language.pick(message).to_owned();
    let value =
        |(key, names): &(String, Message)| Open311Value { key: key.clone(), name: text(names) };
    let attribute = |(order, question): (u64, &Attribute)| Open311Attribute {
        variable: question.variable,
        code: question.code.clone(),
        datatype: Word(question.datatype),
        required: question.required,
        datatype_description: text(&question.hints),
        order,
        description: text(&question.descriptions),
        values: question.values.iter().map(value).collect(),
    };
    Open311ServiceDefinition {
        service_code: service.code.to_string(),
        attributes: (1..).zip(&service.attributes).map(attribute).collect(),
    }
}

/// The response to a new service request; `account` is the sender's account.
pub fn created(stored: &StoredReport, account: Option<String>) -> Vec<Open311CreatedRequest> {
    let report = &stored.report;
    vec![Open311CreatedRequest {
        service_request_id: report.id.to_string(),
        service_notice: report.details.as_ref().and_then(|details| details.notice.clone()),
        account_id: account,
        parent_service_request_id: report.parent.as_ref().map(ToString::to_string),
    }]
}

/// The error document, with one error for each refused value.
pub fn errors(error: &Error, code: u16, language: Language) -> Vec<Open311Error> {
    let one = |description: String| Open311Error { code, description };
    let refused = |refusal: &crate::error::Refusal| {
        let (field, value, message) =
            (&refusal.field, &refusal.value, language.pick(&refusal.message));
        match value.as_str() {
            "" => one(format!("{field}: {message}")),
            value => one(format!("{field}: '{value}' {message}")),
        }
    };
    match error.refusals.as_slice() {
        [] => vec![one(language.pick(&error.message).to_owned())],
        many => {
            let mut errors: Vec<Open311Error> = many.iter().take(ERRORS_MAX).map(refused).collect();
            if let Some(more) = many.len().checked_sub(ERRORS_MAX).filter(|more| *more > 0) {
                let Message { fr, en } = message!("et {more} autres", "and {more} more");
                errors.push(one(if language == Language::French { fr } else { en }));
            }
            errors
        }
    }
}

/// One service request.
pub fn request(stored: &StoredReport, renderer: &RequestRenderer<'_>) -> Open311ServiceRequest {
    let report = &stored.report;
    let code = report.service.as_str();
    let name = renderer.catalogue.get(code);
    let name = name.map_or(code, |service| renderer.language.pick(&service.names));
    let none = Details::default();
    let details = report.details.as_deref().unwrap_or(&none);
    let instant = |when: ReportTime| when.as_instant().to_string();
    Open311ServiceRequest {
        service_request_id: report.id.to_string(),
        status: if report.status == Status::Closed { "closed" } else { "open" },
        status_notes: notes(report, renderer.language),
        service_name: name.to_owned(),
        service_code: code.to_owned(),
        description: report.description.clone(),
        agency_responsible: report.assignee.clone(),
        service_notice: details.notice.clone(),
        requested_datetime: instant(report.requested),
        updated_datetime: updated(stored),
        expected_datetime: details.expected.map(instant),
        address: report.address.clone(),
        address_id: details.address_id.clone(),
        zipcode: details.zipcode.clone(),
        lat: report.position.map(|at| at.lat()),
        long: report.position.map(|at| at.lon()),
        media_url: details.media.first().map(|url| absolute(url, renderer.base)),
        extended_attributes: renderer.extended.then(|| extended(stored, details, renderer.base)),
    }
}

/// One update. `base` is the public address of this service, for its own photos.
pub fn update(
    stored: &StoredUpdate,
    base: &str,
    is_extended: bool,
    shows_names: bool,
) -> Open311Update {
    let StoredUpdate { revision, report, update, recorded, author } = stored;
    let urls: Vec<String> = update.media.iter().map(|url| absolute(url, base)).collect();
    // What anybody says of the status did not change it: clients would close the request by it.
    let is_of_crew = author.as_str() != PUBLIC_AUTHOR;
    Open311Update {
        update_id: revision.to_string(),
        service_request_id: report.to_string(),
        status: is_of_crew.then_some(Word(update.status)),
        updated_datetime: update.updated.to_string(),
        description: update.description.clone().unwrap_or_default(),
        media_url: urls.first().cloned().unwrap_or_default(),
        extended_attributes: is_extended.then(|| Open311UpdateExtension {
            author: author_shown(author, shows_names).to_owned(),
            recorded_datetime: recorded.clone(),
            media_urls: urls,
        }),
    }
}

/// The absolute address of a photo; the service stores its own as paths.
fn absolute(url: &str, base: &str) -> String {
    if url.starts_with('/') { format!("{base}{url}") } else { url.to_owned() }
}

/// `status_notes`: the source's own word for the status, otherwise the status in words.
fn notes(report: &Report, language: Language) -> String {
    if let Some(own) = &report.source_status {
        return own.clone();
    }
    let message = match (report.status, report.reason) {
        (Status::Open, _) => crate::message!("Reçue", "Received"),
        (Status::InProgress, _) => crate::message!("En cours", "In progress"),
        (_, Some(ClosedReason::Duplicate)) => {
            let of = report.parent.as_ref().map_or(String::new(), |parent| format!(" {parent}"));
            crate::message!("Doublon{of}", "Duplicate{of}")
        }
        (_, Some(ClosedReason::Refused)) => crate::message!("Refusée", "Refused"),
        (_, Some(ClosedReason::Cancelled)) => crate::message!("Annulée", "Cancelled"),
        _ => crate::message!("Réglée", "Done"),
    };
    language.pick(&message).to_owned()
}

/// `updated_datetime`: of a closed request the time of its closing, as GeoReport v2 says;
/// otherwise, or where that is not known, the latest of the source's update, creation, and change
/// in this service.
fn updated(stored: &StoredReport) -> Option<String> {
    let report = &stored.report;
    if let (Status::Closed, Some(closed)) = (report.status, report.closed) {
        return Some(closed.as_instant().to_string());
    }
    let own = report.updated.into_iter().chain(report.closed).chain([report.requested]);
    let own = own.max_by_key(|when| when.second()).map(|when| when.as_instant().to_string());
    // Both are RFC 3339 in UTC with whole seconds, so comparing the texts compares the times.
    own.max(stored.changed.clone())
}

/// `extended_attributes`.
fn extended(stored: &StoredReport, details: &Details, base: &str) -> Open311Extension {
    let report = &stored.report;
    let when = |when: Option<ReportTime>| when.map(|when| when.to_string());
    let answer = |answer: &AttributeValue| AnsweredAttribute {
        code: answer.code.clone(),
        values: answer.values.clone(),
    };
    let placed = report.position.is_some() || report.accuracy == Accuracy::Approximate;
    Open311Extension {
        detailed_status: Word(report.status),
        closed_reason: report.reason.map(Word),
        source_status: report.source_status.clone(),
        duplicate: report.parent.is_some(),
        parent_service_request_id: report.parent.as_ref().map(ToString::to_string),
        nature: Word(report.nature),
        channel: Word(report.channel),
        requested: report.requested.to_string(),
        updated: when(report.updated),
        closed: when(report.closed),
        expected: when(details.expected),
        accuracy: placed.then_some(Word(report.accuracy)),
        area: report.area.clone(),
        attributes: details.answers.iter().map(answer).collect(),
        media_urls: details.media.iter().map(|url| absolute(url, base)).collect(),
        changed_datetime: stored.changed.as_ref().unwrap_or(&stored.recorded).clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use serde_json::Value;

    use super::*;
    use crate::domain::fields::{ALL, Field, FieldValue, Open311};
    use crate::domain::{Channel, Nature, ReportId, ReportLabels, ServiceCode, Vocabulary as _};
    use crate::place::Position;

    /// A report that has a value in every field.
    fn full() -> StoredReport {
        let time = |text: &str| ReportTime::parse(text, &TimeZone::UTC).unwrap();
        let details = Details {
            address_id: Some("A-1".into()),
            zipcode: Some("G1R 4S9".into()),
            notice: Some("Demain".into()),
            expected: Some(time("2026-03-09T12:00:00Z")),
            answers: vec![AttributeValue { code: "etat".into(), values: vec!["eteint".into()] }],
            media: vec!["/media/one.jpg".into(), "https://example.org/two.jpg".into()],
        };
        let report = Report {
            id: ReportId::new("4RX-7KM-PH").unwrap(),
            service: ServiceCode::new("lampadaire").unwrap(),
            status: Status::Closed,
            reason: Some(ClosedReason::Duplicate),
            source_status: Some("Fermé".into()),
            nature: Nature::VALUES[1],
            channel: Channel::Phone,
            requested: time("2026-03-01T08:30:00Z"),
            updated: Some(time("2026-03-05T08:30:00Z")),
            closed: Some(time("2026-03-05T08:30:00Z")),
            position: Some(Position::new(-71.25, 46.8125).unwrap()),
            accuracy: Accuracy::Approximate,
            address: Some("12, rue Saint-Jean".into()),
            area: Some("Limoilou".into()),
            description: Some("Éteint".into()),
            parent: Some(ReportId::new("7HT-2KV-95").unwrap()),
            assignee: Some("Équipe 3".into()),
            details: Some(Box::new(details)),
        };
        let recorded = "2026-03-01T08:30:01Z".to_owned();
        StoredReport {
            report,
            revision: 7,
            created_revision: 3,
            recorded,
            changed: None,
            assigned_here: false,
            held: Vec::new(),
        }
    }

    /// Does a member of the document hold the value of the field?
    fn holds(field: &Field, stored: &StoredReport, member: &Value) -> bool {
        let labels = ReportLabels { jurisdiction: "", service: "lampadaire", group: "" };
        match field.shown(stored, &labels).unwrap() {
            FieldValue::Text(text) => member.as_str() == Some(&*text),
            FieldValue::Degrees(degrees) => member.as_f64() == Some(degrees),
            FieldValue::Count(count) => member.as_u64() == Some(count),
            FieldValue::Attributes(answers) => {
                let known = member.as_array().unwrap().iter().zip(answers);
                known.clone().count() == answers.len()
                    && known.into_iter().all(|(member, answer)| {
                        member["code"] == answer.code && member["values"][0] == answer.values[0]
                    })
            }
            FieldValue::Addresses(urls) => member.as_str() == Some(&format!("http://h{}", urls[0])),
        }
    }

    #[test]
    fn the_members_are_those_that_the_fields_name() {
        let stored = full();
        let catalogue = Catalogue::default();
        let renderer = RequestRenderer {
            catalogue: &catalogue,
            language: Language::French,
            extended: true,
            base: "http://h",
        };
        let document = serde_json::to_value(request(&stored, &renderer)).unwrap();
        let extended = &document["extended_attributes"];
        // Of the standard's own, and of what its members cannot hold exactly.
        let mut names = BTreeSet::from(["status_notes", "extended_attributes"]);
        let mut extended_names = BTreeSet::from([
            "changed_datetime",
            "detailed_status",
            "duplicate",
            "expected",
            "media_urls",
            "requested",
            "updated",
        ]);
        for field in ALL {
            let member = match field.open311 {
                Open311::None => continue,
                Open311::Member(name) => {
                    names.insert(name);
                    &document[name]
                }
                Open311::Extended(name) => {
                    extended_names.insert(name);
                    &extended[name]
                }
            };
            assert!(holds(field, &stored, member), "{}: {member}", field.name);
        }
        let members = |object: &Value| -> BTreeSet<String> {
            object.as_object().unwrap().keys().cloned().collect()
        };
        let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
        assert_eq!(members(&document), owned(names));
        assert_eq!(members(extended), owned(extended_names));
    }
}
