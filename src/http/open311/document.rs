//! The documents of Open311 GeoReport v2.

use crate::domain::{
    Accuracy, Attribute, Catalogue, ClosedReason, Details, Report, ReportTime, Service, Status,
    StoredReport,
};
use crate::error::Error;
use crate::http::open311::node::Node;
use crate::i18n::{Language, Message};

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
pub fn discovery(about: &DiscoveryFacts<'_>) -> Node {
    let formats = ["text/xml", "application/json"].map(Node::text).to_vec();
    let endpoint = Node::Fields(vec![
        ("specification", Node::text("http://wiki.open311.org/GeoReport_v2")),
        ("url", Node::text(about.url)),
        ("changeset", Node::text(about.changeset)),
        ("type", Node::text(about.kind)),
        ("formats", Node::List("format", formats)),
    ]);
    Node::Fields(vec![
        ("changeset", Node::text(about.changeset)),
        ("contact", Node::text(about.contact)),
        ("key_service", Node::text(about.key_service)),
        ("endpoints", Node::List("endpoint", vec![endpoint])),
    ])
}

/// The list of services.
pub fn services(catalogue: &Catalogue, language: Language) -> Node {
    let group = |code: &str| {
        let known = catalogue.groups().iter().find(|group| group.code == code);
        known.map_or(code, |group| language.pick(&group.names)).to_owned()
    };
    let service = |service: &Service| {
        Node::Fields(vec![
            ("service_code", Node::text(service.code.as_str())),
            ("service_name", Node::text(language.pick(&service.names))),
            ("description", Node::text(language.pick(&service.descriptions))),
            ("metadata", Node::Flag(!service.attributes.is_empty())),
            ("type", Node::text("realtime")),
            ("keywords", Node::text(service.keywords.join(", "))),
            ("group", Node::Text(group(&service.group))),
        ])
    };
    Node::List("service", catalogue.services().iter().map(|known| service(known)).collect())
}

/// The definition of a service: its questions.
pub fn definition(service: &Service, language: Language) -> Node {
    let text = |message: &Message| Node::text(language.pick(message));
    let value = |(key, names): &(String, Message)| {
        Node::Fields(vec![("key", Node::text(key)), ("name", text(names))])
    };
    let attribute = |(order, question): (u64, &Attribute)| {
        let mut fields = vec![
            ("variable", Node::Flag(question.variable)),
            ("code", Node::text(&question.code)),
            ("datatype", Node::text(question.datatype.as_str())),
            ("required", Node::Flag(question.required)),
            ("datatype_description", text(&question.hints)),
            ("order", Node::Count(order)),
            ("description", text(&question.descriptions)),
        ];
        if !question.values.is_empty() {
            fields
                .push(("values", Node::List("value", question.values.iter().map(value).collect())));
        }
        Node::Fields(fields)
    };
    let attributes = (1..).zip(&service.attributes).map(attribute).collect();
    Node::Fields(vec![
        ("service_code", Node::text(service.code.as_str())),
        ("attributes", Node::List("attribute", attributes)),
    ])
}

/// The response to a new service request; `more` has members beyond the standard.
pub fn submitted(
    stored: &StoredReport,
    account: Option<String>,
    more: Vec<(&'static str, Node)>,
) -> Node {
    let mut fields = vec![
        ("service_request_id", Node::text(stored.report.id.as_str())),
        (
            "service_notice",
            Node::maybe(stored.report.details.as_ref().and_then(|d| d.notice.clone())),
        ),
        ("account_id", Node::maybe(account)),
    ];
    fields.extend(more);
    Node::List("request", vec![Node::Fields(fields)])
}

/// The error document, with one error for each refused value.
pub fn errors(error: &Error, code: u16, language: Language) -> Node {
    let one = |description: String| {
        let code = Node::Count(code.into());
        Node::Fields(vec![("code", code), ("description", Node::Text(description))])
    };
    let refused = |refusal: &crate::error::Refusal| {
        let (field, value, message) =
            (&refusal.field, &refusal.value, language.pick(&refusal.message));
        match value.as_str() {
            "" => one(format!("{field}: {message}")),
            value => one(format!("{field}: '{value}' {message}")),
        }
    };
    let list: Vec<Node> = match error.refusals.as_slice() {
        [] => vec![one(language.pick(&error.message).to_owned())],
        many => many.iter().map(refused).collect(),
    };
    Node::List("error", list)
}

/// One service request.
pub fn request(stored: &StoredReport, renderer: &RequestRenderer<'_>) -> Node {
    let report = &stored.report;
    let code = report.service.as_str();
    let name = renderer.catalogue.get(code);
    let name = name.map_or(code, |service| renderer.language.pick(&service.names));
    let none = Details::default();
    let details = report.details.as_deref().unwrap_or(&none);
    let text = |text: &Option<String>| Node::maybe(text.clone());
    let instant = |when: ReportTime| Node::Text(when.as_instant().to_string());
    let degrees = |pick: fn(crate::place::Position) -> f64| {
        report.position.map_or(Node::Null, |at| Node::Number(pick(at)))
    };
    let photo = details.media.first().map(|url| absolute(url, renderer.base));
    let mut fields = vec![
        ("service_request_id", Node::text(report.id.as_str())),
        ("status", Node::text(if report.status == Status::Closed { "closed" } else { "open" })),
        ("status_notes", Node::Text(notes(report, renderer.language))),
        ("service_name", Node::text(name)),
        ("service_code", Node::text(code)),
        ("description", text(&report.description)),
        ("agency_responsible", text(&report.assignee)),
        ("service_notice", text(&details.notice)),
        ("requested_datetime", instant(report.requested)),
        ("updated_datetime", updated(stored)),
        ("expected_datetime", details.expected.map_or(Node::Null, instant)),
        ("address", text(&report.address)),
        ("address_id", text(&details.address_id)),
        ("zipcode", text(&details.zipcode)),
        ("lat", degrees(|at| at.lat())),
        ("long", degrees(|at| at.lon())),
        ("media_url", Node::maybe(photo)),
    ];
    if renderer.extended {
        fields.push(("extended_attributes", extended(stored, details, renderer.base)));
    }
    Node::Fields(fields)
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

/// `updated_datetime`: the latest of the source's update, closing, creation, and change in this
/// service.
fn updated(stored: &StoredReport) -> Node {
    let report = &stored.report;
    let own = report.updated.into_iter().chain(report.closed).chain([report.requested]);
    let own = own.max_by_key(|when| when.second()).map(|when| when.as_instant().to_string());
    // Both are RFC 3339 in UTC with whole seconds, so comparing the texts compares the times.
    Node::maybe(own.max(stored.changed.clone()))
}

/// `extended_attributes`: what the members of the standard cannot hold. Together they are lossless:
/// a mirror restores every field of the report from them.
fn extended(stored: &StoredReport, details: &Details, base: &str) -> Node {
    let report = &stored.report;
    let text = |text: &Option<String>| Node::maybe(text.clone());
    let when = |when: Option<ReportTime>| Node::maybe(when.map(|when| when.to_string()));
    let urls = details.media.iter().map(|url| Node::Text(absolute(url, base))).collect();
    let answer = |answer: &crate::domain::AttributeValue| {
        let values = answer.values.iter().map(Node::text).collect();
        Node::Fields(vec![
            ("code", Node::text(&answer.code)),
            ("values", Node::List("value", values)),
        ])
    };
    let placed = report.position.is_some() || report.accuracy == Accuracy::Approximate;
    Node::Fields(vec![
        ("detailed_status", Node::text(report.status.as_str())),
        ("closed_reason", Node::maybe(report.reason.map(|reason| reason.as_str()))),
        ("source_status", text(&report.source_status)),
        ("duplicate", Node::Flag(report.parent.is_some())),
        ("parent_service_request_id", Node::maybe(report.parent.as_ref().map(|id| id.as_str()))),
        ("nature", Node::text(report.nature.as_str())),
        ("channel", Node::text(report.channel.as_str())),
        ("requested", when(Some(report.requested))),
        ("updated", when(report.updated)),
        ("closed", when(report.closed)),
        ("expected", when(details.expected)),
        ("accuracy", Node::maybe(placed.then(|| report.accuracy.as_str()))),
        ("area", text(&report.area)),
        ("attributes", Node::List("attribute", details.answers.iter().map(answer).collect())),
        ("media_urls", Node::List("media_url", urls)),
        ("changed_datetime", Node::text(stored.changed.as_ref().unwrap_or(&stored.recorded))),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use serde_json::Value;

    use super::*;
    use crate::domain::fields::{ALL, Field, FieldValue, Open311};
    use crate::domain::{
        AttributeValue, Channel, Nature, ReportId, ReportLabels, ServiceCode, Vocabulary as _,
    };
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
            closed: Some(time("2026-03-04T08:30:00Z")),
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
        StoredReport { report, revision: 7, created_revision: 3, recorded, changed: None }
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
