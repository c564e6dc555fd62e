//! GeoJSON of areas: features whose geometry is a polygon or several, and their collections.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// A ring's corners, the first repeated at the end.
pub type Ring = Vec<[f64; 2]>;

/// Where.
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum AreaGeometry {
    /// One place.
    Point([f64; 2]),
    /// Two ends and what is between.
    LineString(Ring),
    /// An outer ring, then its holes.
    Polygon(Vec<Ring>),
    /// Several polygons.
    MultiPolygon(Vec<Vec<Ring>>),
}

impl JsonSchema for AreaGeometry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AreaGeometry".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": {
                    "type": "string",
                    "enum": ["Point", "LineString", "Polygon", "MultiPolygon"],
                },
                "coordinates": { "type": "array", "items": {} },
            },
        })
    }
}

/// A tenth of a metre: what is drawn is not measured finer.
pub fn drawn([lon, lat]: [f64; 2]) -> [f64; 2] {
    [(lon * 1e6).round() / 1e6, (lat * 1e6).round() / 1e6]
}

/// A ring of corners that do not repeat the first.
pub fn ring(corners: &[[f64; 2]]) -> Ring {
    corners.iter().chain(corners.first()).map(|corner| drawn(*corner)).collect()
}

/// The shape of these polygons.
pub fn shape(mut polygons: Vec<Vec<Ring>>) -> Option<AreaGeometry> {
    match polygons.len() {
        0 => None,
        1 => polygons.pop().map(AreaGeometry::Polygon),
        _ => Some(AreaGeometry::MultiPolygon(polygons)),
    }
}

/// A GeoJSON feature.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{P}Feature")]
pub struct AreaFeature<P> {
    #[schemars(extend("enum" = ["Feature"]))]
    r#type: &'static str,
    id: String,
    geometry: Option<AreaGeometry>,
    pub(crate) properties: P,
}

impl<P> AreaFeature<P> {
    /// A feature of this id.
    pub fn new(id: String, geometry: Option<AreaGeometry>, properties: P) -> Self {
        Self { r#type: "Feature", id, geometry, properties }
    }

    /// The same feature with other properties.
    pub fn map<Q>(self, properties: impl FnOnce(P) -> Q) -> AreaFeature<Q> {
        let Self { r#type, id, geometry, properties: own } = self;
        AreaFeature { r#type, id, geometry, properties: properties(own) }
    }
}

/// A collection of features.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{P}Collection")]
pub struct AreaCollection<H, P> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    as_of: u64,
    #[serde(flatten)]
    head: H,
    #[serde(rename = "numberMatched")]
    matched: u64,
    #[serde(rename = "numberReturned")]
    returned: usize,
    /// True if features were left out.
    #[schemars(extend("x-fr" = "Vrai si des entités sont omises."))]
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
    features: Vec<AreaFeature<P>>,
}

impl<H, P> AreaCollection<H, P> {
    /// All of `matched` features that fit, true of revision `as_of`.
    pub fn new(as_of: u64, head: H, matched: u64, features: Vec<AreaFeature<P>>) -> Self {
        let left_out = Some(matched.saturating_sub(features.len() as u64)).filter(|n| *n > 0);
        Self {
            r#type: "FeatureCollection",
            as_of,
            head,
            matched,
            returned: features.len(),
            truncated: left_out.is_some(),
            left_out,
            features,
        }
    }
}

/// A time window.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct WindowOut {
    #[schemars(extend("format" = "date-time"))]
    from: String,
    #[schemars(extend("format" = "date-time"))]
    to: String,
    days: f64,
}

impl WindowOut {
    /// From one second since 1970 to before another.
    pub fn new(from: i64, before: i64) -> Self {
        let days = (before - from) as f64 / 86_400.0;
        Self {
            from: crate::export::geojson::instant(from),
            to: crate::export::geojson::instant(before),
            days: (days * 100.0).round() / 100.0,
        }
    }
}

/// About four significant digits: an estimate is not shown with more precision than it has.
pub fn figure(value: f64) -> f64 {
    if value.abs() < 1e-4 {
        return format!("{value:.3e}").parse().unwrap_or(value);
    }
    let scale = 10f64.powi(3 - (value.abs().log10().floor() as i32).min(3));
    (value * scale).round() / scale
}
