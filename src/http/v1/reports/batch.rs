//! Many new reports in one request, as newline-delimited JSON: one line per report and one line of
//! response for each.

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ReportId;
use crate::error::Result;
use crate::http::openapi::content::of;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::NDJSON;
use crate::http::reply::problem::ProblemOfRow;
use crate::http::request::call::Call;
use crate::http::request::idempotency::IDEMPOTENCY_KEY;
use crate::http::request::parameter::request;
use crate::http::state::AppState;
use crate::http::v1::reports::body::{NewReport, read_draft};
use crate::i18n::Language;
use crate::usecase::City;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/api/v1/reports/batch", "create_reports", Tag::Reports, create)
            .described(
                "Crée plusieurs demandes, une par ligne (NDJSON).",
                "Creates many reports, one per line (NDJSON).",
            )
            .body(&[of::<NewReport>(NDJSON)])
            .responds_with(&[of::<CreatedLine<'_>>(NDJSON)])
            .status_codes(&[
                (200, "one line for each"),
                (400, "refused"),
                (404, "not found"),
                (413, "too large"),
            ])
            .batch_body(),
    ]
}

request! {
    /// A batch of new reports.
    pub struct CreateBatchRequest {
        key: Option<String> = IDEMPOTENCY_KEY,
    }
}

async fn create(call: Call<CreateBatchRequest>, body: Bytes) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let key = request.key;
    let working = state.clone();
    let answer = state
        .app
        .compute(move || Ok(answer_all(&working, &city, &body, key.as_deref(), context.language)));
    let mut response: Response = answer.await?.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// The lines of a body, numbered from 1. Blank lines are skipped but counted.
fn lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = body.split(|byte| *byte == b'\n').zip(1..).map(|(line, number)| (number, line));
    lines.filter(|(_, line)| !line.trim_ascii().is_empty())
}

/// Processes every line.
fn answer_all(
    state: &AppState,
    city: &City,
    body: &[u8],
    key: Option<&str>,
    language: Language,
) -> Vec<u8> {
    let mut answer = Vec::with_capacity(body.len() / 2);
    let mut numbers = lines(body).map(|(number, _)| number);
    let texts = lines(body).map(|(_, text)| text);
    let read = |text: &[u8]| read_draft(text, city.zone());
    state.app.create_batch(city, texts, read, key, |created| {
        let number = numbers.next().unwrap_or_default();
        write_row(&mut answer, number, created, language);
    });
    answer
}

/// The response to one line of the request.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-fr" = "La réponse à une ligne de la requête."))]
enum CreatedLine<'a> {
    /// The line created a report.
    Created(CreatedRow<'a>),
    /// The line was refused.
    Refused(ProblemOfRow),
}

/// The response to a line that created a report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "La réponse à une ligne qui a créé une demande."))]
struct CreatedRow<'a> {
    /// Number of the line in the request, from 1.
    row: usize,
    #[schemars(extend("enum" = [201]))]
    status: u16,
    service_request_id: &'a str,
}

fn write_row(to: &mut Vec<u8>, row: usize, created: Result<ReportId>, language: Language) {
    let line = match &created {
        Ok(id) => {
            CreatedLine::Created(CreatedRow { row, status: 201, service_request_id: id.as_str() })
        }
        Err(error) => CreatedLine::Refused(ProblemOfRow::new(row, error, language)),
    };
    // Writing strings and numbers to a vector cannot fail.
    let _ = serde_json::to_writer(&mut *to, &line);
    to.push(b'\n');
}
