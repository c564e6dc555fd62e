//! Clusters as GeoJSON features.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ReportView;
use crate::export::geojson::{Feature, Point, instant};
use crate::http::reply::counts::Counts;
use crate::http::v1::facts::{FactsOut, facts};
use crate::query::Cluster;

/// What a cluster holds.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Cluster")]
pub struct ClusterOut<'a> {
    #[schemars(extend("enum" = [true]))]
    cluster: bool,
    cluster_id: String,
    count: u64,
    open: u64,
    /// By service code.
    #[schemars(extend("x-fr" = "Par code de service."))]
    services: Counts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    newest_datetime: String,
    /// The zoom at which it falls apart; null where it never does.
    expansion_zoom: Option<u8>,
    /// West, south, east, north in degrees.
    #[schemars(extend("x-fr" = "Ouest, sud, est, nord en degrés."))]
    bbox: [f64; 4],
}

/// A point of a map: a cluster or a report alone.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Spot")]
pub enum ClusterItemOut<'a> {
    /// Several reports.
    Cluster(ClusterOut<'a>),
    /// One.
    Single(FactsOut<'a>),
}

/// The id of a cluster: zoom, column, row.
pub fn cluster_id(cluster: &Cluster) -> String {
    format!("{}-{}-{}", cluster.zoom, cluster.cell.x, cluster.cell.y)
}

/// The feature of a cluster; `name` tells the code of a service number.
pub fn cluster<'a>(
    cluster: &Cluster,
    name: impl Fn(u16) -> &'a str,
) -> Feature<'static, ClusterItemOut<'a>> {
    let bounds = cluster.cell.bounds();
    let counts = cluster.services.iter();
    Feature {
        r#type: "Feature",
        id: cluster_id(cluster).into(),
        geometry: Some(Point::at(cluster.center)),
        properties: ClusterItemOut::Cluster(ClusterOut {
            cluster: true,
            cluster_id: cluster_id(cluster),
            count: cluster.count,
            open: cluster.open,
            services: Counts(counts.map(|(number, n)| (name(*number), *n)).collect()),
            oldest_open_datetime: cluster.oldest_open.map(instant),
            newest_datetime: instant(cluster.newest),
            expansion_zoom: cluster.expansion_zoom,
            bbox: [bounds.west, bounds.south, bounds.east, bounds.north],
        }),
    }
}

/// The feature of a report alone in its square.
pub fn single<'a>(view: &ReportView<'a>, zone: &TimeZone) -> Feature<'a, ClusterItemOut<'a>> {
    facts(view, None, zone).map(ClusterItemOut::Single)
}
