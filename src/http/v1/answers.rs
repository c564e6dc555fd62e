//! JSON answers that are not geographic: counts, catalogues, cities, histories.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::domain::{
    Attribute, Catalogue, Contact, FieldChange, Group, Jurisdiction, Service, StoredReport,
};
use crate::export::geojson::instant;
use crate::i18n::{Language, Message};
use crate::place::BBox;
use crate::query::{Count, Stats};

/// Counts under a filter.
pub fn stats(
    stats: &Stats,
    days: &[Date],
    as_of: u64,
    catalogue: &Catalogue,
    language: Language,
) -> Value {
    let words = |list: Vec<(&'static str, u64)>| -> Value {
        list.into_iter().map(|(word, n)| (word.to_owned(), json!(n))).collect::<Map<_, _>>().into()
    };
    let services = stats.services.iter().map(|count| {
        let service = catalogue.get(&count.name);
        json!({
            "code": count.name,
            "name": service.map_or(&*count.name, |service| language.pick(&service.names)),
            "group": service.map_or("", |service| &service.group),
            "count": count.count,
            "open": count.open,
        })
    });
    let center = |count: &Count| count.center.map(|(lon, lat)| [degrees(lon), degrees(lat)]);
    let areas = stats.areas.iter().map(|count| {
        let (name, center) = (&count.name, center(count));
        json!({ "name": name, "count": count.count, "open": count.open, "center": center })
    });
    let days = days.iter().zip(&stats.days);
    let days = days.map(|(day, n)| json!({ "date": day.to_string(), "count": n }));
    let hours = |seconds: i64| (seconds as f64 / 360.0).round() / 10.0;
    json!({
        "as_of": as_of,
        "total": stats.total,
        "open": stats.open,
        "exact": stats.exact,
        "approximate": stats.approximate,
        "unlocated": stats.unlocated,
        "oldest_open_datetime": stats.oldest_open.map(instant),
        "hours_to_close": stats.seconds_to_close.map(|[p25, p50, p75, p90]| json!({
            "p25": hours(p25), "p50": hours(p50), "p75": hours(p75), "p90": hours(p90),
        })),
        "status": words(stats.statuses.iter().map(|(word, n)| (word.as_str(), *n)).collect()),
        "closed_reason": words(stats.reasons.iter().map(|(word, n)| (word.as_str(), *n)).collect()),
        "nature": words(stats.natures.iter().map(|(word, n)| (word.as_str(), *n)).collect()),
        "channel": words(stats.channels.iter().map(|(word, n)| (word.as_str(), *n)).collect()),
        "service": services.collect::<Value>(),
        "area": areas.collect::<Value>(),
        "day": days.collect::<Value>(),
    })
}

/// A metre or so: a label is not placed finer.
fn degrees(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

/// A jurisdiction's groups and services.
pub fn services(catalogue: &Catalogue, language: Language) -> Value {
    let group = |group: &Group| json!({ "code": group.code, "name": language.pick(&group.names) });
    let service = |service: &Service| {
        json!({
            "service_code": service.code.as_str(),
            "service_name": language.pick(&service.names),
            "names": { "fr": service.names.fr, "en": service.names.en },
            "description": language.pick(&service.descriptions),
            "group": service.group,
            "nature": service.nature.as_str(),
            "synonyms": service.synonyms,
            "keywords": service.keywords.join(", "),
            "attributes": attributes(service, language),
        })
    };
    json!({
        "groups": catalogue.groups().iter().map(group).collect::<Value>(),
        "services": catalogue.services().iter().map(|s| service(s)).collect::<Value>(),
    })
}

/// What a service asks of whoever reports.
fn attributes(service: &Service, language: Language) -> Value {
    let values = |question: &Attribute| {
        let value =
            |(key, names): &(String, Message)| json!({ "key": key, "name": language.pick(names) });
        question.values.iter().map(value).collect::<Value>()
    };
    let attribute = |question: &Attribute| {
        json!({
            "code": question.code,
            "variable": question.variable,
            "datatype": question.datatype.as_str(),
            "required": question.required,
            "description": language.pick(&question.descriptions),
            "datatype_description": language.pick(&question.hints),
            "values": values(question),
        })
    };
    service.attributes.iter().map(attribute).collect()
}

/// One city of the service.
pub fn jurisdiction(
    city: &Jurisdiction,
    extent: Option<BBox>,
    revision: u64,
    reports: usize,
) -> Value {
    json!({
        "jurisdiction_id": city.id.as_str(),
        "name": city.name,
        "time_zone": city.time_zone,
        "extent": extent.map(|b| [b.west, b.south, b.east, b.north]),
        "revision": revision,
        "reports": reports,
    })
}

/// Who reported; empty where nobody said.
pub fn contact(contact: Option<Contact>) -> Value {
    let contact = contact.unwrap_or_default();
    let fields = Contact::FIELDS.iter().zip(contact.fields());
    let said =
        fields.filter_map(|(name, field)| Some(((*name).to_owned(), json!(field.as_ref()?))));
    Value::Object(said.collect())
}

/// Everything that happened to a report, oldest first.
pub fn history(stored: &StoredReport, changes: &[FieldChange]) -> Value {
    let mut steps = vec![json!({
        "revision": stored.created_revision,
        "at": stored.recorded,
        "author": stored.report.channel.as_str(),
        "event": "created",
    })];
    for group in changes.chunk_by(|a, b| a.revision == b.revision) {
        let fields = group.iter().map(|change| {
            json!({ "field": change.field, "before": change.before, "after": change.after })
        });
        steps.push(json!({
            "revision": group[0].revision,
            "at": group[0].at,
            "author": group[0].author,
            "event": "changed",
            "fields": fields.collect::<Value>(),
        }));
    }
    json!({ "service_request_id": stored.report.id.as_str(), "history": steps })
}
