//! Input that was not checked yet: drafts of new reports and changes of existing ones.

use crate::domain::report::contact::Contact;
use crate::domain::report::details::Details;
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::i18n::Message;
use crate::message;

/// Longest description, in characters (Open311 GeoReport v2).
pub const DESCRIPTION_CHARS_MAX: usize = 4000;
/// Longest text of any other field, in characters.
pub const LINE_CHARS_MAX: usize = 400;

/// A report as its sender wrote it, before [`Gate`](crate::domain::Gate) checks it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The source's id; without one the report gets a tracking number.
    pub id: Option<String>,
    /// Code of a service.
    pub service: String,
    /// Its status; default: open.
    pub status: Option<Status>,
    /// How it ended; default of a closed report: done.
    pub reason: Option<ClosedReason>,
    /// The source's own word for its status.
    pub source_status: Option<String>,
    /// What the citizen wants; default: that of the service.
    pub nature: Option<Nature>,
    /// How it reached the city; default: import.
    pub channel: Option<Channel>,
    /// When it was made; default: now.
    pub requested: Option<ReportTime>,
    /// When its source last changed it.
    pub updated: Option<ReportTime>,
    /// When it was closed.
    pub closed: Option<ReportTime>,
    /// Longitude and latitude in degrees.
    pub lon_lat: Option<(f64, f64)>,
    /// Accuracy of the position; default: exact.
    pub accuracy: Option<Accuracy>,
    /// Address or place.
    pub address: Option<String>,
    /// Neighbourhood or borough.
    pub area: Option<String>,
    /// What the citizen said.
    pub description: Option<String>,
    /// The report of which this is a duplicate.
    pub parent: Option<String>,
    /// The crew or person to whom it is assigned.
    pub assignee: Option<String>,
    /// Fields that few reports have.
    pub details: Details,
    /// How many people reported the same, as a source counts them; default: one.
    pub callers: Option<String>,
    /// Who reports.
    pub contact: Option<Contact>,
    /// Whether the sender was shown the questions of the service; its answers must then fit them.
    pub asked: bool,
    /// Whether a person or an application sends it now: invisible characters are then refused.
    /// Files keep theirs.
    pub is_typed: bool,
}

/// A change of a report. Fields that are `None` stay as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// New status; `closed` without a reason means done.
    pub status: Option<Status>,
    /// How it ended.
    pub reason: Option<ClosedReason>,
    /// New service code.
    pub service: Option<String>,
    /// New longitude and latitude in degrees; the accuracy becomes exact.
    pub lon_lat: Option<(f64, f64)>,
    /// New address.
    pub address: Option<String>,
    /// New assignee; an empty text removes it.
    pub assignee: Option<String>,
}

impl Patch {
    /// The accompanying change of each open duplicate of the report: it is closed as a duplicate.
    ///
    /// # Errors
    /// This change does not close the report.
    ///
    /// ```
    /// use pointchaud::domain::{ClosedReason, Patch, Status};
    ///
    /// let closing = Patch { status: Some(Status::Closed), ..Patch::default() };
    /// assert_eq!(closing.of_duplicates().unwrap().reason, Some(ClosedReason::Duplicate));
    /// let opening = Patch { status: Some(Status::Open), ..Patch::default() };
    /// assert!(opening.of_duplicates().is_err() && Patch::default().of_duplicates().is_err());
    /// ```
    pub fn of_duplicates(&self) -> Result<Self, Message> {
        if self.status != Some(Status::Closed) {
            return Err(message!(
                "n’est permis qu’avec « status » « closed »",
                "is allowed with 'status' 'closed' only"
            ));
        }
        let (status, reason) = (Some(Status::Closed), Some(ClosedReason::Duplicate));
        Ok(Self { status, reason, ..Self::default() })
    }
}
