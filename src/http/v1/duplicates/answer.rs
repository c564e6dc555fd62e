//! Responses with likely duplicates: incidents as features, with probability, decision, and reasons
//! as numbers and as a sentence.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Vocabulary;
use crate::export::geojson::Feature;
use crate::export::reasons::sentence;
use crate::export::word::Word;
use crate::http::v1::facts::{FactsOut, facts};
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::query::{Decision, Duplicate, DuplicateAnswer, Policy, Relation};

impl Vocabulary for Decision {
    const VALUES: &'static [Self] = &[Self::Duplicate, Self::Possible, Self::New];

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Vocabulary for Relation {
    const VALUES: &'static [Self] = &[Self::Same, Self::Related, Self::Other];

    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Related => "related",
            Self::Other => "other",
        }
    }
}

/// The parts of a request that its response repeats.
pub struct DuplicateAnswerContext<'a> {
    /// The code of the service of the described report.
    pub service: &'a str,
    /// The thresholds of that service.
    pub policy: Policy,
    /// The accuracy of the position, in metres.
    pub accuracy_m: f64,
    /// The city's time zone.
    pub zone: &'a TimeZone,
    /// The reader's language.
    pub language: Language,
}

/// Incidents that may be the same problem, most probable first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DuplicateCollection")]
pub struct DuplicatesOut<'a> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    /// The revision of the city that the response reflects.
    as_of: u64,
    /// False if a report was sent and is not created until its sender chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
    /// How the sender chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<HowToConfirm>,
    decision: Word<Decision>,
    probability: f64,
    service_code: &'a str,
    duplicate_from: f64,
    possible_from: f64,
    weighed: usize,
    truncated: bool,
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    features: Vec<Feature<'a, DuplicateOut<'a>>>,
}

/// How the sender of a report chooses between a duplicate and a new report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct HowToConfirm {
    /// Request if it is the same problem.
    same: &'static str,
    /// Request if it is another problem.
    new: &'static str,
}

/// The two requests between which the sender chooses.
pub const HOW_TO_CONFIRM: HowToConfirm = HowToConfirm {
    same: "POST the same body with the same Idempotency-Key and ?confirm={service_request_id} of \
           the incident that it repeats",
    new: "POST the same body with the same Idempotency-Key and ?confirm=new",
};

/// One incident that may be the same problem.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Duplicate")]
pub struct DuplicateOut<'a> {
    #[serde(flatten)]
    facts: FactsOut<'a>,
    probability: f64,
    decision: Word<Decision>,
    reasons: Reasons<'a>,
    sentence: String,
}

/// The features from which the model computes the probability.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Reasons<'a> {
    /// The report of the incident that was compared.
    service_request_id: &'a str,
    distance_m: f64,
    accuracy_m: f64,
    hours: f64,
    service: Word<Relation>,
    open: bool,
    closed_hours_ago: Option<f64>,
    same_street: Option<bool>,
    text_likeness: Option<f64>,
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// The response as GeoJSON.
pub fn duplicates<'a>(
    snapshot: &'a Snapshot,
    answer: &DuplicateAnswer,
    context: &DuplicateAnswerContext<'a>,
) -> DuplicatesOut<'a> {
    let first = answer.duplicates.first();
    DuplicatesOut {
        r#type: "FeatureCollection",
        as_of: snapshot.revision(),
        created: None,
        confirm: None,
        decision: Word(first.map_or(Decision::New, |first| first.decision)),
        probability: first.map_or(0.0, |first| rounded(first.probability, 4)),
        service_code: context.service,
        duplicate_from: context.policy.duplicate_from,
        possible_from: context.policy.possible_from,
        weighed: answer.scored,
        truncated: answer.truncated,
        number_returned: answer.duplicates.len(),
        features: answer.duplicates.iter().map(|one| feature(snapshot, one, context)).collect(),
    }
}

fn feature<'a>(
    snapshot: &'a Snapshot,
    one: &Duplicate,
    context: &DuplicateAnswerContext<'a>,
) -> Feature<'a, DuplicateOut<'a>> {
    let facts = facts(&snapshot.view(one.address), Some(one.distance), context.zone);
    let described = &one.candidate.facts;
    let reasons = Reasons {
        service_request_id: snapshot.id(one.candidate.address),
        distance_m: rounded(described.distance.0, 2),
        accuracy_m: context.accuracy_m,
        hours: rounded(described.hours, 2),
        service: Word(described.relation),
        open: described.is_open,
        closed_hours_ago: described.closed_hours.map(|hours| rounded(hours, 2)),
        same_street: described.same_street,
        text_likeness: described.likeness.map(|likeness| rounded(likeness, 2)),
    };
    Feature {
        r#type: "Feature",
        id: facts.id,
        geometry: facts.geometry,
        properties: DuplicateOut {
            facts: facts.properties,
            probability: rounded(one.probability, 4),
            decision: Word(one.decision),
            reasons,
            sentence: sentence(described, context.accuracy_m, context.language),
        },
    }
}

/// A likely duplicate in short form.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct DuplicateSummary {
    service_request_id: String,
    probability: f64,
    decision: Word<Decision>,
    distance_m: f64,
}

impl DuplicateSummary {
    /// The report's id.
    pub fn id(&self) -> &str {
        &self.service_request_id
    }
}

/// The likely duplicates in short form.
pub fn summaries(snapshot: &Snapshot, answer: &DuplicateAnswer) -> Vec<DuplicateSummary> {
    let one = |one: &Duplicate| DuplicateSummary {
        service_request_id: snapshot.id(one.address).to_owned(),
        probability: rounded(one.probability, 4),
        decision: Word(one.decision),
        distance_m: rounded(one.distance.0, 2),
    };
    answer.duplicates.iter().map(one).collect()
}

/// One line of the response to a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BatchLine {
    /// Number of the line in the request, from 1.
    row: usize,
    decision: Word<Decision>,
    probability: f64,
    candidates: Vec<DuplicateSummary>,
}

/// The response to the line with number `row`.
pub fn line(snapshot: &Snapshot, row: usize, answer: &DuplicateAnswer) -> BatchLine {
    let first = answer.duplicates.first();
    BatchLine {
        row,
        decision: Word(first.map_or(Decision::New, |first| first.decision)),
        probability: first.map_or(0.0, |first| rounded(first.probability, 4)),
        candidates: summaries(snapshot, answer),
    }
}
