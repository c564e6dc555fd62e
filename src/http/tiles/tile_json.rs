//! TileJSON 3.0: the metadata of a tile layer.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::http::tiles::mvt::LEFT_OUT;
use crate::place::BBox;

/// The greatest latitude of the Web Mercator projection, in degrees.
const LATITUDE_MAX: f64 = 85.051_13;

/// The facts about a layer that its metadata contains.
pub struct LayerFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its description.
    pub description: &'a str,
    /// The first and last zoom of its tiles.
    pub zooms: (u8, u8),
    /// The bounding box of its data; `None` if it is empty.
    pub bounds: Option<BBox>,
    /// The URL template of its tiles, with `{z}`, `{x}`, `{y}`.
    pub url: &'a str,
    /// The names of its properties, each with its TileJSON type.
    pub fields: &'a [(&'a str, &'a str)],
}

/// The TileJSON of a layer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TileJson<'a> {
    tilejson: &'static str,
    name: &'a str,
    description: &'a str,
    scheme: &'static str,
    tiles: [&'a str; 1],
    minzoom: u8,
    maxzoom: u8,
    /// West, south, east, north in degrees.
    bounds: [f64; 4],
    vector_layers: [VectorLayer<'a>; 2],
}

/// A layer inside the tiles.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct VectorLayer<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minzoom: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maxzoom: Option<u8>,
    fields: Fields<'a>,
}

/// Names of properties with their types. In JSON an object, its members in the order of the list.
#[derive(Debug)]
struct Fields<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().copied())
    }
}

impl JsonSchema for Fields<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

impl<'a> TileJson<'a> {
    /// The TileJSON of a layer.
    pub fn new(layer: &LayerFacts<'a>) -> Self {
        let LayerFacts { name, description, zooms: (minzoom, maxzoom), bounds, url, fields } =
            *layer;
        let bounds = bounds.map_or([-180.0, -LATITUDE_MAX, 180.0, LATITUDE_MAX], |b| {
            [b.west, b.south.max(-LATITUDE_MAX), b.east, b.north.min(LATITUDE_MAX)]
        });
        let own = VectorLayer {
            id: name,
            description: Some(description),
            minzoom: Some(minzoom),
            maxzoom: Some(maxzoom),
            fields: Fields(fields),
        };
        let left_out = VectorLayer {
            id: LEFT_OUT,
            description: None,
            minzoom: None,
            maxzoom: None,
            fields: Fields(&[("count", "Number: what the tile leaves out")]),
        };
        Self {
            tilejson: "3.0.0",
            name,
            description,
            scheme: "xyz",
            tiles: [url],
            minzoom,
            maxzoom,
            bounds,
            vector_layers: [own, left_out],
        }
    }
}
