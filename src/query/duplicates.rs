//! Duplicate detection: the earlier reports that may be about the same problem, each with the
//! probability that it is.
//!
//! Candidates are the reports that were open at the time of the query, whatever their age, and
//! those that were received or closed in the `days` days before it: of the same service or group
//! within the service's search radius, of any other service within [`OTHER_SERVICES_M`]. Each is
//! scored by a [`DuplicateModel`] on its [`FEATURES`](crate::query::FEATURES): how probable it is
//! that both belong to one incident, which is what an answer states, and that the candidate is the
//! incident's original, which orders the answers. A candidate that is a known duplicate is
//! represented by its original, so the result is a list of incidents. Nothing is used that was not
//! known at the time of the query: no later report, no later closing, and no link that was made
//! when a duplicate was closed later.

use crate::domain::{Accuracy, Catalogue, Filter, Report, ReportId, ServiceCode, Status};
use crate::index::{Collector, CompiledFilter, DocAddress, Snapshot};
use crate::place::{Meters, QueryPoint, distance, haversine_tolerance};
use crate::query::closing_time::{closing, was_open};
use crate::query::duplicate_features::{
    ACCURACY_M_MAX, Candidate, CandidateFields, DuplicateQuery, Features, Relation,
    add_rank_features, describe,
};
use crate::query::duplicate_model::{Decision, DuplicateModel, Policy};
use crate::statistics::logistic;

/// Search radius for services of other groups, in metres.
pub const OTHER_SERVICES_M: f64 = 30.0;
/// Most candidates that are scored: the newest.
const CANDIDATES_MAX: usize = 20_000;
/// Most links from a duplicate to its original that are followed, for originals that are duplicates
/// themselves.
pub(super) const LINKS_MAX: usize = 8;

/// An incident that may be the same problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duplicate {
    /// Its original report: the candidate itself where it has no known original, or one without a
    /// position.
    pub address: DocAddress,
    /// Distance of the original from the query's position.
    pub distance: Meters,
    /// The report of the incident with the highest probability.
    pub candidate: Candidate,
    /// Probability that the candidate and the query belong to one incident. None is greater than
    /// that of an incident before it in the answer.
    pub probability: f64,
    /// What that means under the policy.
    pub decision: Decision,
}

/// Result of [`DuplicateRule::rank`].
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateAnswer {
    /// The incidents, by the probability that the candidate is the original of the query, the
    /// greatest first; equal ones by distance and id.
    pub duplicates: Vec<Duplicate>,
    /// Number of candidates that were scored.
    pub scored: usize,
    /// Were there more candidates than are scored? The oldest were omitted then.
    pub truncated: bool,
}

/// Duplicate detection for one service in one snapshot: the model's coefficients and the compiled
/// filters. Made once and used for many queries.
pub struct DuplicateRule {
    /// The policy of the service.
    pub policy: Policy,
    coefficients: Features,
    original: Features,
    days: f64,
    /// The service, then the others of its group.
    codes: Vec<ServiceCode>,
    /// Service number; none where no report was ever of the service.
    service: Option<u16>,
    /// By service number: is it of the same group?
    related: Vec<bool>,
    /// Reports of the group.
    of_group: CompiledFilter,
    every: CompiledFilter,
}

impl DuplicateRule {
    /// The rule for a service of the catalogue.
    ///
    /// ```
    /// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    /// use pointchaud::ingest::{builtin_catalogue, builtin_model};
    /// use pointchaud::place::Position;
    /// use pointchaud::query::{DuplicateQuery, DuplicateRule};
    ///
    /// let service = ServiceCode::new("graffiti").unwrap();
    /// let report = |id: &str, requested| {
    ///     let at = Position::new(-71.2, 46.81).ok();
    ///     IndexedFields::new(ReportId::new(id).unwrap(), service.clone(), requested, at)
    /// };
    /// let reports = [report("r1", 1_790_000_000), report("r2", 1_790_003_600)];
    /// let snapshot = Index::from_reports(reports).reader().load();
    /// let (catalogue, model) = (builtin_catalogue(true).unwrap(), builtin_model().unwrap());
    /// let rule = DuplicateRule::new(&snapshot, &catalogue, &model, &service);
    ///
    /// // When r2 came, an hour after r1 and at the same position, r1 was already known.
    /// let query = DuplicateQuery::of(&snapshot, snapshot.find("r2").unwrap()).unwrap();
    /// let answer = rule.rank(&snapshot, &query, 5);
    /// assert_eq!((answer.scored, answer.duplicates.len()), (1, 1));
    /// assert_eq!(snapshot.id(answer.duplicates[0].address), "r1");
    /// assert!(answer.duplicates[0].probability > rule.policy.possible_from);
    /// assert!(rule.proposes(&snapshot, &query, "r1"));
    /// assert!(!rule.proposes(&snapshot, &query, "r2"), "not a duplicate of itself");
    /// ```
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
            original: model.original,
            days: model.days,
            service: snapshot.service_number(service.as_str()),
            related,
            of_group: snapshot
                .compiled(&Filter { services: Some(services.clone()), ..Filter::default() }),
            codes: services,
            every: snapshot.compiled(&Filter::default()),
        }
    }

    /// Is the incident of this report among those that are proposed for the query? See
    /// [`DuplicateRule::new`] for an example.
    pub fn proposes(&self, snapshot: &Snapshot, query: &DuplicateQuery<'_>, id: &str) -> bool {
        let (candidates, _) = self.candidates(snapshot, query);
        let is_shown = |candidate: &&Candidate| {
            self.is_shown(candidate, self.log_odds(&candidate.facts.features))
        };
        candidates.iter().filter(is_shown).any(|candidate| {
            let (original, _) = self.original(snapshot, query, candidate);
            snapshot.id(candidate.address) == id || snapshot.id(original) == id
        })
    }

    /// Is this candidate probable enough for an answer? An open report about the same service at
    /// the same place always is, whatever its age.
    fn is_shown(&self, candidate: &Candidate, log_odds: f64) -> bool {
        logistic(log_odds) >= self.policy.shown_from || candidate.facts.is_the_same_and_open()
    }

    /// The incidents that may be about the same problem: the `limit` most probable, of those whose
    /// probability is [`Policy::shown_from`] or more, and the open reports about the same service
    /// at the same place. See [`DuplicateRule::new`] for an example.
    ///
    /// Takes O(c + limit log c) time for c candidates.
    pub fn rank(
        &self,
        snapshot: &Snapshot,
        query: &DuplicateQuery<'_>,
        limit: usize,
    ) -> DuplicateAnswer {
        let (candidates, truncated) = self.candidates(snapshot, query);
        let scored = candidates.len();
        let odds = |candidate: &Candidate| self.log_odds(&candidate.facts.features);
        let order_of = |candidate: &Candidate| self.original_probability(&candidate.facts.features);
        let mut ranking: Vec<(f64, u32)> = (0..)
            .zip(&candidates)
            .filter(|(_, c)| self.is_shown(c, odds(c)))
            .map(|(at, c)| (order_of(c), at))
            .collect();
        let order = |a: &(f64, u32), b: &(f64, u32)| {
            let [near, far] = [a, b].map(|one| &candidates[one.1 as usize]);
            let by_id = || snapshot.id(near.address).cmp(snapshot.id(far.address));
            let (near, far) = (near.facts.distance.0, far.facts.distance.0);
            b.0.total_cmp(&a.0).then(near.total_cmp(&far)).then_with(by_id)
        };
        // Sorted section by section: the reports of an incident count once, so the number of
        // candidates that yields `limit` incidents is not known in advance.
        let mut duplicates: Vec<Duplicate> = Vec::with_capacity(limit);
        let mut rest = ranking.as_mut_slice();
        while duplicates.len() < limit && !rest.is_empty() {
            let section = rest.len().min(limit.saturating_mul(2).saturating_add(8));
            if section < rest.len() {
                rest.select_nth_unstable_by(section, order);
            }
            let (first, others) = rest.split_at_mut(section);
            first.sort_unstable_by(order);
            for (_, at) in first {
                let candidate = candidates[*at as usize];
                let (address, distance) = self.original(snapshot, query, &candidate);
                let is_new = duplicates.iter().all(|known| known.address != address);
                if duplicates.len() < limit && is_new {
                    let most = duplicates.last().map_or(1.0, |before| before.probability);
                    let probability = logistic(odds(&candidate)).min(most);
                    let decision = self.decide(probability);
                    duplicates.push(Duplicate {
                        address,
                        distance,
                        candidate,
                        probability,
                        decision,
                    });
                }
            }
            rest = others;
        }
        DuplicateAnswer { duplicates, scored, truncated }
    }

    /// The log odds that a candidate with these features belongs to the incident of the query.
    ///
    /// ```
    /// use pointchaud::domain::ServiceCode;
    /// use pointchaud::index::Index;
    /// use pointchaud::ingest::{builtin_catalogue, builtin_model};
    /// use pointchaud::query::{DuplicateModel, DuplicateRule};
    ///
    /// let snapshot = Index::default().reader().load();
    /// let (catalogue, model) = (builtin_catalogue(true).unwrap(), builtin_model().unwrap());
    /// let service = ServiceCode::new("graffiti").unwrap();
    /// let rule = DuplicateRule::new(&snapshot, &catalogue, &model, &service);
    /// let (mut near, mut far) = ([0.0; 14], [0.0; 14]);
    /// near[DuplicateModel::DISTANCE] = 1.0;
    /// far[DuplicateModel::DISTANCE] = 3.0;
    /// assert!(rule.log_odds(&near) > rule.log_odds(&far));
    /// ```
    pub fn log_odds(&self, features: &Features) -> f64 {
        features.iter().zip(&self.coefficients).map(|(x, w)| x * w).sum()
    }

    /// The probability that a candidate with these features is the original of the query: that
    /// both belong to one incident, times that the candidate is its original if they do.
    pub(crate) fn original_probability(&self, features: &Features) -> f64 {
        let original: f64 = features.iter().zip(&self.original).map(|(x, w)| x * w).sum();
        logistic(self.log_odds(features)) * logistic(original)
    }

    /// What a probability means under the policy.
    ///
    /// ```
    /// use pointchaud::domain::ServiceCode;
    /// use pointchaud::index::Index;
    /// use pointchaud::ingest::{builtin_catalogue, builtin_model};
    /// use pointchaud::query::{Decision, DuplicateRule};
    ///
    /// let snapshot = Index::default().reader().load();
    /// let (catalogue, model) = (builtin_catalogue(true).unwrap(), builtin_model().unwrap());
    /// let service = ServiceCode::new("graffiti").unwrap();
    /// let rule = DuplicateRule::new(&snapshot, &catalogue, &model, &service);
    /// assert_eq!(rule.decide(rule.policy.duplicate_from), Decision::Duplicate);
    /// assert_eq!(rule.decide(0.0), Decision::New);
    /// ```
    pub fn decide(&self, probability: f64) -> Decision {
        match probability {
            p if p >= self.policy.duplicate_from => Decision::Duplicate,
            p if p >= self.policy.possible_from => Decision::Possible,
            _ => Decision::New,
        }
    }

    /// All candidates with their features, ascending by time, and whether the oldest were omitted
    /// because there were too many. [`DuplicateRule::rank`] scores them; training needs them alone.
    pub(crate) fn candidates(
        &self,
        snapshot: &Snapshot,
        query: &DuplicateQuery<'_>,
    ) -> (Vec<Candidate>, bool) {
        let tolerance = query.accuracy_m.min(ACCURACY_M_MAX);
        let origin = QueryPoint::new(query.position);
        let itself = query.exclude.and_then(|id| snapshot.find(id));
        let mut found = Vec::with_capacity(64);
        for (compiled, reach) in
            [(&self.of_group, self.policy.reach_m), (&self.every, OTHER_SERVICES_M)]
        {
            let reach = Meters(reach + tolerance);
            let mut addresses = AddressCollector {
                max_haversine: haversine_tolerance(reach.haversine()),
                found: Vec::with_capacity(64),
            };
            snapshot.near(&origin, compiled, usize::MAX, &mut addresses);
            for address in addresses.found {
                let service = snapshot.service(address);
                let is_near = self.related.get(usize::from(service)).copied().unwrap_or(false);
                // A report that the first search found is not taken again by the second.
                if is_near != std::ptr::eq(compiled, &self.of_group) {
                    continue;
                }
                let requested = snapshot.requested(address);
                let closed = || closing(snapshot, address);
                if self.is_in_time(query.requested, requested, closed) {
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
        let mut times: Vec<i64> = Vec::with_capacity(found.len());
        for (requested, address, service, reach) in found {
            let [lon, lat] = snapshot.degrees(address);
            let distance = origin.distance(lon, lat);
            if distance <= reach && Some(address) != itself {
                let state = snapshot.state(address);
                let fields = CandidateFields {
                    requested,
                    is_day_only: state.is_day_only(),
                    is_open: state.is_open(),
                    closed: snapshot.closed(address),
                    sketch: snapshot.sketch(address),
                };
                let relation = self.relation(service);
                let facts = describe(query, &fields, distance, relation);
                candidates.push(Candidate { address, facts });
                times.push(requested);
            }
        }
        add_rank_features(&mut candidates, &times);
        (candidates, truncated)
    }

    /// The original of which the query is most probably a duplicate, with the probability, if the
    /// decision is at least `least`. For [`Decision::Duplicate`] the original must also be within
    /// the extent of an incident and open: a problem that returns after a repair is a new incident.
    /// `fresh` are reports that were just recorded and are in no snapshot yet.
    ///
    /// ```
    /// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    /// use pointchaud::ingest::{builtin_catalogue, builtin_model};
    /// use pointchaud::place::Position;
    /// use pointchaud::query::{Decision, DuplicateQuery, DuplicateRule};
    ///
    /// let service = ServiceCode::new("graffiti").unwrap();
    /// let report = |id: &str, lon: f64, requested| {
    ///     let at = Position::new(lon, 46.81).ok();
    ///     IndexedFields::new(ReportId::new(id).unwrap(), service.clone(), requested, at)
    /// };
    /// let reports = [report("r1", -71.2, 1_790_000_000), report("r2", -71.3, 1_790_003_600)];
    /// let snapshot = Index::from_reports(reports).reader().load();
    /// let (catalogue, model) = (builtin_catalogue(true).unwrap(), builtin_model().unwrap());
    /// let rule = DuplicateRule::new(&snapshot, &catalogue, &model, &service);
    /// let query = DuplicateQuery::of(&snapshot, snapshot.find("r2").unwrap()).unwrap();
    /// // r1 is 7.6 km away.
    /// assert_eq!(rule.best_match(&snapshot, &query, &[], Decision::Possible), None);
    /// ```
    pub fn best_match(
        &self,
        snapshot: &Snapshot,
        query: &DuplicateQuery<'_>,
        fresh: &[Report],
        least: Decision,
    ) -> Option<(ReportId, f64)> {
        /// Incidents of the snapshot that are considered.
        const CONSIDERED: usize = 8;
        let extent = self.policy.extent_m + query.accuracy_m.min(ACCURACY_M_MAX);
        let is_acceptable =
            |far: f64, is_open: bool| least > Decision::Duplicate || far <= extent && is_open;
        let old = self.rank(snapshot, query, CONSIDERED).duplicates.into_iter();
        let old = old.filter(|one| {
            is_acceptable(one.distance.0, was_open(snapshot, one.address, query.requested))
        });
        let old = old.filter(|one| one.decision <= least).map(|one| {
            let id = ReportId::new(snapshot.id(one.address)).ok()?;
            Some((id, one.probability))
        });
        let new = fresh.iter().filter_map(|report| {
            let probability = self.score(query, report)?;
            let id = report.parent.as_ref().unwrap_or(&report.id);
            // The distance of a duplicate is that of its original.
            let (there, is_open) = match fresh.iter().find(|other| other.id == *id) {
                Some(original) => (original.position, original.status != Status::Closed),
                None => {
                    let original = snapshot.find(id.as_str())?;
                    let is_open = was_open(snapshot, original, query.requested);
                    (snapshot.position(original), is_open)
                }
            };
            let far = distance(query.position, there?).0;
            let is_likely = self.decide(probability) <= least && is_acceptable(far, is_open);
            is_likely.then(|| (id.clone(), probability))
        });
        // Of equal probabilities the first wins, so reports of the snapshot precede fresh ones.
        let all = old.flatten().chain(new);
        all.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// The probability that the query is a duplicate of a report that is in no snapshot yet; none
    /// where the report is no candidate.
    fn score(&self, query: &DuplicateQuery<'_>, report: &Report) -> Option<f64> {
        let facts = report.facts();
        let place = facts.position.filter(|_| facts.accuracy == Accuracy::Exact)?;
        let relation = match self.codes.iter().position(|code| *code == facts.service) {
            Some(0) => Relation::Same,
            Some(_) => Relation::Related,
            None => Relation::Other,
        };
        let reach =
            if relation == Relation::Other { OTHER_SERVICES_M } else { self.policy.reach_m };
        let distance = distance(query.position, place);
        let fields = CandidateFields {
            requested: facts.requested,
            is_day_only: facts.day_only,
            is_open: facts.status != Status::Closed,
            closed: facts.closed,
            sketch: facts.sketch,
        };
        let closed = || match fields.is_open {
            true => i64::MAX,
            false => facts.closed.unwrap_or(i64::MIN),
        };
        let in_time = self.is_in_time(query.requested, facts.requested, closed);
        let is_near = distance.0 <= reach + query.accuracy_m.min(ACCURACY_M_MAX);
        let itself = query.exclude == Some(facts.id.as_str());
        (in_time && is_near && !itself).then(|| {
            logistic(self.log_odds(&describe(query, &fields, distance, relation).features))
        })
    }

    /// Is a report of this time a candidate of a query at `at`? It is if it was received before and
    /// was then open, or received or closed in the days before. `closed` is when it was closed, in
    /// seconds since 1970, see [`closing`].
    fn is_in_time(&self, at: i64, requested: i64, closed: impl Fn() -> i64) -> bool {
        let oldest = at - (self.days * 86_400.0) as i64;
        requested <= at && (requested >= oldest || closed() >= oldest)
    }

    fn relation(&self, service: u16) -> Relation {
        match self.related.get(usize::from(service)) {
            _ if Some(service) == self.service => Relation::Same,
            Some(true) => Relation::Related,
            _ => Relation::Other,
        }
    }

    /// The candidate's known original, or the candidate itself, and its distance.
    fn original(
        &self,
        snapshot: &Snapshot,
        query: &DuplicateQuery<'_>,
        candidate: &Candidate,
    ) -> (DocAddress, Meters) {
        let mut at = candidate.address;
        for _ in 0..LINKS_MAX {
            let linked = snapshot.closed(at).is_none_or(|closed| closed <= query.requested);
            let parent = snapshot.parent(at).filter(|_| linked);
            let Some(parent) = parent.and_then(|id| snapshot.find(id)) else { break };
            let is_excluded = query.exclude.is_some_and(|id| snapshot.id(parent) == id);
            if is_excluded || snapshot.requested(parent) > query.requested {
                break;
            }
            at = parent;
        }
        match snapshot.position(at) {
            Some(place) if at != candidate.address => {
                (at, QueryPoint::new(query.position).distance(place.lon(), place.lat()))
            }
            _ => (candidate.address, candidate.facts.distance),
        }
    }
}

/// Collects the addresses of all candidates within a distance.
struct AddressCollector {
    max_haversine: f32,
    found: Vec<DocAddress>,
}

impl Collector<DocAddress> for AddressCollector {
    #[inline]
    fn collect(&mut self, found: DocAddress, _: f32) {
        self.found.push(found);
    }

    #[inline]
    fn max_haversine(&mut self) -> f32 {
        self.max_haversine
    }
}
