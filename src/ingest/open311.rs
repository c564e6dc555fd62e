//! Another city's requests in: what its Open311 server answers, as drafts.

use jiff::tz::TimeZone;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::domain::{
    Accuracy, AttributeValue, Channel, ClosedReason, Details, Draft, Nature, ReportTime, Status,
};
use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::attributes::answers;
use crate::message;

/// Elements within elements, at most.
const DEPTH_MAX: usize = 12;

/// A request of another server.
pub struct MirroredRequest {
    /// Its id there.
    pub id: String,
    /// When it was made, in seconds since 1970, if the server says so.
    pub made: Option<i64>,
    /// When it last changed there, in seconds since 1970, as far as the server says so.
    pub changed: Option<i64>,
    /// The draft, with the name of its service; or what is wrong with it.
    pub draft: std::result::Result<(Draft, Option<String>), Vec<Refusal>>,
}

/// Reads an answer: JSON, or XML where it begins like that.
///
/// # Errors
/// It is neither, or no list of requests.
pub fn requests(bytes: &[u8], zone: &TimeZone) -> Result<Vec<MirroredRequest>> {
    let begins = bytes.trim_ascii_start().first();
    let list = if begins == Some(&b'<') { of_xml(bytes)? } else { of_json(bytes)? };
    Ok(list.into_iter().filter_map(|request| mirrored(&request, zone)).collect())
}

fn wrong(reason: &str) -> Error {
    let message = message!(
        "n’est pas une liste de demandes : {reason}",
        "is not a list of requests: {reason}"
    );
    Refusal::new("requests", "", message).into()
}

fn of_json(bytes: &[u8]) -> Result<Vec<Value>> {
    match serde_json::from_slice(bytes).map_err(|error| wrong(&error.to_string()))? {
        Value::Array(list) => Ok(list),
        // Some servers keep the root.
        Value::Object(mut root) => match root.remove("service_requests") {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(wrong("an object")),
        },
        _ => Err(wrong("no list")),
    }
}

/// Elements become members; those that come several times, or are named as a list's, a list.
fn of_xml(bytes: &[u8]) -> Result<Vec<Value>> {
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(&error.to_string()))?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    let mut found = Vec::new();
    loop {
        match reader.read_event().map_err(|error| wrong(&error.to_string()))? {
            Event::Start(start) => {
                if open.len() >= DEPTH_MAX {
                    return Err(wrong("too deep"));
                }
                let name = start.name().as_ref().to_owned();
                open.push((name, Map::new(), String::new()));
            }
            Event::Text(text) => {
                open.last_mut().into_iter().for_each(|(.., said)| said.push_str(&text));
            }
            Event::CData(text) => {
                open.last_mut().into_iter().for_each(|(.., said)| said.push_str(&text));
            }
            Event::GeneralRef(entity) => {
                let entity = format!("&{};", &*entity);
                let meant = quick_xml::escape::unescape(&entity)
                    .map_err(|error| wrong(&error.to_string()))?
                    .into_owned();
                open.last_mut().into_iter().for_each(|(.., said)| said.push_str(&meant));
            }
            Event::End(_) => {
                let Some((name, members, text)) = open.pop() else { continue };
                let value = match members.is_empty() {
                    false => Value::Object(members),
                    true if text.trim().is_empty() => Value::Null,
                    true => Value::String(text),
                };
                match open.last_mut() {
                    Some((root, ..)) if root == "service_requests" && name == "request" => {
                        found.push(value);
                    }
                    Some((_, parent, _)) => add_member(parent, name, value),
                    None if name == "service_requests" => return Ok(found),
                    None => return Err(wrong(&name)),
                }
            }
            Event::Eof => return Err(wrong("cut short")),
            _ => {}
        }
    }
}

fn add_member(parent: &mut Map<String, Value>, name: String, value: Value) {
    match parent.get_mut(&name) {
        None => _ = parent.insert(name, value),
        Some(Value::Array(list)) => list.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
    }
}

/// Members of a request, as texts.
struct Said<'a>(&'a Value);

impl Said<'_> {
    fn text(&self, name: &str) -> Option<String> {
        match &self.0[name] {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// A list, whether or not it stands within its container and whether or not it has one.
    fn list(&self, name: &str, item: &str) -> Vec<Value> {
        let inner = match &self.0[name] {
            Value::Object(object) => object.get(item).cloned().unwrap_or_default(),
            other => other.clone(),
        };
        match inner {
            Value::Array(list) => list,
            Value::Null => Vec::new(),
            one => vec![one],
        }
    }
}

fn mirrored(request: &Value, zone: &TimeZone) -> Option<MirroredRequest> {
    let said = Said(request);
    let id = said.text("service_request_id")?;
    let more = Said(&request["extended_attributes"]);
    let mut refused = Vec::new();
    let mut when = |field: &str, text: Option<String>| {
        let text = text?;
        let read = ReportTime::parse(&text, zone);
        read.map_err(|message: Message| refused.push(Refusal::new(field, &text, message))).ok()
    };
    let extended = more.text("detailed_status").is_some();
    let requested = more.text("requested").or_else(|| said.text("requested_datetime"));
    let requested = when("requested_datetime", requested);
    let updated_datetime = when("updated_datetime", said.text("updated_datetime"));
    let changed = when("changed_datetime", more.text("changed_datetime"));
    let expected = more.text("expected").or_else(|| said.text("expected_datetime"));
    let expected = when("expected_datetime", expected);
    let status = more.text("detailed_status").or_else(|| said.text("status"));
    let status = status.as_deref().and_then(Status::parse).unwrap_or(Status::Open);
    let closed = match (extended, status) {
        (true, _) => when("closed_datetime", more.text("closed")),
        (false, Status::Closed) => updated_datetime,
        _ => None,
    };
    let updated =
        if extended { when("updated_datetime", more.text("updated")) } else { updated_datetime };
    let note = if extended { more.text("source_status") } else { said.text("status_notes") };
    let draft = Draft {
        id: Some(id.clone()),
        service: code(&said),
        status: Some(status),
        reason: more.text("closed_reason").as_deref().and_then(ClosedReason::parse),
        source_status: note,
        nature: more.text("nature").as_deref().and_then(Nature::parse),
        channel: more.text("channel").as_deref().and_then(Channel::parse),
        requested,
        updated,
        closed,
        lon_lat: said.number("long").zip(said.number("lat")).filter(|at| *at != (0.0, 0.0)),
        accuracy: more.text("accuracy").as_deref().and_then(Accuracy::parse),
        address: said.text("address"),
        area: more.text("area"),
        description: said.text("description"),
        parent: more.text("parent_service_request_id"),
        assignee: said.text("agency_responsible"),
        details: Details {
            address_id: said.text("address_id"),
            zipcode: said.text("zipcode"),
            notice: said.text("service_notice"),
            expected,
            answers: answered(&more),
            media: media(&said, &more),
        },
        ..Draft::default()
    };
    if requested.is_none() && refused.is_empty() {
        refused.push(Refusal::new("requested_datetime", "", message!("manque", "is missing")));
    }
    let changed = changed.or(updated_datetime).or(requested).map(|when| when.second());
    let draft =
        if refused.is_empty() { Ok((draft, said.text("service_name"))) } else { Err(refused) };
    let made = requested.map(|when| when.second());
    Some(MirroredRequest { id, made, changed, draft })
}

/// The service's code, as a slug; its name's where it has none.
fn code(said: &Said<'_>) -> String {
    let code = said.text("service_code").or_else(|| said.text("service_name")).unwrap_or_default();
    match crate::domain::ServiceCode::new(&code) {
        Some(code) => code.to_string(),
        // A number says nothing: the name's slug can be read.
        None => crate::domain::ServiceCode::slug(&code).to_string(),
    }
}

fn answered(more: &Said<'_>) -> Vec<AttributeValue> {
    let one = |entry: &Value| {
        let entry = Said(entry);
        let values = entry.list("values", "value").into_iter();
        let values: Vec<String> =
            values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
        let code = entry.text("code")?;
        (!values.is_empty()).then_some(AttributeValue { code, values })
    };
    match &more.0["attributes"] {
        Value::Object(object) if !object.contains_key("attribute") => answers(object.clone()),
        _ => more.list("attributes", "attribute").iter().filter_map(one).collect(),
    }
}

fn media(said: &Said<'_>, more: &Said<'_>) -> Vec<String> {
    let urls = more.list("media_urls", "media_url").into_iter();
    let urls: Vec<String> = urls.filter_map(|url| url.as_str().map(str::to_owned)).collect();
    if urls.is_empty() { said.text("media_url").into_iter().collect() } else { urls }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_read_alike() {
        let json = r#"[{"service_request_id":638344,"status":"closed","service_name":"Pothole <1>",
            "service_code":"006","description":"a & b",
            "requested_datetime":"2010-04-14T06:37:38-08:00",
            "updated_datetime":"2010-04-15T06:37:38-08:00","lat":37.76,"long":-122.42,
            "media_url":null}]"#;
        let xml = b"<?xml version=\"1.0\"?><service_requests><request>\
            <service_request_id>638344</service_request_id><status>closed</status>\
            <service_name>Pothole &lt;1&gt;</service_name><service_code>006</service_code>\
            <description><![CDATA[a & b]]></description>\
            <requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime>\
            <updated_datetime>2010-04-15T06:37:38-08:00</updated_datetime>\
            <lat>37.76</lat><long>-122.42</long><media_url/></request></service_requests>";
        let zone = TimeZone::UTC;
        let [from_json, from_xml] = [json.as_bytes(), xml.as_slice()].map(|bytes| {
            let mut list = requests(bytes, &zone).unwrap();
            list.remove(0).draft.unwrap()
        });
        assert_eq!(from_json, from_xml);
        let (draft, name) = from_json;
        assert_eq!((draft.service.as_str(), name.as_deref()), ("006", Some("Pothole <1>")));
        assert_eq!(draft.closed.unwrap().to_string(), "2010-04-15T14:37:38Z");
        for bad in ["", "<html></html>", "{}", "[1", "<service_requests><request>", "null"] {
            assert!(requests(bad.as_bytes(), &zone).is_err(), "{bad}");
        }
        let deep = "<a>".repeat(1_000);
        assert!(requests(deep.as_bytes(), &zone).is_err());
    }
}
