//! Likely duplicates of many descriptions in one request, as newline-delimited JSON. Responses are
//! streamed while the request is still being received.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt, channel::Channel};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ReportTime;
use crate::error::{Error, ErrorKind, Result};
use crate::http::openapi::content::of;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::NDJSON;
use crate::http::reply::fused::Fused;
use crate::http::reply::problem::ProblemOfRow;
use crate::http::request::body::cut_short;
use crate::http::request::call::Call;
use crate::http::request::members::body;
use crate::http::request::members::{Body as _, LonLat, NumberMember, TEXT, member};
use crate::http::request::parameter::request;
use crate::http::state::AppState;
use crate::http::v1::duplicates::answer::{BatchLine, line};
use crate::http::v1::duplicates::params::LIMIT;
use crate::http::v1::reports::body::MOMENT;
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::message;
use crate::query::ACCURACY_M_MAX;
use crate::usecase::City;
use crate::usecase::duplicates::{AnsweredQuestion, DuplicateQuestion, DuplicateRules};

/// Number of lines that are processed together.
const CHUNK_LINES: usize = 512;
/// Limit of the length of a line, in bytes.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Limit of the number of response chunks that wait for the client; some clients read the response
/// only after they have sent the whole request.
const ANSWERS_AHEAD: usize = 256;

/// The operation.
pub fn operations() -> Vec<Operation> {
    let path = "/api/v1/duplicates/batch";
    vec![
        Operation::post(path, "duplicates_batch", Tag::Duplicates, answer_lines)
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

async fn answer_lines(call: Call<BatchRequest>, body: Request) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let (limit, body) = (request.limit, body.into_body());
    state.app.snapshot(&city)?;
    let (mut send, answer) = Channel::<Bytes, std::io::Error>::new(ANSWERS_AHEAD);
    tokio::spawn(async move {
        let read_timeout = state.app.limits.request_time_max;
        let mut lines = Lines { body, read_timeout, buffer: Vec::new(), row: 0, has_ended: false };
        while let Some(chunk) = lines.next().await {
            let (work, asked, language) = (state.clone(), city.clone(), context.language);
            let answered = state.app.query(&city, move |snapshot| {
                Ok(answer_chunk(&work, &asked, snapshot, chunk, limit, language))
            });
            let Ok(bytes) = answered.await else {
                // Aborting shows the client that the response is incomplete.
                return send.abort(std::io::Error::other("unavailable"));
            };
            if send.send_data(bytes.into()).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(Body::new(Fused::new(answer)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// The number of a line, and the line or why it could not be read.
type BatchRow = (usize, Result<Vec<u8>>);

/// Splits a body into lines while it is being received.
struct Lines {
    body: Body,
    /// How long to wait for the next bytes.
    read_timeout: Duration,
    /// Received bytes that are not yet returned as lines.
    buffer: Vec<u8>,
    /// Number of the last line, from 1.
    row: usize,
    /// The body has ended or failed.
    has_ended: bool,
}

impl Lines {
    /// The lines received so far, at most [`CHUNK_LINES`]; waits for at least one. `None` at the
    /// end.
    async fn next(&mut self) -> Option<Vec<BatchRow>> {
        let mut rows = Vec::new();
        loop {
            let mut from = 0;
            while rows.len() < CHUNK_LINES
                && let Some(end) = self.buffer[from..].iter().position(|byte| *byte == b'\n')
            {
                self.row += 1;
                self.push(&mut rows, from..from + end);
                from += end + 1;
            }
            self.buffer.drain(..from);
            if !rows.is_empty() {
                return Some(rows);
            }
            if self.has_ended {
                let rest = 0..self.buffer.len();
                self.row += 1;
                self.push(&mut rows, rest);
                self.buffer.clear();
                return (!rows.is_empty()).then_some(rows);
            }
            if self.buffer.len() > LINE_BYTES_MAX {
                let max = LINE_BYTES_MAX;
                let message = message!(
                    "La ligne dépasse {max} octets.",
                    "The line is longer than {max} bytes."
                );
                (self.has_ended, self.row) = (true, self.row + 1);
                self.buffer.clear();
                return Some(vec![(self.row, Err(Error::new(ErrorKind::TooLarge, message)))]);
            }
            match tokio::time::timeout(self.read_timeout, self.body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    self.buffer.extend_from_slice(&frame.into_data().unwrap_or_default());
                }
                Err(_) | Ok(Some(Err(_))) => {
                    (self.has_ended, self.row) = (true, self.row + 1);
                    self.buffer.clear();
                    return Some(vec![(self.row, Err(cut_short()))]);
                }
                Ok(None) => self.has_ended = true,
            }
        }
    }

    fn push(&self, rows: &mut Vec<BatchRow>, at: std::ops::Range<usize>) {
        let line = self.buffer[at].trim_ascii();
        if !line.is_empty() {
            rows.push((self.row, Ok(line.to_vec())));
        }
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
}

fn answer_chunk(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    rows: Vec<BatchRow>,
    limit: usize,
    language: Language,
) -> Vec<u8> {
    let catalogue = city.catalogue();
    let now = city.now().as_second();
    let mut rules = DuplicateRules::new(snapshot, &catalogue, &state.model, now);
    let mut out = Vec::with_capacity(rows.len() * 200);
    for (row, line_read) in rows {
        let asked = line_read.and_then(|text| question(&text, city.zone()));
        let answered = asked.and_then(|asked| rules.answer(asked, limit));
        let line = match answered {
            Ok(AnsweredQuestion { answer, .. }) => {
                DuplicateLine::Answered(line(snapshot, row, &answer))
            }
            Err(error) => DuplicateLine::Refused(ProblemOfRow::new(row, &error, language)),
        };
        // Writing strings and finite numbers to a vector cannot fail.
        let _ = serde_json::to_writer(&mut out, &line);
        out.push(b'\n');
    }
    out
}
