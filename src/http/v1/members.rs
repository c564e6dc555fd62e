//! The member reports of an aggregate feature: a cluster, a hotspot, an alert.

use crate::domain::is_counted_id;
use crate::http::reply::counts::Counts;
use crate::index::{DocAddress, Snapshot};

/// Limit of the number of report ids in one feature; its `count` is the full number.
pub const MEMBERS_MAX: usize = 200;

/// The ids of the first [`MEMBERS_MAX`] reports that are listed.
pub fn members<'a>(snapshot: &'a Snapshot, members: &[DocAddress]) -> Vec<&'a str> {
    let listed = members.iter().map(|address| snapshot.id(*address));
    listed.filter(|id| !is_counted_id(id)).take(MEMBERS_MAX).collect()
}

/// How many of these reports [`members`] leaves out.
pub fn left_out(members: &[DocAddress]) -> usize {
    members.len().saturating_sub(MEMBERS_MAX)
}

/// Numbers of reports by the code of their service.
pub fn service_counts<'a>(snapshot: &'a Snapshot, services: &[(u16, u64)]) -> Counts<'a> {
    let named = services.iter().map(|(number, n)| (snapshot.service_code(*number), *n));
    Counts(named.collect())
}
