//! Changes as the index receives them: the fields of a report that it holds, or a removal.

use std::sync::Arc;

use crate::domain::{
    Accuracy, Channel, ClosedReason, Nature, ReportId, ServiceCode, Status, TextSketch,
};
use crate::place::Position;

/// The fields of a report that the index holds. Texts are read from the store.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedFields {
    /// Id of the report.
    pub id: ReportId,
    /// Code of its service.
    pub service: ServiceCode,
    /// Its status.
    pub status: Status,
    /// How it ended, if it is closed.
    pub reason: Option<ClosedReason>,
    /// What the citizen wants.
    pub nature: Nature,
    /// How it reached the city.
    pub channel: Channel,
    /// When it was made, in seconds since 1970.
    pub requested: i64,
    /// Whether only the day of `requested` is known, not the hour.
    pub day_only: bool,
    /// When it was closed, in seconds since 1970.
    pub closed: Option<i64>,
    /// Only the day of `closed` is known.
    pub closed_day_only: bool,
    /// Where the problem is, if that is known.
    pub position: Option<Position>,
    /// Accuracy of `position`.
    pub accuracy: Accuracy,
    /// The source's name of the neighbourhood.
    pub area: Option<Arc<str>>,
    /// The report of which it is a duplicate.
    pub parent: Option<ReportId>,
    /// Hashes of the words of its description and of the streets of its address.
    pub sketch: TextSketch,
}

impl IndexedFields {
    /// An open request for work that came by the web, with an exact position. For examples and
    /// tests, which then set other fields.
    pub fn new(
        id: ReportId,
        service: ServiceCode,
        requested: i64,
        position: Option<Position>,
    ) -> Self {
        Self {
            id,
            service,
            status: Status::Open,
            reason: None,
            nature: Nature::Intervention,
            channel: Channel::Web,
            requested,
            day_only: false,
            closed: None,
            closed_day_only: false,
            position,
            accuracy: Accuracy::Exact,
            area: None,
            parent: None,
            sketch: TextSketch::default(),
        }
    }
}

/// A change of a jurisdiction. Revisions only grow. A report that changes again moves to the new
/// revision, so gaps between revisions are normal.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The revision of the jurisdiction that this change made.
    pub revision: u64,
    /// What changed.
    pub event: Event,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The report is new: its id did not exist before.
    New(IndexedFields),
    /// The report is new or changed.
    Put(IndexedFields),
    /// The report was removed.
    Remove(ReportId),
}

impl Event {
    /// Id of the report concerned.
    pub fn id(&self) -> &ReportId {
        match self {
            Self::New(facts) | Self::Put(facts) => &facts.id,
            Self::Remove(id) => id,
        }
    }
}

/// The fields of a report in the index, borrowed. Answers are rendered from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReportView<'a> {
    /// See [`IndexedFields::id`].
    pub id: &'a str,
    /// See [`IndexedFields::service`].
    pub service: &'a str,
    /// See [`IndexedFields::status`].
    pub status: Status,
    /// See [`IndexedFields::reason`].
    pub reason: Option<ClosedReason>,
    /// See [`IndexedFields::nature`].
    pub nature: Nature,
    /// See [`IndexedFields::channel`].
    pub channel: Channel,
    /// See [`IndexedFields::requested`].
    pub requested: i64,
    /// See [`IndexedFields::day_only`].
    pub day_only: bool,
    /// See [`IndexedFields::closed`].
    pub closed: Option<i64>,
    /// See [`IndexedFields::position`].
    pub position: Option<Position>,
    /// See [`IndexedFields::accuracy`].
    pub accuracy: Accuracy,
    /// See [`IndexedFields::area`].
    pub area: Option<&'a str>,
    /// See [`IndexedFields::parent`].
    pub parent: Option<&'a str>,
}
