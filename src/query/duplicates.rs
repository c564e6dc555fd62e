//! Is this already reported? The reports that may be about the same problem, each with the
//! probability that it is.
//!
//! Candidates are the reports made up to `days` before: of the same service or group within the
//! service's reach, of any other within [`ELSEWHERE_M`]. Each is described by
//! [`FEATURES`](crate::query::FEATURES) and weighed by a [`DuplicateModel`]. A duplicate that is
//! known as such stands for its original, so that the answer is a list of incidents. Nothing is
//! used that was not known at the moment asked about: a later report, a later closing, a link made
//! when a duplicate was closed later.

use crate::domain::{Accuracy, Catalogue, Filter, Report, ReportId, ServiceCode, Status};
use crate::index::{Collector, CompiledFilter, DocAddress, Snapshot};
use crate::place::{Meters, QueryPoint, distance, haversine_tolerance};
use crate::query::duplicate_features::{
    ACCURACY_M_MAX, Candidate, DuplicateQuery, Features, Known, Relation, among_others, describe,
};
use crate::query::duplicate_model::{DuplicateModel, Policy};
use crate::statistics::logistic;

/// How far services of other groups are looked for, in metres.
pub const ELSEWHERE_M: f64 = 30.0;
/// Candidates weighed at most, the newest: older ones at a pile of this size are further back.
const CANDIDATES_MAX: usize = 20_000;
/// Originals of originals that are followed, at most.
pub(super) const LINKS_MAX: usize = 8;

/// What is to be thought of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Most likely the same problem.
    Duplicate,
    /// Perhaps the same: somebody should look.
    Possible,
    /// Most likely another.
    New,
}

impl Decision {
    /// `duplicate`, `possible` or `new`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Possible => "possible",
            Self::New => "new",
        }
    }
}

/// An incident that may be the same problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duplicate {
    /// Its original; the candidate itself where nothing else is known or the original has no place.
    pub address: DocAddress,
    /// How far the original is.
    pub distance: Meters,
    /// The report of the incident that is most likely about the same problem.
    pub candidate: Candidate,
    /// How probable it is that it is the same.
    pub probability: f64,
    /// What to think of it.
    pub decision: Decision,
}

/// The answer: most probable first, equal ones by distance and id.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateAnswer {
    /// The incidents.
    pub found: Vec<Duplicate>,
    /// How many reports were weighed.
    pub weighed: usize,
    /// There were more than are weighed: the oldest were left out.
    pub truncated: bool,
}

/// What holds for questions about one service in one snapshot: made once, asked often.
pub struct DuplicateRule {
    /// Its policy.
    pub policy: Policy,
    coefficients: Features,
    days: f64,
    /// Codes of the service, first, and of the others of its group.
    codes: Vec<ServiceCode>,
    /// Number of the service; none where no report was ever of it.
    service: Option<u16>,
    /// By number of service: of the same group.
    related: Vec<bool>,
    near: CompiledFilter,
    everything: CompiledFilter,
}

impl DuplicateRule {
    /// The rule for a service of the catalogue.
    pub fn new(
        snapshot: &Snapshot,
        catalogue: &Catalogue,
        model: &DuplicateModel,
        service: &ServiceCode,
    ) -> Self {
        let (coefficients, policy) = model.of(catalogue, service.as_str());
        let group = catalogue.get(service.as_str()).map(|known| known.group.as_str());
        let mut services = group.map_or_else(Vec::new, |group| catalogue.in_group(group));
        services.retain(|code| code != service);
        services.insert(0, service.clone());
        let mut related = vec![false; snapshot.service_count()];
        let numbers = services.iter().filter_map(|code| snapshot.service_number(code.as_str()));
        numbers.for_each(|number| related[usize::from(number)] = true);
        Self {
            policy,
            coefficients,
            days: model.days,
            service: snapshot.service_number(service.as_str()),
            related,
            near: snapshot
                .compiled(&Filter { services: Some(services.clone()), ..Filter::default() }),
            codes: services,
            everything: snapshot.compiled(&Filter::default()),
        }
    }

    /// The incidents that may be what the probe asks about, at most `limit`.
    pub fn rank(
        &self,
        snapshot: &Snapshot,
        probe: &DuplicateQuery<'_>,
        limit: usize,
    ) -> DuplicateAnswer {
        let (candidates, truncated) = self.candidates(snapshot, probe);
        let weighed = candidates.len();
        let odds = |candidate: &Candidate| self.log_odds(&candidate.described.features);
        let mut likely: Vec<(f64, u32)> = candidates.iter().map(odds).zip(0..).collect();
        let order = |a: &(f64, u32), b: &(f64, u32)| {
            let [near, far] = [a, b].map(|one| &candidates[one.1 as usize]);
            let by_id = || snapshot.id(near.address).cmp(snapshot.id(far.address));
            let (near, far) = (near.described.distance.0, far.described.distance.0);
            b.0.total_cmp(&a.0).then(near.total_cmp(&far)).then_with(by_id)
        };
        // Put in order piece by piece: repeats of one incident are told once, so nobody knows how
        // many it takes.
        let mut found: Vec<Duplicate> = Vec::with_capacity(limit);
        let mut rest = likely.as_mut_slice();
        while found.len() < limit && !rest.is_empty() {
            let piece = rest.len().min(limit.saturating_mul(2).saturating_add(8));
            if piece < rest.len() {
                rest.select_nth_unstable_by(piece, order);
            }
            let (first, others) = rest.split_at_mut(piece);
            first.sort_unstable_by(order);
            for (log_odds, at) in first {
                let candidate = candidates[*at as usize];
                let (address, distance) = self.original(snapshot, probe, &candidate);
                if found.len() < limit && found.iter().all(|known| known.address != address) {
                    let probability = logistic(*log_odds);
                    let decision = self.decide(probability);
                    found.push(Duplicate { address, distance, candidate, probability, decision });
                }
            }
            rest = others;
        }
        DuplicateAnswer { found, weighed, truncated }
    }

    /// The log odds of what is described so.
    pub fn log_odds(&self, features: &Features) -> f64 {
        features.iter().zip(&self.coefficients).map(|(x, w)| x * w).sum()
    }

    /// What to think of a probability.
    pub fn decide(&self, probability: f64) -> Decision {
        match probability {
            p if p >= self.policy.duplicate_from => Decision::Duplicate,
            p if p >= self.policy.possible_from => Decision::Possible,
            _ => Decision::New,
        }
    }

    /// Every candidate with what it is weighed by, in no order, and whether there were too many.
    pub fn candidates(
        &self,
        snapshot: &Snapshot,
        probe: &DuplicateQuery<'_>,
    ) -> (Vec<Candidate>, bool) {
        let wider = probe.accuracy_m.min(ACCURACY_M_MAX);
        let origin = QueryPoint::new(probe.at);
        let itself = probe.exclude.and_then(|id| snapshot.find(id));
        let oldest = probe.second - (self.days * 86_400.0) as i64;
        let mut found = Vec::with_capacity(64);
        for (compiled, reach) in
            [(&self.near, self.policy.reach_m), (&self.everything, ELSEWHERE_M)]
        {
            let reach = Meters(reach + wider);
            let mut addresses = AddressCollector {
                reach: haversine_tolerance(reach.haversine()),
                found: Vec::with_capacity(64),
            };
            snapshot.near(&origin, compiled, usize::MAX, &mut addresses);
            for address in addresses.found {
                let service = snapshot.service(address);
                let is_near = self.related.get(usize::from(service)).copied().unwrap_or(false);
                // What the first look found is not taken again by the second.
                if is_near != std::ptr::eq(compiled, &self.near) {
                    continue;
                }
                let requested = snapshot.requested(address);
                if oldest <= requested && requested <= probe.second {
                    found.push((requested, address, service, reach));
                }
            }
        }
        let truncated = found.len() > CANDIDATES_MAX;
        if truncated {
            found.select_nth_unstable_by_key(CANDIDATES_MAX, |(requested, ..)| -requested);
            found.truncate(CANDIDATES_MAX);
        }
        found.sort_unstable_by_key(|(requested, ..)| *requested);
        let mut candidates: Vec<Candidate> = Vec::with_capacity(found.len());
        let mut moments: Vec<i64> = Vec::with_capacity(found.len());
        for (requested, address, service, reach) in found {
            let [lon, lat] = snapshot.degrees(address);
            let distance = origin.distance(lon, lat);
            if distance <= reach && Some(address) != itself {
                let state = snapshot.state(address);
                let known = Known {
                    requested,
                    is_day_only: state.is_day_only(),
                    is_open: state.is_open(),
                    closed: snapshot.closed(address),
                    sketch: snapshot.sketch(address),
                };
                let relation = self.relation(service);
                let described = describe(probe, &known, distance, relation);
                candidates.push(Candidate { address, described });
                moments.push(requested);
            }
        }
        among_others(&mut candidates, &moments);
        (candidates, truncated)
    }

    /// The report of which the one asked about is most likely a duplicate, if that is at least so
    /// likely as `least`, and the probability. To be called a duplicate it must lie within the
    /// extent of an incident too, and the original must be open: what comes back after a repair is
    /// a new incident. `fresh` are reports made just now that no snapshot has yet.
    pub fn best(
        &self,
        snapshot: &Snapshot,
        probe: &DuplicateQuery<'_>,
        fresh: &[Report],
        least: Decision,
    ) -> Option<(ReportId, f64)> {
        const ENOUGH: usize = 8;
        let extent = self.policy.extent_m + probe.accuracy_m.min(ACCURACY_M_MAX);
        let is_one =
            |far: f64, is_open: bool| least > Decision::Duplicate || far <= extent && is_open;
        let old = self.rank(snapshot, probe, ENOUGH).found.into_iter();
        let old =
            old.filter(|one| is_one(one.distance.0, was_open(snapshot, one.address, probe.second)));
        let old = old.filter(|one| one.decision <= least).map(|one| {
            let id = ReportId::new(snapshot.id(one.address)).ok()?;
            Some((id, one.probability))
        });
        let new = fresh.iter().filter_map(|report| {
            let probability = self.weigh(probe, report)?;
            let id = report.parent.as_ref().unwrap_or(&report.id);
            // Whoever is attached to a report that lies elsewhere is as far as that one.
            let (there, is_open) = match fresh.iter().find(|other| other.id == *id) {
                Some(original) => (original.position, original.status != Status::Closed),
                None => {
                    let original = snapshot.find(id.as_str())?;
                    let is_open = was_open(snapshot, original, probe.second);
                    (snapshot.position(original), is_open)
                }
            };
            let far = distance(probe.at, there?).0;
            let likely = self.decide(probability) <= least && is_one(far, is_open);
            likely.then(|| (id.clone(), probability))
        });
        // Of equal ones the first is taken, and those of the snapshot were first.
        let all = old.flatten().chain(new);
        all.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// How probable it is that the probe repeats a report that no snapshot has yet; none where that
    /// is no candidate.
    fn weigh(&self, probe: &DuplicateQuery<'_>, report: &Report) -> Option<f64> {
        let facts = report.facts();
        let place = facts.position.filter(|_| facts.accuracy == Accuracy::Exact)?;
        let relation = match self.codes.iter().position(|code| *code == facts.service) {
            Some(0) => Relation::Same,
            Some(_) => Relation::Related,
            None => Relation::Other,
        };
        let reach = if relation == Relation::Other { ELSEWHERE_M } else { self.policy.reach_m };
        let distance = distance(probe.at, place);
        let known = Known {
            requested: facts.requested,
            is_day_only: facts.day_only,
            is_open: facts.status != Status::Closed,
            closed: facts.closed,
            sketch: facts.sketch,
        };
        let age = probe.second - facts.requested;
        let in_time = (0..=(self.days * 86_400.0) as i64).contains(&age);
        let is_near = distance.0 <= reach + probe.accuracy_m.min(ACCURACY_M_MAX);
        let itself = probe.exclude == Some(facts.id.as_str());
        (in_time && is_near && !itself)
            .then(|| logistic(self.log_odds(&describe(probe, &known, distance, relation).features)))
    }

    fn relation(&self, service: u16) -> Relation {
        match self.related.get(usize::from(service)) {
            _ if Some(service) == self.service => Relation::Same,
            Some(true) => Relation::Related,
            _ => Relation::Other,
        }
    }

    /// The original of which a candidate was known to be a duplicate, and how far it is.
    fn original(
        &self,
        snapshot: &Snapshot,
        probe: &DuplicateQuery<'_>,
        candidate: &Candidate,
    ) -> (DocAddress, Meters) {
        let mut at = candidate.address;
        for _ in 0..LINKS_MAX {
            let linked = snapshot.closed(at).is_none_or(|closed| closed <= probe.second);
            let parent = snapshot.parent(at).filter(|_| linked);
            let Some(parent) = parent.and_then(|id| snapshot.find(id)) else { break };
            let is_asked = probe.exclude.is_some_and(|id| snapshot.id(parent) == id);
            if is_asked || snapshot.requested(parent) > probe.second {
                break;
            }
            at = parent;
        }
        match snapshot.position(at) {
            Some(place) if at != candidate.address => {
                (at, QueryPoint::new(probe.at).distance(place.lon(), place.lat()))
            }
            _ => (candidate.address, candidate.described.distance),
        }
    }
}

/// Was a report open at a moment, as far as its closing time is known?
pub fn was_open(snapshot: &Snapshot, report: DocAddress, second: i64) -> bool {
    let closed = snapshot.closed(report);
    snapshot.state(report).is_open() || closed.is_some_and(|closed| closed > second)
}

/// Takes everything within reach.
struct AddressCollector {
    reach: f32,
    found: Vec<DocAddress>,
}

impl Collector<DocAddress> for AddressCollector {
    #[inline]
    fn collect(&mut self, found: DocAddress, _: f32) {
        self.found.push(found);
    }

    #[inline]
    fn max_haversine(&mut self) -> f32 {
        self.reach
    }
}
