//! TileJSON 3.0: the document about a layer of tiles.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::http::tiles::mvt::LEFT_OUT;
use crate::place::BBox;

/// The latitude at which the web map ends, in degrees.
const LATITUDE_MAX: f64 = 85.051_13;

/// What is known of a layer.
pub struct LayerFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it holds, in a sentence.
    pub description: &'a str,
    /// First and last zoom of its tiles; beyond, maps draw the last larger.
    pub zooms: (u8, u8),
    /// The box around everything in it.
    pub bounds: Option<BBox>,
    /// Address of its tiles, with `{z}`, `{x}`, `{y}`.
    pub url: &'a str,
    /// Names of its properties and what they are.
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

/// A layer in the tiles.
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

/// Names of properties and what they are, as a JSON object in the order of the list.
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
    /// The document about a layer.
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
