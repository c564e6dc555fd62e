//! Is this already reported? Asked before filing, while filing, or by the thousand.

pub(crate) mod answer;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, channel::Channel};

use crate::domain::{Report, ReportId, ServiceCode, StoredReport};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::reply::problem::problem;
use crate::http::request::body;
use crate::http::request::context::{
    CostClass, HandlerResult, RequestContext, fresh, status, tagged, to_json,
};
use crate::http::request::params::Params;
use crate::http::v1::duplicates::answer::{
    DuplicateAnswerContext, DuplicateSummary, brief, duplicates, line,
};
use crate::http::v1::proximity::{finished, unreachable_refusal};
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::message;
use crate::query::{ACCURACY_M_MAX, DuplicateAnswer, DuplicateModel, DuplicateRule};
use crate::usecase::duplicates::{
    ACCURACY_M_DEFAULT, CheckedQuestion, DedupeChoice, DedupeMode, DedupePolicy, DuplicateQuestion,
    INCIDENTS_DEFAULT,
};
use crate::usecase::{City, DuplicateJudge};

/// Incidents in an answer, at most.
const LIMIT_MAX: usize = 50;

/// The question in a query string.
fn question(params: &mut Params, city: &City) -> DuplicateQuestion {
    let at = params.position();
    DuplicateQuestion {
        lon_lat: at.map(|at| (at.lon(), at.lat())),
        service: params.take("service"),
        when: params.time("at", city),
        text: params.take("text"),
        address: params.take("address"),
        accuracy_m: params.number("accuracy_m", 0.0, ACCURACY_M_MAX),
        exclude: params.take("exclude"),
    }
}

/// `GET /api/v1/duplicates?lon&lat&service&at&text`
pub async fn list(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let asked = question(&mut context.params, &city);
    let limit = context.params.count("limit", INCIDENTS_DEFAULT, LIMIT_MAX);
    let place = asked.lon_lat;
    let mut context = finished(context)?;
    if place.is_none() {
        return Err(unreachable_refusal());
    }
    if asked.when.is_none() {
        // What is asked about now has another answer a second later.
        context.stamp = city.now().as_second().unsigned_abs();
    }
    let catalogue = city.catalogue();
    let question = CheckedQuestion::check(asked, &catalogue, city.now().as_second())?;
    let (model, zone) = (state.model.clone(), city.zone().clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Quick, move |snapshot, context| {
            question.check_excluded(snapshot)?;
            let rule = DuplicateRule::new(snapshot, &catalogue, &model, &question.service);
            let answer = rule.rank(snapshot, &question.query(), limit);
            let asked = DuplicateAnswerContext {
                service: question.service.as_str(),
                policy: rule.policy,
                accuracy_m: question.accuracy_m,
                zone: &zone,
                language: context.language,
            };
            to_json(&duplicates(snapshot, &answer, &asked))
        });
    Ok(answer.await?)
}

/// Lines answered together.
const CHUNK_LINES: usize = 512;
/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Answers that may wait for their reader: some who send much read only when all is sent.
const ANSWERS_AHEAD: usize = 256;

/// `POST /api/v1/duplicates/batch`: a line of answer to each line, as they come.
pub async fn batch(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
    body: Body,
) -> HandlerResult {
    let city = context.city(&state)?;
    let limit = context.params.count("limit", INCIDENTS_DEFAULT, LIMIT_MAX);
    let context = finished(context)?;
    state.app.snapshot(&city)?;
    let (mut send, answer) = Channel::<axum::body::Bytes, std::io::Error>::new(ANSWERS_AHEAD);
    tokio::spawn(async move {
        let patience = state.app.limits.request_time_max;
        let mut lines = Lines { body, patience, rest: Vec::new(), row: 0, over: false };
        while let Some(chunk) = lines.next().await {
            let (work, asked, language) = (state.clone(), city.clone(), context.language);
            let answered = state.app.query(&city, move |snapshot| {
                Ok(answer_chunk(&work, &asked, snapshot, chunk, limit, language))
            });
            let Ok(bytes) = answered.await else {
                // The reader sees an answer cut short, never one that looks whole.
                return send.abort(std::io::Error::other("unavailable"));
            };
            if send.send_data(bytes.into()).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(Body::new(answer));
    let media_type = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// A line with its number, or why it cannot be read.
type Row = (usize, Result<Vec<u8>>);

/// The lines of a body while it arrives.
struct Lines {
    body: Body,
    /// How long the next bytes are waited for.
    patience: Duration,
    rest: Vec<u8>,
    row: usize,
    over: bool,
}

impl Lines {
    /// The next lines, as many as have come and at most [`CHUNK_LINES`]; none at the end.
    async fn next(&mut self) -> Option<Vec<Row>> {
        let mut rows = Vec::new();
        loop {
            let mut from = 0;
            while rows.len() < CHUNK_LINES
                && let Some(end) = self.rest[from..].iter().position(|byte| *byte == b'\n')
            {
                self.row += 1;
                self.push(&mut rows, from..from + end);
                from += end + 1;
            }
            self.rest.drain(..from);
            if !rows.is_empty() {
                return Some(rows);
            }
            if self.over {
                let rest = 0..self.rest.len();
                self.row += 1;
                self.push(&mut rows, rest);
                self.rest.clear();
                return (!rows.is_empty()).then_some(rows);
            }
            if self.rest.len() > LINE_BYTES_MAX {
                let max = LINE_BYTES_MAX;
                let message = message!(
                    "La ligne dépasse {max} octets.",
                    "The line is longer than {max} bytes."
                );
                (self.over, self.row) = (true, self.row + 1);
                self.rest.clear();
                return Some(vec![(self.row, Err(Error::new(ErrorKind::TooLarge, message)))]);
            }
            match tokio::time::timeout(self.patience, self.body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    self.rest.extend_from_slice(&frame.into_data().unwrap_or_default());
                }
                Err(_) | Ok(Some(Err(_))) => {
                    let message = message!("est arrivé incomplet", "arrived incomplete");
                    (self.over, self.row) = (true, self.row + 1);
                    self.rest.clear();
                    return Some(vec![(self.row, Err(Refusal::new("body", "", message).into()))]);
                }
                Ok(None) => self.over = true,
            }
        }
    }

    fn push(&self, rows: &mut Vec<Row>, at: std::ops::Range<usize>) {
        let line = self.rest[at].trim_ascii();
        if !line.is_empty() {
            rows.push((self.row, Ok(line.to_vec())));
        }
    }
}

fn answer_chunk(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    rows: Vec<Row>,
    limit: usize,
    language: Language,
) -> Vec<u8> {
    let catalogue = city.catalogue();
    // Few services come again and again: their rules are made once.
    let mut rules: Vec<(ServiceCode, DuplicateRule)> = Vec::new();
    let mut out = Vec::with_capacity(rows.len() * 200);
    for (row, line_read) in rows {
        let asked = line_read
            .and_then(|text| body::duplicate_question(&text, city.zone()))
            .and_then(|asked| CheckedQuestion::check(asked, &catalogue, city.now().as_second()))
            .and_then(|asked| asked.check_excluded(snapshot).map(|()| asked));
        let written = asked.and_then(|asked| {
            let known = rules.iter().position(|(code, _)| *code == asked.service);
            let at = known.unwrap_or_else(|| {
                let rule = DuplicateRule::new(snapshot, &catalogue, &state.model, &asked.service);
                rules.push((asked.service.clone(), rule));
                rules.len() - 1
            });
            let answer = rules[at].1.rank(snapshot, &asked.query(), limit);
            serde_json::to_writer(&mut out, &line(snapshot, row, &answer)).map_err(Error::internal)
        });
        if let Err(error) = written {
            let problem = problem(&error, status(error.kind).as_u16(), language);
            out.extend_from_slice(body::problem_of_row(row, problem).to_string().as_bytes());
        }
        out.push(b'\n');
    }
    out
}

/// A [`DedupePolicy`] read from a query string, and its answers.
pub struct Dedupe(DedupePolicy);

impl Dedupe {
    /// Takes `dedupe`, `confirm` and `accuracy_m`.
    pub fn take(params: &mut Params) -> Self {
        const KNOWN: &str = "off, tell, warn, attach";
        let mode = params.word("dedupe", KNOWN, |word| match word {
            "off" => Some(DedupeMode::Off),
            "tell" => Some(DedupeMode::Tell),
            "warn" => Some(DedupeMode::Warn),
            "attach" => Some(DedupeMode::Attach),
            _ => None,
        });
        let known = "new, service_request_id";
        let choice = params.word("confirm", known, |word| match word {
            "new" => Some(DedupeChoice::New),
            id => ReportId::new(id).ok().map(DedupeChoice::Same),
        });
        let accuracy_m =
            params.number("accuracy_m", 0.0, ACCURACY_M_MAX).unwrap_or(ACCURACY_M_DEFAULT);
        Self(DedupePolicy { mode: mode.unwrap_or(DedupeMode::Off), choice, accuracy_m })
    }

    /// See [`DedupePolicy::judge`].
    pub fn judge(&self, city: &City, model: &Arc<DuplicateModel>) -> Option<DuplicateJudge> {
        self.0.judge(city, model)
    }

    /// The likely duplicates of a report that is stored, where they are to be told.
    ///
    /// # Errors
    /// Unavailable.
    pub fn summaries(
        &self,
        state: &AppState,
        city: &City,
        stored: &StoredReport,
    ) -> Result<Option<Vec<DuplicateSummary>>> {
        if self.0.mode == DedupeMode::Off {
            return Ok(None);
        }
        let snapshot = state.app.snapshot(city)?;
        let answer = self.answer(state, city, &snapshot, &stored.report);
        Ok(Some(answer.map_or_else(Vec::new, |(_, answer)| brief(&snapshot, &answer))))
    }

    /// What a sender reads who is to choose and whose protocol has errors only.
    ///
    /// # Errors
    /// Unavailable.
    pub fn refusal(&self, state: &AppState, city: &City, report: &Report) -> Result<Error> {
        let snapshot = state.app.snapshot(city)?;
        let answer = self.answer(state, city, &snapshot, report);
        let found = answer.map_or_else(Vec::new, |(_, answer)| brief(&snapshot, &answer));
        let ids: Vec<&str> = found.iter().map(DuplicateSummary::id).collect();
        let ids = ids.join(", ");
        let message = message!(
            "Peut-être déjà signalé : {ids}. Confirmez par confirm=new ou confirm=NUMÉRO.",
            "Perhaps reported already: {ids}. Confirm by confirm=new or confirm=ID."
        );
        Ok(Error::new(ErrorKind::Conflict, message))
    }

    fn answer(
        &self,
        state: &AppState,
        city: &City,
        snapshot: &Snapshot,
        report: &Report,
    ) -> Option<(DuplicateRule, DuplicateAnswer)> {
        self.0.candidates(city, &state.model, snapshot, report, city.now().as_second())
    }

    /// The answer to a sender who is to choose: nothing was made yet.
    ///
    /// # Errors
    /// Unavailable.
    pub fn ask_sender(
        &self,
        state: &AppState,
        city: &City,
        report: &Report,
        language: Language,
    ) -> Result<Response> {
        let snapshot = state.app.snapshot(city)?;
        let Some((rule, answer)) = self.answer(state, city, &snapshot, report) else {
            return Err(Error::internal("a report without a place was asked about"));
        };
        let zone = city.zone();
        let asked = DuplicateAnswerContext {
            service: report.service.as_str(),
            policy: rule.policy,
            accuracy_m: self.0.accuracy_m,
            zone,
            language,
        };
        let mut out = duplicates(&snapshot, &answer, &asked);
        out.created = Some(false);
        out.confirm = Some(body::how_to_confirm());
        let mut response = tagged(MEDIA_TYPE, "", to_json(&out)?);
        response.headers_mut().remove(header::ETAG);
        *response.status_mut() = StatusCode::OK;
        Ok(response.into_response())
    }
}
