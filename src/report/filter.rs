//! Which reports a question is about. One filter serves every question.

use super::{Channel, Nature, ServiceCode, Status};
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
    /// Any of these areas, by the source's names.
    pub areas: Option<Vec<String>>,
    /// Requested at or after this second since 1970.
    pub from: Option<i64>,
    /// Requested before this second since 1970.
    pub before: Option<i64>,
    /// Located inside.
    pub bbox: Option<BBox>,
    /// Let approximate positions into answers about places.
    pub approximate: bool,
}
