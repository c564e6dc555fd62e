//! Density clusters.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::Site;
use super::answer::{Answer, Ask, Effort, fresh, to_json};
use super::queries::{finished, unreachable_refusal};
use super::reports::checked_areas;
use crate::error::{Refusal, Result};
use crate::format::areas::AreaCollection;
use crate::format::geojson::MEDIA_TYPE;
use crate::format::hotspots;
use crate::query::{self, DensityAsk, Snapshot};
use crate::report::Filter;
use crate::words;

/// Widest reach, in metres.
const EPS_MAX_M: f64 = 10_000.0;
/// Narrowest: nearer than that places are not measured.
const EPS_MIN_M: f64 = 0.1;
/// Points that make a core at most, and points of a cluster.
const POINTS_MAX: usize = 100_000;

struct Question {
    ask: DensityAsk,
    filter: Filter,
    limit: usize,
    members: bool,
    /// Reports at most.
    reports_max: usize,
}

fn answer(snapshot: &Snapshot, question: &Question) -> Result<Vec<u8>> {
    checked_areas(snapshot, &question.filter)?;
    let sieve = snapshot.sieve(&question.filter);
    let placed = query::placed(snapshot, &sieve, question.filter.bbox.as_ref());
    let (count, max) = (placed.len(), question.reports_max);
    if count > max {
        let words = words!(
            "le filtre retient {count} demandes, plus de {max} : une période, un service ou une \
             « bbox » les restreint",
            "the filter keeps {count} requests, more than {max}: a period, a service or a 'bbox' \
             narrows it"
        );
        return Err(Refusal::new("filter", count, words).into());
    }
    let found = query::density(snapshot, placed, question.ask);
    let method = match question.ask {
        DensityAsk::Dbscan { eps_m, min_points } => {
            json!({ "method": "dbscan", "eps_m": eps_m, "min_points": min_points })
        }
        DensityAsk::Hdbscan { min_cluster_size, min_samples } => json!({
            "method": "hdbscan",
            "min_cluster_size": min_cluster_size,
            "min_samples": min_samples,
        }),
    };
    let head = json!({ "clustering": method, "total": found.total, "noise": found.noise });
    let shown = found.clusters.iter().take(question.limit).zip(1..);
    let features =
        shown.map(|(cluster, rank)| hotspots::density(snapshot, cluster, rank, question.members));
    let matched = found.clusters.len() as u64;
    let features = features.collect();
    to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
}

async fn respond(
    site: Arc<Site>,
    mut ask: Ask,
    density: Option<DensityAsk>,
    reports_max: usize,
) -> Answer {
    let city = ask.city(&site)?;
    let params = &mut ask.params;
    let limit = params.count("limit", 1_000, site.app.limits.clusters_max);
    let members = params.flag("members");
    let bbox = params.bbox();
    let filter = Filter { bbox, ..params.filter(&city) };
    let ask = finished(ask)?;
    let Some(density) = density else { return Err(unreachable_refusal()) };
    let question = Question { ask: density, filter, limit, members, reports_max };
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, _| {
        answer(snapshot, &question)
    });
    Ok(answer.await?)
}

/// `GET /api/v1/dbscan?eps_m&min_points`
pub async fn dbscan(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let eps_m = ask.params.number("eps_m", EPS_MIN_M, EPS_MAX_M);
    let eps_m = ask.params.required("eps_m", eps_m);
    let min_points = ask.params.number("min_points", 1, POINTS_MAX);
    let min_points = ask.params.required("min_points", min_points);
    let density = eps_m.zip(min_points);
    let density = density.map(|(eps_m, min_points)| DensityAsk::Dbscan { eps_m, min_points });
    let max = site.app.limits.dbscan_max;
    respond(site, ask, density, max).await
}

/// `GET /api/v1/hdbscan?min_cluster_size&min_samples`
pub async fn hdbscan(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let size = ask.params.number("min_cluster_size", 2, POINTS_MAX);
    let size = ask.params.required("min_cluster_size", size);
    let samples = ask.params.number("min_samples", 1, 1_000);
    let density = size.map(|min_cluster_size| DensityAsk::Hdbscan {
        min_cluster_size,
        min_samples: samples.unwrap_or(min_cluster_size.min(1_000)),
    });
    let max = site.app.limits.hdbscan_max;
    respond(site, ask, density, max).await
}
