//! Answers to "is this already reported?": incidents as features, with probability, decision and
//! reasons in words and numbers.

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

/// What a question and its answer share.
pub struct DuplicateAnswerContext<'a> {
    /// The service asked about.
    pub service: &'a str,
    /// Its policy.
    pub policy: Policy,
    /// How good the place is, in metres.
    pub accuracy_m: f64,
    /// The city's zone.
    pub zone: &'a TimeZone,
    /// The reader's language.
    pub language: Language,
}

/// Incidents that may be the same problem, the likeliest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DuplicateCollection")]
pub struct DuplicatesOut<'a> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    /// Revision of the city that the answer is true of.
    as_of: u64,
    /// False where a report was sent and nothing was made of it until its sender chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
    /// How to choose.
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

/// How a sender who was asked chooses.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct HowToConfirm {
    /// It is the same problem.
    same: &'static str,
    /// It is another.
    new: &'static str,
}

/// The two choices.
pub const HOW_TO_CONFIRM: HowToConfirm = HowToConfirm {
    same: "POST the same body with the same Idempotency-Key and ?confirm={service_request_id} of \
           the incident that it repeats",
    new: "POST the same body with the same Idempotency-Key and ?confirm=new",
};

/// One incident.
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

/// Why a report may be the same.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Reasons<'a> {
    /// The report of the incident that these are about.
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

/// The answer as GeoJSON.
pub fn duplicates<'a>(
    snapshot: &'a Snapshot,
    answer: &DuplicateAnswer,
    asked: &DuplicateAnswerContext<'a>,
) -> DuplicatesOut<'a> {
    let first = answer.duplicates.first();
    DuplicatesOut {
        r#type: "FeatureCollection",
        as_of: snapshot.revision(),
        created: None,
        confirm: None,
        decision: Word(first.map_or(Decision::New, |first| first.decision)),
        probability: first.map_or(0.0, |first| rounded(first.probability, 4)),
        service_code: asked.service,
        duplicate_from: asked.policy.duplicate_from,
        possible_from: asked.policy.possible_from,
        weighed: answer.scored,
        truncated: answer.truncated,
        number_returned: answer.duplicates.len(),
        features: answer.duplicates.iter().map(|one| feature(snapshot, one, asked)).collect(),
    }
}

fn feature<'a>(
    snapshot: &'a Snapshot,
    one: &Duplicate,
    asked: &DuplicateAnswerContext<'a>,
) -> Feature<'a, DuplicateOut<'a>> {
    let facts = facts(&snapshot.view(one.address), Some(one.distance), asked.zone);
    let described = &one.candidate.facts;
    let reasons = Reasons {
        service_request_id: snapshot.id(one.candidate.address),
        distance_m: rounded(described.distance.0, 2),
        accuracy_m: asked.accuracy_m,
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
            sentence: sentence(described, asked.accuracy_m, asked.language),
        },
    }
}

/// A likely duplicate, in a few numbers.
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

/// The answer in brief.
pub fn brief(snapshot: &Snapshot, answer: &DuplicateAnswer) -> Vec<DuplicateSummary> {
    let one = |one: &Duplicate| DuplicateSummary {
        service_request_id: snapshot.id(one.address).to_owned(),
        probability: rounded(one.probability, 4),
        decision: Word(one.decision),
        distance_m: rounded(one.distance.0, 2),
    };
    answer.duplicates.iter().map(one).collect()
}

/// One line of the answer to a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BatchLine {
    /// Which line of the question.
    row: usize,
    decision: Word<Decision>,
    probability: f64,
    candidates: Vec<DuplicateSummary>,
}

/// The line that answers a line.
pub fn line(snapshot: &Snapshot, row: usize, answer: &DuplicateAnswer) -> BatchLine {
    let first = answer.duplicates.first();
    BatchLine {
        row,
        decision: Word(first.map_or(Decision::New, |first| first.decision)),
        probability: first.map_or(0.0, |first| rounded(first.probability, 4)),
        candidates: brief(snapshot, answer),
    }
}
