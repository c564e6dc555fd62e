//! Density clusters of the reports under a filter.

use crate::domain::{Filter, Interrupt, Interrupted};
use crate::error::{Refusal, Result};
use crate::index::Snapshot;
use crate::message;
use crate::query::{self, DensityClusters, DensityQuery};
use crate::statistics::{Effort, Stopped};
use crate::usecase::reports::check_areas;

/// Limits of a search for density clusters.
#[derive(Debug, Clone, Copy)]
pub struct DensityLimits {
    /// Reports at most, because the method compares each report with its neighbours.
    pub reports_max: usize,
    /// Comparisons of two reports at most.
    pub comparisons_max: u64,
}

/// Clusters the located reports that pass a filter.
///
/// # Errors
/// An area in which the city has no report; more reports or more comparisons than the limits allow;
/// the result is not wanted any more.
pub fn find_density_clusters(
    snapshot: &Snapshot,
    filter: &Filter,
    query: DensityQuery,
    limits: DensityLimits,
    interrupt: &Interrupt,
) -> Result<DensityClusters> {
    check_areas(snapshot, filter)?;
    let compiled = snapshot.compiled(filter);
    let placed = query::located_reports(snapshot, &compiled, filter.bbox.as_ref());
    let (count, reports_max) = (placed.len(), limits.reports_max);
    if count > reports_max {
        let message = message!(
            "le filtre retient {count} demandes, plus de {reports_max} : une période, un service \
             ou une « bbox » les restreint",
            "the filter keeps {count} requests, more than {reports_max}: a period, a service or a \
             'bbox' narrows it"
        );
        return Err(Refusal::new("filter", count, message).into());
    }
    let is_wanted = || interrupt.check().is_ok();
    let effort = Effort { comparisons_max: limits.comparisons_max, is_wanted: &is_wanted };
    query::density_clusters(snapshot, placed, query, effort).map_err(|stopped| match stopped {
        Stopped::Unwanted => Interrupted.into(),
        Stopped::TooLong { comparisons } => too_long(query, comparisons, limits.comparisons_max),
    })
}

/// The refusal of a search that compares more pairs of reports than the limit.
fn too_long(query: DensityQuery, comparisons: u64, max: u64) -> crate::error::Error {
    let (field, value) = match query {
        DensityQuery::Dbscan { eps_m, .. } => ("eps_m", eps_m.to_string()),
        DensityQuery::Hdbscan { min_samples, .. } => ("min_samples", min_samples.to_string()),
    };
    let message = message!(
        "compare {comparisons} paires de demandes, plus de {max} : une valeur plus petite, une \
         période, un service ou une « bbox »",
        "compares {comparisons} pairs of requests, more than {max}: a smaller value, a period, a \
         service or a 'bbox'"
    );
    Refusal::new(field, value, message).into()
}
