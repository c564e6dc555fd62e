//! Duplicate detection for new reports: the checked query, and what happens to a report that is
//! probably a duplicate.

use std::sync::Arc;

use crate::domain::{
    self, AHEAD_SECONDS_MAX, Accuracy, Catalogue, DESCRIPTION_CHARS_MAX, Report, ReportId,
    ReportTime, ServiceCode, TextSketch,
};
use crate::error::{Error, Refusal, Result};
use crate::index::Snapshot;
use crate::message;
use crate::place::Position;
use crate::query::{
    ACCURACY_M_MAX, Decision, DuplicateAnswer, DuplicateModel, DuplicateQuery, DuplicateRule,
    Policy,
};
use crate::usecase::{City, DuplicateJudge, Verdict};

/// Accuracy assumed for a position without one, in metres: that of a phone outdoors.
pub const ACCURACY_M_DEFAULT: f64 = 10.0;
/// Default number of incidents in an answer.
pub const INCIDENTS_DEFAULT: usize = 5;

/// The unchecked query of a client: is this problem already reported?
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DuplicateQuestion {
    /// Longitude and latitude in degrees.
    pub lon_lat: Option<(f64, f64)>,
    /// Code of a service.
    pub service: Option<String>,
    /// When the problem was seen; default: now.
    pub when: Option<ReportTime>,
    /// The citizen's description.
    pub text: Option<String>,
    /// The citizen's address.
    pub address: Option<String>,
    /// Accuracy of the position, in metres.
    pub accuracy_m: Option<f64>,
    /// Id of a report to leave out.
    pub exclude: Option<String>,
}

/// A [`DuplicateQuestion`] whose values were checked against a city's catalogue.
pub struct CheckedQuestion {
    /// Accuracy of the position, in metres.
    pub accuracy_m: f64,
    /// The service; it is in the catalogue.
    pub service: ServiceCode,
    at: Position,
    second: i64,
    sketch: TextSketch,
    exclude: Option<String>,
}

impl CheckedQuestion {
    /// Checks the values; `now` is the present time, in seconds since 1970.
    ///
    /// # Errors
    /// Every value that is missing or out of range.
    fn check(asked: DuplicateQuestion, catalogue: &Catalogue, now: i64) -> Result<Self> {
        let mut refused = Vec::new();
        let DuplicateQuestion { lon_lat, service, when, text, address, accuracy_m, exclude } =
            asked;
        let at = domain::position(lon_lat, &mut refused);
        if lon_lat.is_none() {
            let message = message!(
                "manque : sans lieu, aucun doublon ne peut être cherché",
                "is missing: without a location no duplicate can be found"
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
        let second = when.map_or(now, |when| when.last_second());
        if second > now + AHEAD_SECONDS_MAX && when.is_none_or(|when| when.second() > now) {
            let at = when.map(|when| when.to_string()).unwrap_or_default();
            refused.push(Refusal::new("at", at, message!("est dans le futur", "is in the future")));
        }
        domain::line("text", &text, DESCRIPTION_CHARS_MAX, &mut refused);
        domain::line("address", &address, DESCRIPTION_CHARS_MAX, &mut refused);
        let accuracy_m = accuracy_m.unwrap_or(ACCURACY_M_DEFAULT);
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

    /// The query for the index.
    fn query(&self) -> DuplicateQuery<'_> {
        DuplicateQuery {
            position: self.at,
            accuracy_m: self.accuracy_m,
            requested: self.second,
            sketch: self.sketch,
            exclude: self.exclude.as_deref(),
        }
    }

    /// Checks that the report to leave out is in this city.
    ///
    /// # Errors
    /// It is not in this city.
    fn check_excluded(&self, snapshot: &Snapshot) -> Result<()> {
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

/// The answer to a question.
pub struct AnsweredQuestion {
    /// The checked question.
    pub question: CheckedQuestion,
    /// The thresholds of its service.
    pub policy: Policy,
    /// The incidents that may be the same problem.
    pub answer: DuplicateAnswer,
}

/// Answers many questions about one snapshot. The rule of each service is built once, because most
/// questions of a batch are about a few services.
pub struct DuplicateRules<'a> {
    snapshot: &'a Snapshot,
    catalogue: &'a Catalogue,
    model: &'a DuplicateModel,
    /// The present time, in seconds since 1970.
    now: i64,
    rules: Vec<(ServiceCode, DuplicateRule)>,
}

impl<'a> DuplicateRules<'a> {
    /// No rules yet; `now` is the present time, in seconds since 1970.
    pub fn new(
        snapshot: &'a Snapshot,
        catalogue: &'a Catalogue,
        model: &'a DuplicateModel,
        now: i64,
    ) -> Self {
        Self { snapshot, catalogue, model, now, rules: Vec::new() }
    }

    /// Checks a question and ranks at most `limit` incidents that may be the same problem.
    ///
    /// # Errors
    /// Every value of the question that is missing or out of range; a report to leave out that is
    /// not in this city.
    pub fn answer(&mut self, asked: DuplicateQuestion, limit: usize) -> Result<AnsweredQuestion> {
        let Self { snapshot, catalogue, model, now, rules } = self;
        let question = CheckedQuestion::check(asked, catalogue, *now)?;
        question.check_excluded(snapshot)?;
        let known = rules.iter().position(|(code, _)| *code == question.service);
        let at = known.unwrap_or_else(|| {
            let rule = DuplicateRule::new(snapshot, catalogue, model, &question.service);
            rules.push((question.service.clone(), rule));
            rules.len() - 1
        });
        let rule = &rules[at].1;
        let answer = rule.rank(snapshot, &question.query(), limit);
        Ok(AnsweredQuestion { question, policy: rule.policy, answer })
    }
}

/// What to do with a new report that may be a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DedupeMode {
    /// No search for duplicates.
    Off,
    /// The report is stored; the answer lists its probable duplicates.
    Tell,
    /// If it may be a duplicate, nothing is stored until the sender confirms.
    Warn,
    /// If the model classifies it as a duplicate, it is attached to the original.
    Attach,
}

/// The sender's answer to [`DedupeMode::Warn`].
#[derive(Debug, Clone)]
pub enum DedupeChoice {
    /// It is another problem.
    New,
    /// It is the same problem as that of this report.
    Same(ReportId),
}

/// How a new report is checked for duplicates.
pub struct DedupePolicy {
    /// What to do with a probable duplicate.
    pub mode: DedupeMode,
    /// The decision of the sender, if it was asked.
    pub choice: Option<DedupeChoice>,
    /// Accuracy of the report's position, in metres.
    pub accuracy_m: f64,
}

impl DedupePolicy {
    /// The function that decides on the writer's thread while the report is written; `None` if the
    /// policy never attaches or holds back a report.
    pub fn judge(&self, city: &City, model: &Arc<DuplicateModel>) -> Option<DuplicateJudge> {
        let least = match (&self.choice, self.mode) {
            (Some(DedupeChoice::Same(id)), _) => return Some(self.judge_choice(city, model, id)),
            (Some(DedupeChoice::New), _) | (None, DedupeMode::Off | DedupeMode::Tell) => {
                return None;
            }
            (None, DedupeMode::Warn) => Decision::Possible,
            (None, DedupeMode::Attach) => Decision::Duplicate,
        };
        let (catalogue, model) = (city.catalogue(), model.clone());
        let (accuracy_m, clock) = (self.accuracy_m, city.clock().clone());
        Some(Arc::new(move |snapshot, report, made| {
            let now = clock.now().as_second();
            let Some(query) = query_of(report, accuracy_m, now) else { return Verdict::Alone };
            let rule = DuplicateRule::new(snapshot, &catalogue, &model, &report.service);
            match rule.best_match(snapshot, &query, made, least) {
                None => Verdict::Alone,
                Some(_) if least == Decision::Possible => Verdict::NeedsConfirmation,
                Some((id, _)) => Verdict::Found(id),
            }
        }))
    }

    /// The function that accepts the sender's choice where the chosen incident is one of those that
    /// are proposed for the report. Nobody can attach a report to any incident of the city.
    fn judge_choice(
        &self,
        city: &City,
        model: &Arc<DuplicateModel>,
        chosen: &ReportId,
    ) -> DuplicateJudge {
        let (catalogue, model, chosen) = (city.catalogue(), model.clone(), chosen.clone());
        let (accuracy_m, clock) = (self.accuracy_m, city.clock().clone());
        Arc::new(move |snapshot, report, made| {
            let now = clock.now().as_second();
            let is_known = snapshot.find(chosen.as_str()).is_some()
                || made.iter().any(|other| other.id == chosen);
            let is_proposed = query_of(report, accuracy_m, now).is_some_and(|query| {
                let rule = DuplicateRule::new(snapshot, &catalogue, &model, &report.service);
                rule.proposes(snapshot, &query, chosen.as_str())
            });
            match is_proposed || !is_known {
                true => Verdict::Chosen(chosen.clone()),
                false => Verdict::NotProposed(chosen.clone()),
            }
        })
    }

    /// Does the sender of a stored report want to know its probable duplicates?
    pub fn lists_duplicates(&self) -> bool {
        self.mode != DedupeMode::Off
    }

    /// The probable duplicates of a report at `now`, with the rule that ranked them; `None` if the
    /// report has no exact position.
    pub fn candidates(
        &self,
        city: &City,
        model: &DuplicateModel,
        snapshot: &Snapshot,
        report: &Report,
        now: i64,
    ) -> Option<(DuplicateRule, DuplicateAnswer)> {
        let query = query_of(report, self.accuracy_m, now)?;
        let catalogue = city.catalogue();
        let rule = DuplicateRule::new(snapshot, &catalogue, model, &report.service);
        let answer = rule.rank(snapshot, &query, INCIDENTS_DEFAULT);
        Some((rule, answer))
    }
}

/// The duplicate query of a new report; `None` if it has no exact position.
fn query_of(report: &Report, accuracy_m: f64, now: i64) -> Option<DuplicateQuery<'_>> {
    let at = report.position.filter(|_| report.accuracy == Accuracy::Exact)?;
    let Report { address, description, service, .. } = report;
    Some(DuplicateQuery {
        position: at,
        accuracy_m,
        // The hour may be unknown: every report of the same day may be earlier.
        requested: report.requested.last_second().min(now),
        sketch: TextSketch::of(address.as_deref(), description.as_deref(), service.as_str()),
        exclude: Some(report.id.as_str()),
    })
}
