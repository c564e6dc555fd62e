//! Many new reports in one request, as newline-delimited JSON: one line per report and one line of
//! response for each.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, Uri, Version, header};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Actor;
use crate::error::{Error, ErrorKind, Result};
use crate::http::around::rates::RateClass;
use crate::http::openapi::content::of;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::NDJSON;
use crate::http::reply::problem::ProblemOfRow;
use crate::http::reply::refused_lines::{RefusedLines, RefusedLinesOut};
use crate::http::reply::streamed::{BATCH_AHEAD_BYTES, ClientGone, StreamSender, streamed};
use crate::http::request::body_pace::BodyPace;
use crate::http::request::call::Call;
use crate::http::request::caller::Caller;
use crate::http::request::form::bounded;
use crate::http::request::head::RequestHead;
use crate::http::request::idempotency::IDEMPOTENCY_KEY;
use crate::http::request::lines::{BodyLine, BodyLines, ChunkSize};
use crate::http::request::parameter::request;
use crate::http::state::AppState;
use crate::http::v1::reports::body::{NewReport, read_draft};
use crate::i18n::Language;
use crate::message;
use crate::usecase::{BatchChunk, City, for_client, present_client};

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
            .streamed()
            .files_reports(),
    ]
}

request! {
    /// A batch of new reports.
    pub struct CreateBatchRequest {
        key: Option<String> = IDEMPOTENCY_KEY,
    }
}

/// Rows of one commit.
const CHUNK: ChunkSize = ChunkSize { lines: 8_192, bytes: 4 << 20, is_exact: true };

async fn create(call: Call<CreateBatchRequest>, body: Request) -> HandlerResult {
    let Call { state, city, context, request } = call;
    // What anybody sends counts row by row, as if each report had come alone.
    let counted = (context.caller == Caller::Public)
        .then(|| (body.headers().clone(), body.extensions().clone()));
    let limits = &state.app.limits;
    let body = bounded(body, limits.batch_bytes_max)?.into_body();
    let lines = BodyLines::new(body, limits.batch_bytes_max as u64, BodyPace::of_batch(limits));
    let (sender, answer) = streamed(&state.stream_room, BATCH_AHEAD_BYTES);
    let (language, refused) = (context.language, RefusedLines::default());
    let (by, key) = (context.actor(), request.key);
    let creation = BatchCreation { state, city, key, by, language, sender, refused, counted };
    tokio::spawn(for_client(present_client(), creation.run(lines)));
    let mut response = Response::new(answer);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// Creates the reports of a batch and sends a line for each.
struct BatchCreation {
    state: Arc<AppState>,
    city: Arc<City>,
    key: Option<String>,
    /// Who sends it, for the audit.
    by: Actor,
    language: Language,
    sender: StreamSender,
    refused: RefusedLines,
    /// Where a request comes from whose rows count against the rate of new reports.
    counted: Option<(HeaderMap, Extensions)>,
}

/// A chunk that is being written, and the numbers of its rows.
type WrittenChunk = (Vec<usize>, BatchChunk);

impl BatchCreation {
    /// Reads the batch to its end, or until its client has gone or too many rows were refused. What
    /// was read until then is created. While one chunk is being written, the next one is read.
    async fn run(mut self, mut lines: BodyLines) {
        let mut written: Option<WrittenChunk> = None;
        let mut next_row = None;
        let mut n = 0;
        while let Some(rows) = lines.next(CHUNK).await {
            let rows = self.within_rate(rows);
            let Ok(chunk) = self.begin(n, rows).await else {
                let error = std::io::Error::other("unavailable");
                return self.sender.abort(error).await;
            };
            let before = written.replace(chunk);
            if let Some(before) = before
                && self.finish(before).await.is_err()
            {
                return;
            }
            if self.refused.are_too_many() {
                next_row = Some(lines.row() + 1);
                break;
            }
            n += 1;
        }
        if let Some(last) = written
            && self.finish(last).await.is_err()
        {
            return;
        }
        if let Some(last) = self.refused.last_line(next_row) {
            let mut bytes = Vec::new();
            write_line(&mut bytes, &CreatedLine::NotDescribed(last));
            let _ = self.sender.send(bytes.into()).await;
        }
    }

    /// The rows, of which those beyond the rate of new reports are refused.
    fn within_rate(&self, mut rows: Vec<BodyLine>) -> Vec<BodyLine> {
        let (Some((headers, extensions)), Some(rates)) = (&self.counted, self.state.rates()) else {
            return rows;
        };
        let (uri, version) = (Uri::default(), Version::HTTP_11);
        let head = RequestHead { uri: &uri, version, headers, extensions };
        let (passed, seconds) = rates.take(RateClass::Filings, rows.len(), &head);
        for (_, row) in rows.iter_mut().skip(passed) {
            *row = Err(too_many_filings(seconds));
        }
        rows
    }

    /// Checks the rows of the chunk with number `n` and begins to write them.
    async fn begin(&self, n: usize, rows: Vec<BodyLine>) -> Result<WrittenChunk> {
        let (state, city, key) = (self.state.clone(), self.city.clone(), self.key.clone());
        let by = self.by.clone();
        let begun = self.state.app.compute_heavy(move |_| {
            let (numbers, rows): (Vec<usize>, Vec<_>) = rows.into_iter().unzip();
            let read = |text: &[u8]| read_draft(text, city.zone());
            let chunk = state.app.begin_batch_chunk(&city, (n, key.as_deref()), rows, read, by);
            Ok((numbers, chunk))
        });
        begun.await
    }

    /// Waits until a chunk is durable and sends its lines.
    async fn finish(
        &mut self,
        (numbers, chunk): WrittenChunk,
    ) -> std::result::Result<(), ClientGone> {
        let finished = tokio::task::spawn_blocking(|| chunk.finish()).await;
        let mut bytes = Vec::with_capacity(numbers.len() * 64);
        for (row, created) in numbers.into_iter().zip(finished.unwrap_or_default()) {
            match &created {
                Ok(id) => {
                    let service_request_id = id.as_str();
                    let created = CreatedRow { row, status: 201, service_request_id };
                    write_line(&mut bytes, &CreatedLine::Created(created));
                }
                Err(error) if self.refused.count() => {
                    let problem = ProblemOfRow::new(row, error, self.language);
                    write_line(&mut bytes, &CreatedLine::Refused(problem));
                }
                Err(_) => (),
            }
        }
        match bytes.is_empty() {
            true => Ok(()),
            false => self.sender.send(bytes.into()).await,
        }
    }
}

fn too_many_filings(seconds: u64) -> Error {
    let message = message!(
        "Trop de demandes en peu de temps ; réessayez dans {seconds} s, ou avec une clé.",
        "Too many reports in a short time; try again in {seconds} s, or with a key."
    );
    Error::new(ErrorKind::TooMany(seconds), message)
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
    /// Not every refused line was described; always the last line.
    NotDescribed(RefusedLinesOut),
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

fn write_line(to: &mut Vec<u8>, line: &CreatedLine<'_>) {
    // Writing strings and numbers to a vector cannot fail.
    let _ = serde_json::to_writer(&mut *to, line);
    to.push(b'\n');
}
