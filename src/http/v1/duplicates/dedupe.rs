//! Checking a new report for duplicates: the parameters of the request and the parts of its
//! response.

use std::sync::Arc;

use axum::response::Response;
use serde_json::json;

use crate::domain::{Report, ReportId, StoredReport, View};
use crate::error::{Error, ErrorKind, Result};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::reply::answer::{response_without_etag, to_json};
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{
    Defaulted, Optional, Parameter, ParameterGroup, group, query,
};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::Custom;
use crate::http::request::words::{Choice, not_one_of};
use crate::http::state::AppState;
use crate::http::v1::duplicates::answer::{
    DuplicateAnswerContext, DuplicateSummary, HOW_TO_CONFIRM, duplicates, summaries,
};
use crate::http::v1::duplicates::params::ACCURACY_M;
use crate::index::Snapshot;
use crate::message;
use crate::query::{DuplicateAnswer, DuplicateModel, DuplicateRule};
use crate::usecase::duplicates::{ACCURACY_M_DEFAULT, DedupeChoice, DedupeMode, DedupePolicy};
use crate::usecase::{City, DuplicateJudge};

const MODE: Parameter<Choice<DedupeMode>, Defaulted<DedupeMode>> = query(
    "dedupe",
    Choice(&[
        ("off", DedupeMode::Off),
        ("tell", DedupeMode::Tell),
        ("warn", DedupeMode::Warn),
        ("attach", DedupeMode::Attach),
    ]),
)
.default(DedupeMode::Off)
.example("tell")
.described(
    "Que faire d’un doublon probable : off, rien ; tell, le signaler ; warn, demander \
     confirmation ; attach, le rattacher.",
    "What to do about a likely duplicate: off, nothing; tell, list it; warn, ask for \
     confirmation; attach, attach the report to it.",
);

const CHOICE: Parameter<Custom<DedupeChoice>, Optional> = query(
    "confirm",
    Custom {
        read: |text, _| match text {
            "new" => Ok(DedupeChoice::New),
            id => ReportId::new(id)
                .map(DedupeChoice::Same)
                .map_err(|_| not_one_of("new, service_request_id")),
        },
        schema: || json!({ "type": "string" }),
        example: |text| json!(text),
    },
)
.optional()
.example("new")
.described(
    "new, ou le numéro de la demande dont celle-ci est un doublon.",
    "new, or the id of the report that this one duplicates.",
);

request! {
    /// The parameters of how a new report is checked for duplicates.
    pub struct DedupeParameters {
        mode: DedupeMode = MODE,
        choice: Option<DedupeChoice> = CHOICE,
        accuracy_m: f64 = ACCURACY_M.default(ACCURACY_M_DEFAULT),
    }
}

/// How a new report is checked for duplicates.
pub const DEDUPE: ParameterGroup<DedupeParameters, Dedupe> = group(Dedupe::of);

/// A [`DedupePolicy`] from a query string, with the responses that follow from it.
pub struct Dedupe(DedupePolicy);

impl Dedupe {
    fn of(parameters: DedupeParameters, _: &mut ParameterReader<'_>) -> Read<Self> {
        let DedupeParameters { mode, choice, accuracy_m } = parameters;
        Ok(Self(DedupePolicy { mode, choice, accuracy_m }))
    }

    /// See [`DedupePolicy::judge`].
    pub fn judge(&self, city: &City, model: &Arc<DuplicateModel>) -> Option<DuplicateJudge> {
        self.0.judge(city, model)
    }

    /// The likely duplicates of a stored report; `None` if the request does not ask for them.
    ///
    /// # Errors
    /// Unavailable.
    pub fn summaries(
        &self,
        state: &AppState,
        (city, view): (&City, View),
        stored: &StoredReport,
    ) -> Result<Option<Vec<DuplicateSummary>>> {
        if !self.0.lists_duplicates() {
            return Ok(None);
        }
        let snapshot = state.app.snapshot(city, view)?;
        let answer = self.answer(state, city, &snapshot, &stored.report);
        Ok(Some(answer.map_or_else(Vec::new, |(_, answer)| summaries(&snapshot, &answer))))
    }

    /// The error for a sender who has to choose, in Open311, which has no response for this case.
    ///
    /// # Errors
    /// Unavailable.
    pub fn confirmation_error(
        &self,
        state: &AppState,
        (city, view): (&City, View),
        report: &Report,
    ) -> Result<Error> {
        let snapshot = state.app.snapshot(city, view)?;
        let answer = self.answer(state, city, &snapshot, report);
        let found = answer.map_or_else(Vec::new, |(_, answer)| summaries(&snapshot, &answer));
        let ids: Vec<&str> = found.iter().map(DuplicateSummary::id).collect();
        let ids = ids.join(", ");
        let message = message!(
            "Peut-être déjà signalé : {ids}. Confirmez avec confirm=new ou confirm=NUMÉRO.",
            "Perhaps already reported: {ids}. Confirm with confirm=new or confirm=ID."
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

    /// The response to a sender who has to choose; nothing was created yet.
    ///
    /// # Errors
    /// Unavailable.
    pub fn confirmation_response(
        &self,
        state: &AppState,
        city: &City,
        report: &Report,
        context: &RequestContext,
    ) -> Result<Response> {
        let (language, view) = (context.language, context.view);
        let snapshot = state.app.snapshot(city, view)?;
        let Some((rule, answer)) = self.answer(state, city, &snapshot, report) else {
            return Err(Error::internal("a report without a position needs confirmation"));
        };
        let zone = city.zone();
        let context = DuplicateAnswerContext {
            service: report.service.as_str(),
            policy: rule.policy,
            accuracy_m: self.0.accuracy_m,
            zone,
            language,
        };
        let mut out = duplicates(&snapshot, &answer, &context);
        out.created = Some(false);
        out.confirm = Some(HOW_TO_CONFIRM);
        Ok(response_without_etag(MEDIA_TYPE, to_json(&out)?))
    }
}
