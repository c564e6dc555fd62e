//! The description of an operation for the OpenAPI document.

use axum::http::StatusCode;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::http::openapi::content::Content;
use crate::http::openapi::french::french;
use crate::http::request::audience::Audience;
use crate::http::request::common::{IF_NONE_MATCH, JURISDICTION, LANG};
use crate::http::request::parameter::{Declaration, Extract};
use crate::i18n::Language;
use crate::message;

/// A tag of the OpenAPI document, which groups operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Cities, services, sets of areas.
    Cities,
    /// Reports, one by one.
    Reports,
    /// Duplicates and incidents.
    Duplicates,
    /// Searches around a position.
    Places,
    /// Aggregates for maps: clusters, hexagons, hotspots.
    Maps,
    /// Files that are imported.
    Imports,
    /// Vector tiles.
    Tiles,
    /// Open311 GeoReport v2.
    Open311,
    /// OGC API – Features and Tiles.
    Ogc,
    /// The service itself.
    Service,
}

impl Tag {
    const ALL: [(Self, &'static str, &'static str, &'static str); 10] = [
        (Self::Cities, "cities", "Villes, services, découpages", "Cities, services, sets of areas"),
        (Self::Reports, "reports", "Les demandes, une à une", "Reports, one by one"),
        (Self::Duplicates, "duplicates", "Doublons et incidents", "Duplicates and incidents"),
        (Self::Places, "places", "Autour d’un lieu", "Around a place"),
        (Self::Maps, "maps", "Ce que montrent les cartes", "What maps show"),
        (Self::Imports, "imports", "Imports de fichiers", "Imports of files"),
        (Self::Tiles, "tiles", "Tuiles vectorielles", "Vector tiles"),
        (Self::Open311, "open311", "Open311 GeoReport v2", "Open311 GeoReport v2"),
        (Self::Ogc, "ogc", "OGC API – Features et Tiles", "OGC API – Features and Tiles"),
        (Self::Service, "service", "Le service lui-même", "The service itself"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(tag, ..)| *tag == self).map_or("", |(_, name, ..)| name)
    }

    /// All tags, as OpenAPI tag objects.
    pub fn list(language: Language) -> Value {
        let tag = |(_, name, fr, en): &(Self, &str, &str, &str)| {
            let description = language.of(fr, en);
            json!({ "name": name, "description": description })
        };
        Self::ALL.iter().map(tag).collect()
    }
}

/// Status codes of an operation with their meanings.
pub type Codes = &'static [(u16, &'static str)];

/// A link from a response to another operation: its `operationId`, its path parameter, and where
/// the response has the value, as a runtime expression of OpenAPI.
pub type OperationLink = (&'static str, &'static str, &'static str);

/// The status code of bodies of another media type; every operation with a body has it.
const UNAUTHORIZED: (u16, &str) = (401, "no valid key");
const UNSUPPORTED: (u16, &str) = (415, "unsupported media type");

/// The status code of requests that accept no media type of the operation.
const NOT_ACCEPTABLE: (u16, &str) = (406, "not acceptable");

/// The description of an operation for the OpenAPI document.
#[derive(Clone)]
pub struct Description {
    /// The method in lower case.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Its unique `operationId`.
    pub id: &'static str,
    /// Its tag.
    pub tag: Tag,
    /// Its summary in French.
    pub fr: &'static str,
    /// Its summary in English.
    pub en: &'static str,
    /// Its own parameters.
    pub parameters: Vec<Declaration>,
    /// Its own parameters for OGC collections of areas, if they differ from those for reports.
    pub parameters_of_areas: Option<Vec<Declaration>>,
    /// Does it take the common parameters `lang` and `jurisdiction_id`?
    pub takes_common: bool,
    /// The content of its request body; empty if it has none.
    pub body: Vec<Content>,
    /// The content of its successful responses.
    pub answer: Vec<Content>,
    /// The content of its error responses.
    pub problem: Vec<Content>,
    /// Its status codes.
    pub codes: Codes,
    /// Does it respond in the media type that the client prefers, or with 406?
    pub is_negotiated: bool,
    /// Operations on what its first successful response is about.
    pub links: &'static [OperationLink],
    /// Who may call it.
    pub audience: Audience,
}

impl Description {
    /// All its parameters, the common ones last.
    pub fn all_parameters(&self) -> Vec<Declaration> {
        self.with_common(&self.parameters)
    }

    /// All its parameters for a collection of areas.
    pub fn all_parameters_of_areas(&self) -> Vec<Declaration> {
        self.with_common(self.parameters_of_areas.as_ref().unwrap_or(&self.parameters))
    }

    fn with_common(&self, own: &[Declaration]) -> Vec<Declaration> {
        let mut all = own.to_vec();
        if self.takes_common {
            LANG.declare(&mut all);
            JURISDICTION.declare(&mut all);
        }
        if self.is_conditional() {
            IF_NONE_MATCH.declare(&mut all);
        }
        // Two groups may share a parameter; OpenAPI lists it once.
        let mut known: Vec<&str> = Vec::new();
        all.retain(|one| {
            !known.contains(&one.name) && {
                known.push(one.name);
                true
            }
        });
        all
    }

    /// Do its responses have an ETag by which a client can ask whether they still hold?
    fn is_conditional(&self) -> bool {
        self.codes.iter().any(|(code, _)| *code == StatusCode::NOT_MODIFIED.as_u16())
    }

    /// The operation object of OpenAPI 3.0, with these parameters.
    pub fn document(
        &self,
        parameters: &[Declaration],
        generator: &mut SchemaGenerator,
        language: Language,
    ) -> Value {
        let mut content = |list: &[Content]| -> Value {
            let named = list.iter().map(|one| one.document(generator));
            named.map(|(name, media)| (name.to_owned(), media)).collect::<Map<_, _>>().into()
        };
        let problem = content(&self.problem);
        let mut responses = Map::new();
        let mut links: Map<String, Value> = Map::new();
        for (id, parameter, value) in self.links {
            let link = json!({ "operationId": id, "parameters": { *parameter: value } });
            links.insert((*id).to_owned(), link);
        }
        let codes = self.codes.iter().chain((!self.body.is_empty()).then_some(&UNSUPPORTED));
        let codes = codes.chain(self.is_negotiated.then_some(&NOT_ACCEPTABLE));
        let is_restricted = matches!(self.audience, Audience::Holders(_));
        let codes = codes.chain(is_restricted.then_some(&UNAUTHORIZED));
        for (code, meaning) in codes {
            let meaning = language.of(french(meaning).unwrap_or(meaning), meaning);
            let mut response = json!({ "description": meaning });
            if *code < 300 && *code != StatusCode::NO_CONTENT.as_u16() {
                response["content"] = content(&self.answer);
                if self.is_conditional() {
                    let meaning = language.of("étiquette de la réponse", "tag of the response");
                    let tag = json!({ "description": meaning, "schema": { "type": "string" } });
                    response["headers"] = json!({ "ETag": tag });
                }
                if !links.is_empty() {
                    response["links"] = std::mem::take(&mut links).into();
                }
            } else if *code >= 400 {
                response["content"] = problem.clone();
            }
            responses.insert(code.to_string(), response);
        }
        let meaning = language.of("problème", "problem");
        let default = json!({ "description": meaning, "content": problem });
        responses.insert("default".into(), default);
        let parameters: Value = parameters.iter().map(|one| one.document(language)).collect();
        let mut out = json!({
            "operationId": self.id,
            "tags": [self.tag.name()],
            "summary": language.of(self.fr, self.en),
            "parameters": parameters,
            "responses": responses,
        });
        if let Some(roles) = roles(self.audience, language) {
            out["description"] = json!(roles);
        }
        if !self.body.is_empty() {
            out["requestBody"] = json!({ "required": true, "content": content(&self.body) });
        }
        match self.audience {
            Audience::Public | Audience::Filing => {}
            Audience::OwnPages => out["security"] = json!([{}, { "cookieAuth": [] }]),
            Audience::Holders(permission) if permission.always_needs_key() => {
                out["security"] = json!([{ "crew": [] }, { "cookieAuth": [] }]);
            }
            // Where the service has no key, requests of its own machine need none.
            Audience::Holders(_) => {
                out["security"] = json!([{}, { "crew": [] }, { "cookieAuth": [] }]);
            }
        }
        out
    }
}

/// The roles whose keys may call an operation, in words; `None` where everybody may.
fn roles(audience: Audience, language: Language) -> Option<String> {
    let sentence = match audience {
        Audience::Public => return None,
        Audience::OwnPages => message!(
            "Pour tout le monde, mais pour aucune page d’un autre site.",
            "For everybody, but for no page of another site."
        ),
        Audience::Filing => message!(
            "Publique ; avec « serve --filing-needs-key », pour les clés de tout rôle.",
            "Public; with 'serve --filing-needs-key', for keys of any role."
        ),
        Audience::Holders(permission) => {
            let holders = permission.holders();
            message!("Pour les clés de rôle : {holders}.", "For keys of the roles: {holders}.")
        }
    };
    Some(language.pick(&sentence).to_owned())
}
