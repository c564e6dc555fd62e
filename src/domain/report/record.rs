//! A report.

use crate::domain::catalogue::ServiceCode;
use crate::domain::report::change::IndexedFields;
use crate::domain::report::details::Details;
use crate::domain::report::id::ReportId;
use crate::domain::report::text_sketch::TextSketch;
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::place::Position;

/// One citizen request (Open311: a service request). Made only by [`Gate`](crate::domain::Gate)
/// and, from rows that the gate once passed, by the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Tracking number, or the source's id.
    pub id: ReportId,
    /// What it is about.
    pub service: ServiceCode,
    /// Where it stands.
    pub status: Status,
    /// How it ended; present exactly when `status` is closed.
    pub reason: Option<ClosedReason>,
    /// The source's own word for its status.
    pub source_status: Option<String>,
    /// What is wanted.
    pub nature: Nature,
    /// How it came.
    pub channel: Channel,
    /// When it was made.
    pub requested: ReportTime,
    /// When its source last touched it.
    pub updated: Option<ReportTime>,
    /// When it was closed, if the source says.
    pub closed: Option<ReportTime>,
    /// Where; a report without a place is kept and counted, never placed by guess.
    pub position: Option<Position>,
    /// How well `position` says it.
    pub accuracy: Accuracy,
    /// Address or place as the source wrote it.
    pub address: Option<String>,
    /// Neighbourhood or borough as the source wrote it.
    pub area: Option<String>,
    /// What the citizen said.
    pub description: Option<String>,
    /// The report of which this is a duplicate, by the source's or a crew's word.
    pub parent: Option<ReportId>,
    /// The crew or person it is given to.
    pub assignee: Option<String>,
    /// What is known of it beside; never empty.
    pub details: Option<Box<Details>>,
}

impl Report {
    /// A report without contents, whose fields are set one after the other.
    pub(super) fn blank() -> Self {
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

    /// The place of the details; they are made where there are none.
    pub(super) fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// What the index needs to know.
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
