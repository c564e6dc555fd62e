//! The documents of Open311 GeoReport v2 as types. Their JSON is written by serde; their XML has an
//! element for each member (see [`xml`](crate::http::open311::xml)).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{Accuracy, Channel, ClosedReason, Datatype, ExtendedStatus, Nature, Status};
use crate::export::word::Word;

/// A whole document.
pub trait XmlDocument: Serialize + JsonSchema {
    /// Name of its root element in XML. JSON has none.
    const ROOT: &'static str;
}

/// The schema of a document, with the name of its root element for XML.
pub fn document_schema<T: XmlDocument>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    if schema.get("type").and_then(Value::as_str) == Some("array") {
        schema.insert("xml".into(), json!({ "name": T::ROOT, "wrapped": true }));
    }
    schema
}

/// The schema of the documents of `/open311/v2/{name}`, of which the name selects one.
pub fn named_document_schema(generator: &mut SchemaGenerator) -> Schema {
    let documents = [
        document_schema::<Open311Discovery>(generator),
        document_schema::<Vec<Open311Service>>(generator),
        document_schema::<Vec<Open311ServiceRequest>>(generator),
        document_schema::<Vec<Open311Update>>(generator),
    ];
    json_schema!({ "anyOf": documents })
}

/// The schema of the responses to `POST /open311/v2/{name}`.
pub fn created_document_schema(generator: &mut SchemaGenerator) -> Schema {
    let documents = [
        document_schema::<Vec<Open311CreatedRequest>>(generator),
        document_schema::<Vec<Open311CreatedUpdate>>(generator),
    ];
    json_schema!({ "anyOf": documents })
}

/// Where the service is, and in which formats it answers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend(
    "x-fr" = "Où se trouve le service, et dans quels formats il répond.",
    "xml" = { "name": "discovery" },
))]
pub struct Open311Discovery {
    #[schemars(extend("format" = "date-time"))]
    pub changeset: String,
    pub contact: String,
    pub key_service: String,
    #[schemars(extend("xml" = { "wrapped": true }))]
    pub endpoints: Vec<Open311Endpoint>,
}

impl XmlDocument for Open311Discovery {
    const ROOT: &'static str = "discovery";
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline, extend("xml" = { "name": "endpoint" }))]
pub struct Open311Endpoint {
    pub specification: &'static str,
    pub url: String,
    #[schemars(extend("format" = "date-time"))]
    pub changeset: String,
    #[schemars(extend("enum" = ["production", "test"]))]
    pub r#type: String,
    #[schemars(extend(
        "xml" = { "wrapped": true },
        "items" = { "type": "string", "xml": { "name": "format" } },
    ))]
    pub formats: [&'static str; 2],
}

/// A service of the city.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "Un service de la ville.", "xml" = { "name": "service" }))]
pub struct Open311Service {
    pub service_code: String,
    pub service_name: String,
    pub description: String,
    /// True if it asks questions; its definition has them.
    #[schemars(extend("x-fr" = "Vrai s’il pose des questions, qui sont dans sa définition."))]
    pub metadata: bool,
    #[schemars(extend("enum" = ["realtime"]))]
    pub r#type: &'static str,
    /// Separated by commas.
    pub keywords: String,
    pub group: String,
}

impl XmlDocument for Vec<Open311Service> {
    const ROOT: &'static str = "services";
}

/// A service with its questions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend(
    "x-fr" = "Un service et ses questions.",
    "xml" = { "name": "service_definition" },
))]
pub struct Open311ServiceDefinition {
    pub service_code: String,
    #[schemars(extend("xml" = { "wrapped": true }))]
    pub attributes: Vec<Open311Attribute>,
}

impl XmlDocument for Open311ServiceDefinition {
    const ROOT: &'static str = "service_definition";
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline, extend("xml" = { "name": "attribute" }))]
pub struct Open311Attribute {
    /// False for a text that needs no answer.
    #[schemars(extend("x-fr" = "Faux pour un texte qui n’attend pas de réponse."))]
    pub variable: bool,
    pub code: String,
    pub datatype: Word<Datatype>,
    pub required: bool,
    pub datatype_description: String,
    pub order: u64,
    pub description: String,
    /// The answers that it offers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-fr" = "Les réponses proposées.", "xml" = { "wrapped": true }))]
    pub values: Vec<Open311Value>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline, extend("xml" = { "name": "value" }))]
pub struct Open311Value {
    pub key: String,
    pub name: String,
}

/// A service request.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "Une demande.", "xml" = { "name": "request" }))]
pub struct Open311ServiceRequest {
    pub service_request_id: String,
    #[schemars(extend("enum" = ["open", "closed"]))]
    pub status: &'static str,
    pub status_notes: String,
    pub service_name: String,
    pub service_code: String,
    pub description: Option<String>,
    pub agency_responsible: Option<String>,
    pub service_notice: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    pub requested_datetime: String,
    #[schemars(extend("format" = "date-time"))]
    pub updated_datetime: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    pub expected_datetime: Option<String>,
    pub address: Option<String>,
    pub address_id: Option<String>,
    pub zipcode: Option<String>,
    pub lat: Option<f64>,
    pub long: Option<f64>,
    /// The first photo.
    #[schemars(extend("x-fr" = "La première photo."))]
    pub media_url: Option<String>,
    /// Only with `extensions=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-fr" = "Seulement avec `extensions=true`."))]
    pub extended_attributes: Option<Open311Extension>,
}

impl XmlDocument for Vec<Open311ServiceRequest> {
    const ROOT: &'static str = "service_requests";
}

/// The fields of a report that the standard does not define. With those that it defines they are
/// lossless: a mirror restores every field of the report from them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend(
    "x-fr" = "Les champs d’une demande que la norme ne prévoit pas. Avec ceux qu’elle prévoit, un \
              miroir restitue tous les champs de la demande."
))]
pub struct Open311Extension {
    pub detailed_status: Word<Status>,
    pub closed_reason: Option<Word<ClosedReason>>,
    /// The source’s own word for the status.
    #[schemars(extend("x-fr" = "L’état dans les mots de la source."))]
    pub source_status: Option<String>,
    pub duplicate: bool,
    pub parent_service_request_id: Option<String>,
    pub nature: Word<Nature>,
    pub channel: Word<Channel>,
    /// An instant, or a date if the time of day is not known.
    #[schemars(extend("x-fr" = "Un instant, ou une date si l’heure n’est pas connue."))]
    pub requested: String,
    pub updated: Option<String>,
    pub closed: Option<String>,
    pub expected: Option<String>,
    pub accuracy: Option<Word<Accuracy>>,
    pub area: Option<String>,
    /// The sender’s answers to the questions of the service.
    #[schemars(extend(
        "x-fr" = "Les réponses du demandeur aux questions du service.",
        "xml" = { "wrapped": true },
    ))]
    pub attributes: Vec<AnsweredAttribute>,
    #[schemars(extend(
        "xml" = { "wrapped": true },
        "items" = { "type": "string", "xml": { "name": "media_url" } },
    ))]
    pub media_urls: Vec<String>,
    #[schemars(extend("format" = "date-time"))]
    pub changed_datetime: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline, extend("xml" = { "name": "attribute" }))]
pub struct AnsweredAttribute {
    pub code: String,
    #[schemars(extend(
        "xml" = { "wrapped": true },
        "items" = { "type": "string", "xml": { "name": "value" } },
    ))]
    pub values: Vec<String>,
}

/// A service request that was created.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "Une demande qui a été créée.", "xml" = { "name": "request" }))]
pub struct Open311CreatedRequest {
    pub service_request_id: String,
    pub service_notice: Option<String>,
    pub account_id: Option<String>,
    /// The request of which this one is a duplicate; only for a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "x-fr" = "La demande dont celle-ci est un doublon ; seulement pour un doublon."
    ))]
    pub parent_service_request_id: Option<String>,
}

impl XmlDocument for Vec<Open311CreatedRequest> {
    const ROOT: &'static str = "service_requests";
}

/// An update of a service request, as FixMyStreet and its adapters extend GeoReport v2.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend(
    "x-fr" = "Une mise à jour d’une demande, telle que FixMyStreet et ses adaptateurs étendent \
              GeoReport v2.",
    "xml" = { "name": "request_update" },
))]
pub struct Open311Update {
    pub update_id: String,
    pub service_request_id: String,
    /// Absent from an update of somebody else than a crew: it did not change the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "x-fr" = "Absent d’une mise à jour qui ne vient pas des équipes : elle n’a pas changé \
                  l’état."
    ))]
    pub status: Option<Word<ExtendedStatus>>,
    #[schemars(extend("format" = "date-time"))]
    pub updated_datetime: String,
    /// Empty for a change of the status without words.
    #[schemars(extend("x-fr" = "Vide si l’état a changé sans un mot."))]
    pub description: String,
    /// The first photo; empty if there is none.
    #[schemars(extend("x-fr" = "La première photo ; vide s’il n’y en a pas."))]
    pub media_url: String,
    /// Only with `extensions=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-fr" = "Seulement avec `extensions=true`."))]
    pub extended_attributes: Option<Open311UpdateExtension>,
}

impl XmlDocument for Vec<Open311Update> {
    const ROOT: &'static str = "service_request_updates";
}

/// What an update has beyond the members of FixMyStreet.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "Ce qu’une mise à jour a de plus que les membres de FixMyStreet."))]
pub struct Open311UpdateExtension {
    /// `open311`, or who changed the status.
    #[schemars(extend("x-fr" = "`open311`, ou qui a changé l’état."))]
    pub author: String,
    #[schemars(extend("format" = "date-time"))]
    pub recorded_datetime: String,
    #[schemars(extend(
        "xml" = { "wrapped": true },
        "items" = { "type": "string", "xml": { "name": "media_url" } },
    ))]
    pub media_urls: Vec<String>,
}

/// An update that was recorded.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend(
    "x-fr" = "Une mise à jour qui a été enregistrée.",
    "xml" = { "name": "request_update" },
))]
pub struct Open311CreatedUpdate {
    /// The number under which the list has it.
    #[schemars(extend("x-fr" = "Le numéro sous lequel la liste l’a."))]
    pub update_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

impl XmlDocument for Vec<Open311CreatedUpdate> {
    const ROOT: &'static str = "service_request_updates";
}

/// The service request of a token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "La demande d’un jeton.", "xml" = { "name": "request" }))]
pub struct Open311Token {
    pub service_request_id: String,
    pub token: String,
}

impl XmlDocument for Vec<Open311Token> {
    const ROOT: &'static str = "service_requests";
}

/// An error.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "Une erreur.", "xml" = { "name": "error" }))]
pub struct Open311Error {
    /// The status code.
    pub code: u16,
    pub description: String,
}

impl XmlDocument for Vec<Open311Error> {
    const ROOT: &'static str = "errors";
}
