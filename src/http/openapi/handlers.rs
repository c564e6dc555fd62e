//! `GET /api/openapi.json`: the whole document.

use crate::http::openapi::content::object;
use crate::http::openapi::description::Tag;
use crate::http::openapi::document::Server;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, conditional_response, to_json};
use crate::http::request::call::ServiceCall;

/// The operation that serves the document.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/openapi.json", "openapi", Tag::Service, whole)
            .described("Ce document.", "This document.")
            .responds_with(&[object(JSON)])
            .status_codes(&[(200, "ok"), (304, "not modified"), (400, "refused")]),
    ]
}

async fn whole(call: ServiceCall) -> HandlerResult {
    let ServiceCall { state, context, .. } = call;
    let base = context.base(&state);
    let base = if base.is_empty() { "/" } else { base.as_str() };
    let contact = state.public_config.contact.as_deref();
    let server = Server { base, contact };
    conditional_response(&context, JSON, context.etag(&state, 0), || {
        to_json(&state.document().whole(&server, context.language))
    })
}
