//! Likely duplicates of a described problem: single requests, batches, and the check of new
//! reports.

pub mod answer;
pub mod batch;
pub mod dedupe;
mod params;

use crate::domain::ReportTime;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::query;
use crate::http::request::parameter::request;
use crate::http::request::params::{POSITION, text};
use crate::http::request::types::Text;
use crate::http::request::values::Time;
use crate::http::v1::duplicates::answer::{DuplicateAnswerContext, DuplicatesOut, duplicates};
use crate::http::v1::duplicates::params::{ACCURACY_M, LIMIT};
use crate::place::Position;
use crate::usecase::duplicates::{
    ACCURACY_M_DEFAULT, AnsweredQuestion, DuplicateQuestion, DuplicateRules,
};

/// The operations.
pub fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get("/api/v1/duplicates", "duplicates", Tag::Duplicates, list)
            .described("Ce problème est-il déjà signalé ?", "Is this problem already reported?")
            .responds_with(&[geojson::<DuplicatesOut<'_>>()]),
    ];
    all.extend(batch::operations());
    all
}

request! {
    /// The description of a problem.
    pub struct DuplicatesRequest {
        at: Position = POSITION,
        service: String = query("service", Text)
            .example("nid-de-poule")
            .described("Code du service.", "Code of the service."),
        when: Option<ReportTime> = query("at", Time)
            .optional()
            .example("2026-03-01T08:30:00Z")
            .described(
                "Quand le problème est signalé ; maintenant par défaut.",
                "When the problem is reported; now by default.",
            ),
        text: Option<String> = text("text")
            .example("trou profond")
            .described("Description du problème.", "Description of the problem."),
        address: Option<String> = text("address")
            .example("rue Saint-Jean")
            .described("Adresse du problème.", "Address of the problem."),
        accuracy_m: f64 = ACCURACY_M.default(ACCURACY_M_DEFAULT),
        exclude: Option<String> = text("exclude")
            .described("Numéro d’une demande à exclure.", "Id of a report to exclude."),
        limit: usize = LIMIT,
    }
}

impl DuplicatesRequest {
    fn question(self) -> DuplicateQuestion {
        DuplicateQuestion {
            lon_lat: Some((self.at.lon(), self.at.lat())),
            service: Some(self.service),
            when: self.when,
            text: self.text,
            address: self.address,
            accuracy_m: Some(self.accuracy_m),
            exclude: self.exclude,
        }
    }
}

async fn list(mut call: Call<DuplicatesRequest>) -> HandlerResult {
    if call.request.when.is_none() {
        // Without `at` the response depends on the current second.
        call.context.variant.second = Some(call.city.now().as_second());
    }
    call.respond(MEDIA_TYPE, CostClass::Quick, |inputs, request| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let catalogue = city.catalogue();
        let limit = request.limit;
        let now = city.now().as_second();
        let mut rules = DuplicateRules::new(snapshot, &catalogue, &state.model, now);
        let AnsweredQuestion { question, policy, answer } =
            rules.answer(request.question(), limit)?;
        let parts = DuplicateAnswerContext {
            service: question.service.as_str(),
            policy,
            accuracy_m: question.accuracy_m,
            zone: city.zone(),
            language: context.language,
        };
        to_json(&duplicates(snapshot, &answer, &parts))
    })
    .await
}
