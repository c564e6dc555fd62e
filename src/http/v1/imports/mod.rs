//! Imports of files: uploaded, inspected, corrected, then imported in the background. For crews.

mod answer;
mod body;
mod upload;

use std::fs::File;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::domain::{AuditSubject, Permission};
use crate::error::{Error, Refusal, Result};
use crate::http::openapi::content::{binary, json, text};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, response_without_etag, to_json};
use crate::http::reply::file_body::file_body;
use crate::http::request::call::ServiceCall;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::{Parameter, path, query, request};
use crate::http::request::types::{Patterned, Text};
use crate::http::state::AppState;
use crate::http::v1::imports::answer::{ImportOut, ImportProgressOut, ImportsOut};
use crate::http::v1::imports::body::ImportChange;
use crate::message;

/// The key of an import.
const IMPORT_ID: Parameter<Patterned> =
    path("id", Patterned("^[0-9a-f]{32}$"), "00000000000000000000000000000000")
        .described("Clé de l’import.", "Key of the import.");

/// The operations.
pub fn operations() -> Vec<Operation> {
    [sending(), importing()]
        .into_iter()
        .flatten()
        .map(|one| one.needs(Permission::Import))
        .collect()
}

fn sending() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/imports", "imports", Tag::Imports, list)
            .described(
                "Les fichiers envoyés pour être importés.",
                "The files that were sent to be imported.",
            )
            .responds_with(&[json::<ImportsOut>()])
            .status_codes(&[(200, "ok"), (400, "refused"), (403, "forbidden")]),
        Operation::post("/api/v1/imports", "create_import", Tag::Imports, create)
            .described(
                "Envoie un fichier à importer ; la réponse dit comment il est lu. Rien n’est \
                 encore importé.",
                "Uploads a file to be imported; the response says how it is read. Nothing is \
                 imported yet.",
            )
            .body(&[binary("*/*")])
            .responds_with(&[json::<ImportOut<'_>>()])
            .linked_to(&[
                ("import", "id", "$response.body#/id"),
                ("change_import", "id", "$response.body#/id"),
                ("run_import", "id", "$response.body#/id"),
                ("delete_import", "id", "$response.body#/id"),
            ])
            .status_codes(&[
                (201, "created"),
                (400, "refused"),
                (403, "forbidden"),
                (413, "too large"),
                (503, "unavailable"),
            ])
            .streamed(),
        Operation::patch("/api/v1/imports/{id}", "change_import", Tag::Imports, change)
            .described(
                "Change la façon dont le fichier est lu, avant l’import ; un texte vide revient à \
                 ce qui a été reconnu.",
                "Changes how the file is read, before the import; an empty text goes back to what \
                 was recognised.",
            )
            .body(&[json::<ImportChange>()])
            .responds_with(&[json::<ImportOut<'_>>()])
            .status_codes(&[
                (200, "changed"),
                (400, "refused"),
                (403, "forbidden"),
                (404, "not found"),
                (409, "conflict"),
                (413, "too large"),
            ]),
    ]
}

fn importing() -> Vec<Operation> {
    vec![
        Operation::post("/api/v1/imports/{id}/run", "run_import", Tag::Imports, run)
            .described(
                "Commence l’import, qui se poursuit après la réponse ; un seul à la fois.",
                "Begins the import, which continues after the response; one at a time.",
            )
            .responds_with(&[json::<ImportProgressOut>()])
            .status_codes(&[
                (202, "begun"),
                (400, "refused"),
                (403, "forbidden"),
                (404, "not found"),
                (409, "conflict"),
            ]),
        Operation::get("/api/v1/imports/{id}", "import", Tag::Imports, one)
            .described("Où en est un import.", "How far an import has come.")
            .responds_with(&[json::<ImportProgressOut>()])
            .status_codes(&[(200, "ok"), (400, "refused"), (403, "forbidden"), (404, "not found")]),
        Operation::get("/api/v1/imports/{id}/refused", "refused_rows", Tag::Imports, refused)
            .described(
                "Les lignes refusées, chacune avec ses raisons.",
                "The refused rows, each with its reasons.",
            )
            .responds_with(&[text("text/csv")])
            .status_codes(&[(200, "ok"), (400, "refused"), (403, "forbidden"), (404, "not found")]),
        Operation::delete("/api/v1/imports/{id}", "delete_import", Tag::Imports, delete)
            .described(
                "Arrête un import et retire son fichier ; ce qui est déjà écrit reste.",
                "Ends an import and removes its file; what is already written stays.",
            )
            .status_codes(&[
                (204, "removed"),
                (400, "refused"),
                (403, "forbidden"),
                (404, "not found"),
            ]),
    ]
}

request! {
    /// A file to import.
    pub struct CreateImportRequest {
        name: String = query("name", Text).example("requetes.csv")
            .described("Nom du fichier.", "Name of the file."),
        delimiter: Option<String> = query("delimiter", Text).optional().example(";")
            .described(
                "Caractère entre les cellules d’un CSV ; par défaut reconnu.",
                "Character between the cells of a CSV file; by default recognised.",
            ),
        encoding: Option<String> = query("encoding", Text).optional().example("windows-1252")
            .described(
                "Encodage des caractères ; par défaut reconnu.",
                "Character encoding; by default recognised.",
            ),
        sheet: Option<String> = query("sheet", Text).optional().example("2026")
            .described(
                "Feuille d’un classeur ; à nommer s’il en a plusieurs.",
                "Sheet of a workbook; to be named where it has several.",
            ),
    }
}

request! {
    /// One import.
    pub struct ImportRequest {
        id: String = IMPORT_ID,
    }
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = response_without_etag(JSON, body);
    *response.status_mut() = status;
    // Examples are of a file that is not public.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Writes what is done with a file to the audit, before it is done: the file may hold private data.
async fn note(state: &AppState, context: &RequestContext, id: &str) -> Result<()> {
    state.app.note(context.actor(), None, AuditSubject::Import, id).await
}

async fn list(call: ServiceCall) -> HandlerResult {
    let ServiceCall { state, context, .. } = call;
    let bytes_max = state.app.limits.import_bytes_max;
    let body = ImportsOut::new(&state.imports.list(), bytes_max, context.language);
    Ok(respond(StatusCode::OK, to_json(&body)?))
}

async fn create(call: ServiceCall<CreateImportRequest>, body: Request) -> HandlerResult {
    let ServiceCall { state, context, request } = call;
    let CreateImportRequest { name, delimiter, encoding, sheet } = request;
    if let Some(delimiter) = delimiter.as_ref().filter(|text| text.chars().count() != 1) {
        let message = message!("doit être un seul caractère", "must be one character");
        return Err(Refusal::new("delimiter", delimiter, message).into());
    }
    let upload = upload::receive(&state, &name, body).await?;
    note(&state, &context, upload.id()).await?;
    let imports = state.imports.clone();
    let language = context.language;
    let preview = state.app.compute_heavy(move |_| {
        let overview = imports.keep(upload)?;
        let chosen =
            imports.preview(&overview.id, |one| one.set_reading(delimiter, encoding, sheet));
        match chosen {
            Ok(preview) => to_json(&ImportOut::new(&overview, &preview, language)),
            Err(error) => {
                // A file that cannot be read is of no use.
                imports.remove(&overview.id)?;
                Err(error.with_field_names())
            }
        }
    });
    Ok(respond(StatusCode::CREATED, preview.await?))
}

async fn change(call: ServiceCall<ImportRequest>, body: Bytes) -> HandlerResult {
    let ServiceCall { state, context, request } = call;
    let change = body::read(&body)?;
    state.imports.overview(&request.id)?;
    note(&state, &context, &request.id).await?;
    let imports = state.imports.clone();
    let changed = state.app.compute_heavy(move |_| {
        let preview = imports.preview(&request.id, |choices| change.apply(choices));
        let preview = preview.map_err(Error::with_field_names)?;
        to_json(&ImportOut::new(&imports.overview(&request.id)?, &preview, context.language))
    });
    Ok(respond(StatusCode::OK, changed.await?))
}

async fn run(call: ServiceCall<ImportRequest>) -> HandlerResult {
    let ServiceCall { state, context, request } = call;
    state.imports.overview(&request.id)?;
    note(&state, &context, &request.id).await?;
    let (imports, by) = (state.imports.clone(), context.actor());
    let started = state.app.compute(move || imports.start(&request.id, by)).await;
    let overview = started.map_err(Error::with_field_names)?;
    Ok(respond(
        StatusCode::ACCEPTED,
        to_json(&ImportProgressOut::new(&overview, context.language))?,
    ))
}

async fn one(call: ServiceCall<ImportRequest>) -> HandlerResult {
    let ServiceCall { state, context, request } = call;
    let overview = state.imports.overview(&request.id)?;
    Ok(respond(StatusCode::OK, to_json(&ImportProgressOut::new(&overview, context.language))?))
}

async fn refused(call: ServiceCall<ImportRequest>) -> HandlerResult {
    let ServiceCall { state, context, request } = call;
    let path = state.imports.refused_rows(&request.id)?;
    note(&state, &context, &request.id).await?;
    let file = File::open(path).map_err(Error::internal)?;
    let mut response = Response::new(file_body(&state.stream_room, file));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"refused-rows.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

async fn delete(call: ServiceCall<ImportRequest>) -> HandlerResult {
    let ServiceCall { state, context, request } = call;
    state.imports.overview(&request.id)?;
    note(&state, &context, &request.id).await?;
    state.imports.remove(&request.id)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
