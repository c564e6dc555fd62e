//! Likely duplicates of many descriptions in one request, as newline-delimited JSON. Responses are
//! streamed while the request is still being received.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Interrupt, ReportTime, View};
use crate::error::Result;
use crate::http::openapi::content::of;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::NDJSON;
use crate::http::reply::problem::ProblemOfRow;
use crate::http::reply::refused_lines::{RefusedLines, RefusedLinesOut};
use crate::http::reply::streamed::{BATCH_AHEAD_BYTES, StreamSender, streamed};
use crate::http::request::body_pace::BodyPace;
use crate::http::request::call::Call;
use crate::http::request::lines::{BodyLine, BodyLines, ChunkSize};
use crate::http::request::members::body;
use crate::http::request::members::{Body as _, LonLat, NumberMember, TEXT, member};
use crate::http::request::parameter::request;
use crate::http::state::AppState;
use crate::http::v1::duplicates::answer::{BatchLine, line};
use crate::http::v1::duplicates::params::LIMIT;
use crate::http::v1::reports::body::MOMENT;
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::query::ACCURACY_M_MAX;
use crate::usecase::duplicates::{DuplicateQuestion, DuplicateRules};
use crate::usecase::{City, for_client, present_client};

/// Lines that are processed together.
const CHUNK: ChunkSize = ChunkSize { lines: 512, bytes: 1 << 20, is_exact: false };

/// The operation.
pub fn operations() -> Vec<Operation> {
    let path = "/api/v1/duplicates/batch";
    vec![
        Operation::post(path, "duplicates_batch", Tag::Duplicates, answer_batch)
            .described(
                "Doublons probables de plusieurs descriptions, une par ligne (NDJSON).",
                "Likely duplicates of many descriptions, one per line (NDJSON).",
            )
            .body(&[of::<BatchQuestion>(NDJSON)])
            .responds_with(&[of::<DuplicateLine>(NDJSON)])
            .status_codes(&[(200, "ok"), (400, "refused"), (404, "not found")])
            .streamed(),
    ]
}

body! {
    /// One line of a batch: the description of a problem.
    pub struct BatchQuestion {
        when: Option<ReportTime> = member("at", MOMENT).optional(),
        lon_lat: Option<(f64, f64)> = LonLat,
        service: Option<String> = member("service", TEXT).optional(),
        text: Option<String> = member("text", TEXT).optional(),
        address: Option<String> = member("address", TEXT).optional(),
        accuracy_m: Option<f64> =
            member("accuracy_m", NumberMember { min: 0.0, max: ACCURACY_M_MAX }).optional(),
        exclude: Option<String> = member("exclude", TEXT).optional(),
    }
}

/// Parses one line of a batch.
fn question(bytes: &[u8], zone: &TimeZone) -> Result<DuplicateQuestion> {
    let BatchQuestion { when, lon_lat, service, text, address, accuracy_m, exclude } =
        BatchQuestion::read(bytes, zone)?;
    Ok(DuplicateQuestion { lon_lat, service, when, text, address, accuracy_m, exclude })
}

request! {
    /// The parameters of a batch.
    pub struct BatchRequest {
        limit: usize = LIMIT,
    }
}

async fn answer_batch(call: Call<BatchRequest>, body: Request) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let (limit, body) = (request.limit, body.into_body());
    state.app.snapshot(&city, context.view)?;
    let lines = BodyLines::new(body, u64::MAX, BodyPace::of_batch(&state.app.limits));
    let (sender, answer) = streamed(&state.stream_room, BATCH_AHEAD_BYTES);
    let (language, view, refused) = (context.language, context.view, RefusedLines::default());
    let batch = DuplicateBatch { state, city, view, limit, language, refused };
    tokio::spawn(for_client(present_client(), batch.run(lines, sender)));
    let mut response = Response::new(answer);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// Answers the lines of a batch.
struct DuplicateBatch {
    state: Arc<AppState>,
    city: Arc<City>,
    view: View,
    limit: usize,
    language: Language,
    refused: RefusedLines,
}

impl DuplicateBatch {
    /// Answers to the end, or until the client has gone or too many lines were refused.
    async fn run(mut self, mut lines: BodyLines, sender: StreamSender) {
        let mut next_row = None;
        while let Some(rows) = lines.next(CHUNK).await {
            let (work, city, limit) = (self.state.clone(), self.city.clone(), self.limit);
            let answered =
                self.state.app.query((&self.city, self.view), move |snapshot, interrupt| {
                    answer_lines(&work, &city, snapshot, rows, (limit, interrupt))
                });
            let Ok(answered) = answered.await else {
                // Aborting shows the client that the response is incomplete.
                return sender.abort(std::io::Error::other("unavailable")).await;
            };
            let bytes = self.write(answered);
            if !bytes.is_empty() && sender.send(bytes.into()).await.is_err() {
                return;
            }
            if self.refused.are_too_many() {
                next_row = Some(lines.row() + 1);
                break;
            }
        }
        if let Some(last) = self.refused.last_line(next_row) {
            let mut bytes = Vec::new();
            write_line(&mut bytes, &DuplicateLine::NotDescribed(last));
            let _ = sender.send(bytes.into()).await;
        }
    }

    /// The lines of the response.
    fn write(&mut self, answered: Vec<(usize, Result<BatchLine>)>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(answered.len() * 200);
        for (row, answered) in answered {
            match answered {
                Ok(line) => write_line(&mut bytes, &DuplicateLine::Answered(line)),
                Err(error) if self.refused.count() => {
                    let problem = ProblemOfRow::new(row, &error, self.language);
                    write_line(&mut bytes, &DuplicateLine::Refused(problem));
                }
                Err(_) => (),
            }
        }
        bytes
    }
}

/// The response to one line of the request.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-fr" = "La réponse à une ligne de la requête."))]
enum DuplicateLine {
    /// The likely duplicates of the described problem.
    Answered(BatchLine),
    /// The line was refused.
    Refused(ProblemOfRow),
    /// Not every refused line was described; always the last line.
    NotDescribed(RefusedLinesOut),
}

/// The answer to each line, with its number.
///
/// # Errors
/// Nobody waits for the response any more.
fn answer_lines(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    rows: Vec<BodyLine>,
    (limit, interrupt): (usize, &Interrupt),
) -> Result<Vec<(usize, Result<BatchLine>)>> {
    let catalogue = city.catalogue();
    let now = city.now().as_second();
    let mut rules = DuplicateRules::new(snapshot, &catalogue, &state.model, now);
    let mut answered = Vec::with_capacity(rows.len());
    for (row, text) in rows {
        interrupt.check()?;
        let asked = text.and_then(|text| question(&text, city.zone()));
        let found = asked.and_then(|asked| rules.answer(asked, limit));
        answered.push((row, found.map(|found| line(snapshot, row, &found.answer))));
    }
    Ok(answered)
}

fn write_line(to: &mut Vec<u8>, line: &DuplicateLine) {
    // Writing strings and finite numbers to a vector cannot fail.
    let _ = serde_json::to_writer(&mut *to, line);
    to.push(b'\n');
}
