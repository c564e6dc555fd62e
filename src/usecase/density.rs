//! Density clusters of the reports under a filter.

use crate::domain::Filter;
use crate::error::{Refusal, Result};
use crate::index::Snapshot;
use crate::message;
use crate::query::{self, DensityClusters, DensityQuery};
use crate::usecase::reports::check_areas;

/// Clusters the located reports that pass a filter.
///
/// # Errors
/// An area in which the city has no report; more than `reports_max` reports, because the method
/// compares each report with its neighbours.
pub fn find_density_clusters(
    snapshot: &Snapshot,
    filter: &Filter,
    query: DensityQuery,
    reports_max: usize,
) -> Result<DensityClusters> {
    check_areas(snapshot, filter)?;
    let compiled = snapshot.compiled(filter);
    let placed = query::located_reports(snapshot, &compiled, filter.bbox.as_ref());
    let count = placed.len();
    if count > reports_max {
        let message = message!(
            "le filtre retient {count} demandes, plus de {reports_max} : une période, un service \
             ou une « bbox » les restreint",
            "the filter keeps {count} requests, more than {reports_max}: a period, a service or a \
             'bbox' narrows it"
        );
        return Err(Refusal::new("filter", count, message).into());
    }
    Ok(query::density_clusters(snapshot, placed, query))
}
