//! Density clusters: DBSCAN and HDBSCAN*.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Filter;
use crate::error::Result;
use crate::export::areas::{
    AreaCollection, AreaFeature, AreaGeometry, drawn, figure, line, polygons,
};
use crate::export::geojson::{MEDIA_TYPE, instant};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::reply::counts::Counts;
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Defaulted, Parameter, group, query};
use crate::http::request::params::BOXED_FILTER;
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Flag, Number, number};
use crate::http::v1::members::{members, service_counts};
use crate::index::Snapshot;
use crate::query::{DensityCluster, DensityQuery, SAMPLES_MAX};
use crate::usecase::density::{DensityLimits, find_density_clusters};

/// Limit of `min_points` and `min_cluster_size`.
const POINTS_MAX: usize = 100_000;

const LIMIT: Parameter<Number<usize>, Defaulted<usize>> =
    query("limit", number(1, 5_000)).default(1_000).example("5").described(
        "Nombre maximal de groupes ; les plus grands d’abord.",
        "Maximum number of clusters; largest first.",
    );

const MEMBERS: Parameter<Flag, Defaulted<bool>> = query("members", Flag)
    .default(false)
    .example("true")
    .described("Inclure les numéros de suivi.", "Include the tracking numbers.");

/// The operations.
pub fn operations() -> Vec<Operation> {
    let answer = geojson::<AreaCollection<DensityHead, DensityOut<'_>>>();
    vec![
        Operation::get("/api/v1/dbscan", "dbscan", Tag::Maps, dbscan)
            .described("Groupes par densité (DBSCAN).", "Clusters by density (DBSCAN).")
            .responds_with(&[answer]),
        Operation::get("/api/v1/hdbscan", "hdbscan", Tag::Maps, hdbscan)
            .described(
                "Groupes de densités diverses (HDBSCAN*).",
                "Clusters of varying density (HDBSCAN*).",
            )
            .responds_with(&[answer]),
    ]
}

request! {
    /// The parameters of DBSCAN.
    pub struct DbscanParameters {
        eps_m: f64 = query("eps_m", number(0.1, 10_000.0)).example("100").described(
            "Rayon du voisinage, en mètres.",
            "Radius of the neighbourhood, in metres.",
        ),
        min_points: usize = query("min_points", number(1, POINTS_MAX)).example("5").described(
            "Nombre minimal de demandes dans le voisinage d’un noyau, lui compris.",
            "Minimum number of reports in the neighbourhood of a core point, itself included.",
        ),
    }
}

impl DbscanParameters {
    fn query(self, _: &mut ParameterReader<'_>) -> Read<DensityQuery> {
        Ok(DensityQuery::Dbscan { eps_m: self.eps_m, min_points: self.min_points })
    }
}

request! {
    /// The parameters of HDBSCAN*.
    pub struct HdbscanParameters {
        min_cluster_size: usize = query("min_cluster_size", number(2, POINTS_MAX))
            .example("10")
            .described(
                "Nombre minimal de demandes d’un groupe.",
                "Minimum number of reports of a cluster.",
            ),
        min_samples: Option<usize> = query("min_samples", number(1, SAMPLES_MAX))
            .optional()
            .example("5")
            .described(
                "Nombre de voisins qui mesure la densité ; par défaut min_cluster_size.",
                "Number of neighbours that measures the density; by default min_cluster_size.",
            ),
    }
}

impl HdbscanParameters {
    fn query(self, _: &mut ParameterReader<'_>) -> Read<DensityQuery> {
        Ok(DensityQuery::hdbscan(self.min_cluster_size, self.min_samples))
    }
}

request! {
    /// Clusters by DBSCAN.
    pub struct DbscanRequest {
        query: DensityQuery = group(DbscanParameters::query),
        limit: usize = LIMIT,
        with_members: bool = MEMBERS,
        filter: Filter = BOXED_FILTER,
    }
}

async fn dbscan(mut call: Call<DbscanRequest>) -> HandlerResult {
    call.context.view = call.context.view.counted();
    call.respond(MEDIA_TYPE, CostClass::Heavy, |inputs, request| {
        answer(inputs, &request, inputs.state.app.limits.dbscan_max)
    })
    .await
}

request! {
    /// Clusters by HDBSCAN*.
    pub struct HdbscanRequest {
        query: DensityQuery = group(HdbscanParameters::query),
        limit: usize = LIMIT,
        with_members: bool = MEMBERS,
        filter: Filter = BOXED_FILTER,
    }
}

async fn hdbscan(mut call: Call<HdbscanRequest>) -> HandlerResult {
    call.context.view = call.context.view.counted();
    call.respond(MEDIA_TYPE, CostClass::Heavy, |inputs, request| {
        let HdbscanRequest { query, limit, with_members, filter } = request;
        let request = DbscanRequest { query, limit, with_members, filter };
        answer(inputs, &request, inputs.state.app.limits.hdbscan_max)
    })
    .await
}

fn answer(
    inputs: &ResponseInputs<'_>,
    request: &DbscanRequest,
    reports_max: usize,
) -> Result<Vec<u8>> {
    let DbscanRequest { query, limit, with_members, filter } = request;
    let snapshot = inputs.snapshot;
    let comparisons_max = inputs.state.app.limits.density_comparisons_max;
    let limits = DensityLimits { reports_max, comparisons_max };
    let found = find_density_clusters(snapshot, filter, *query, limits, inputs.interrupt)?;
    let head =
        DensityHead { clustering: Clustering::of(*query), total: found.total, noise: found.noise };
    let shown = found.clusters.iter().take(*limit).zip(1..);
    let features = shown.map(|(cluster, rank)| feature(snapshot, cluster, rank, *with_members));
    let matched = found.clusters.len() as u64;
    let features = features.collect();
    to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
}

/// The members of a collection of density clusters besides its features.
#[derive(Debug, Serialize, JsonSchema)]
struct DensityHead {
    clustering: Clustering,
    /// Reports that were clustered.
    total: u64,
    /// Reports in no cluster.
    noise: u64,
}

/// The method of clustering and its parameters.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "method", rename_all = "lowercase")]
#[schemars(inline)]
enum Clustering {
    Dbscan { eps_m: f64, min_points: usize },
    Hdbscan { min_cluster_size: usize, min_samples: usize },
}

impl Clustering {
    fn of(query: DensityQuery) -> Self {
        match query {
            DensityQuery::Dbscan { eps_m, min_points } => Self::Dbscan { eps_m, min_points },
            DensityQuery::Hdbscan { min_cluster_size, min_samples } => {
                Self::Hdbscan { min_cluster_size, min_samples }
            }
        }
    }
}

/// A density cluster.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Density")]
struct DensityOut<'a> {
    /// Its rank by number of reports, from 1.
    cluster: usize,
    count: u64,
    open: u64,
    /// Number of core points.
    core: u64,
    /// Longitude and latitude in degrees.
    centroid: [f64; 2],
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    services: Counts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persistence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_request_ids: Option<Vec<&'a str>>,
}

/// The feature of a density cluster. Its id is `rank`, from 1.
fn feature<'a>(
    snapshot: &'a Snapshot,
    cluster: &DensityCluster,
    rank: usize,
    with_members: bool,
) -> AreaFeature<DensityOut<'a>> {
    let geometry = match cluster.hull.as_slice() {
        [] => None,
        [one] => Some(AreaGeometry::Point(drawn(*one))),
        [a, b] => Some(line([*a, *b])),
        hull => polygons([vec![hull.to_vec()]]),
    };
    let properties = DensityOut {
        cluster: rank,
        count: cluster.count,
        open: cluster.open,
        core: cluster.core,
        centroid: drawn(cluster.centroid),
        oldest_open_datetime: cluster.oldest_open.map(instant),
        services: service_counts(snapshot, &cluster.services),
        persistence: cluster.persistence.map(figure),
        service_request_ids: with_members.then(|| members(snapshot, &cluster.members)),
    };
    AreaFeature::new(rank.to_string(), geometry, properties)
}
