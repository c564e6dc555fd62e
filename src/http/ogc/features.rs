//! Pages of features.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::fields::{FieldValue, OGC};
use crate::domain::{ReportLabels, StoredReport};
use crate::error::{Error, Result};
use crate::export::areas::AreaGeometry;
use crate::export::geojson::instant;
use crate::http::ogc::crs::Crs;
use crate::http::ogc::link::Link;
use crate::http::ogc::schema::REPORTS;
use crate::http::v1::facts::write_text;

/// Approximate size of a report's feature in bytes, for the initial capacity of a page.
const FEATURE_BYTES: usize = 800;

/// A feature of any collection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Feature")]
pub struct AnyFeature {
    #[schemars(extend("enum" = ["Feature"]))]
    r#type: &'static str,
    id: String,
    /// Only for a single feature.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Vec<Link>>,
    geometry: Option<AreaGeometry>,
    properties: Map<String, Value>,
}

/// The members of a page besides its features.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PageHead<'a> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    /// When the response was generated.
    #[serde(rename = "timeStamp")]
    #[schemars(extend("format" = "date-time"))]
    time_stamp: String,
    /// The revision of the city that the page reflects.
    as_of: u64,
    /// Number of features in all pages.
    #[serde(rename = "numberMatched")]
    number_matched: u64,
    /// Number of features in this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// Links to the page itself, to its other format, and to the next and the previous page.
    links: &'a [Link],
}

/// A page of features.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FeatureCollection")]
pub struct FeaturePage<'a> {
    #[serde(flatten)]
    head: PageHead<'a>,
    features: Vec<AnyFeature>,
}

impl<'a> PageHead<'a> {
    /// The head of a page with `returned` of `matched` features at revision `as_of`, generated at
    /// `made_at` in Unix time.
    pub fn new(
        (matched, returned): (u64, usize),
        as_of: u64,
        made_at: i64,
        links: &'a [Link],
    ) -> Self {
        Self {
            r#type: "FeatureCollection",
            time_stamp: instant(made_at),
            as_of,
            number_matched: matched,
            number_returned: returned,
            links,
        }
    }

    /// Writes the JSON of the page, as [`FeaturePage`] describes it. `features` writes the
    /// features, separated by commas.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn write(&self, features: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(4_096 + self.number_returned * FEATURE_BYTES);
        serde_json::to_writer(&mut out, self).map_err(Error::internal)?;
        out.pop();
        out.extend_from_slice(b",\"features\":[");
        features(&mut out)?;
        out.extend_from_slice(b"]}");
        Ok(out)
    }
}

/// What a response has of each feature.
#[derive(Debug, Clone)]
pub struct FeatureParts {
    /// The system of the geometries.
    pub crs: Crs,
    /// The names of the properties; all of them if absent.
    pub properties: Option<Vec<String>>,
    /// Are geometries given? Otherwise they are null.
    pub has_geometry: bool,
}

impl FeatureParts {
    /// Does the response have this property?
    fn has(&self, name: &str) -> bool {
        self.properties.as_ref().is_none_or(|list| list.iter().any(|one| one == name))
    }

    /// Takes from the feature of an area what the response does not have, and converts its
    /// geometry.
    pub fn apply(&self, feature: &mut Value) {
        match self.has_geometry {
            true => self.crs.convert(&mut feature["geometry"]),
            false => feature["geometry"] = Value::Null,
        }
        if let (Some(_), Some(properties)) =
            (&self.properties, feature["properties"].as_object_mut())
        {
            properties.retain(|name, _| self.has(name));
        }
    }
}

/// Writes the feature of a report. Every property that the response has is present, null if it has
/// no value, because clients such as GDAL take the columns from the first feature. `incident` is
/// the number of reports of an incident; `links` are for a single feature.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn report(
    out: &mut Vec<u8>,
    (stored, names): (&StoredReport, &ReportLabels<'_>),
    parts: &FeatureParts,
    incident: Option<u64>,
    links: Option<&[Link]>,
) -> Result<()> {
    let report = &stored.report;
    let id = report.id.as_str();
    out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
    write_text(out, id).map_err(Error::internal)?;
    if let Some(links) = links {
        out.extend_from_slice(b",\"links\":");
        serde_json::to_writer(&mut *out, links).map_err(Error::internal)?;
    }
    let position = report.position.filter(|_| parts.has_geometry);
    match position.and_then(|at| parts.crs.coordinates(at)) {
        None => out.extend_from_slice(b",\"geometry\":null,\"properties\":{"),
        Some([first, second]) => {
            out.extend_from_slice(b",\"geometry\":{\"type\":\"Point\",\"coordinates\":[");
            serde_json::to_writer(&mut *out, &first).map_err(Error::internal)?;
            out.push(b',');
            serde_json::to_writer(&mut *out, &second).map_err(Error::internal)?;
            out.extend_from_slice(b"]},\"properties\":{");
        }
    }
    properties(out, (stored, names), parts).map_err(Error::internal)?;
    if let Some(count) = incident.filter(|_| parts.has(REPORTS)) {
        out.extend_from_slice(format!("\"{REPORTS}\":{count},").as_bytes());
    }
    if parts.has("revision") {
        out.extend_from_slice(format!("\"revision\":{},", stored.revision).as_bytes());
    }
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.extend_from_slice(b"}}");
    Ok(())
}

/// Writes the properties of a report, each with a comma after it, except its revision, which comes
/// last.
fn properties(
    out: &mut Vec<u8>,
    (stored, labels): (&StoredReport, &ReportLabels<'_>),
    parts: &FeatureParts,
) -> serde_json::Result<()> {
    let is_located = stored.report.position.is_some();
    let fields = OGC.iter().filter(|field| field.name != "revision" && parts.has(field.name));
    for field in fields {
        out.push(b'"');
        out.extend_from_slice(field.name.as_bytes());
        out.extend_from_slice(b"\":");
        // The accuracy has no meaning without a position.
        match field.shown(stored, labels).filter(|_| is_located || field.name != "accuracy") {
            None => out.extend_from_slice(b"null"),
            Some(FieldValue::Degrees(degrees)) => serde_json::to_writer(&mut *out, &degrees)?,
            Some(value) => write_text(out, &value.into_text())?,
        }
        out.push(b',');
    }
    Ok(())
}
