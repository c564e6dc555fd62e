//! OGC API – Tiles: what is said of tiles and of the grid that they lie in (OGC 20-057, 17-083r4).

use std::f64::consts::PI;

use serde_json::{Value, json};

use crate::http::ogc::document::{CRS84, link};
use crate::http::tiles::mvt::{LayerAbout, MEDIA_TYPE};
use crate::place::{BBox, Cell, Position, Tile};

/// The grid of web maps, the only one there is here.
pub const GRID: &str = "WebMercatorQuad";
/// The relation of a collection to its tiles.
pub const VECTOR: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
/// The relation of a service to the grids of its tiles.
pub const GRIDS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes";

const GRID_URI: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
/// Equatorial radius of WGS 84, in metres.
const RADIUS: f64 = 6_378_137.0;
/// Pixels along a tile's side, by which scales are reckoned.
const PIXELS: u32 = 256;
/// Metres of a pixel by which scales are reckoned.
const PIXEL_METRES: f64 = 0.000_28;

/// The grid, zoom by zoom.
pub fn grid() -> Value {
    let edge = PI * RADIUS;
    let matrix = |zoom: u8| {
        let side = 1u32 << zoom;
        let cell = 2.0 * edge / f64::from(PIXELS) / f64::from(side);
        json!({
            "id": zoom.to_string(),
            "scaleDenominator": cell / PIXEL_METRES,
            "cellSize": cell,
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-edge, edge],
            "tileWidth": PIXELS,
            "tileHeight": PIXELS,
            "matrixWidth": side,
            "matrixHeight": side,
        })
    };
    json!({
        "id": GRID,
        "title": "Google Maps Compatible for the World",
        "uri": GRID_URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": (0..=Tile::ZOOM_MAX).map(matrix).collect::<Vec<_>>(),
    })
}

/// The grid in a list. `root` is the address of `/ogc`, `more` what its links carry.
pub fn grid_item(root: &str, more: &str) -> Value {
    let href = format!("{root}/tileMatrixSets/{GRID}{more}");
    let links = [link("self", "application/json", &href, GRID)];
    json!({ "id": GRID, "title": GRID, "uri": GRID_URI, "crs": CRS, "links": links })
}

/// The columns and rows that have anything, zoom by zoom.
fn limits(bounds: BBox, (first, last): (u8, u8)) -> Vec<Value> {
    let tile = |lon: f64, lat: f64, zoom: u8| Position::new(lon, lat).map(|at| Cell::of(at, zoom));
    let limit = |zoom: u8| {
        let northwest = tile(bounds.west, bounds.north, zoom).ok()?;
        let southeast = tile(bounds.east, bounds.south, zoom).ok()?;
        // Across the antimeridian there is no first column.
        let (left, right) = match northwest.x <= southeast.x {
            true => (northwest.x, southeast.x),
            false => (0, (1 << zoom) - 1),
        };
        Some(json!({
            "tileMatrix": zoom.to_string(),
            "minTileRow": northwest.y,
            "maxTileRow": southeast.y,
            "minTileCol": left,
            "maxTileCol": right,
        }))
    };
    (first..=last).filter_map(limit).collect()
}

/// What is said of a collection's tiles. `root` and `more` as above; `whole` adds what a list
/// leaves out. The layer's `url` is that of its tiles, with `{tileMatrix}` and so on.
pub fn tileset(
    about: &LayerAbout<'_>,
    collection: &str,
    (root, more): (&str, &str),
    whole: bool,
) -> Value {
    let own = format!("{root}/collections/{collection}/tiles/{GRID}{more}");
    let grid = format!("{root}/tileMatrixSets/{GRID}{more}");
    let scheme = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
    let mut item = link("item", MEDIA_TYPE, about.url, "MVT");
    item["templated"] = json!(true);
    let links = [
        link("self", "application/json", &own, about.description),
        link(scheme, "application/json", &grid, GRID),
        item,
    ];
    let mut out = json!({
        "title": about.description,
        "dataType": "vector",
        "crs": CRS,
        "tileMatrixSetURI": GRID_URI,
        "links": links,
    });
    if !whole {
        return out;
    }
    let (first, last) = about.zooms;
    let property = |(name, kind): &(&str, &str)| {
        ((*name).to_owned(), json!({ "type": kind.to_ascii_lowercase() }))
    };
    let properties: serde_json::Map<String, Value> = about.fields.iter().map(property).collect();
    out["layers"] = json!([{
        "id": about.name,
        "dataType": "vector",
        "minTileMatrix": first.to_string(),
        "maxTileMatrix": last.to_string(),
        "propertiesSchema": { "type": "object", "properties": properties },
    }]);
    if let Some(bounds) = about.bounds {
        out["tileMatrixSetLimits"] = limits(bounds, about.zooms).into();
        out["boundingBox"] = json!({
            "lowerLeft": [bounds.west, bounds.south],
            "upperRight": [bounds.east, bounds.north],
            "crs": CRS84,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_the_standards() {
        // OGC 17-083r4, annex D.1, WebMercatorQuad.
        let grid = grid();
        let matrices = grid["tileMatrices"].as_array().unwrap();
        let near =
            |value: &Value, known: f64| (value.as_f64().unwrap() / known - 1.0).abs() < 1e-12;
        assert!(near(&matrices[0]["scaleDenominator"], 559_082_264.028_717_8));
        assert!(near(&matrices[0]["cellSize"], 156_543.033_928_041));
        assert!(near(&matrices[12]["scaleDenominator"], 136_494.693_366_386_9));
        assert!(near(&matrices[12]["pointOfOrigin"][1], 20_037_508.342_789_244));
        assert_eq!(matrices[12]["matrixWidth"], 4_096);
    }

    #[test]
    fn limits_enclose_what_is_there() {
        let quebec = BBox { west: -71.5, south: 46.7, east: -71.1, north: 47.0 };
        let found = limits(quebec, (0, 12));
        assert_eq!(found.len(), 13);
        assert_eq!(found[0]["maxTileCol"], 0);
        let last = &found[12];
        assert_eq!((&last["minTileCol"], &last["maxTileCol"]), (&json!(1_234), &json!(1_239)));
        let fiji = BBox { west: 177.0, south: -19.0, east: -178.0, north: -16.0 };
        assert_eq!(limits(fiji, (3, 3))[0]["maxTileCol"], 7);
    }
}
