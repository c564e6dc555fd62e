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
use crate::http::reply::answer::{CostClass, snapshot_response, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::query;
use crate::http::request::parameter::request;
use crate::http::request::params::{POSITION, text};
use crate::http::request::types::Text;
use crate::http::request::values::Time;
use crate::http::v1::duplicates::answer::{DuplicateAnswerContext, DuplicatesOut, duplicates};
use crate::http::v1::duplicates::params::{ACCURACY_M, LIMIT};
use crate::place::Position;
use crate::query::DuplicateRule;
use crate::usecase::duplicates::{ACCURACY_M_DEFAULT, CheckedQuestion, DuplicateQuestion};

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

async fn list(call: Call<DuplicatesRequest>) -> HandlerResult {
    let Call { state, city, mut context, request } = call;
    let DuplicatesRequest { at, service, when, text, address, accuracy_m, exclude, limit } =
        request;
    let question = DuplicateQuestion {
        lon_lat: Some((at.lon(), at.lat())),
        service: Some(service),
        when,
        text,
        address,
        accuracy_m: Some(accuracy_m),
        exclude,
    };
    if when.is_none() {
        // Without `at` the response depends on the current second.
        context.variant.second = Some(city.now().as_second());
    }
    let catalogue = city.catalogue();
    let question = CheckedQuestion::check(question, &catalogue, city.now().as_second())?;
    let (model, zone) = (state.model.clone(), city.zone().clone());
    snapshot_response(
        &state,
        context,
        &city,
        MEDIA_TYPE,
        CostClass::Quick,
        move |snapshot, context| {
            question.check_excluded(snapshot)?;
            let rule = DuplicateRule::new(snapshot, &catalogue, &model, &question.service);
            let answer = rule.rank(snapshot, &question.query(), limit);
            let parts = DuplicateAnswerContext {
                service: question.service.as_str(),
                policy: rule.policy,
                accuracy_m: question.accuracy_m,
                zone: &zone,
                language: context.language,
            };
            to_json(&duplicates(snapshot, &answer, &parts))
        },
    )
    .await
}
