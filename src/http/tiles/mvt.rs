//! Encoding of vector tiles: Mapbox Vector Tile 2.1.

use geozero::mvt::{Message, TagsBuilder, TileValue, tile};
use serde_json::Value;

use crate::domain::{Boundary, ReportView};
use crate::export::geojson::instant;
use crate::http::tiles::rings::{DegreeRings, commands, zigzag};
use crate::http::v1::cluster_features::cluster_id;
use crate::index::{DocAddress, Snapshot};
use crate::place::Tile;
use crate::query::{Cluster, ClusterItem};

/// Limit of the size of a tile, in bytes.
pub const BYTES_MAX: usize = 500_000;
/// Name of the layer with the number of features that a tile leaves out.
pub const LEFT_OUT: &str = "left_out";

/// Properties of clusters and reports, each with its TileJSON type.
pub const REPORT_FIELDS: &[(&str, &str)] = &[
    ("cluster", "Boolean"),
    ("cluster_id", "String"),
    ("count", "Number"),
    ("open", "Number"),
    ("newest_datetime", "String"),
    ("oldest_open_datetime", "String"),
    ("expansion_zoom", "Number"),
    ("service_request_id", "String"),
    ("service_code", "String"),
    ("status", "String"),
    ("nature", "String"),
    ("channel", "String"),
    ("accuracy", "String"),
    ("requested_datetime", "String"),
    ("parent_service_request_id", "String"),
];
/// Properties of hexagons.
pub const HEX_FIELDS: &[(&str, &str)] = &[
    ("h3", "String"),
    ("resolution", "Number"),
    ("count", "Number"),
    ("open", "Number"),
    ("rate_per_day", "Number"),
    ("expected", "Number"),
    ("neighbourhood_count", "Number"),
    ("neighbourhood_expected", "Number"),
    ("z", "Number"),
    ("p", "Number"),
    ("q", "Number"),
    ("class", "String"),
    ("oldest_open_datetime", "String"),
];
/// Properties of hotspots.
pub const HOTSPOT_FIELDS: &[(&str, &str)] = &[
    ("hotspot_id", "Number"),
    ("rank", "Number"),
    ("service_code", "String"),
    ("service_name", "String"),
    ("class", "String"),
    ("explanation", "String"),
    ("count", "Number"),
    ("open", "Number"),
    ("expected", "Number"),
    ("ratio", "Number"),
    ("excess", "Number"),
    ("usual", "Number"),
    ("z", "Number"),
    ("q", "Number"),
    ("since_datetime", "String"),
    ("oldest_open_datetime", "String"),
    ("trend", "String"),
    ("priority", "Number"),
];
/// Properties of reports that belong to a hotspot.
pub const MEMBER_FIELDS: &[(&str, &str)] = &[
    ("cluster", "Boolean"),
    ("hotspot_id", "Number"),
    ("service_request_id", "String"),
    ("service_code", "String"),
    ("status", "String"),
    ("nature", "String"),
    ("channel", "String"),
    ("accuracy", "String"),
    ("requested_datetime", "String"),
    ("parent_service_request_id", "String"),
];
/// Properties of areas of boundary sets.
pub const BOUNDARY_FIELDS: &[(&str, &str)] = &[("set", "String"), ("name", "String")];

/// A tile that is being encoded.
pub struct TileOut {
    tile: Tile,
    name: &'static str,
    features: Vec<tile::Feature>,
    tags: TagsBuilder,
}

const POINT: i32 = tile::GeomType::Point as i32;
const POLYGON: i32 = tile::GeomType::Polygon as i32;
/// Bits of the ids of features: every JavaScript number holds them exactly.
const ID_BITS: u32 = 52;

/// The id of a feature in its layer, the same in every tile: its number, otherwise a digest of its
/// name.
fn id_of(name: &str) -> u64 {
    let number = name.parse().ok().filter(|number| *number < 1 << ID_BITS);
    number.unwrap_or_else(|| digest_id(name))
}

fn digest_id(name: &str) -> u64 {
    let digest = blake3::hash(name.as_bytes());
    let first = digest.as_bytes().iter().take(8);
    first.fold(0, |id, byte| id << 8 | u64::from(*byte)) >> (64 - ID_BITS)
}

impl TileOut {
    /// An empty tile with one layer.
    pub fn new(tile: Tile, name: &'static str) -> Self {
        Self { tile, name, features: Vec::new(), tags: TagsBuilder::new() }
    }

    fn tag(&mut self, feature: &mut Vec<u32>, name: &str, value: TileValue) {
        let (key, value) = self.tags.insert_ref(name, value);
        feature.extend([key, value]);
    }

    fn point(&mut self, id: u64, (x, y): (i32, i32), tags: Vec<u32>) {
        // The command MoveTo with count 1, then zigzag-encoded coordinates (MVT 2.1, section 4.3).
        let geometry = vec![9, zigzag(x), zigzag(y)];
        self.features.push(tile::Feature { id: Some(id), tags, r#type: Some(POINT), geometry });
    }

    /// Adds a report. One without position is skipped.
    pub fn report(&mut self, view: &ReportView<'_>) {
        self.report_of(view, None);
    }

    /// Adds a report that belongs to a hotspot. One without position is skipped.
    pub fn member(&mut self, view: &ReportView<'_>, hotspot: u64) {
        self.report_of(view, Some(hotspot));
    }

    fn report_of(&mut self, view: &ReportView<'_>, hotspot: Option<u64>) {
        let Some(at) = view.position else { return };
        let mut tags = Vec::with_capacity(18);
        if let Some(hotspot) = hotspot {
            self.tag(&mut tags, "hotspot_id", TileValue::Uint(hotspot));
        }
        let text = |text: &str| TileValue::Str(text.to_owned());
        self.tag(&mut tags, "cluster", TileValue::Bool(false));
        self.tag(&mut tags, "service_request_id", text(view.id));
        self.tag(&mut tags, "service_code", text(view.service));
        self.tag(&mut tags, "status", text(view.status.as_str()));
        self.tag(&mut tags, "nature", text(view.nature.as_str()));
        self.tag(&mut tags, "channel", text(view.channel.as_str()));
        self.tag(&mut tags, "accuracy", text(view.accuracy.as_str()));
        self.tag(&mut tags, "requested_datetime", TileValue::Str(instant(view.requested)));
        if let Some(parent) = view.parent {
            self.tag(&mut tags, "parent_service_request_id", text(parent));
        }
        self.point(id_of(view.id), self.tile.local(at), tags);
    }

    fn cluster(&mut self, cluster: &Cluster) {
        let mut tags = Vec::with_capacity(14);
        let name = cluster_id(cluster);
        // A report may have the name of a cluster as its id.
        let id = id_of(&format!("cluster {name}"));
        self.tag(&mut tags, "cluster", TileValue::Bool(true));
        self.tag(&mut tags, "cluster_id", TileValue::Str(name));
        self.tag(&mut tags, "count", TileValue::Uint(cluster.count));
        self.tag(&mut tags, "open", TileValue::Uint(cluster.open));
        self.tag(&mut tags, "newest_datetime", TileValue::Str(instant(cluster.newest)));
        if let Some(oldest) = cluster.oldest_open {
            self.tag(&mut tags, "oldest_open_datetime", TileValue::Str(instant(oldest)));
        }
        if let Some(zoom) = cluster.expansion_zoom {
            self.tag(&mut tags, "expansion_zoom", TileValue::Uint(zoom.into()));
        }
        self.point(id, self.tile.local(cluster.center), tags);
    }

    /// Adds a cluster or a single report.
    pub fn item(&mut self, snapshot: &Snapshot, item: &ClusterItem) {
        match item {
            ClusterItem::Single(address) => self.report(&snapshot.view(*address)),
            ClusterItem::Cluster(cluster) => self.cluster(cluster),
        }
    }

    /// Adds an area, a GeoJSON feature, with its properties that are strings, numbers or booleans.
    /// A feature without a polygon in the tile is skipped.
    pub fn area(&mut self, feature: &Value) {
        let polygons = polygons_of(&feature["geometry"]).unwrap_or_default();
        let Some(geometry) = commands(&polygons, self.tile) else { return };
        let mut tags = Vec::new();
        for (name, value) in feature["properties"].as_object().into_iter().flatten() {
            let value = match value {
                Value::String(text) => TileValue::Str(text.clone()),
                Value::Bool(flag) => TileValue::Bool(*flag),
                Value::Number(number) => match (number.as_u64(), number.as_f64()) {
                    (Some(whole), _) => TileValue::Uint(whole),
                    (None, Some(number)) => TileValue::Double(number),
                    _ => continue,
                },
                _ => continue,
            };
            self.tag(&mut tags, name, value);
        }
        let id = id_of(feature["id"].as_str().unwrap_or_default());
        self.features.push(tile::Feature { id: Some(id), tags, r#type: Some(POLYGON), geometry });
    }

    /// Adds an area of a boundary set. One that does not reach into the tile is skipped.
    pub fn boundary(&mut self, set: &str, area: &Boundary) {
        let Some(geometry) = commands(&area.shape.rings(), self.tile) else { return };
        let mut tags = Vec::with_capacity(4);
        self.tag(&mut tags, "set", TileValue::Str(set.to_owned()));
        self.tag(&mut tags, "name", TileValue::Str(area.name.clone()));
        let id = digest_id(&format!("{set}:{}", area.name));
        self.features.push(tile::Feature { id: Some(id), tags, r#type: Some(POLYGON), geometry });
    }

    /// The bytes of the tile; empty if it has no features and none were left out.
    pub fn finish(self, left_out: u64) -> Vec<u8> {
        let layer = |name: &str, features, tags: TagsBuilder| {
            let (keys, values) = tags.into_tags();
            tile::Layer {
                version: 2,
                name: name.to_owned(),
                features,
                keys,
                values: values.into_iter().map(Into::into).collect(),
                extent: Some(Tile::EXTENT),
            }
        };
        let mut layers = Vec::new();
        if left_out > 0 {
            let mut note = Self::new(self.tile, LEFT_OUT);
            let mut tags = Vec::new();
            note.tag(&mut tags, "count", TileValue::Uint(left_out));
            let middle = (Tile::EXTENT / 2) as i32;
            note.point(0, (middle, middle), tags);
            layers.push(layer(LEFT_OUT, note.features, note.tags));
        }
        if !self.features.is_empty() {
            layers.push(layer(self.name, self.features, self.tags));
        }
        geozero::mvt::Tile { layers }.encode_to_vec()
    }
}

/// The polygons of a GeoJSON geometry; `None` for any other geometry.
fn polygons_of(geometry: &Value) -> Option<Vec<DegreeRings>> {
    let coordinates = &geometry["coordinates"];
    match geometry["type"].as_str()? {
        "Polygon" => Some(vec![rings_of(coordinates)?]),
        "MultiPolygon" => coordinates.as_array()?.iter().map(rings_of).collect(),
        _ => None,
    }
}

fn rings_of(rings: &Value) -> Option<DegreeRings> {
    let corner = |at: &Value| Some([at[0].as_f64()?, at[1].as_f64()?]);
    let ring = |ring: &Value| ring.as_array()?.iter().map(corner).collect();
    rings.as_array()?.iter().map(ring).collect()
}

/// A tile of these reports and the number of those left out: the last ones, if the tile would be
/// too large.
pub fn reports(
    snapshot: &Snapshot,
    tile: Tile,
    name: &'static str,
    found: &[DocAddress],
) -> (Vec<u8>, u64) {
    bounded(tile, name, found, |out, address| out.report(&snapshot.view(*address)))
}

/// A tile of these areas and the number of those left out: the last ones, if the tile would be too
/// large.
pub fn areas(tile: Tile, name: &'static str, features: &[Value]) -> (Vec<u8>, u64) {
    bounded(tile, name, features, TileOut::area)
}

/// A tile of these reports, each with the number of its hotspot, and the number of those left out:
/// the last ones, if the tile would be too large.
pub fn members(
    snapshot: &Snapshot,
    tile: Tile,
    name: &'static str,
    found: &[(u64, DocAddress)],
) -> (Vec<u8>, u64) {
    bounded(tile, name, found, |out, (hotspot, address)| {
        out.member(&snapshot.view(*address), *hotspot);
    })
}

/// A tile of these areas, each with the name of its set, and the number of those left out: the last
/// ones, if the tile would be too large.
pub fn boundaries(tile: Tile, name: &'static str, found: &[(&str, &Boundary)]) -> (Vec<u8>, u64) {
    bounded(tile, name, found, |out, (set, area)| out.boundary(set, area))
}

/// Encodes as many of the first items as a tile may hold.
fn bounded<T>(
    tile: Tile,
    name: &'static str,
    items: &[T],
    write: impl Fn(&mut TileOut, &T),
) -> (Vec<u8>, u64) {
    let mut kept = items.len();
    loop {
        let mut out = TileOut::new(tile, name);
        items.get(..kept).unwrap_or_default().iter().for_each(|item| write(&mut out, item));
        let left_out = (items.len() - kept) as u64;
        let bytes = out.finish(left_out);
        if bytes.len() <= BYTES_MAX || kept == 0 {
            return (bytes, left_out);
        }
        // Estimate from the mean size of a feature, less a tenth because sizes differ.
        kept = (kept as f64 * BYTES_MAX as f64 / bytes.len() as f64 * 0.9) as usize;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::domain::fields::TILES;

    #[test]
    fn tiles_have_the_fields_of_reports_that_are_for_tiles() {
        let of_reports = REPORT_FIELDS.iter().map(|(name, _)| *name);
        let of_reports = of_reports.skip_while(|name| *name != "service_request_id");
        let fields = TILES.iter().map(|field| field.name);
        assert_eq!(of_reports.collect::<BTreeSet<_>>(), fields.collect::<BTreeSet<_>>());
    }

    #[test]
    fn areas_too_many_for_a_tile_are_left_out_and_counted() {
        let square = |n: usize| {
            let x = n as f64 * 1e-3;
            json!({
                "type": "Feature",
                "id": n.to_string(),
                "geometry": { "type": "Polygon", "coordinates": [[[x, 0.0], [x + 1e-3, 0.0],
                              [x + 1e-3, 1.0], [x, 0.0]]] },
                "properties": { "name": format!("an area of a long name, number {n}") },
            })
        };
        let features: Vec<Value> = (0..12_000).map(square).collect();
        let tile = Tile::new(0, 0, 0).unwrap();
        let (bytes, left_out) = areas(tile, "hexes", &features);
        assert!(bytes.len() <= BYTES_MAX && left_out > 0, "{} {left_out}", bytes.len());
        let read = geozero::mvt::Tile::decode(&bytes[..]).unwrap();
        let layer = read.layers.iter().find(|layer| layer.name == "hexes").unwrap();
        assert_eq!(layer.features.len() as u64 + left_out, 12_000);
        assert_eq!(areas(tile, "hexes", &features[..9]).1, 0);
    }
}
