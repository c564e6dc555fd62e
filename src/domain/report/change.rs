//! What the index is told: a report's facts without its texts, or that it is gone.

use std::sync::Arc;

use crate::domain::{
    Accuracy, Channel, ClosedReason, Nature, ReportId, ServiceCode, Status, TextSketch,
};
use crate::place::Position;

/// The part of a report that questions are answered from. Texts stay on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedFields {
    /// The report.
    pub id: ReportId,
    /// Its service.
    pub service: ServiceCode,
    /// Where it stands.
    pub status: Status,
    /// How it ended, if it has.
    pub reason: Option<ClosedReason>,
    /// What is wanted.
    pub nature: Nature,
    /// How it came.
    pub channel: Channel,
    /// When, in seconds since 1970.
    pub requested: i64,
    /// Only the day of `requested` is known.
    pub day_only: bool,
    /// When it was closed, in seconds since 1970.
    pub closed: Option<i64>,
    /// Only the day of `closed` is known.
    pub closed_day_only: bool,
    /// Where.
    pub position: Option<Position>,
    /// How well `position` says it.
    pub accuracy: Accuracy,
    /// The source's name of the neighbourhood.
    pub area: Option<Arc<str>>,
    /// The report of which it is a duplicate.
    pub parent: Option<ReportId>,
    /// What it says and which streets it names, hashed.
    pub sketch: TextSketch,
}

impl IndexedFields {
    /// An open request for work that came over the web: what examples and tests need, from which
    /// other values are changed field by field. A position given here is exact.
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

/// One step of a jurisdiction's history. Revisions only grow; an update takes a new one, so holes
/// are normal.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The jurisdiction's revision that this change made.
    pub revision: u64,
    /// What is true from then on.
    pub event: Event,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The report is new: there was none of its id before.
    New(IndexedFields),
    /// The report is new or different.
    Put(IndexedFields),
    /// The report is gone.
    Remove(ReportId),
}

impl Event {
    /// The report concerned.
    pub fn id(&self) -> &ReportId {
        match self {
            Self::New(facts) | Self::Put(facts) => &facts.id,
            Self::Remove(id) => id,
        }
    }
}

/// Facts as the index holds them, borrowed: what answers are rendered from.
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
