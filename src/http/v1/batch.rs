//! Many new reports in one request: a line of JSON each, and a line of answer to each.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::domain::{Idempotency, ReportId};
use crate::error::Result;
use crate::http::AppState;
use crate::http::reply::problem::problem;
use crate::http::request::body;
use crate::http::request::context::{HandlerResult, RequestContext, status};
use crate::http::v1::proximity::finished;
use crate::http::v1::reports::{body_of, idempotency_key};
use crate::i18n::Language;
use crate::usecase::{BatchChunk, City};

const MEDIA_TYPE: &str = "application/x-ndjson";
/// Rows in one commit.
const CHUNK_ROWS: usize = 8_192;

/// `POST /api/v1/reports/batch`
pub async fn create(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> HandlerResult {
    let city = context.city(&state)?;
    let context = finished(context)?;
    let body = body_of(body)?;
    let key = idempotency_key(&headers)?;
    let working = state.clone();
    let answer =
        state.app.compute(move || Ok(answer_all(&working, &city, &body, key, context.language)));
    let mut response: Response = answer.await?.into_response();
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// The lines of a body, numbered from 1; blank ones have no answer.
fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = body.split(|byte| *byte == b'\n').zip(1..).map(|(line, number)| (number, line));
    lines.filter(|(_, line)| !line.trim_ascii().is_empty())
}

/// One chunk is read while the one before is on its way to the disk.
fn answer_all(
    state: &AppState,
    city: &City,
    body: &[u8],
    key: Option<String>,
    language: Language,
) -> Vec<u8> {
    let mut answer = Vec::with_capacity(body.len() / 2);
    let mut lines = lines(body).peekable();
    let mut before: Option<(Vec<usize>, BatchChunk)> = None;
    let mut write = |(numbers, chunk): (Vec<usize>, BatchChunk)| {
        for (number, row) in numbers.into_iter().zip(chunk.finish()) {
            write_row(&mut answer, number, row, language);
        }
    };
    for n in 0.. {
        if lines.peek().is_none() {
            break;
        }
        let (numbers, texts): (Vec<usize>, Vec<&[u8]>) = lines.by_ref().take(CHUNK_ROWS).unzip();
        let idempotency = key.as_ref().map(|key| {
            let mut hasher = blake3::Hasher::new();
            texts.iter().for_each(|text| {
                hasher.update(text).update(b"\n");
            });
            let fingerprint = hasher.finalize().to_hex()[..32].to_owned();
            Idempotency { key: format!("{key}#{n}"), fingerprint }
        });
        let drafts = texts.into_iter().map(|text| body::draft(text, city.zone())).collect();
        let chunk = state.app.begin_chunk(city, drafts, idempotency);
        before.replace((numbers, chunk)).into_iter().for_each(&mut write);
    }
    before.into_iter().for_each(&mut write);
    answer
}

fn write_row(to: &mut Vec<u8>, number: usize, row: Result<ReportId>, language: Language) {
    let line = match row {
        Ok(id) => {
            let id = body::quoted(id.as_str());
            format!("{{\"row\":{number},\"status\":201,\"service_request_id\":{id}}}\n")
        }
        Err(error) => {
            let problem = problem(&error, status(error.kind).as_u16(), language);
            format!("{}\n", body::problem_of_row(number, problem))
        }
    };
    to.extend_from_slice(line.as_bytes());
}
