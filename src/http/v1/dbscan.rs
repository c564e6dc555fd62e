//! Density clusters.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use crate::domain::Filter;
use crate::error::{Refusal, Result};
use crate::export::areas::AreaCollection;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::hotspots;
use crate::http::v1::proximity::{finished, unreachable_refusal};
use crate::index::Snapshot;
use crate::message;
use crate::query;
use crate::query::DensityQuery;
use crate::usecase::reports::check_areas;

/// Widest reach, in metres.
const EPS_MAX_M: f64 = 10_000.0;
/// Narrowest: nearer than that places are not measured.
const EPS_MIN_M: f64 = 0.1;
/// Points that make a core at most, and points of a cluster.
const POINTS_MAX: usize = 100_000;

struct DensityRequest {
    query: DensityQuery,
    filter: Filter,
    limit: usize,
    members: bool,
    /// Reports at most.
    reports_max: usize,
}

fn answer(snapshot: &Snapshot, question: &DensityRequest) -> Result<Vec<u8>> {
    check_areas(snapshot, &question.filter)?;
    let compiled = snapshot.compiled(&question.filter);
    let placed = query::located_reports(snapshot, &compiled, question.filter.bbox.as_ref());
    let (count, max) = (placed.len(), question.reports_max);
    if count > max {
        let message = message!(
            "le filtre retient {count} demandes, plus de {max} : une période, un service ou une \
             « bbox » les restreint",
            "the filter keeps {count} requests, more than {max}: a period, a service or a 'bbox' \
             narrows it"
        );
        return Err(Refusal::new("filter", count, message).into());
    }
    let found = query::density_clusters(snapshot, placed, question.query);
    let method = match question.query {
        DensityQuery::Dbscan { eps_m, min_points } => {
            json!({ "method": "dbscan", "eps_m": eps_m, "min_points": min_points })
        }
        DensityQuery::Hdbscan { min_cluster_size, min_samples } => json!({
            "method": "hdbscan",
            "min_cluster_size": min_cluster_size,
            "min_samples": min_samples,
        }),
    };
    let head = json!({ "clustering": method, "total": found.total, "noise": found.noise });
    let shown = found.clusters.iter().take(question.limit).zip(1..);
    let features = shown.map(|(cluster, rank)| {
        hotspots::answer::density(snapshot, cluster, rank, question.members)
    });
    let matched = found.clusters.len() as u64;
    let features = features.collect();
    to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
}

async fn respond(
    state: Arc<AppState>,
    mut context: RequestContext,
    density: Option<DensityQuery>,
    reports_max: usize,
) -> HandlerResult {
    let city = context.city(&state)?;
    let params = &mut context.params;
    let limit = params.count("limit", 1_000, state.app.limits.clusters_max);
    let members = params.flag("members");
    let bbox = params.bbox();
    let filter = Filter { bbox, ..params.filter(&city) };
    let context = finished(context)?;
    let Some(density) = density else { return Err(unreachable_refusal()) };
    let question = DensityRequest { query: density, filter, limit, members, reports_max };
    let answer = fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, _| {
        answer(snapshot, &question)
    });
    Ok(answer.await?)
}

/// `GET /api/v1/dbscan?eps_m&min_points`
pub async fn dbscan(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let eps_m = context.params.number("eps_m", EPS_MIN_M, EPS_MAX_M);
    let eps_m = context.params.required("eps_m", eps_m);
    let min_points = context.params.number("min_points", 1, POINTS_MAX);
    let min_points = context.params.required("min_points", min_points);
    let density = eps_m.zip(min_points);
    let density = density.map(|(eps_m, min_points)| DensityQuery::Dbscan { eps_m, min_points });
    let max = state.app.limits.dbscan_max;
    respond(state, context, density, max).await
}

/// `GET /api/v1/hdbscan?min_cluster_size&min_samples`
pub async fn hdbscan(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let size = context.params.number("min_cluster_size", 2, POINTS_MAX);
    let size = context.params.required("min_cluster_size", size);
    let samples = context.params.number("min_samples", 1, 1_000);
    let density = size.map(|min_cluster_size| DensityQuery::Hdbscan {
        min_cluster_size,
        min_samples: samples.unwrap_or(min_cluster_size.min(1_000)),
    });
    let max = state.app.limits.hdbscan_max;
    respond(state, context, density, max).await
}
