//! A whole history grouped into incidents: every report asks, in the order of time, which of those
//! before it it repeats.

use std::collections::HashMap;

use super::duplicates::{Decision, DuplicateRule};
use super::features::{Described, Probe};
use crate::index::{Handle, Snapshot};
use crate::place::distance;

/// Answers looked at for each report.
const ENOUGH: usize = 5;

/// A report that repeats another, or may.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeat {
    /// The report.
    pub child: Handle,
    /// The original of the incident that it belongs to, or may belong to.
    pub original: Handle,
    /// The report of that incident that it resembles.
    pub resembles: Handle,
    /// How probable that is.
    pub probability: f64,
    /// What is known of that report.
    pub described: Described,
    /// [`Decision::Duplicate`] where it belongs there, [`Decision::Possible`] where somebody should
    /// look.
    pub decision: Decision,
    /// It was known before.
    pub is_known: bool,
}

/// What a report has found before it.
struct Found {
    child: Handle,
    /// Report, probability, decision.
    likely: Vec<(Handle, f64, Decision, Described)>,
}

/// Groups reports, which come in the order of time, by one rule for each number of a service; asked
/// in so many threads. A report goes to the incident of the likeliest report that it repeats, if
/// its original is no farther than the service's extent: so chains of neighbours do not grow into
/// streets. Links that are known already stand.
pub fn group(
    snapshot: &Snapshot,
    rules: &[DuplicateRule],
    reports: &[Handle],
    threads: usize,
) -> Vec<Repeat> {
    let share = reports.len().div_ceil(threads.max(1)).max(1);
    let found: Vec<Found> = std::thread::scope(|scope| {
        let look = |part| scope.spawn(move || look_back(snapshot, rules, part));
        let workers: Vec<_> = reports.chunks(share).map(look).collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap_or_default());
        joined.flatten().collect()
    });
    let mut originals: HashMap<Handle, Handle> = HashMap::new();
    let mut repeats = Vec::new();
    for Found { child, likely } in found {
        let known = snapshot.parent(child).and_then(|id| snapshot.find(id));
        let reach = rules[usize::from(snapshot.service(child))].policy.extent_m;
        let repeat =
            likely.into_iter().find_map(|(resembles, probability, decision, described)| {
                let original = root(snapshot, &originals, resembles);
                let repeat = |decision, is_known| {
                    let repeat = Repeat {
                        child,
                        original,
                        resembles,
                        probability,
                        described,
                        decision,
                        is_known,
                    };
                    (original != child).then_some(repeat)
                };
                match (known, decision) {
                    (Some(known), _) if root(snapshot, &originals, known) == original => {
                        repeat(Decision::Duplicate, true)
                    }
                    (Some(_), _) => None,
                    (None, Decision::Duplicate) => {
                        let places = (snapshot.position(child)?, snapshot.position(original)?);
                        let is_within = distance(places.0, places.1).0 <= reach;
                        let decision = if is_within { decision } else { Decision::Possible };
                        repeat(decision, false)
                    }
                    (None, decision) => repeat(decision, false),
                }
            });
        if let Some(repeat) = repeat {
            if repeat.decision == Decision::Duplicate {
                originals.insert(child, repeat.original);
            }
            repeats.push(repeat);
        }
    }
    repeats
}

/// What each of these reports would have been told when it was made, as far as it is likely.
fn look_back(snapshot: &Snapshot, rules: &[DuplicateRule], reports: &[Handle]) -> Vec<Found> {
    let mut found = Vec::new();
    for child in reports {
        let Some(at) = snapshot.position(*child) else { continue };
        let rule = &rules[usize::from(snapshot.service(*child))];
        let probe = Probe {
            at,
            accuracy_m: 0.0,
            second: snapshot.requested(*child),
            sketch: snapshot.sketch(*child),
            exclude: Some(snapshot.id(*child)),
        };
        let answer = rule.ask(snapshot, &probe, ENOUGH);
        let likely = answer.found.iter().filter(|one| one.decision != Decision::New);
        let likely: Vec<_> = likely
            .map(|one| {
                let candidate = &one.candidate;
                (candidate.handle, one.probability, one.decision, candidate.described)
            })
            .collect();
        if !likely.is_empty() {
            found.push(Found { child: *child, likely });
        }
    }
    found
}

/// The original of a report, by what is known and what was found.
fn root(snapshot: &Snapshot, originals: &HashMap<Handle, Handle>, report: Handle) -> Handle {
    const LINKS_MAX: usize = 8;
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
