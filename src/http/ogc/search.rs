//! `POST …/search`: the items of a collection by a JSON body, for filters that are too long for an
//! address. OGC API – Features defines no such request: Part 3 leaves it to extensions, and
//! `POST …/items` creates features in Part 4.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use std::borrow::Cow;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::error::{Error, Refusal, Result};
use crate::http::ogc::features::FeaturePage;
use crate::http::ogc::items::items;
use crate::http::ogc::items_request::{AreaParameters, ItemsRequest};
use crate::http::ogc::representation::{CollectionRequest, json_or_html};
use crate::http::openapi::content::{geojson, json as json_content};
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::FRENCH;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::problem::too_large;
use crate::http::request::call::Call;
use crate::http::request::json::parse;
use crate::http::request::members::object_schema;
use crate::http::request::parameter::{Declaration, Request};
use crate::http::request::reader::{Location, Pairs, ParameterReader, empty_value, unknown};
use crate::i18n::Language;
use crate::message;

/// The operation.
pub fn operations() -> Vec<Operation> {
    let body = json_content::<SearchBody>().example(|| {
        json!({
            "filter": { "op": "=", "args": [{ "property": "status" }, "open"] },
            "filter-lang": "cql2-json",
            "bbox": [-71.4, 46.7, -71.1, 46.9],
            "sortby": ["-requested_datetime"],
            "limit": 10,
        })
    });
    vec![
        Operation::post("/ogc/collections/{id}/search", "ogc_search", Tag::Ogc, search)
            .described(
                "Les entités d’une collection, par un corps JSON dont les membres sont les \
                 paramètres de « items ».",
                "The features of a collection, by a JSON body whose members are the parameters of \
                 'items'.",
            )
            .body(&[body])
            .responds_with(&json_or_html(geojson::<FeaturePage<'_>>()))
            .status_codes(&[(200, "ok"), (400, "refused"), (404, "not found"), (413, "too large")]),
    ]
}

/// The parameters of the items of any collection that a body may have.
fn declarations() -> Vec<Declaration> {
    let mut all = Vec::new();
    ItemsRequest::declare(&mut all);
    AreaParameters::declare(&mut all);
    let mut members: Vec<Declaration> = Vec::new();
    for one in all.into_iter().filter(|one| one.location == Location::Query && one.name != "f") {
        if members.iter().all(|known| known.name != one.name) {
            members.push(one);
        }
    }
    members
}

/// The body: members with the names, the types and the meanings of the parameters of items.
struct SearchBody;

impl JsonSchema for SearchBody {
    fn schema_name() -> Cow<'static, str> {
        "SearchBody".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut members = Map::new();
        for one in declarations() {
            let mut schema = match one.name == FILTER {
                true => json!({ "oneOf": [{ "type": "string" }, { "type": "object" }] }),
                false => one.schema.clone(),
            };
            let text = |language| json!(one.description(language));
            schema["description"] = text(Language::English);
            schema[FRENCH] = text(Language::French);
            members.insert(one.name.to_owned(), schema);
        }
        object_schema(members, &[])
    }
}

/// The member that may also be an object: a condition in CQL2 JSON.
const FILTER: &str = "filter";

/// The text of a member as the query string would have it, if the value has the type of the
/// parameter. `None` if it has another type.
fn text_of(kind: &str, value: &Value) -> Option<String> {
    match (kind, value) {
        ("string", Value::String(text)) => Some(text.clone()),
        ("boolean", Value::Bool(_)) | ("number", Value::Number(_)) => Some(value.to_string()),
        ("integer", Value::Number(number)) if !number.is_f64() => Some(value.to_string()),
        ("array", Value::Array(list)) => {
            let item = |one: &Value| match one {
                Value::String(text) if !text.contains(',') => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            Some(list.iter().map(item).collect::<Option<Vec<_>>>()?.join(","))
        }
        _ => None,
    }
}

/// The members of a body as the pairs of a query string.
///
/// # Errors
/// The body is not a JSON object, or a member has another type than the parameter.
fn pairs_of(body: &[u8]) -> Result<Vec<(String, String)>> {
    let members = match parse(body)? {
        Value::Object(members) => members,
        other => {
            let message = message!("n’est pas un objet JSON", "is not a JSON object");
            return Err(Refusal::new("body", other, message).into());
        }
    };
    let declared = declarations();
    let (mut pairs, mut refused) = (Vec::new(), Vec::new());
    for (name, value) in members {
        let known = declared.iter().find(|one| one.name == name);
        let kind = known.and_then(|one| one.schema["type"].as_str());
        let text = match (kind, &value) {
            (_, Value::Null) => continue,
            // The format is a parameter of the address.
            _ if name == "f" => {
                refused.push(unknown(&name, &value.to_string()));
                continue;
            }
            (Some(_), Value::Object(_)) if name == FILTER => Some(value.to_string()),
            (Some(kind), _) => text_of(kind, &value),
            // A property of areas, or an unknown name, which is refused with the other ones.
            (None, Value::String(text)) => Some(text.clone()),
            (None, _) => Some(value.to_string()),
        };
        match text {
            Some(text) if text.is_empty() => refused.push(empty_value(&name)),
            Some(text) => pairs.push((name, text)),
            None => {
                let kind = kind.unwrap_or_default();
                let message = message!("n’est pas du type {kind}", "is not of type {kind}");
                let shown = match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                refused.push(Refusal::new(name, shown, message));
            }
        }
    }
    if refused.is_empty() { Ok(pairs) } else { Err(Error::refused(refused)) }
}

/// The address of the page that a `GET` request for the same items has: links of the response are
/// made of it, so that clients follow them without a body.
fn address_of(id: &str, query: Option<&str>, pairs: &[(String, String)]) -> Result<Uri> {
    let mut serializer = form_urlencoded::Serializer::new(String::new());
    serializer.extend_pairs(form_urlencoded::parse(query.unwrap_or_default().as_bytes()));
    let query = serializer.extend_pairs(pairs).finish();
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let address = format!("/ogc/collections/{}/items?{query}", id.replace('+', "%20"));
    address.parse().map_err(|_| too_large())
}

async fn search(call: Call<CollectionRequest>, headers: HeaderMap, body: Bytes) -> HandlerResult {
    let Call { state, city, mut context, request: CollectionRequest { id, f } } = call;
    let pairs = pairs_of(&body)?;
    context.uri = address_of(&id, context.uri.query(), &pairs)?;
    let query = Pairs::of_body(pairs);
    let path = Pairs::of_path([("id".to_owned(), id)]);
    let no_headers = HeaderMap::new();
    let mut reader = ParameterReader::new((query, path), &no_headers, Some(&city), Vec::new());
    let request = ItemsRequest::read(&mut reader);
    let mut request = reader.finish(request)?;
    request.page.f = f;
    items(Call { state, city, context, request }, headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_the_types_of_the_parameters() {
        let body = br#"{"limit": 5, "bbox": [-71.4, 46.7, -71.1, 46.9], "skipGeometry": true,
            "sortby": ["-status", "+area"], "filter": {"op": "=", "args": [1, 1]},
            "datetime": "../2026-03-01", "status": "open", "crs": null}"#;
        let pairs = pairs_of(body).unwrap();
        let value = |name: &str| {
            let pair = pairs.iter().find(|(known, _)| known == name);
            pair.map(|(_, value)| value.as_str())
        };
        assert_eq!(value("limit"), Some("5"));
        assert_eq!(value("bbox"), Some("-71.4,46.7,-71.1,46.9"));
        assert_eq!(value("skipGeometry"), Some("true"));
        assert_eq!(value("sortby"), Some("-status,+area"));
        assert_eq!(value("filter"), Some(r#"{"op":"=","args":[1,1]}"#));
        assert_eq!(value("crs"), None);
        for (body, field) in [
            (r#"{"limit": "5"}"#, "limit"),
            (r#"{"limit": 5.0}"#, "limit"),
            (r#"{"bbox": "1,2,3,4"}"#, "bbox"),
            (r#"{"bbox": [[1, 2], 3, 4]}"#, "bbox"),
            (r#"{"sortby": ["a,b"]}"#, "sortby"),
            (r#"{"skipGeometry": "true"}"#, "skipGeometry"),
            (r#"{"datetime": 2026}"#, "datetime"),
            (r#"{"filter": ["a"]}"#, "filter"),
            (r#"{"filter": ""}"#, "filter"),
            (r#"{"sortby": []}"#, "sortby"),
            ("[]", "body"),
            ("", "body"),
        ] {
            let error = pairs_of(body.as_bytes()).unwrap_err();
            assert_eq!(error.refusals[0].field, field, "{body}");
        }
    }
}
