//! Clusters for maps.

use jiff::tz::TimeZone;

use crate::domain::Filter;
use crate::error::Error;
use crate::export::geojson::{Collection, Feature, MEDIA_TYPE, ReportOut};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Defaulted, Parameter, ParameterGroup, group, path, query};
use crate::http::request::params::{BBOX, FILTER, LIMIT, NewestAfter, cursor_by};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Number, Patterned, number};
use crate::http::v1::cluster_features::{ClusterItemOut, cluster, single};
use crate::http::v1::reports::answer::report_page;
use crate::index::Snapshot;
use crate::message;
use crate::place::{BBox, GridCell};
use crate::query::{self, ClusterItem, Clusters, ZOOM_MAX};
use crate::usecase::reports::check_areas;

/// How many clusters a response has at most, largest first.
const CLUSTERS: Parameter<Number<usize>, Defaulted<usize>> =
    query("limit", number(1, 5_000)).default(5_000).example("50").described(
        "Nombre maximal de groupes ; les plus grands d’abord.",
        "Maximum number of clusters; largest first.",
    );

/// The operations.
pub fn operations() -> Vec<Operation> {
    let collection = geojson::<Collection<'_, ClusterItemOut<'_>>>();
    vec![
        Operation::get("/api/v1/clusters", "clusters", Tag::Maps, list)
            .described("Groupes de demandes pour une carte.", "Clusters of reports for a map.")
            .responds_with(&[collection]),
        Operation::get("/api/v1/clusters/{id}", "cluster", Tag::Maps, one)
            .described("Un groupe.", "A cluster.")
            .responds_with(&[geojson::<Feature<'_, ClusterItemOut<'_>>>()]),
        Operation::get("/api/v1/clusters/{id}/children", "cluster_children", Tag::Maps, children)
            .described(
                "Les parties d’un groupe au zoom suivant.",
                "The parts of a cluster at the next zoom.",
            )
            .responds_with(&[collection]),
        Operation::get("/api/v1/clusters/{id}/reports", "cluster_reports", Tag::Maps, reports)
            .described("Les demandes d’un groupe.", "The reports of a cluster.")
            .responds_with(&[geojson::<Collection<'_, ReportOut>>()]),
    ]
}

fn feature<'a>(
    snapshot: &'a Snapshot,
    item: &ClusterItem,
    zone: &TimeZone,
) -> Feature<'a, ClusterItemOut<'a>> {
    match item {
        ClusterItem::Single(address) => single(&snapshot.view(*address), zone),
        ClusterItem::Cluster(found) => cluster(found, |number| snapshot.service_code(number)),
    }
}

fn collection<'a>(
    snapshot: &'a Snapshot,
    found: &Clusters,
    zone: &TimeZone,
) -> Collection<'a, ClusterItemOut<'a>> {
    let features = found.items.iter().map(|item| feature(snapshot, item, zone)).collect();
    let mut collection = Collection::new(snapshot.revision(), features);
    collection.number_matched = Some(found.total);
    collection.truncated = found.omitted > 0;
    collection.left_out = Some(found.omitted).filter(|left_out| *left_out > 0);
    collection
}

request! {
    /// The clusters of a map.
    pub struct ClusterListRequest {
        bbox: BBox = BBOX.required(),
        zoom: u8 = query("zoom", number(0, ZOOM_MAX)).example("12").described(
            "Zoom d’une carte dont les tuiles ont 512 pixels de côté.",
            "Zoom of a map with tiles of 512 pixels.",
        ),
        limit: usize = CLUSTERS,
        filter: Filter = FILTER,
    }
}

async fn list(call: Call<ClusterListRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, request| {
        let ClusterListRequest { bbox, zoom, limit, filter } = request;
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let found = query::clusters(snapshot, &compiled, &bbox, zoom, limit);
        to_json(&collection(snapshot, &found, inputs.city.zone()))
    })
    .await
}

/// The parsed id of a cluster: a zoom and the grid cell that the cluster covers.
pub struct ClusterId {
    text: String,
    zoom: u8,
    cell: GridCell,
}

request! {
    /// The id of a cluster in a path.
    pub struct ClusterIdParameter {
        id: String = path("id", Patterned("^[0-9]{1,2}-[0-9]{1,10}-[0-9]{1,10}$"), "0-2-2")
            .described(
                "Identifiant du groupe : zoom-colonne-rangée.",
                "Id of the cluster: zoom-column-row.",
            ),
    }
}

const CLUSTER_ID: ParameterGroup<ClusterIdParameter, ClusterId> =
    group(ClusterIdParameter::read_id);

impl ClusterIdParameter {
    fn read_id(self, reader: &mut ParameterReader<'_>) -> Read<ClusterId> {
        let text = self.id;
        match cluster_id(&text) {
            Some((zoom, cell)) => Ok(ClusterId { text, zoom, cell }),
            None => {
                let message = message!(
                    "n’est pas un identifiant de groupe (zoom-colonne-rangée)",
                    "is not a cluster id (zoom-column-row)"
                );
                Err(reader.refuse("cluster_id", text, message))
            }
        }
    }
}

/// Parses a cluster's id, `ZOOM-COLUMN-ROW`, into its zoom and grid cell.
fn cluster_id(id: &str) -> Option<(u8, GridCell)> {
    let numbers: Option<Vec<u32>> = id.split('-').map(|part| part.parse().ok()).collect();
    let [zoom, x, y] = numbers?.try_into().ok()?;
    let zoom = u8::try_from(zoom).ok().filter(|zoom| *zoom <= ZOOM_MAX)?;
    let level = query::cluster_level(zoom);
    let side = 1u32 << level;
    (x < side && y < side).then_some((zoom, GridCell { level, x, y }))
}

request! {
    /// One cluster.
    pub struct ClusterRequest {
        id: ClusterId = CLUSTER_ID,
        filter: Filter = FILTER,
    }
}

async fn one(call: Call<ClusterRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, ClusterRequest { id, filter }| {
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let found = query::cluster(snapshot, &snapshot.compiled(&filter), id.cell, id.zoom);
        let found = found.ok_or_else(|| Error::not_found(&id.text))?;
        to_json(&feature(snapshot, &found, inputs.city.zone()))
    })
    .await
}

request! {
    /// The parts of a cluster.
    pub struct ChildrenRequest {
        id: ClusterId = CLUSTER_ID,
        limit: usize = CLUSTERS,
        filter: Filter = FILTER,
    }
}

async fn children(call: Call<ChildrenRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, ChildrenRequest { id, limit, filter }| {
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let found = query::expand_cluster(snapshot, &compiled, id.cell, id.zoom, limit);
        let found = found.ok_or_else(|| Error::not_found(&id.text))?;
        to_json(&collection(snapshot, &found, inputs.city.zone()))
    })
    .await
}

request! {
    /// The reports of a cluster.
    pub struct ReportsRequest {
        id: ClusterId = CLUSTER_ID,
        limit: usize = LIMIT,
        after: NewestAfter = cursor_by(),
        filter: Filter = FILTER,
    }
}

async fn reports(call: Call<ReportsRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, request| {
        let ReportsRequest { id, limit, after, filter } = request;
        let snapshot = inputs.snapshot;
        check_areas(snapshot, &filter)?;
        let compiled = snapshot.compiled(&filter);
        let page = query::newest_in_cell(snapshot, &compiled, id.cell, after, limit);
        if page.items.is_empty() {
            return Err(Error::not_found(&id.text));
        }
        to_json(&report_page(inputs, &page)?)
    })
    .await
}
