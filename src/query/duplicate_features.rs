//! Features of the duplicate model: an earlier report as seen from the report of the query.

use crate::domain::TextSketch;
use crate::index::{DocAddress, Snapshot};
use crate::place::{Meters, Position};

/// The names of the features, in their order.
///
/// | name | value |
/// |---|---|
/// | `constant` | 1 |
/// | `distance` | ln(1 + metres / 5), for the metres beyond the accuracy of the query's position |
/// | `time` | ln(1 + hours between the reports) |
/// | `related` | 1 for another service of the same group |
/// | `elsewhere` | 1 for a service of another group |
/// | `closed` | 1 where the candidate was closed at the time of the query |
/// | `earlier` | 1 where an earlier open candidate of its kind is within 30 m of the query |
/// | `later` | 1 where a later candidate of its kind is at most 30 m farther |
/// | `between` | `earlier` × `later` |
/// | `earlier_count` | ln(1 + number of such earlier candidates) |
/// | `same_street` | 1 where both addresses name one street |
/// | `other_street` | 1 where they name different streets |
/// | `texts` | 1 where both descriptions have words |
/// | `alike` | their similarity, 0 to 1 ([`TextSketch::likeness`]) |
///
/// Of its kind: of the query's service if the candidate is, otherwise of another service. The four
/// features about earlier and later candidates rank the original before its other duplicates.
pub const FEATURES: [&str; 14] = [
    "constant",
    "distance",
    "time",
    "related",
    "elsewhere",
    "closed",
    "earlier",
    "later",
    "between",
    "earlier_count",
    "same_street",
    "other_street",
    "texts",
    "alike",
];

/// The values of [`FEATURES`], or their coefficients.
pub type Features = [f64; FEATURES.len()];

/// Distance, in metres, within which features treat two positions as one place.
const NEAR_M: f64 = 30.0;
/// Largest accuracy of a position that the search radius is widened by, in metres.
pub const ACCURACY_M_MAX: f64 = 200.0;

/// A report whose duplicates are searched.
#[derive(Debug, Clone, Copy)]
pub struct DuplicateQuery<'a> {
    /// Position of the problem.
    pub position: Position,
    /// Accuracy of the position, in metres: candidates within it count as at no distance.
    pub accuracy_m: f64,
    /// Time of the report, in seconds since 1970. Nothing that happened later is used.
    pub requested: i64,
    /// Hashes of the words and streets of the description and the address.
    pub sketch: TextSketch,
    /// Id of a report that is no candidate: the report itself, where it is stored already.
    pub exclude: Option<&'a str>,
}

impl<'a> DuplicateQuery<'a> {
    /// The query that a stored report would have made when it was received; none for a report
    /// without a position.
    ///
    /// ```
    /// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    /// use pointchaud::query::DuplicateQuery;
    ///
    /// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
    /// let unlocated = IndexedFields::new(id, service, 1_790_000_000, None);
    /// let snapshot = Index::from_reports([unlocated]).reader().load();
    /// assert!(DuplicateQuery::of(&snapshot, snapshot.find("r1").unwrap()).is_none());
    /// ```
    pub fn of(snapshot: &'a Snapshot, report: DocAddress) -> Option<Self> {
        Some(Self {
            position: snapshot.position(report)?,
            accuracy_m: 0.0,
            requested: snapshot.requested(report),
            sketch: snapshot.sketch(report),
            exclude: Some(snapshot.id(report)),
        })
    }
}

/// Reports as close as this are at the same place, in metres: a telephone knows it no better.
const SAME_PLACE_M: f64 = 10.0;

/// How a candidate's service is related to that of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same service.
    Same,
    /// Another service of the same group.
    Related,
    /// A service of another group.
    Other,
}

/// What the model knows of a candidate, relative to the query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateFacts {
    /// Distance from the query's position.
    pub distance: Meters,
    /// Hours from the candidate to the query.
    pub hours: f64,
    /// How its service is related to that of the query.
    pub relation: Relation,
    /// Was it open at the time of the query?
    pub is_open: bool,
    /// Hours from its closing to the query, where it was closed and the time is known.
    pub closed_hours: Option<f64>,
    /// Do both addresses name the same street? None where one of them names no street.
    pub same_street: Option<bool>,
    /// Similarity of the descriptions, 0 to 1; none where one of them has no words.
    pub likeness: Option<f64>,
    /// The values of [`FEATURES`].
    pub features: Features,
}

impl CandidateFacts {
    /// Is it an open report about the same service at the same place?
    pub(super) fn is_the_same_and_open(&self) -> bool {
        self.is_open && self.relation == Relation::Same && self.distance.0 <= SAME_PLACE_M
    }
}

/// A report that may be about the same problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The report.
    pub address: DocAddress,
    /// What the model knows of it.
    pub facts: CandidateFacts,
}

/// 1 for true, 0 for false.
fn indicator(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// The fields of a candidate that features are computed from.
pub(super) struct CandidateFields {
    pub requested: i64,
    pub is_day_only: bool,
    /// Is it open now?
    pub is_open: bool,
    pub closed: Option<i64>,
    pub sketch: TextSketch,
}

/// The facts of one candidate. The features that depend on other candidates are left 0, see
/// [`add_rank_features`].
pub(super) fn describe(
    query: &DuplicateQuery<'_>,
    candidate: &CandidateFields,
    distance: Meters,
    relation: Relation,
) -> CandidateFacts {
    const HOUR: f64 = 3_600.0;
    // Where only the day is known, its middle is the best estimate.
    let day = if candidate.is_day_only { 43_200 } else { 0 };
    let hours = (query.requested - candidate.requested - day).max(0) as f64 / HOUR;
    let is_open =
        candidate.is_open || candidate.closed.is_some_and(|closed| closed > query.requested);
    let closed = candidate.closed.filter(|_| !is_open);
    let same_street = query.sketch.shares_street(candidate.sketch);
    let likeness = query.sketch.likeness(candidate.sketch);
    let beyond = (distance.0 - query.accuracy_m.min(ACCURACY_M_MAX)).max(0.0);
    let features = [
        1.0,
        (beyond / 5.0).ln_1p(),
        hours.ln_1p(),
        indicator(relation == Relation::Related),
        indicator(relation == Relation::Other),
        indicator(!is_open),
        0.0,
        0.0,
        0.0,
        0.0,
        indicator(same_street == Some(true)),
        indicator(same_street == Some(false)),
        indicator(likeness.is_some()),
        likeness.unwrap_or(0.0),
    ];
    let closed_hours = closed.map(|at| (query.requested - at) as f64 / HOUR);
    CandidateFacts {
        distance,
        hours,
        relation,
        is_open,
        closed_hours,
        same_street,
        likeness,
        features,
    }
}

/// Index of the feature `earlier`; `later`, `between` and `earlier_count` come after it.
const EARLIER: usize = 6;

/// Sets the features of each candidate that depend on earlier and later ones. Candidates, and the
/// times of their requests, are ascending by time; those of one second are neither earlier nor
/// later than one another.
///
/// Takes O(n).
pub(super) fn add_rank_features(candidates: &mut [Candidate], times: &[i64]) {
    let kind = |candidate: &Candidate| usize::from(candidate.facts.relation == Relation::Same);
    let mut open_near = [0usize; 2];
    let mut first = 0;
    for second in times.chunk_by(|a, b| a == b) {
        let now = &mut candidates[first..first + second.len()];
        for candidate in &mut *now {
            let earlier = open_near[kind(candidate)];
            candidate.facts.features[EARLIER] = indicator(earlier > 0);
            if earlier > 0 {
                candidate.facts.features[EARLIER + 3] = (earlier as f64).ln_1p();
            }
        }
        let near = |one: &&Candidate| one.facts.is_open && one.facts.distance.0 <= NEAR_M;
        now.iter().filter(near).for_each(|one| open_near[kind(one)] += 1);
        first += second.len();
    }
    let mut nearest = [f64::INFINITY; 2];
    for second in times.chunk_by(|a, b| a == b).rev() {
        let now = &mut candidates[first - second.len()..first];
        for candidate in &mut *now {
            let facts = &mut candidate.facts;
            let kind = usize::from(facts.relation == Relation::Same);
            let later = indicator(nearest[kind] <= facts.distance.0 + NEAR_M);
            facts.features[EARLIER + 1] = later;
            facts.features[EARLIER + 2] = later * facts.features[EARLIER];
        }
        for one in &*now {
            nearest[kind(one)] = nearest[kind(one)].min(one.facts.distance.0);
        }
        first -= second.len();
    }
}
