//! Clusters as GeoJSON features.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ReportView;
use crate::export::geojson::{Feature, Point, instant};
use crate::http::reply::counts::Counts;
use crate::http::v1::facts::{FactsOut, facts};
use crate::query::Cluster;

/// The properties of a cluster.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Cluster")]
pub struct ClusterOut<'a> {
    #[schemars(extend("enum" = [true]))]
    cluster: bool,
    cluster_id: String,
    count: u64,
    open: u64,
    /// Numbers of reports by service code.
    #[schemars(extend("x-fr" = "Par code de service."))]
    services: Counts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    newest_datetime: String,
    /// The lowest zoom at which it splits; null if its reports share one position.
    expansion_zoom: Option<u8>,
    /// West, south, east, north in degrees.
    #[schemars(extend("x-fr" = "Ouest, sud, est, nord en degrés."))]
    bbox: [f64; 4],
}

/// A point of the map: a cluster or a single report.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ClusterItem")]
pub enum ClusterItemOut<'a> {
    /// Two or more reports.
    Cluster(ClusterOut<'a>),
    /// One report.
    Single(FactsOut<'a>),
}

/// The id of a cluster, `ZOOM-COLUMN-ROW`.
pub fn cluster_id(cluster: &Cluster) -> String {
    format!("{}-{}-{}", cluster.zoom, cluster.cell.x, cluster.cell.y)
}

/// The feature of a cluster. `service_code` gives the code of a service number of the snapshot.
pub fn cluster<'a>(
    cluster: &Cluster,
    service_code: impl Fn(u16) -> &'a str,
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
            services: Counts(counts.map(|(number, n)| (service_code(*number), *n)).collect()),
            oldest_open_datetime: cluster.oldest_open.map(instant),
            newest_datetime: instant(cluster.newest),
            expansion_zoom: cluster.expansion_zoom,
            bbox: [bounds.west, bounds.south, bounds.east, bounds.north],
        }),
    }
}

/// The feature of a report that is alone in its grid cell.
pub fn single<'a>(view: &ReportView<'a>, zone: &TimeZone) -> Feature<'a, ClusterItemOut<'a>> {
    facts(view, None, zone).map(ClusterItemOut::Single)
}
