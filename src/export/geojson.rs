//! GeoJSON (RFC 7946): features of reports, and collections with their revision and the address of
//! their next page.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::domain::fields::{Field, FieldValue, GEOJSON, Kind};
use crate::domain::{ReportLabels, StoredReport, format_utc};
use crate::export::attributes::attributes;
use crate::place::Position;

/// Media type of everything here.
pub const MEDIA_TYPE: &str = "application/geo+json";

/// A GeoJSON feature.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{P}Feature")]
pub struct Feature<'a, P> {
    #[schemars(extend("enum" = ["Feature"]))]
    pub(crate) r#type: &'static str,
    pub(crate) id: Cow<'a, str>,
    pub(crate) geometry: Option<Point>,
    /// The properties of the feature.
    pub properties: P,
}

/// A GeoJSON point.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Point {
    #[schemars(extend("enum" = ["Point"]))]
    r#type: &'static str,
    /// Longitude and latitude in degrees.
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

/// A page of features.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{P}Collection")]
pub struct Collection<'a, P> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    /// The revision of the city that the response reflects.
    pub as_of: u64,
    /// Number of features in this page.
    #[serde(rename = "numberReturned")]
    pub number_returned: usize,
    /// For clusters: number of reports in the bounding box.
    #[serde(rename = "numberMatched", skip_serializing_if = "Option::is_none")]
    pub number_matched: Option<u64>,
    /// For clusters: number of smaller clusters that were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
    /// True if there are more features after the last one.
    pub truncated: bool,
    /// The address of the next page.
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

/// The property that names the fields of which the reader does not see everything.
const HELD: &str = "held_fields";

/// The properties of a report, in the order of [`GEOJSON`].
#[derive(Debug)]
pub struct ReportProperties<'a> {
    stored: Cow<'a, StoredReport>,
    jurisdiction: Cow<'a, str>,
    service: Cow<'a, str>,
    group: Cow<'a, str>,
}

/// The properties of a report that outlive it.
pub type ReportOut = ReportProperties<'static>;

impl<'a> ReportProperties<'a> {
    /// The properties of this report.
    pub fn new(stored: &'a StoredReport, labels: &ReportLabels<'a>) -> Self {
        let ReportLabels { jurisdiction, service, group } = *labels;
        Self {
            stored: Cow::Borrowed(stored),
            jurisdiction: jurisdiction.into(),
            service: service.into(),
            group: group.into(),
        }
    }

    /// The same properties, with copies of what they are read from.
    pub fn into_owned(self) -> ReportOut {
        ReportProperties {
            stored: Cow::Owned(self.stored.into_owned()),
            jurisdiction: self.jurisdiction.into_owned().into(),
            service: self.service.into_owned().into(),
            group: self.group.into_owned().into(),
        }
    }
}

impl Serialize for ReportProperties<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let labels = ReportLabels {
            jurisdiction: &self.jurisdiction,
            service: &self.service,
            group: &self.group,
        };
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("cluster", &false)?;
        for field in GEOJSON.iter() {
            let value = field.shown(&self.stored, &labels);
            match value {
                Some(FieldValue::Text(text)) => map.serialize_entry(field.name, &text)?,
                Some(FieldValue::Degrees(degrees)) => map.serialize_entry(field.name, &degrees)?,
                Some(FieldValue::Count(count)) => map.serialize_entry(field.name, &count)?,
                Some(FieldValue::Attributes(list)) => {
                    map.serialize_entry(field.name, &attributes(list))?;
                }
                Some(FieldValue::Addresses(list)) => map.serialize_entry(field.name, list)?,
                None if field.null_in_geojson => map.serialize_entry(field.name, &())?,
                None => {}
            }
        }
        if !self.stored.held.is_empty() {
            map.serialize_entry(HELD, &self.stored.held)?;
        }
        map.end()
    }
}

impl JsonSchema for ReportProperties<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Report".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        properties.insert("cluster".into(), json!({ "type": "boolean", "enum": [false] }));
        for field in GEOJSON.iter() {
            properties.insert(field.name.into(), schema_of(field));
        }
        properties.insert(
            HELD.into(),
            json!({
                "type": "array",
                "items": { "type": "string" },
                "description": "Fields that the public does not read whole: a person reads them \
                                first, or only crews do.",
                "x-fr": "Champs que le public ne lit pas en entier : quelqu’un les lit d’abord, \
                         ou seules les équipes les lisent.",
            }),
        );
        let always = GEOJSON.iter().filter(|field| field.required || field.null_in_geojson);
        let names = always.map(|field| field.name);
        let required: Vec<&str> = std::iter::once("cluster").chain(names).collect();
        json_schema!({ "type": "object", "required": required, "properties": properties })
    }
}

#[expect(clippy::indexing_slicing, reason = "the schema is an object, which takes any member")]
/// The schema of a field's values, described in English and, as `x-fr`, in French.
fn schema_of(field: &Field) -> Value {
    let mut schema = match field.kind {
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Degrees => json!({ "type": "number" }),
        Kind::Count => json!({ "type": "integer", "minimum": 1 }),
        Kind::Attributes => json!({ "type": "object" }),
        Kind::Addresses => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Id | Kind::Code | Kind::Text { .. } | Kind::Time => json!({ "type": "string" }),
    };
    if field.null_in_geojson {
        schema["nullable"] = json!(true);
        if let Some(words) = schema["enum"].as_array_mut() {
            words.push(Value::Null);
        }
    }
    (schema["description"], schema["x-fr"]) = (json!(field.en), json!(field.fr));
    schema
}

/// The feature of a report.
pub fn report_feature<'a>(
    stored: &'a StoredReport,
    labels: &ReportLabels<'a>,
) -> Feature<'a, ReportProperties<'a>> {
    Feature {
        r#type: "Feature",
        id: stored.report.id.as_str().into(),
        geometry: stored.report.position.map(Point::at),
        properties: ReportProperties::new(stored, labels),
    }
}

/// The feature of a report, with copies of what it is read from.
pub fn report(stored: &StoredReport, labels: &ReportLabels<'_>) -> Feature<'static, ReportOut> {
    let Feature { r#type, id, geometry, properties } = report_feature(stored, labels);
    let (id, properties) = (id.into_owned().into(), properties.into_owned());
    Feature { r#type, id, geometry, properties }
}
