//! What the duplicate model weighs: how an earlier report looks from the one asked about.

use crate::domain::TextSketch;
use crate::index::{DocAddress, Snapshot};
use crate::place::{Meters, Position};

/// What a candidate is described by, in this order.
///
/// | name | value |
/// |---|---|
/// | `constant` | 1 |
/// | `distance` | ln(1 + metres / 5), beyond what the accuracy of the place explains |
/// | `time` | ln(1 + hours between the reports) |
/// | `related` | 1 for another service of the same group |
/// | `elsewhere` | 1 for a service of another group |
/// | `closed` | 1 where it was closed before |
/// | `earlier` | 1 where an earlier open one of its kind lies within 30 m of the place |
/// | `later` | 1 where a later one of its kind lies no more than 30 m farther |
/// | `between` | `earlier` × `later` |
/// | `earlier_count` | ln(1 + how many such earlier ones) |
/// | `same_street` | 1 where both addresses name one street |
/// | `other_street` | 1 where they name different streets |
/// | `texts` | 1 where both descriptions say something |
/// | `alike` | how alike they are, 0 to 1 ([`TextSketch::likeness`]) |
///
/// Of its kind: of the same service, or of others, as the candidate is. The four features about
/// earlier and later ones let the original stand before its repeats.
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

/// Values of [`FEATURES`], or their coefficients.
pub type Features = [f64; FEATURES.len()];

/// Places this far apart may be one as far as features are concerned, in metres.
const NEAR_M: f64 = 30.0;
/// No accuracy widens the search by more, in metres.
pub const ACCURACY_M_MAX: f64 = 200.0;
/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct DuplicateQuery<'a> {
    /// Where the problem is.
    pub at: Position,
    /// How far from there it may be, in metres; what is no farther than that is as good as there.
    pub accuracy_m: f64,
    /// When it is reported, in seconds since 1970.
    pub second: i64,
    /// What the report says and which streets it names.
    pub sketch: TextSketch,
    /// A report to leave out: the one asked about, where it is stored already.
    pub exclude: Option<&'a str>,
}

impl<'a> DuplicateQuery<'a> {
    /// What a stored report would have asked when it was made; none of one without a place.
    pub fn of(snapshot: &'a Snapshot, report: DocAddress) -> Option<Self> {
        Some(Self {
            at: snapshot.position(report)?,
            accuracy_m: 0.0,
            second: snapshot.requested(report),
            sketch: snapshot.sketch(report),
            exclude: Some(snapshot.id(report)),
        })
    }
}

/// How a candidate's service is related to the one asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It is the same.
    Same,
    /// It is another of the same group.
    Related,
    /// It is of another group.
    Other,
}

/// What is known of a candidate, seen from the report asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateFacts {
    /// How far it is.
    pub distance: Meters,
    /// Hours between the two.
    pub hours: f64,
    /// How its service is related.
    pub relation: Relation,
    /// It was open at the moment asked about.
    pub is_open: bool,
    /// Hours since it was closed, where it was and the time is known.
    pub closed_hours: Option<f64>,
    /// Do the addresses name one street? None where one names none.
    pub same_street: Option<bool>,
    /// How alike the descriptions are; none where one says nothing.
    pub likeness: Option<f64>,
    /// What it is weighed by.
    pub features: Features,
}

/// A report that may be about the same problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The report.
    pub address: DocAddress,
    /// What is known of it.
    pub described: CandidateFacts,
}

fn number(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// What describes a report by itself.
pub(super) struct Known {
    pub requested: i64,
    pub is_day_only: bool,
    /// Now, whatever it was at the moment asked about.
    pub is_open: bool,
    pub closed: Option<i64>,
    pub sketch: TextSketch,
}

/// What a report is by itself, seen from the one asked about; [`among_others`] tells the rest.
pub(super) fn describe(
    probe: &DuplicateQuery<'_>,
    known: &Known,
    distance: Meters,
    relation: Relation,
) -> CandidateFacts {
    const HOUR: f64 = 3_600.0;
    // Of a day without an hour its middle is the best guess.
    let day = if known.is_day_only { 43_200 } else { 0 };
    let hours = (probe.second - known.requested - day).max(0) as f64 / HOUR;
    let is_open = known.is_open || known.closed.is_some_and(|closed| closed > probe.second);
    let closed = known.closed.filter(|_| !is_open);
    let same_street = probe.sketch.shares_street(known.sketch);
    let likeness = probe.sketch.likeness(known.sketch);
    let beyond = (distance.0 - probe.accuracy_m.min(ACCURACY_M_MAX)).max(0.0);
    let features = [
        1.0,
        (beyond / 5.0).ln_1p(),
        hours.ln_1p(),
        number(relation == Relation::Related),
        number(relation == Relation::Other),
        number(!is_open),
        0.0,
        0.0,
        0.0,
        0.0,
        number(same_street == Some(true)),
        number(same_street == Some(false)),
        number(likeness.is_some()),
        likeness.unwrap_or(0.0),
    ];
    let closed_hours = closed.map(|at| (probe.second - at) as f64 / HOUR);
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

const EARLIER: usize = 6;

/// Tells each candidate what others there are; they come in the order of their moments. Those of
/// one second are neither earlier nor later than one another.
pub(super) fn among_others(candidates: &mut [Candidate], moments: &[i64]) {
    let kind = |candidate: &Candidate| usize::from(candidate.described.relation == Relation::Same);
    let mut open_near = [0usize; 2];
    let mut first = 0;
    for moment in moments.chunk_by(|a, b| a == b) {
        let now = &mut candidates[first..first + moment.len()];
        for candidate in &mut *now {
            let earlier = open_near[kind(candidate)];
            candidate.described.features[EARLIER] = number(earlier > 0);
            if earlier > 0 {
                candidate.described.features[EARLIER + 3] = (earlier as f64).ln_1p();
            }
        }
        let near = |one: &&Candidate| one.described.is_open && one.described.distance.0 <= NEAR_M;
        now.iter().filter(near).for_each(|one| open_near[kind(one)] += 1);
        first += moment.len();
    }
    let mut nearest = [f64::INFINITY; 2];
    for moment in moments.chunk_by(|a, b| a == b).rev() {
        let now = &mut candidates[first - moment.len()..first];
        for candidate in &mut *now {
            let described = &mut candidate.described;
            let kind = usize::from(described.relation == Relation::Same);
            let later = number(nearest[kind] <= described.distance.0 + NEAR_M);
            described.features[EARLIER + 1] = later;
            described.features[EARLIER + 2] = later * described.features[EARLIER];
        }
        for one in &*now {
            nearest[kind(one)] = nearest[kind(one)].min(one.described.distance.0);
        }
        first -= moment.len();
    }
}
