//! Which reports a question is about. One filter serves every question.

use crate::domain::{Channel, Nature, ServiceCode, Status};
use crate::place::BBox;

/// A conjunction of conditions; the default lets every report through that has a usable place or
/// none at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these services; groups are spelt out before. `Some` of nothing matches nothing.
    pub services: Option<Vec<ServiceCode>>,
    /// Any of these.
    pub statuses: Option<Vec<Status>>,
    /// Any of these.
    pub natures: Option<Vec<Nature>>,
    /// Any of these.
    pub channels: Option<Vec<Channel>>,
    /// Any of these areas: of loaded boundaries, or else by the source's names.
    pub areas: Option<Vec<String>>,
    /// Requested at or after this second since 1970.
    pub from: Option<i64>,
    /// Requested before this second since 1970.
    pub before: Option<i64>,
    /// Located inside.
    pub bbox: Option<BBox>,
    /// Let approximate positions into answers about places.
    pub approximate: bool,
    /// Count what citizens told of once: reports known to repeat another are left out.
    pub incidents: bool,
}

impl Filter {
    /// Does it ask about nothing but services and statuses?
    pub fn is_plain(&self) -> bool {
        let timeless = self.from.is_none() && self.before.is_none();
        let rest = self.natures.is_none() && self.channels.is_none() && self.areas.is_none();
        timeless && rest && !self.incidents && self.bbox.is_none()
    }

    /// Does it ask about nothing but services and whether a report is closed?
    pub fn is_by_kind(&self) -> bool {
        let status = |status| self.statuses.as_ref().is_none_or(|list| list.contains(&status));
        self.is_plain() && status(Status::Open) == status(Status::InProgress)
    }
}
