//! The report: one request of a citizen, checked.

use crate::domain::catalogue::ServiceCode;
use crate::domain::report::change::IndexedFields;
use crate::domain::report::details::Details;
use crate::domain::report::id::ReportId;
use crate::domain::report::text_sketch::TextSketch;
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::place::Position;

/// One request of a citizen (Open311: service request). Only [`Gate`](crate::domain::Gate) makes
/// one from input; the store makes one from a row that the gate admitted earlier.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Tracking number, or the source's id.
    pub id: ReportId,
    /// Code of its service.
    pub service: ServiceCode,
    /// Its status.
    pub status: Status,
    /// How it ended; present if and only if `status` is closed.
    pub reason: Option<ClosedReason>,
    /// The source's own word for its status.
    pub source_status: Option<String>,
    /// What the citizen wants.
    pub nature: Nature,
    /// How it reached the city.
    pub channel: Channel,
    /// When it was made.
    pub requested: ReportTime,
    /// When its source last changed it.
    pub updated: Option<ReportTime>,
    /// When it was closed, if the source says.
    pub closed: Option<ReportTime>,
    /// Where the problem is. A report without a position is kept and counted; no position is
    /// guessed.
    pub position: Option<Position>,
    /// Accuracy of `position`.
    pub accuracy: Accuracy,
    /// Address or place as the source wrote it.
    pub address: Option<String>,
    /// Neighbourhood or borough as the source wrote it.
    pub area: Option<String>,
    /// What the citizen said.
    pub description: Option<String>,
    /// The report of which this is a duplicate, according to the source, a crew or the duplicate
    /// model.
    pub parent: Option<ReportId>,
    /// The crew or person to whom it is assigned.
    pub assignee: Option<String>,
    /// Fields that few reports have; `None` where it has none of them.
    pub details: Option<Box<Details>>,
}

impl Report {
    /// Does the accuracy say anything? It does not where there never was a position.
    pub fn has_accuracy(&self) -> bool {
        self.position.is_some() || self.accuracy == Accuracy::Approximate
    }

    /// An empty report, whose fields are then set one by one.
    pub(in crate::domain) fn blank() -> Self {
        Self {
            id: ReportId::blank(),
            service: ServiceCode::blank(),
            status: Status::Open,
            reason: None,
            source_status: None,
            nature: Nature::Intervention,
            channel: Channel::Import,
            requested: ReportTime::EPOCH,
            updated: None,
            closed: None,
            position: None,
            accuracy: Accuracy::Exact,
            address: None,
            area: None,
            description: None,
            parent: None,
            assignee: None,
            details: None,
        }
    }

    /// Its details, created if it has none.
    pub(super) fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// The fields that the index holds.
    pub fn facts(&self) -> IndexedFields {
        IndexedFields {
            id: self.id.clone(),
            service: self.service.clone(),
            status: self.status,
            reason: self.reason,
            nature: self.nature,
            channel: self.channel,
            requested: self.requested.second(),
            day_only: self.requested.day_only().is_some(),
            closed: self.closed.map(|when| when.second()),
            closed_day_only: self.closed.is_some_and(|when| when.day_only().is_some()),
            position: self.position,
            accuracy: self.accuracy,
            area: self.area.as_deref().map(Into::into),
            parent: self.parent.clone(),
            sketch: TextSketch::of(
                self.address.as_deref(),
                self.description.as_deref(),
                self.service.as_str(),
            ),
        }
    }
}
