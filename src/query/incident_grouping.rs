//! Groups a whole history of reports into incidents: each report, in the order of time, is compared
//! with those before it.

use std::collections::HashMap;

use crate::index::{DocAddress, Snapshot};
use crate::place::distance;
use crate::query::closing_time::was_open;
use crate::query::duplicate_features::{CandidateFacts, DuplicateQuery};
use crate::query::duplicate_model::Decision;
use crate::query::duplicates::{DuplicateRule, LINKS_MAX};

/// Incidents considered for each report.
const CONSIDERED: usize = 5;

/// A report that is a duplicate of another, or may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DuplicateReport {
    /// The duplicate.
    pub child: DocAddress,
    /// The original of its incident.
    pub original: DocAddress,
    /// The report of the incident that it is most similar to.
    pub resembles: DocAddress,
    /// Probability that both are about the same problem.
    pub probability: f64,
    /// What the model knows of that report.
    pub facts: CandidateFacts,
    /// [`Decision::Duplicate`], or [`Decision::Possible`] where a person should decide.
    pub decision: Decision,
    /// Was the link known before?
    pub is_known: bool,
}

/// The earlier reports that a report may be a duplicate of.
struct PriorReports {
    child: DocAddress,
    matches: Vec<Match>,
}

/// An earlier report, the probability that both are about the same problem, the decision, and what
/// the model knows of the earlier report.
type Match = (DocAddress, f64, Decision, CandidateFacts);

/// Groups reports into incidents. `reports` are ascending by time; `rules` holds a rule for each
/// service number; `threads` threads make the comparisons.
///
/// A report joins the incident of the earlier report with the highest probability, if the
/// incident's original is within the extent of the service's policy, so that chains of neighbours
/// do not grow along a street, and was still open: a problem that returns after a repair is a new
/// incident. Links that are already known are kept.
///
/// ```
/// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::ingest::{builtin_catalogue, builtin_model};
/// use pointchaud::place::Position;
/// use pointchaud::query::{DuplicateRule, group_incidents};
///
/// let service = ServiceCode::new("graffiti").unwrap();
/// let report = |id: &str, lon: f64, requested| {
///     let at = Position::new(lon, 46.81).ok();
///     IndexedFields::new(ReportId::new(id).unwrap(), service.clone(), requested, at)
/// };
/// let reports = [
///     report("r1", -71.2, 1_790_000_000),
///     report("r2", -71.2, 1_790_000_900),
///     report("elsewhere", -71.3, 1_790_000_999),
/// ];
/// let snapshot = Index::from_reports(reports).reader().load();
/// let (catalogue, model) = (builtin_catalogue(true).unwrap(), builtin_model().unwrap());
/// let rules = [DuplicateRule::new(&snapshot, &catalogue, &model, &service)];
/// let history = ["r1", "r2", "elsewhere"].map(|id| snapshot.find(id).unwrap());
/// let duplicates = group_incidents(&snapshot, &rules, &history, 2);
/// assert_eq!(duplicates.len(), 1);
/// assert_eq!(snapshot.id(duplicates[0].child), "r2");
/// assert_eq!(snapshot.id(duplicates[0].original), "r1");
/// ```
pub fn group_incidents(
    snapshot: &Snapshot,
    rules: &[DuplicateRule],
    reports: &[DocAddress],
    threads: usize,
) -> Vec<DuplicateReport> {
    let share = reports.len().div_ceil(threads.max(1)).max(1);
    let found: Vec<PriorReports> = std::thread::scope(|scope| {
        let start = |reports| scope.spawn(move || find_matches(snapshot, rules, reports));
        let workers: Vec<_> = reports.chunks(share).map(start).collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap_or_default());
        joined.flatten().collect()
    });
    let mut originals: HashMap<DocAddress, DocAddress> = HashMap::new();
    let mut repeats = Vec::new();
    for PriorReports { child, matches } in found {
        let extent_m = rules[usize::from(snapshot.service(child))].policy.extent_m;
        let judged =
            matches.iter().filter_map(|one| judge(snapshot, &originals, child, one, extent_m));
        let judged: Vec<DuplicateReport> = judged.collect();
        let is_certain = |one: &&DuplicateReport| one.decision == Decision::Duplicate;
        if let Some(repeat) = judged.iter().find(is_certain).or(judged.first()).copied() {
            if repeat.decision == Decision::Duplicate {
                originals.insert(child, repeat.original);
            }
            repeats.push(repeat);
        }
    }
    repeats
}

/// The incident that a match leads to, given the known links and those found so far. None where the
/// match leads back to the report itself or contradicts a known link.
fn judge(
    snapshot: &Snapshot,
    originals: &HashMap<DocAddress, DocAddress>,
    child: DocAddress,
    &(resembles, probability, decision, facts): &Match,
    extent_m: f64,
) -> Option<DuplicateReport> {
    let original = root(snapshot, originals, resembles);
    let known = snapshot.parent(child).and_then(|id| snapshot.find(id));
    let is_known = known.is_some_and(|known| root(snapshot, originals, known) == original);
    if original == child || known.is_some() && !is_known {
        return None;
    }
    let is_in_incident = || {
        let (from, to) = (snapshot.position(child)?, snapshot.position(original)?);
        let was_open = was_open(snapshot, original, snapshot.requested(child));
        Some(was_open && distance(from, to).0 <= extent_m)
    };
    let decision = match decision {
        _ if is_known => Decision::Duplicate,
        Decision::Duplicate if is_in_incident() != Some(true) => Decision::Possible,
        decision => decision,
    };
    Some(DuplicateReport { child, original, resembles, probability, facts, decision, is_known })
}

/// For each of these reports, what duplicate detection would have found when it was received.
fn find_matches(
    snapshot: &Snapshot,
    rules: &[DuplicateRule],
    reports: &[DocAddress],
) -> Vec<PriorReports> {
    let mut found = Vec::new();
    for child in reports {
        let Some(query) = DuplicateQuery::of(snapshot, *child) else { continue };
        let rule = &rules[usize::from(snapshot.service(*child))];
        let answer = rule.rank(snapshot, &query, CONSIDERED);
        let matches = answer.duplicates.iter().filter(|one| one.decision != Decision::New);
        let matches: Vec<Match> = matches
            .map(|one| {
                let candidate = &one.candidate;
                (candidate.address, one.probability, one.decision, candidate.facts)
            })
            .collect();
        if !matches.is_empty() {
            found.push(PriorReports { child: *child, matches });
        }
    }
    found
}

/// The original of a report, by the known links and those found so far.
fn root(
    snapshot: &Snapshot,
    originals: &HashMap<DocAddress, DocAddress>,
    report: DocAddress,
) -> DocAddress {
    let mut at = report;
    for _ in 0..LINKS_MAX {
        let found = originals.get(&at).copied();
        let known = || snapshot.parent(at).and_then(|id| snapshot.find(id));
        match found.or_else(known) {
            Some(above) if above != at => at = above,
            _ => break,
        }
    }
    at
}
