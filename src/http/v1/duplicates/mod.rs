//! Is this already reported? Asked before filing, while filing, or by the thousand.

pub(crate) mod answer;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, channel::Channel};

use crate::domain;
use crate::domain::{
    AHEAD_SECONDS_MAX, Accuracy, Catalogue, DESCRIPTION_CHARS_MAX, Report, ReportId, ServiceCode,
    StoredReport, TextSketch,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::reply::problem::problem;
use crate::http::request::body;
use crate::http::request::body::DuplicateQuestion;
use crate::http::request::context::{
    CostClass, HandlerResult, RequestContext, fresh, status, tagged, to_json,
};
use crate::http::request::params::Params;
use crate::http::v1::duplicates::answer::{
    DuplicateAnswerContext, DuplicateSummary, brief, duplicates, line,
};
use crate::http::v1::proximity::{finished, unreachable_refusal};
use crate::i18n::Language;
use crate::message;
use crate::place::Position;
use crate::query::{
    ACCURACY_M_MAX, Decision, DuplicateAnswer, DuplicateModel, DuplicateQuery, DuplicateRule,
    Snapshot,
};
use crate::usecase::{City, DuplicateJudge, Verdict};

/// How good a place is where nothing is said, in metres: a telephone's, on a good day.
const ACCURACY_M: f64 = 10.0;
/// Incidents in an answer where no number is asked for.
const LIMIT: usize = 5;
const LIMIT_MAX: usize = 50;

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A question that was found to make sense.
struct DuplicatesRequest {
    at: Position,
    accuracy_m: f64,
    second: i64,
    service: ServiceCode,
    sketch: TextSketch,
    exclude: Option<String>,
}

impl DuplicatesRequest {
    /// Checks what was asked.
    ///
    /// # Errors
    /// Every value that makes no sense.
    fn check(asked: DuplicateQuestion, catalogue: &Catalogue) -> Result<Self> {
        let mut refused = Vec::new();
        let DuplicateQuestion { lon_lat, service, when, text, address, accuracy_m, exclude } =
            asked;
        let at = domain::position(lon_lat, &mut refused);
        if lon_lat.is_none() {
            let message = message!(
                "manque : sans lieu, rien ne peut être près",
                "is missing: without a place nothing can be near"
            );
            refused.push(Refusal::new("lon", "", message));
        }
        let known = service.as_deref().and_then(|code| catalogue.get(code));
        match (&service, known) {
            (None, _) => {
                refused.push(Refusal::new("service", "", message!("manque", "is missing")));
            }
            (Some(code), None) => refused.push(catalogue.unknown("service", code)),
            _ => {}
        }
        let second = when.map_or_else(now, |when| when.last_second());
        if second > now() + AHEAD_SECONDS_MAX && when.is_none_or(|when| when.second() > now()) {
            let at = when.map(|when| when.to_string()).unwrap_or_default();
            refused.push(Refusal::new("at", at, message!("est dans l’avenir", "is in the future")));
        }
        domain::line("text", &text, DESCRIPTION_CHARS_MAX, &mut refused);
        domain::line("address", &address, DESCRIPTION_CHARS_MAX, &mut refused);
        let accuracy_m = accuracy_m.unwrap_or(ACCURACY_M);
        if !(0.0..=ACCURACY_M_MAX).contains(&accuracy_m) {
            let max = ACCURACY_M_MAX;
            let message = message!(
                "doit être un nombre entre 0 et {max}",
                "must be a number between 0 and {max}"
            );
            refused.push(Refusal::new("accuracy_m", accuracy_m, message));
        }
        match (at, known) {
            (Some(at), Some(service)) if refused.is_empty() => {
                let service = service.code.clone();
                let sketch = TextSketch::of(address.as_deref(), text.as_deref(), service.as_str());
                Ok(Self { at, accuracy_m, second, service, sketch, exclude })
            }
            _ => Err(Error::refused(refused)),
        }
    }

    fn probe(&self) -> DuplicateQuery<'_> {
        DuplicateQuery {
            at: self.at,
            accuracy_m: self.accuracy_m,
            second: self.second,
            sketch: self.sketch,
            exclude: self.exclude.as_deref(),
        }
    }

    /// A report that is to be left out must be there.
    fn checked(&self, snapshot: &Snapshot) -> Result<()> {
        let absent = self.exclude.as_deref().filter(|id| snapshot.find(id).is_none());
        match absent {
            None => Ok(()),
            Some(id) => {
                let message = message!(
                    "n’est pas une demande de cette ville",
                    "is not a report of this city"
                );
                Err(Refusal::new("exclude", id, message).into())
            }
        }
    }
}

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
    let limit = context.params.count("limit", LIMIT, LIMIT_MAX);
    let place = asked.lon_lat;
    let mut context = finished(context)?;
    if place.is_none() {
        return Err(unreachable_refusal());
    }
    if asked.when.is_none() {
        // What is asked about now has another answer a second later.
        context.stamp = now().unsigned_abs();
    }
    let catalogue = city.catalogue();
    let question = DuplicatesRequest::check(asked, &catalogue)?;
    let (model, zone) = (state.model.clone(), city.zone().clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Quick, move |snapshot, context| {
            question.checked(snapshot)?;
            let rule = DuplicateRule::new(snapshot, &catalogue, &model, &question.service);
            let answer = rule.rank(snapshot, &question.probe(), limit);
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
    let limit = context.params.count("limit", LIMIT, LIMIT_MAX);
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
            .and_then(|asked| DuplicatesRequest::check(asked, &catalogue))
            .and_then(|asked| asked.checked(snapshot).map(|()| asked));
        let written = asked.and_then(|asked| {
            let known = rules.iter().position(|(code, _)| *code == asked.service);
            let at = known.unwrap_or_else(|| {
                let rule = DuplicateRule::new(snapshot, &catalogue, &state.model, &asked.service);
                rules.push((asked.service.clone(), rule));
                rules.len() - 1
            });
            let answer = rules[at].1.rank(snapshot, &asked.probe(), limit);
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

/// What is wished for a new report that may be a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DedupeMode {
    /// It stands for itself; nobody looks.
    Off,
    /// It stands for itself; the answer tells of likely duplicates.
    Tell,
    /// Where it may be a duplicate, nothing is made until its sender chooses.
    Warn,
    /// It becomes a duplicate by itself where that is likely enough.
    Attach,
}

/// What a sender chose.
#[derive(Debug, Clone)]
enum DedupeChoice {
    /// It is another problem.
    New,
    /// It is the same as this one's.
    Same(ReportId),
}

/// What is wished for a new report, from its query string.
pub struct Dedupe {
    mode: DedupeMode,
    choice: Option<DedupeChoice>,
    accuracy_m: f64,
}

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
        let accuracy_m = params.number("accuracy_m", 0.0, ACCURACY_M_MAX).unwrap_or(ACCURACY_M);
        Self { mode: mode.unwrap_or(DedupeMode::Off), choice, accuracy_m }
    }

    /// Judges the report in the moment it is written; none where nobody need look.
    pub fn judge(&self, city: &City, model: &Arc<DuplicateModel>) -> Option<DuplicateJudge> {
        let least = match (&self.choice, self.mode) {
            (Some(DedupeChoice::Same(id)), _) => {
                let id = id.clone();
                return Some(Arc::new(move |_, _, _| Verdict::Chosen(id.clone())));
            }
            (Some(DedupeChoice::New), _) | (None, DedupeMode::Off | DedupeMode::Tell) => {
                return None;
            }
            (None, DedupeMode::Warn) => Decision::Possible,
            (None, DedupeMode::Attach) => Decision::Duplicate,
        };
        let (catalogue, model) = (city.catalogue(), model.clone());
        let accuracy_m = self.accuracy_m;
        Some(Arc::new(move |snapshot, report, made| {
            let Some(probe) = probe_of(report, accuracy_m) else { return Verdict::Alone };
            let rule = DuplicateRule::new(snapshot, &catalogue, &model, &report.service);
            match rule.best(snapshot, &probe, made, least) {
                None => Verdict::Alone,
                Some(_) if least == Decision::Possible => Verdict::RequestContext,
                Some((id, _)) => Verdict::Found(id),
            }
        }))
    }

    /// The likely duplicates of a report that is stored, where they are to be told.
    ///
    /// # Errors
    /// Unavailable.
    pub fn told(
        &self,
        state: &AppState,
        city: &City,
        stored: &StoredReport,
    ) -> Result<Option<Vec<DuplicateSummary>>> {
        if self.mode == DedupeMode::Off {
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
        let probe = probe_of(report, self.accuracy_m)?;
        let catalogue = city.catalogue();
        let rule = DuplicateRule::new(snapshot, &catalogue, &state.model, &report.service);
        let answer = rule.rank(snapshot, &probe, LIMIT);
        Some((rule, answer))
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
            accuracy_m: self.accuracy_m,
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

/// What a report asks when it is made; none of one without an exact place.
fn probe_of(report: &Report, accuracy_m: f64) -> Option<DuplicateQuery<'_>> {
    let at = report.position.filter(|_| report.accuracy == Accuracy::Exact)?;
    let Report { address, description, service, .. } = report;
    Some(DuplicateQuery {
        at,
        accuracy_m,
        // Of a day without an hour all of it may have been before.
        second: report.requested.last_second().min(now()),
        sketch: TextSketch::of(address.as_deref(), description.as_deref(), service.as_str()),
        exclude: Some(report.id.as_str()),
    })
}
