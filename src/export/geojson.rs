//! GeoJSON (RFC 7946): features of reports, and collections with their revision and the address of
//! their next page. Polygons are read here too.

use std::borrow::Cow;

use geo::{LineString, MultiPolygon, Polygon};
use serde::Serialize;
use serde_json::Value;

use crate::domain::{Accuracy, Details, StoredReport, format_utc};
use crate::error::Refusal;
use crate::export::attributes::attributes;
use crate::message;
use crate::place::{PolygonError, Polygons, Position};

/// Media type of everything here.
pub const MEDIA_TYPE: &str = "application/geo+json";

/// A feature.
#[derive(Debug, Serialize)]
pub struct Feature<'a, P> {
    pub(crate) r#type: &'static str,
    pub(crate) id: Cow<'a, str>,
    pub(crate) geometry: Option<Point>,
    /// What is known of it.
    pub properties: P,
}

/// Where.
#[derive(Debug, Serialize)]
pub struct Point {
    r#type: &'static str,
    pub(crate) coordinates: [f64; 2],
}

impl Point {
    pub(crate) fn at(position: Position) -> Self {
        Self { r#type: "Point", coordinates: [position.lon(), position.lat()] }
    }
}

impl<'a, P> Feature<'a, P> {
    /// The same feature with other properties.
    pub fn map<Q>(self, properties: impl FnOnce(P) -> Q) -> Feature<'a, Q> {
        let Self { r#type, id, geometry, properties: own } = self;
        Feature { r#type, id, geometry, properties: properties(own) }
    }
}

/// A collection: its features, the revision they are true of, and where the next page is.
#[derive(Debug, Serialize)]
pub struct Collection<'a, P> {
    r#type: &'static str,
    /// Revision of the jurisdiction that the answer is true of.
    pub as_of: u64,
    /// How many features the page has.
    #[serde(rename = "numberReturned")]
    pub number_returned: usize,
    /// Reports in all the squares asked for, where features are clusters.
    #[serde(rename = "numberMatched", skip_serializing_if = "Option::is_none")]
    pub number_matched: Option<u64>,
    /// Smaller clusters that were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// There are more behind the last feature.
    pub truncated: bool,
    /// Address of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The features.
    pub features: Vec<Feature<'a, P>>,
}

impl<'a, P> Collection<'a, P> {
    /// A collection of one page.
    pub fn new(as_of: u64, features: Vec<Feature<'a, P>>) -> Self {
        Self {
            r#type: "FeatureCollection",
            as_of,
            number_returned: features.len(),
            number_matched: None,
            left_out: None,
            truncated: false,
            next: None,
            features,
        }
    }
}

/// RFC 3339 of a second since 1970.
pub fn instant(second: i64) -> String {
    let text = format_utc(second).map(|text| String::from_utf8_lossy(&text).into_owned());
    text.unwrap_or_else(|| second.to_string())
}

/// A whole report, in Open311's words where it has one.
#[derive(Debug, Serialize)]
pub struct ReportOut {
    cluster: bool,
    service_request_id: String,
    jurisdiction_id: String,
    service_code: String,
    service_name: String,
    group: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_status: Option<String>,
    nature: &'static str,
    channel: &'static str,
    requested_datetime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_datetime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_datetime: Option<String>,
    accuracy: Option<&'static str>,
    address: Option<String>,
    area: Option<String>,
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_service_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zipcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_notice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_datetime: Option<String>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    attributes: serde_json::Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_url: Vec<String>,
    revision: u64,
}

/// Names that a whole report is told with.
pub struct ReportLabels<'a> {
    /// The jurisdiction's id.
    pub jurisdiction: &'a str,
    /// The service's name in the reader's language.
    pub service: &'a str,
    /// Code of its group.
    pub group: &'a str,
}

/// The feature of a whole report.
pub fn report(stored: &StoredReport, names: &ReportLabels<'_>) -> Feature<'static, ReportOut> {
    let report = &stored.report;
    let text = |text: &Option<String>| text.clone();
    let none = Details::default();
    let details = report.details.as_deref().unwrap_or(&none);
    let located = report.position.is_some() || report.accuracy == Accuracy::Approximate;
    Feature {
        r#type: "Feature",
        id: report.id.to_string().into(),
        geometry: report.position.map(Point::at),
        properties: ReportOut {
            cluster: false,
            service_request_id: report.id.to_string(),
            jurisdiction_id: names.jurisdiction.to_owned(),
            service_code: report.service.to_string(),
            service_name: names.service.to_owned(),
            group: names.group.to_owned(),
            status: report.status.as_str(),
            closed_reason: report.reason.map(|reason| reason.as_str()),
            source_status: text(&report.source_status),
            nature: report.nature.as_str(),
            channel: report.channel.as_str(),
            requested_datetime: report.requested.to_string(),
            updated_datetime: report.updated.map(|when| when.to_string()),
            closed_datetime: report.closed.map(|when| when.to_string()),
            accuracy: located.then_some(report.accuracy.as_str()),
            address: text(&report.address),
            area: text(&report.area),
            description: text(&report.description),
            parent_service_request_id: report.parent.as_ref().map(|parent| parent.to_string()),
            assignee: text(&report.assignee),
            address_id: details.address_id.clone(),
            zipcode: details.zipcode.clone(),
            service_notice: details.notice.clone(),
            expected_datetime: details.expected.map(|when| when.to_string()),
            attributes: attributes(&details.answers),
            media_url: details.media.clone(),
            revision: stored.revision,
        },
    }
}

/// Reads a Polygon or MultiPolygon, bare or in a Feature.
///
/// # Errors
/// Names the member at fault.
pub fn polygons(body: &Value) -> Result<Polygons, Refusal> {
    Polygons::new(rings(body)?).map_err(polygon_fault)
}

/// Why polygons are refused.
pub fn polygon_fault(fault: PolygonError) -> Refusal {
    let message = match fault {
        PolygonError::OutOfRange(out) => {
            let (axis, value, limit) = (out.axis, out.value, out.limit);
            message!(
                "{axis} {value} n’est pas entre -{limit} et {limit} degrés",
                "{axis} {value} is not between -{limit} and {limit} degrees"
            )
        }
        PolygonError::Corners(n) => message!("trop de sommets : {n}", "too many vertices: {n}"),
        PolygonError::Invalid(problem) => message!(
            "polygone non valide (anneau qui se croise, vide ou mal emboîté) : {problem}",
            "invalid polygon (a ring crosses itself, is empty or is nested wrongly): {problem}"
        ),
        PolygonError::Empty => message!("polygone vide", "empty polygon"),
    };
    Refusal::new("coordinates", "", message)
}

/// The rings of a Polygon or MultiPolygon, closed but not yet checked against one another.
///
/// # Errors
/// Names the member at fault.
pub(crate) fn rings(body: &Value) -> Result<MultiPolygon<f64>, Refusal> {
    let object = if body["type"] == "Feature" { &body["geometry"] } else { body };
    let read = serde_json::from_value::<::geojson::Geometry>(object.clone());
    let geometry = read.map_err(|error| {
        let reason = error.to_string();
        let message = message!(
            "n’est pas une géométrie GeoJSON : {reason}",
            "is not a GeoJSON geometry: {reason}"
        );
        Refusal::new("geometry", object, message)
    })?;
    let polygons = match geometry.value {
        ::geojson::GeometryValue::Polygon { coordinates } => vec![coordinates],
        ::geojson::GeometryValue::MultiPolygon { coordinates } => coordinates,
        other => {
            let message =
                message!("n’est ni Polygon ni MultiPolygon", "is neither Polygon nor MultiPolygon");
            return Err(Refusal::new("type", other.type_name(), message));
        }
    };
    let mut shape = Vec::with_capacity(polygons.len());
    for rings in polygons {
        let mut lines =
            rings.into_iter().map(|ring| ring_line(&ring)).collect::<Result<Vec<_>, _>>()?;
        if lines.is_empty() {
            let message = message!("n’a pas d’anneau", "has no ring");
            return Err(Refusal::new("coordinates", "[]", message));
        }
        let outer = lines.remove(0);
        shape.push(Polygon::new(outer, lines));
    }
    Ok(MultiPolygon::new(shape))
}

fn ring_line(ring: &[::geojson::Position]) -> Result<LineString<f64>, Refusal> {
    let corners: Vec<(f64, f64)> = ring.iter().map(|corner| (corner[0], corner[1])).collect();
    let closed = corners.len() >= 4 && corners.first() == corners.last();
    if !closed {
        let n = corners.len();
        let message = message!(
            "un anneau a au moins 4 positions, et la dernière est égale à la première ; celui-ci \
             en a {n}",
            "a ring has at least 4 positions, and the last equals the first; this one has {n}"
        );
        let ends = format!("{:?} … {:?}", corners.first(), corners.last());
        return Err(Refusal::new("coordinates", ends, message));
    }
    Ok(LineString::from(corners))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_are_checked() {
        let polygon = |text: &str| polygons(&serde_json::from_str(text).unwrap());
        let square = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}"#;
        assert!(polygon(square).unwrap().contains(Position::new(0.5, 1.0).unwrap()));
        for (bad, field) in [
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, "coordinates"),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"#,
                "coordinates",
            ),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[200,0],[1,1],[0,0]]]}"#, "coordinates"),
            (r#"{"type":"Polygon","coordinates":[]}"#, "coordinates"),
            (r#"{"type":"Point","coordinates":[0,0]}"#, "type"),
            (r#"{"type":"Polygon","coordinates":[[["a",0]]]}"#, "geometry"),
            (r#"{"a":1}"#, "geometry"),
            (r#"[]"#, "geometry"),
        ] {
            assert_eq!(polygon(bad).unwrap_err().field, field, "{bad}");
        }
    }
}
