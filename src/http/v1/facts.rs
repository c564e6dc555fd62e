//! Reports as GeoJSON features with the fields that the index holds: no access to the store.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::domain::{
    Accuracy, Channel, ClosedReason, Filter, Nature, ReportView, Status, format_utc,
};
use crate::error::{Error, Result};
use crate::export::geojson::{Collection, Feature, Point, instant};
use crate::export::word::Word;
use crate::http::reply::answer::CostClass;
use crate::index::{DocAddress, Snapshot};
use crate::place::Meters;
use crate::query::{NearbyReport, Page};

/// Limit of the number of reports of a response of [`CostClass::Quick`].
const QUICK_ROWS: usize = 100;
/// Limit of the search radius of a response of `CostClass::Quick`, in metres.
pub const QUICK_M: f64 = 500.0;

/// The cost of a search around a position. It is low for few reports within a small radius under a
/// filter that has an index of its own, so that few candidates fail the filter.
pub fn cost_of(filter: &Filter, rows: usize, radius_m: f64) -> CostClass {
    let is_short = rows <= QUICK_ROWS && radius_m <= QUICK_M;
    if is_short && filter.is_plain() { CostClass::Quick } else { CostClass::Long }
}

/// A page of reports as JSON. `of` gives the address of an item, and its distance if it has one.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn facts_page<T>(
    snapshot: &Snapshot,
    page: &Page<T>,
    next: Option<String>,
    zone: &TimeZone,
    of: impl Fn(&T) -> (DocAddress, Option<Meters>),
) -> Result<Vec<u8>> {
    let mut head = Collection::new(snapshot.revision(), Vec::new());
    head.number_returned = page.items.len();
    (head.truncated, head.next) = (page.more, next);
    let found = page.items.iter().map(|item| {
        let (address, distance) = of(item);
        (snapshot.view(address), distance)
    });
    facts_collection(&head, found, zone).map_err(Error::internal)
}

/// Address and distance of a report that was found around a position.
pub fn found_facts(found: &NearbyReport) -> (DocAddress, Option<Meters>) {
    (found.address, Some(found.distance))
}

/// The indexed fields of a report, and its distance in searches around a position.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportFacts")]
pub struct FactsOut<'a> {
    #[schemars(extend("enum" = [false]))]
    cluster: bool,
    /// Tracking number.
    #[schemars(extend("x-fr" = "Numéro de suivi."))]
    service_request_id: &'a str,
    service_code: &'a str,
    status: Word<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_reason: Option<Word<ClosedReason>>,
    nature: Word<Nature>,
    channel: Word<Channel>,
    requested_datetime: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_datetime: Option<Instant>,
    accuracy: Word<Accuracy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<&'a str>,
    /// The original of a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-fr" = "L’original d’un doublon."))]
    parent_service_request_id: Option<&'a str>,
    /// Distance from the searched position, in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-fr" = "Distance à la position cherchée, en mètres."))]
    distance_m: Option<f64>,
}

/// The feature of a report with its indexed fields.
pub fn facts<'a>(
    view: &ReportView<'a>,
    distance: Option<Meters>,
    zone: &TimeZone,
) -> Feature<'a, FactsOut<'a>> {
    let requested = view.requested;
    Feature {
        r#type: "Feature",
        id: view.id.into(),
        geometry: view.position.map(Point::at),
        properties: FactsOut {
            cluster: false,
            service_request_id: view.id,
            service_code: view.service,
            status: Word(view.status),
            closed_reason: view.reason.map(Word),
            nature: Word(view.nature),
            channel: Word(view.channel),
            requested_datetime: match view.day_only {
                true => Instant::Day(day(requested, zone)),
                false => Instant::Second(requested),
            },
            closed_datetime: view.closed.map(Instant::Second),
            accuracy: Word(view.accuracy),
            area: view.area,
            parent_service_request_id: view.parent,
            // To the millimetre.
            distance_m: distance.map(|meters| (meters.0 * 1e3).round() / 1e3),
        },
    }
}

/// The JSON of a collection of reports with their indexed fields. It writes the members by hand,
/// which takes a third of the time of `serde_json` on [`facts`]; a test compares both outputs.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn facts_collection<'a>(
    head: &Collection<'_, ()>,
    found: impl Iterator<Item = (ReportView<'a>, Option<Meters>)>,
    zone: &TimeZone,
) -> serde_json::Result<Vec<u8>> {
    const ROOM: usize = 8 << 10;
    const TAIL: &[u8] = b"]}";
    let mut out = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut out, head)?;
    out.truncate(out.len() - TAIL.len());
    for (n, (view, distance)) in found.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_facts(&mut out, &facts(&view, distance, zone))?;
    }
    out.extend_from_slice(TAIL);
    Ok(out)
}

fn write_facts(out: &mut Vec<u8>, feature: &Feature<'_, FactsOut<'_>>) -> serde_json::Result<()> {
    let facts = &feature.properties;
    out.extend_from_slice(br#"{"type":"Feature","id":"#);
    write_text(out, &feature.id)?;
    match &feature.geometry {
        None => out.extend_from_slice(br#","geometry":null"#),
        Some(Point { coordinates: [lon, lat], .. }) => {
            out.extend_from_slice(br#","geometry":{"type":"Point","coordinates":["#);
            serde_json::to_writer(&mut *out, lon)?;
            out.push(b',');
            serde_json::to_writer(&mut *out, lat)?;
            out.extend_from_slice(b"]}");
        }
    }
    out.extend_from_slice(br#","properties":{"cluster":false,"service_request_id":"#);
    write_text(out, facts.service_request_id)?;
    out.extend_from_slice(br#","service_code":"#);
    write_text(out, facts.service_code)?;
    for (name, word) in [
        (&br#","status":""#[..], Some(facts.status.as_str())),
        (br#","closed_reason":""#, facts.closed_reason.map(Word::as_str)),
        (br#","nature":""#, Some(facts.nature.as_str())),
        (br#","channel":""#, Some(facts.channel.as_str())),
    ] {
        write_word(out, name, word);
    }
    out.extend_from_slice(br#","requested_datetime":"#);
    facts.requested_datetime.write(out);
    if let Some(closed) = &facts.closed_datetime {
        out.extend_from_slice(br#","closed_datetime":"#);
        closed.write(out);
    }
    write_word(out, br#","accuracy":""#, Some(facts.accuracy.as_str()));
    if let Some(area) = facts.area {
        out.extend_from_slice(br#","area":"#);
        write_text(out, area)?;
    }
    if let Some(parent) = facts.parent_service_request_id {
        out.extend_from_slice(br#","parent_service_request_id":"#);
        write_text(out, parent)?;
    }
    if let Some(distance) = facts.distance_m {
        out.extend_from_slice(br#","distance_m":"#);
        serde_json::to_writer(&mut *out, &distance)?;
    }
    out.extend_from_slice(b"}}");
    Ok(())
}

/// Writes a word of a vocabulary, which needs no escaping, and the closing quote. `member` ends in
/// the opening quote.
fn write_word(out: &mut Vec<u8>, member: &[u8], word: Option<&str>) {
    if let Some(word) = word {
        out.extend_from_slice(member);
        out.extend_from_slice(word.as_bytes());
        out.push(b'"');
    }
}

/// Writes a JSON string, with a fast path for texts that need no escaping.
///
/// # Errors
/// As `serde_json`.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if !text.bytes().all(plain) {
        return serde_json::to_writer(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

/// An instant, or a date if the time of day is not known (RFC 3339).
#[derive(Debug)]
enum Instant {
    /// An instant, in seconds of Unix time.
    Second(i64),
    /// A date.
    Day(String),
}

impl Instant {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        match self {
            Self::Second(second) => match format_utc(*second) {
                Some(text) => out.extend_from_slice(&text),
                None => out.extend_from_slice(second.to_string().as_bytes()),
            },
            Self::Day(day) => out.extend_from_slice(day.as_bytes()),
        }
        out.push(b'"');
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Second(second) => to.serialize_str(&instant(*second)),
            Self::Day(day) => to.serialize_str(day),
        }
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "RFC 3339, or a date",
            "x-fr": "RFC 3339, ou une date",
        })
    }
}

fn day(second: i64, zone: &TimeZone) -> String {
    let date = |at: Timestamp| at.to_zoned_datetime(zone.clone()).date().to_string();
    Timestamp::from_second(second).map_or_else(|_| second.to_string(), date)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::Accuracy;
    use crate::domain::fields::INDEXED;
    use crate::place::Position;

    #[test]
    fn the_properties_are_the_indexed_fields() {
        let mut properties = FactsOut::json_schema(&mut SchemaGenerator::default());
        let properties = properties.get_mut("properties").and_then(|p| p.as_object_mut()).unwrap();
        // One distinguishes reports from clusters; the other belongs to the search, not to the
        // report.
        properties.retain(|name, _| name != "cluster" && name != "distance_m");
        // The position is the geometry.
        let indexed = INDEXED.iter().map(|field| field.name);
        let indexed = indexed.filter(|name| *name != "lon" && *name != "lat");
        let names = properties.keys().map(String::as_str);
        assert_eq!(names.collect::<BTreeSet<_>>(), indexed.collect::<BTreeSet<_>>());
    }

    #[test]
    fn facts_are_written_as_the_library_writes_them() {
        use crate::domain::{Channel, ClosedReason, Nature, Status};
        let plain = ReportView {
            id: "4RX-7KM-PH",
            service: "nid-de-poule",
            status: Status::Open,
            reason: None,
            nature: Nature::Intervention,
            channel: Channel::App,
            requested: 1_772_371_800,
            day_only: false,
            closed: None,
            position: Position::new(-71.25, 46.8125).ok(),
            accuracy: Accuracy::Exact,
            area: None,
            parent: None,
        };
        let odd = ReportView {
            id: "a \"quoted\" \\ id",
            status: Status::Closed,
            reason: Some(ClosedReason::Duplicate),
            day_only: true,
            closed: Some(1_772_371_801),
            position: None,
            accuracy: Accuracy::Approximate,
            parent: Some("101000295724"),
            area: Some("L’Ancienne-Lorette\u{7f}\u{1f}é"),
            ..plain
        };
        let zone = TimeZone::get("America/Toronto").unwrap();
        let found = [(plain, Some(Meters(12.345_678))), (odd, None), (plain, Some(Meters(1e-7)))];
        let features = found.iter().map(|(view, far)| facts(view, *far, &zone)).collect();
        let mut whole = Collection::new(7, features);
        whole.next = Some("/next?a=1".into());
        let mut head = Collection::new(7, Vec::new());
        (head.number_returned, head.next) = (3, whole.next.clone());
        let ours = facts_collection(&head, found.into_iter(), &zone).unwrap();
        let theirs = serde_json::to_vec(&whole).unwrap();
        assert_eq!(String::from_utf8(ours).unwrap(), String::from_utf8(theirs).unwrap());
    }
}
