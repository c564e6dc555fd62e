//! Request bodies that create or change a report.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::domain::{
    AttributeValue, Channel, ClosedReason, Details, Draft, MEDIA_MAX, Nature, Patch, ReportTime,
    Status,
};
use crate::error::Result;
use crate::http::request::members::body;
use crate::http::request::members::{
    Body, CustomMember, ExtractMember, LonLat, Member, MemberReader, MemberType, TEXT, member,
    report_field, word_member,
};
use crate::http::request::parameter::Optional;
use crate::http::request::reader::Read;
use crate::http::request::values::{TIME_PATTERN, time_of};
use crate::http::request::words::not_one_of;
use crate::ingest::attributes::answers;
use crate::message;

/// An instant or a date (RFC 3339); a time without offset is in the city's time zone.
pub const MOMENT: CustomMember<ReportTime> = CustomMember::new(
    |name, value, reader| {
        let text = TEXT.read(name, value, reader)?;
        let read = time_of(&text, reader.zone());
        read.map_err(|message| reader.refuse(name, &Value::String(text), message))
    },
    || json!({ "type": "string", "pattern": TIME_PATTERN }),
);

/// Addresses of photos: a list, or a single one.
const MEDIA: CustomMember<Vec<String>> = CustomMember::new(
    |name, value, reader| match value {
        Value::String(url) => Ok(vec![url]),
        other => serde_json::from_value(other.clone()).map_err(|_| {
            let message = message!(
                "n’est pas une liste de chaînes de caractères",
                "is not a list of strings"
            );
            reader.refuse(name, &other, message)
        }),
    },
    || {
        let address = json!({ "type": "string", "pattern": r"^(https?://|/media/)\S*$" });
        json!({ "type": "array", "maxItems": MEDIA_MAX, "items": address })
    },
);

const ATTRIBUTES: Member<CustomMember<Map<String, Value>>, Optional> = report_field(
    "attributes",
    CustomMember::new(
        |name, value, reader| match value {
            Value::Object(object) => Ok(object),
            other => {
                let message = message!("n’est pas un objet JSON", "is not a JSON object");
                Err(reader.refuse(name, &other, message))
            }
        },
        || json!({ "type": "object" }),
    ),
)
.optional();

/// The member `attributes`: answers to the service's questions, and whether the member is present.
/// Required questions are only enforced for clients that send the member.
pub struct Attributes {
    values: Vec<AttributeValue>,
    is_present: bool,
}

struct AttributesMember;

impl ExtractMember for AttributesMember {
    type Value = Attributes;

    fn declare(&self, properties: &mut Map<String, Value>, required: &mut Vec<&'static str>) {
        ATTRIBUTES.declare(properties, required);
    }

    fn extract(&self, reader: &mut MemberReader) -> Read<Attributes> {
        let is_present = reader.has("attributes");
        let values = ATTRIBUTES.extract(reader)?.map(answers).unwrap_or_default();
        Ok(Attributes { values, is_present })
    }
}

body! {
    /// A new report.
    pub struct NewReport {
        requested: Option<ReportTime> = report_field("requested_datetime", MOMENT).optional(),
        service: String = report_field("service_code", TEXT),
        nature: Option<Nature> = report_field("nature", word_member()).optional(),
        channel: Channel = report_field("channel", word_member()).default(Channel::Web),
        lon_lat: Option<(f64, f64)> = LonLat,
        address: Option<String> = report_field("address", TEXT).optional(),
        area: Option<String> = report_field("area", TEXT).optional(),
        description: Option<String> =
            report_field("description", TEXT).optional(),
        attributes: Attributes = AttributesMember,
        media: Option<Vec<String>> = report_field("media_url", MEDIA).optional(),
    }
}

/// Reads the body of a new report.
///
/// # Errors
/// Every member that is missing, unknown or of the wrong type.
pub fn read_draft(bytes: &[u8], zone: &TimeZone) -> Result<Draft> {
    let body = NewReport::read(bytes, zone)?;
    Ok(Draft {
        service: body.service,
        nature: body.nature,
        channel: Some(body.channel),
        requested: body.requested,
        lon_lat: body.lon_lat,
        address: body.address,
        area: body.area,
        description: body.description,
        asked: body.attributes.is_present,
        is_typed: true,
        details: Details {
            answers: body.attributes.values,
            media: body.media.unwrap_or_default(),
            ..Details::default()
        },
        ..Draft::default()
    })
}

/// What happens to a report's duplicates when it is closed; `true` closes them as well.
const CHILDREN: CustomMember<bool> = CustomMember::new(
    |name, value, reader| match TEXT.read(name, value, reader)?.as_str() {
        "close" => Ok(true),
        "leave" => Ok(false),
        other => {
            let message = not_one_of("close | leave");
            Err(reader.refuse(name, &json!(other), message))
        }
    },
    || json!({ "type": "string", "enum": ["close", "leave"] }),
);

/// The members of a change that null clears, as an empty text does.
const CLEARED_BY_NULL: [&str; 2] = ["address", "assignee"];

/// A text that a change may clear.
const CLEARABLE: CustomMember<String> = CustomMember::new(
    |name, value, reader| TEXT.read(name, value, reader),
    || json!({ "type": "string", "nullable": true }),
);

body! {
    /// A change of a report. Absent members stay unchanged.
    pub struct ReportChange {
        status: Option<Status> = report_field("status", word_member()).optional(),
        reason: Option<ClosedReason> = report_field("closed_reason", word_member()).optional(),
        service: Option<String> = report_field("service_code", TEXT).optional(),
        lon_lat: Option<(f64, f64)> = LonLat,
        address: Option<String> = report_field("address", CLEARABLE).optional(),
        assignee: Option<String> = report_field("assignee", CLEARABLE).optional(),
        children: bool = member("children", CHILDREN).default(false),
    }
    min_members 1
}

/// A change of a report, and the accompanying change of its duplicates, if any.
pub struct ReportChanges {
    /// The change of the report.
    pub own: Patch,
    /// The change of each of its duplicates.
    pub of_children: Option<Patch>,
}

/// Reads the body of a change.
///
/// # Errors
/// Every member that is unknown, of the wrong type, or null though nothing clears it; a body that
/// changes nothing.
pub fn read_changes(bytes: &[u8], zone: &TimeZone) -> Result<ReportChanges> {
    let mut reader = MemberReader::new(bytes, zone)?;
    if reader.is_empty() {
        reader.refuse("body", &json!({}), message!("ne change rien", "changes nothing"));
    }
    reader.clear_nulls(&CLEARED_BY_NULL);
    let changes =
        ReportChange::read_members(&mut reader).and_then(|change| validate(change, &mut reader));
    reader.finish(changes)
}

fn validate(change: ReportChange, reader: &mut MemberReader) -> Read<ReportChanges> {
    let ReportChange { status, reason, service, lon_lat, address, assignee, children } = change;
    let own = Patch { status, reason, service, lon_lat, address, assignee };
    let of_children = children.then(|| own.of_duplicates()).transpose();
    let of_children =
        of_children.map_err(|message| reader.refuse("children", &json!("close"), message))?;
    Ok(ReportChanges { own, of_children })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::fields::{ALL, Field, Kind};

    /// Does the schema of a member fit the type of the field?
    fn fits(field: &Field, schema: &Value) -> bool {
        let is_in_languages = schema["description"] == field.en && schema["x-fr"] == field.fr;
        is_in_languages
            && match field.kind {
                Kind::Word(words) => schema["enum"] == json!(words),
                Kind::Text { chars_max, .. } => schema["maxLength"] == json!(chars_max),
                Kind::Degrees => schema["minimum"].is_number() && schema["maximum"].is_number(),
                Kind::Count => schema["type"] == "integer",
                Kind::Attributes => schema["type"] == "object",
                Kind::Addresses => schema["items"]["type"] == "string",
                Kind::Id | Kind::Code | Kind::Time => schema["type"] == "string",
            }
    }

    #[test]
    fn members_are_the_fields_of_reports() {
        let is_created: fn(&Field) -> bool = |field| field.create;
        for (schema, is_in, own) in [
            (NewReport::schema(), is_created, None),
            (ReportChange::schema(), |field: &Field| field.change, Some("children")),
        ] {
            let members = schema.get("properties").and_then(Value::as_object).unwrap();
            let fields = ALL.iter().filter(|field| is_in(field));
            let names: BTreeSet<&str> = fields.clone().map(|field| field.name).chain(own).collect();
            assert_eq!(members.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
            for field in fields {
                assert!(fits(field, &members[field.name]), "{}: {schema:?}", field.name);
            }
        }
    }

    fn fields(result: Result<impl Sized>) -> Vec<String> {
        let refusals = result.err().map(|error| error.refusals).unwrap_or_default();
        refusals.into_iter().map(|refusal| refusal.field).collect()
    }

    #[test]
    fn every_member_at_fault_is_named() {
        for (body, at_fault) in [
            (r#"{"service_code":"x"}"#, vec![]),
            (r#"{"service_code":3,"lon":"a"}"#, vec!["service_code", "lon"]),
            (r#"{"service_code":"x","lon":1}"#, vec!["lat"]),
            (r#"{"service_code":"x","colour":1,"nature":"?"}"#, vec!["nature", "colour"]),
            (r#"{"service_code":"x","requested_datetime":"hier"}"#, vec!["requested_datetime"]),
            (
                r#"{"service_code":"x","attributes":[],"media_url":1}"#,
                vec!["attributes", "media_url"],
            ),
            ("{", vec!["body"]),
            ("[]", vec!["body"]),
            ("", vec!["body"]),
            ("{}", vec!["service_code"]),
        ] {
            let mut named = fields(read_draft(body.as_bytes(), &TimeZone::UTC));
            named.sort();
            let mut at_fault = at_fault;
            at_fault.sort();
            assert_eq!(named, at_fault, "{body}");
        }
        let change = |text: &str| fields(read_changes(text.as_bytes(), &TimeZone::UTC));
        assert_eq!(change("{}"), ["body"]);
        assert_eq!(change(r#"{"status":"open","lat":2}"#), ["lon"]);
        assert_eq!(change(r#"{"status":"open","children":"close"}"#), ["children"]);
        assert_eq!(change(r#"{"status":null,"assignee":null}"#), ["status"]);
        for name in ["closed_reason", "service_code", "lon", "children", "colour"] {
            assert_eq!(change(&format!(r#"{{"{name}":null}}"#)), [name], "{name}");
        }
        let cleared = read_changes(br#"{"address":null,"assignee":null}"#, &TimeZone::UTC);
        let Patch { address, assignee, .. } = cleared.unwrap().own;
        assert_eq!((address.as_deref(), assignee.as_deref()), (Some(""), Some("")));
    }
}
