//! The reports that a feature of a map stands for.

use crate::http::reply::counts::Counts;
use crate::index::{DocAddress, Snapshot};

/// Ids of reports in one feature, at most; its `count` tells how many there are.
pub const MEMBERS_MAX: usize = 200;

/// Ids of the first reports.
pub fn members<'a>(snapshot: &'a Snapshot, members: &[DocAddress]) -> Vec<&'a str> {
    members.iter().take(MEMBERS_MAX).map(|address| snapshot.id(*address)).collect()
}

/// Numbers of reports by the code of their service.
pub fn service_counts<'a>(snapshot: &'a Snapshot, services: &[(u16, u64)]) -> Counts<'a> {
    let named = services.iter().map(|(number, n)| (snapshot.service_code(*number), *n));
    Counts(named.collect())
}
