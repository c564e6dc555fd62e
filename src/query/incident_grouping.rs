//! A whole history grouped into incidents: every report asks, in the order of time, which of those
//! before it it repeats.

use std::collections::HashMap;

use crate::index::{DocAddress, Snapshot};
use crate::place::distance;
use crate::query::duplicate_features::{CandidateFacts, DuplicateQuery};
use crate::query::duplicates::{Decision, DuplicateRule, LINKS_MAX, was_open};

/// Answers looked at for each report.
const ENOUGH: usize = 5;

/// A report that repeats another, or may.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DuplicateReport {
    /// The report.
    pub child: DocAddress,
    /// The original of the incident that it belongs to, or may belong to.
    pub original: DocAddress,
    /// The report of that incident that it resembles.
    pub resembles: DocAddress,
    /// How probable that is.
    pub probability: f64,
    /// What is known of that report.
    pub described: CandidateFacts,
    /// [`Decision::Duplicate`] where it belongs there, [`Decision::Possible`] where somebody should
    /// look.
    pub decision: Decision,
    /// It was known before.
    pub is_known: bool,
}

/// What a report has found before it.
struct PriorReports {
    child: DocAddress,
    likely: Vec<Likely>,
}

/// A report before it, how probable it is that it repeats that one, and why.
type Likely = (DocAddress, f64, Decision, CandidateFacts);

/// Groups reports, which come in the order of time, by one rule for each number of a service; asked
/// in so many threads. A report goes to the incident of the likeliest report that it repeats, if
/// its original is no farther than the service's extent, so that chains of neighbours do not grow
/// into streets, and was still open: what comes back after a repair is a new incident. Links that
/// are known already stand.
pub fn group(
    snapshot: &Snapshot,
    rules: &[DuplicateRule],
    reports: &[DocAddress],
    threads: usize,
) -> Vec<DuplicateReport> {
    let share = reports.len().div_ceil(threads.max(1)).max(1);
    let found: Vec<PriorReports> = std::thread::scope(|scope| {
        let look = |part| scope.spawn(move || look_back(snapshot, rules, part));
        let workers: Vec<_> = reports.chunks(share).map(look).collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap_or_default());
        joined.flatten().collect()
    });
    let mut originals: HashMap<DocAddress, DocAddress> = HashMap::new();
    let mut repeats = Vec::new();
    for PriorReports { child, likely } in found {
        let extent_m = rules[usize::from(snapshot.service(child))].policy.extent_m;
        let judged =
            likely.iter().filter_map(|one| judge(snapshot, &originals, child, one, extent_m));
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

/// What to think of a report's likeness to another, by what is known and was found before; none
/// where that says nothing.
fn judge(
    snapshot: &Snapshot,
    originals: &HashMap<DocAddress, DocAddress>,
    child: DocAddress,
    &(resembles, probability, decision, described): &Likely,
    extent_m: f64,
) -> Option<DuplicateReport> {
    let original = root(snapshot, originals, resembles);
    let known = snapshot.parent(child).and_then(|id| snapshot.find(id));
    let is_known = known.is_some_and(|known| root(snapshot, originals, known) == original);
    if original == child || known.is_some() && !is_known {
        return None;
    }
    let is_one = || {
        let (from, to) = (snapshot.position(child)?, snapshot.position(original)?);
        let was_open = was_open(snapshot, original, snapshot.requested(child));
        Some(was_open && distance(from, to).0 <= extent_m)
    };
    let decision = match decision {
        _ if is_known => Decision::Duplicate,
        Decision::Duplicate if is_one() != Some(true) => Decision::Possible,
        decision => decision,
    };
    Some(DuplicateReport { child, original, resembles, probability, described, decision, is_known })
}

/// What each of these reports would have been told when it was made, as far as it is likely.
fn look_back(
    snapshot: &Snapshot,
    rules: &[DuplicateRule],
    reports: &[DocAddress],
) -> Vec<PriorReports> {
    let mut found = Vec::new();
    for child in reports {
        let Some(probe) = DuplicateQuery::of(snapshot, *child) else { continue };
        let rule = &rules[usize::from(snapshot.service(*child))];
        let answer = rule.rank(snapshot, &probe, ENOUGH);
        let likely = answer.found.iter().filter(|one| one.decision != Decision::New);
        let likely: Vec<Likely> = likely
            .map(|one| {
                let candidate = &one.candidate;
                (candidate.address, one.probability, one.decision, candidate.described)
            })
            .collect();
        if !likely.is_empty() {
            found.push(PriorReports { child: *child, likely });
        }
    }
    found
}

/// The original of a report, by what is known and what was found.
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
