//! OGC API – Tiles (OGC 20-057): metadata of tile sets, and the tile matrix set (OGC 17-083r4).

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::http::ogc::link::{CRS84, Link, link};
use crate::http::ogc::representation::Representation;
use crate::http::reply::answer::JSON;
use crate::http::tiles::cache::MEDIA_TYPE;
use crate::http::tiles::tile_json::LayerFacts;
use crate::place::{BBox, GridCell, Position, Tile};

/// The tile matrix set of web maps, the only one that this service offers.
pub const GRID: &str = "WebMercatorQuad";
/// The link relation of a collection to its vector tiles.
pub const VECTOR: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
/// The link relation of a service to its tile matrix sets.
pub const GRIDS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes";

const GRID_URI: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
/// Equatorial radius of WGS 84, in metres.
const RADIUS: f64 = 6_378_137.0;
/// Pixels along a tile's side, for scale denominators (OGC 17-083r4).
const PIXELS: u32 = 256;
/// The standard rendering pixel size, in metres (OGC 17-083r4).
const PIXEL_METRES: f64 = 0.000_28;

/// A tile matrix set: one grid for each zoom.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TileMatrixSet {
    id: &'static str,
    title: &'static str,
    uri: &'static str,
    crs: &'static str,
    ordered_axes: [&'static str; 2],
    well_known_scale_set: &'static str,
    tile_matrices: Vec<TileMatrix>,
}

/// The grid of one zoom.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct TileMatrix {
    id: String,
    scale_denominator: f64,
    cell_size: f64,
    corner_of_origin: &'static str,
    point_of_origin: [f64; 2],
    tile_width: u32,
    tile_height: u32,
    matrix_width: u32,
    matrix_height: u32,
}

impl TileMatrixSet {
    /// The tile matrix set of web maps.
    pub fn web_mercator() -> Self {
        let edge = PI * RADIUS;
        let matrix = |zoom: u8| {
            let side = 1u32 << zoom;
            let cell_size = 2.0 * edge / f64::from(PIXELS) / f64::from(side);
            TileMatrix {
                id: zoom.to_string(),
                scale_denominator: cell_size / PIXEL_METRES,
                cell_size,
                corner_of_origin: "topLeft",
                point_of_origin: [-edge, edge],
                tile_width: PIXELS,
                tile_height: PIXELS,
                matrix_width: side,
                matrix_height: side,
            }
        };
        Self {
            id: GRID,
            title: "Google Maps Compatible for the World",
            uri: GRID_URI,
            crs: CRS,
            ordered_axes: ["X", "Y"],
            well_known_scale_set: "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            tile_matrices: (0..=Tile::ZOOM_MAX).map(matrix).collect(),
        }
    }
}

/// A tile matrix set in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct GridItem {
    id: &'static str,
    title: &'static str,
    uri: &'static str,
    crs: &'static str,
    links: [Link; 1],
}

impl GridItem {
    /// The tile matrix set of web maps.
    pub fn new(form: &Representation) -> Self {
        let href = form.href(&format!("/tileMatrixSets/{GRID}"));
        let links = [link("self", JSON, &href, GRID)];
        Self { id: GRID, title: GRID, uri: GRID_URI, crs: CRS, links }
    }
}

/// The metadata of a collection's tiles in a tile matrix set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TileSet {
    title: String,
    #[serde(rename = "dataType")]
    data_type: &'static str,
    crs: &'static str,
    #[serde(rename = "tileMatrixSetURI")]
    tile_matrix_set_uri: &'static str,
    links: [Link; 3],
    /// Omitted in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<[TileLayer; 1]>,
    /// The ranges of columns and rows that have data. Omitted in lists.
    #[serde(rename = "tileMatrixSetLimits", skip_serializing_if = "Option::is_none")]
    limits: Option<Vec<TileLimits>>,
    #[serde(rename = "boundingBox", skip_serializing_if = "Option::is_none")]
    bounding_box: Option<BoundingBox>,
}

/// A layer of tiles.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct TileLayer {
    id: String,
    data_type: &'static str,
    min_tile_matrix: String,
    max_tile_matrix: String,
    properties_schema: PropertiesSchema,
}

/// A JSON Schema of the properties of a layer's features.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct PropertiesSchema {
    r#type: &'static str,
    properties: Map<String, Value>,
}

/// The ranges of columns and rows of a zoom that have data.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct TileLimits {
    tile_matrix: String,
    min_tile_row: u32,
    max_tile_row: u32,
    min_tile_col: u32,
    max_tile_col: u32,
}

/// The bounding box of all data.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct BoundingBox {
    lower_left: [f64; 2],
    upper_right: [f64; 2],
    crs: &'static str,
}

/// The ranges of columns and rows that have data, for each zoom.
fn limits(bounds: BBox, (first, last): (u8, u8)) -> Vec<TileLimits> {
    let tile =
        |lon: f64, lat: f64, zoom: u8| Position::new(lon, lat).map(|at| GridCell::of(at, zoom));
    let limit = |zoom: u8| {
        let northwest = tile(bounds.west, bounds.north, zoom).ok()?;
        let southeast = tile(bounds.east, bounds.south, zoom).ok()?;
        // A box across the antimeridian covers no single range of columns: use all.
        let (left, right) = match northwest.x <= southeast.x {
            true => (northwest.x, southeast.x),
            false => (0, (1 << zoom) - 1),
        };
        Some(TileLimits {
            tile_matrix: zoom.to_string(),
            min_tile_row: northwest.y,
            max_tile_row: southeast.y,
            min_tile_col: left,
            max_tile_col: right,
        })
    };
    (first..=last).filter_map(limit).collect()
}

impl TileSet {
    /// The metadata of a collection's tiles; `is_whole` adds the members that a list omits. The
    /// layer's `url` is a template with `{tileMatrix}`, `{tileRow}` and `{tileCol}`.
    pub fn new(
        layer: &LayerFacts<'_>,
        collection: &str,
        form: &Representation,
        is_whole: bool,
    ) -> Self {
        let own = form.href(&format!("/collections/{collection}/tiles/{GRID}"));
        let grid = form.href(&format!("/tileMatrixSets/{GRID}"));
        let scheme = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
        let tiles = Link { templated: Some(true), ..link("item", MEDIA_TYPE, layer.url, "MVT") };
        let links =
            [link("self", JSON, &own, layer.description), link(scheme, JSON, &grid, GRID), tiles];
        let bounds = layer.bounds.filter(|_| is_whole);
        Self {
            title: layer.description.to_owned(),
            data_type: "vector",
            crs: CRS,
            tile_matrix_set_uri: GRID_URI,
            links,
            layers: is_whole.then(|| [TileLayer::new(layer)]),
            limits: bounds.map(|bounds| limits(bounds, layer.zooms)),
            bounding_box: bounds.map(|bounds| BoundingBox {
                lower_left: [bounds.west, bounds.south],
                upper_right: [bounds.east, bounds.north],
                crs: CRS84,
            }),
        }
    }
}

impl TileLayer {
    fn new(layer: &LayerFacts<'_>) -> Self {
        let (first, last) = layer.zooms;
        let property = |(name, kind): &(&str, &str)| {
            ((*name).to_owned(), json!({ "type": kind.to_ascii_lowercase() }))
        };
        let properties = layer.fields.iter().map(property).collect();
        Self {
            id: layer.name.to_owned(),
            data_type: "vector",
            min_tile_matrix: first.to_string(),
            max_tile_matrix: last.to_string(),
            properties_schema: PropertiesSchema { r#type: "object", properties },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_the_standards() {
        // OGC 17-083r4, annex D.1, WebMercatorQuad.
        let grid = TileMatrixSet::web_mercator();
        let matrices = &grid.tile_matrices;
        let is_near = |value: f64, known: f64| (value / known - 1.0).abs() < 1e-12;
        assert!(is_near(matrices[0].scale_denominator, 559_082_264.028_717_8));
        assert!(is_near(matrices[0].cell_size, 156_543.033_928_041));
        assert!(is_near(matrices[12].scale_denominator, 136_494.693_366_386_9));
        assert!(is_near(matrices[12].point_of_origin[1], 20_037_508.342_789_244));
        assert_eq!(matrices[12].matrix_width, 4_096);
    }

    #[test]
    fn limits_enclose_what_is_there() {
        let quebec = BBox { west: -71.5, south: 46.7, east: -71.1, north: 47.0 };
        let found = limits(quebec, (0, 12));
        assert_eq!(found.len(), 13);
        assert_eq!(found[0].max_tile_col, 0);
        let last = &found[12];
        assert_eq!((last.min_tile_col, last.max_tile_col), (1_234, 1_239));
        let fiji = BBox { west: 177.0, south: -19.0, east: -178.0, north: -16.0 };
        assert_eq!(limits(fiji, (3, 3))[0].max_tile_col, 7);
    }
}
