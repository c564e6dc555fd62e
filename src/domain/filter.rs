//! The filter that every query takes: which reports it is about.

use crate::domain::{Channel, Nature, ServiceCode, Status};
use crate::place::BBox;

/// A conjunction of conditions. The default matches every report whose position is exact or absent;
/// reports with an approximate position match only with [`Filter::approximate`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only reports of one of these services; the caller replaces groups by their services. An
    /// empty list matches no report.
    pub services: Option<Vec<ServiceCode>>,
    /// Only reports with one of these statuses.
    pub statuses: Option<Vec<Status>>,
    /// Only reports of one of these natures.
    pub natures: Option<Vec<Nature>>,
    /// Only reports that came by one of these channels.
    pub channels: Option<Vec<Channel>>,
    /// Only reports in one of these areas. Areas are those of the loaded boundary sets; in a city
    /// without boundaries, the names that the source gave.
    pub areas: Option<Vec<String>>,
    /// Only reports requested at or after this second since 1970.
    pub from: Option<i64>,
    /// Only reports requested before this second since 1970.
    pub before: Option<i64>,
    /// Only reports with a position inside this box.
    pub bbox: Option<BBox>,
    /// Also match reports whose position is approximate.
    pub approximate: bool,
    /// Count incidents, not reports: reports known to be duplicates are left out.
    pub incidents: bool,
}

impl Filter {
    /// Whether it restricts nothing but services and statuses.
    pub fn is_plain(&self) -> bool {
        let timeless = self.from.is_none() && self.before.is_none();
        let rest = self.natures.is_none() && self.channels.is_none() && self.areas.is_none();
        timeless && rest && !self.incidents && self.bbox.is_none()
    }

    /// Whether it restricts nothing but services and whether a report is closed.
    pub fn is_by_kind(&self) -> bool {
        let status = |status| self.statuses.as_ref().is_none_or(|list| list.contains(&status));
        self.is_plain() && status(Status::Open) == status(Status::InProgress)
    }
}
