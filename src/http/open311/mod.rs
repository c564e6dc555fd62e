//! Open311 GeoReport v2: `/open311/v2`, in XML and in JSON.

mod answer;
mod document;
mod form;
pub mod format;
mod list;
mod sent;
mod submit;
mod updates;
mod xml;

use axum::http::StatusCode;

use crate::error::Error;
use crate::http::open311::answer::{
    Open311ServiceDefinition, Open311ServiceRequest, Open311Token, document_schema,
    named_document_schema,
};
use crate::http::open311::document::DiscoveryFacts;
use crate::http::open311::format::{
    API_KEY, EXTENSIONS, LOCALE, ResponseFormat, choose_language, in_both_formats, split_format,
};
use crate::http::open311::list::{ServiceRequestsRequest, requests, write};
use crate::http::open311::updates::{UPDATES, UpdateListParameters, updates};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::conditional_response;
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Declaration, Extract, Parameter, Request, path};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{PathSegment, Patterned};
use crate::i18n::Language;

/// When the Open311 interface last changed, for the discovery document.
const CHANGESET: &str = "2026-11-27T00:00:00Z";

/// The operations.
pub fn operations() -> Vec<Operation> {
    let (service_path, request_path, token_path) =
        ("/open311/v2/services/{name}", "/open311/v2/requests/{name}", "/open311/v2/tokens/{name}");
    let mut all = vec![
        in_both_formats(
            Operation::get("/open311/v2/{name}", "open311", Tag::Open311, get).described(
                "Point d’accès, services, demandes ou mises à jour, en XML ou JSON.",
                "Discovery, services, requests or updates, as XML or JSON.",
            ),
            named_document_schema,
        ),
        in_both_formats(
            Operation::get(service_path, "open311_service", Tag::Open311, service)
                .described("Les questions d’un service.", "A service’s questions."),
            document_schema::<Open311ServiceDefinition>,
        ),
        in_both_formats(
            Operation::get(request_path, "open311_request", Tag::Open311, one_request)
                .described("Une demande.", "One request."),
            document_schema::<Vec<Open311ServiceRequest>>,
        ),
        in_both_formats(
            Operation::get(token_path, "open311_token", Tag::Open311, token).described(
                "Le numéro de la demande qui correspond à un jeton.",
                "The id of the request of a token.",
            ),
            document_schema::<Vec<Open311Token>>,
        ),
    ];
    all.extend(submit::operations());
    all
}

/// Maps a status to one that GeoReport v2 defines: invalid requests 400, unknown things 404, a
/// missing or wrong key 403.
pub fn status(code: StatusCode) -> StatusCode {
    match code {
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        other => other,
    }
}

/// The names of the documents that have no path of their own.
const NAMES: &str = r"^(discovery|services|requests|servicerequestupdates)(\.(xml|json))?$";

const NAME: Parameter<Patterned> = path("name", Patterned(NAMES), "requests.json").described(
    "discovery, services, requests ou servicerequestupdates, suivi de .xml ou .json.",
    "discovery, services, requests or servicerequestupdates, followed by .xml or .json.",
);

/// A request to `/open311/v2/{name}`.
enum GetRequest {
    /// The discovery document.
    Discovery(ResponseFormat, Option<String>),
    /// The list of services.
    Services(ResponseFormat, Option<String>),
    /// A list of service requests.
    Requests(ResponseFormat, ServiceRequestsRequest),
    /// A list of updates of service requests.
    Updates(ResponseFormat, Option<String>, UpdateListParameters),
}

impl Request for GetRequest {
    fn declare(to: &mut Vec<Declaration>) {
        NAME.declare(to);
        ServiceRequestsRequest::declare(to);
    }

    fn read(reader: &mut ParameterReader<'_>) -> Read<Self> {
        let name = NAME.extract(reader)?;
        let (what, format) = split_format(&name).map_err(|error| reader.fail(error))?;
        if what == "requests" {
            return Ok(Self::Requests(format, ServiceRequestsRequest::read(reader)?));
        }
        let (locale, key) = (LOCALE.extract(reader), API_KEY.extract(reader));
        if what == UPDATES {
            let request = UpdateListParameters::read(reader);
            key?;
            return Ok(Self::Updates(format, locale?, request?));
        }
        key?;
        match what {
            "discovery" => Ok(Self::Discovery(format, locale?)),
            "services" => Ok(Self::Services(format, locale?)),
            other => Err(reader.fail(Error::not_found(other))),
        }
    }
}

async fn get(mut call: Call<GetRequest>) -> HandlerResult {
    let locale = match &call.request {
        GetRequest::Discovery(_, locale)
        | GetRequest::Services(_, locale)
        | GetRequest::Updates(_, locale, _) => locale,
        GetRequest::Requests(_, request) => &request.locale,
    };
    choose_language(&mut call.context, locale.as_deref());
    let Call { state, city, context, request } = call;
    match request {
        GetRequest::Discovery(format, _) => {
            discovery(&Call { state, city, context, request: () }, format)
        }
        GetRequest::Services(format, _) => {
            services(&Call { state, city, context, request: () }, format)
        }
        GetRequest::Requests(format, request) => {
            requests(Call { state, city, context, request: () }, request.selection, format).await
        }
        GetRequest::Updates(format, _, request) => {
            updates(Call { state, city, context, request: () }, request, format).await
        }
    }
}

fn discovery(call: &Call<()>, format: ResponseFormat) -> HandlerResult {
    let Call { state, city, context, .. } = call;
    let url = format!("{}/open311/v2", context.base(state));
    let title = format!("311 – {}", city.jurisdiction().name);
    let public_config = &state.public_config;
    let keys = match (public_config.open311_keys.is_empty(), context.language) {
        (true, Language::French) => "Toute clé (api_key) non vide est acceptée.",
        (true, Language::English) => "Any api_key that is not empty is taken.",
        (false, Language::French) => "Demandez une clé (api_key) à la ville.",
        (false, Language::English) => "Ask the city for an api_key.",
    };
    let facts = DiscoveryFacts {
        url: &url,
        contact: public_config.contact.as_deref().unwrap_or(&title),
        key_service: keys,
        kind: if public_config.is_production { "production" } else { "test" },
        changeset: CHANGESET,
    };
    conditional_response(context, format.media_type(), context.etag(state, 0), || {
        format.write(&document::discovery(&facts))
    })
}

fn services(call: &Call<()>, format: ResponseFormat) -> HandlerResult {
    let Call { state, city, context, .. } = call;
    let catalogue = city.catalogue();
    let tag = context.etag(state, catalogue.services().len() as u64);
    conditional_response(context, format.media_type(), tag, || {
        format.write(&document::services(&catalogue, context.language))
    })
}

request! {
    /// The definition of a service.
    pub struct ServiceRequest {
        name: String = path("name", PathSegment, "lampadaire.json").described(
            "Code du service, suivi de .xml ou .json.",
            "Code of the service, followed by .xml or .json.",
        ),
        locale: Option<String> = LOCALE,
        api_key: Option<String> = API_KEY,
    }
}

async fn service(call: Call<ServiceRequest>) -> HandlerResult {
    let Call { state, city, mut context, request } = call;
    let (code, format) = split_format(&request.name)?;
    choose_language(&mut context, request.locale.as_deref());
    let catalogue = city.catalogue();
    let found = catalogue.get(code).ok_or_else(|| Error::not_found(code))?;
    let tag = context.etag(&state, catalogue.services().len() as u64);
    conditional_response(&context, format.media_type(), tag, || {
        format.write(&document::definition(found, context.language))
    })
}

request! {
    /// One service request.
    pub struct OneServiceRequest {
        name: String = path("name", PathSegment, "4RX-7KM-PH.json").described(
            "Numéro de la demande, suivi de .xml ou .json.",
            "Id of the request, followed by .xml or .json.",
        ),
        is_extended: bool = EXTENSIONS,
        locale: Option<String> = LOCALE,
        api_key: Option<String> = API_KEY,
    }
}

async fn one_request(call: Call<OneServiceRequest>) -> HandlerResult {
    let Call { state, city, mut context, request } = call;
    let (id, format) = split_format(&request.name)?;
    choose_language(&mut context, request.locale.as_deref());
    let stored = state.app.find_report(&city, context.view, id).await?;
    let tag = context.etag(&state, stored.revision);
    conditional_response(&context, format.media_type(), tag, || {
        write((&state, &city), &context, format, &[stored], request.is_extended)
    })
}

request! {
    /// The id of the service request of a token.
    pub struct TokenRequest {
        name: String = path("name", PathSegment, "4RX-7KM-PH.json")
            .described("Jeton, suivi de .xml ou .json.", "Token, followed by .xml or .json."),
        locale: Option<String> = LOCALE,
        api_key: Option<String> = API_KEY,
    }
}

/// This service assigns ids at once, so the token of a service request is its id.
async fn token(call: Call<TokenRequest>) -> HandlerResult {
    let Call { state, city, mut context, request } = call;
    let (token, format) = split_format(&request.name)?;
    choose_language(&mut context, request.locale.as_deref());
    let stored = state.app.find_report(&city, context.view, token).await?;
    let found =
        Open311Token { service_request_id: stored.report.id.to_string(), token: token.to_owned() };
    let tag = context.etag(&state, stored.revision);
    conditional_response(&context, format.media_type(), tag, || format.write(&vec![found]))
}
