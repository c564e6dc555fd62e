//! GeoJSON of areas: features whose geometry is a polygon or several, and their collections.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::place::cut_at_antimeridian;

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
    /// The same, cut at the antimeridian.
    MultiLineString([Ring; 2]),
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
                    "enum": ["Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"],
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
fn ring(corners: &[[f64; 2]]) -> Ring {
    corners.iter().chain(corners.first()).map(|corner| drawn(*corner)).collect()
}

/// The geometry of polygons, each an outer ring, then its holes; the first corner is not repeated.
/// What goes beyond a longitude of ±180 is cut there. `None` without polygons.
pub fn polygons(list: impl IntoIterator<Item = Vec<Vec<[f64; 2]>>>) -> Option<AreaGeometry> {
    let cut = list.into_iter().flat_map(cut_at_antimeridian);
    let mut parts: Vec<Vec<Ring>> =
        cut.map(|rings| rings.iter().map(|corners| ring(corners)).collect()).collect();
    match parts.len() {
        0 => None,
        1 => parts.pop().map(AreaGeometry::Polygon),
        _ => Some(AreaGeometry::MultiPolygon(parts)),
    }
}

/// The geometry of a line, cut where it goes beyond a longitude of ±180.
pub fn line([a, b]: [[f64; 2]; 2]) -> AreaGeometry {
    let (inside, outside) = if a[0].abs() <= 180.0 { (a, b) } else { (b, a) };
    if outside[0].abs() <= 180.0 {
        return AreaGeometry::LineString(vec![drawn(a), drawn(b)]);
    }
    let edge = 180f64.copysign(outside[0]);
    let share = (edge - inside[0]) / (outside[0] - inside[0]);
    let lat = inside[1] + share * (outside[1] - inside[1]);
    let other = [outside[0] - 2.0 * edge, outside[1]];
    AreaGeometry::MultiLineString([
        vec![drawn(inside), drawn([edge, lat])],
        vec![drawn([-edge, lat]), drawn(other)],
    ])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_antimeridian() {
        let cut = |ends| serde_json::to_value(line(ends)).unwrap();
        let plain = cut([[179.0, 1.0], [180.0, 2.0]]);
        assert_eq!(plain["type"], "LineString");
        for ends in [[[179.5, 1.0], [180.5, 2.0]], [[180.5, 2.0], [179.5, 1.0]]] {
            let known = "[[[179.5,1.0],[180.0,1.5]],[[-180.0,1.5],[-179.5,2.0]]]";
            assert_eq!(cut(ends)["coordinates"].to_string(), known);
        }
        let known = "[[[-179.5,1.0],[-180.0,1.5]],[[180.0,1.5],[179.5,2.0]]]";
        assert_eq!(cut([[-179.5, 1.0], [-180.5, 2.0]])["coordinates"].to_string(), known);
    }
}
