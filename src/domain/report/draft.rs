//! What comes in: drafts of new reports and patches of known ones, both unchecked.

use crate::domain::report::contact::Contact;
use crate::domain::report::details::Details;
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{Accuracy, Channel, ClosedReason, Nature, Status};

/// Longest description, in characters (Open311 GeoReport v2).
pub const DESCRIPTION_CHARS_MAX: usize = 4000;
/// Longest text of any other field, in characters.
pub const LINE_CHARS_MAX: usize = 400;

/// A report as its sender gives it, before the gate has checked it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The source's id; a tracking number is made where there is none.
    pub id: Option<String>,
    /// Code of a service.
    pub service: String,
    /// Default: open.
    pub status: Option<Status>,
    /// Default of a closed report: done.
    pub reason: Option<ClosedReason>,
    /// The source's own word for its status.
    pub source_status: Option<String>,
    /// Default: the service's.
    pub nature: Option<Nature>,
    /// Default: import.
    pub channel: Option<Channel>,
    /// Default: now.
    pub requested: Option<ReportTime>,
    /// When the source last touched it.
    pub updated: Option<ReportTime>,
    /// When it was closed.
    pub closed: Option<ReportTime>,
    /// Longitude and latitude in degrees.
    pub lon_lat: Option<(f64, f64)>,
    /// Default: exact.
    pub accuracy: Option<Accuracy>,
    /// Address or place.
    pub address: Option<String>,
    /// Neighbourhood or borough.
    pub area: Option<String>,
    /// What the citizen said.
    pub description: Option<String>,
    /// The report of which this is a duplicate.
    pub parent: Option<String>,
    /// The crew or person it is given to.
    pub assignee: Option<String>,
    /// Fields that few reports have.
    pub details: Details,
    /// Who reports.
    pub contact: Option<Contact>,
    /// The sender was shown the service's questions: its answers are checked against them.
    pub asked: bool,
}

/// A change to a report: what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// New status; `closed` without a reason means done.
    pub status: Option<Status>,
    /// How it ended.
    pub reason: Option<ClosedReason>,
    /// New service code.
    pub service: Option<String>,
    /// New longitude and latitude in degrees; the place is then exact.
    pub lon_lat: Option<(f64, f64)>,
    /// New address.
    pub address: Option<String>,
    /// New assignment; an empty text takes it back.
    pub assignee: Option<String>,
}
