//! Pages of features.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::fields::OGC;
use crate::domain::{ReportLabels, StoredReport};
use crate::error::{Error, Result};
use crate::export::areas::AreaGeometry;
use crate::export::geojson::instant;
use crate::http::ogc::link::Link;
use crate::http::v1::facts::write_text;

/// Bytes of a report’s feature, about: a page is not moved while it grows.
const FEATURE_BYTES: usize = 800;

/// A feature of any collection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Feature")]
pub struct AnyFeature {
    #[schemars(extend("enum" = ["Feature"]))]
    r#type: &'static str,
    id: String,
    /// Of a feature that is asked for alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Vec<Link>>,
    geometry: Option<AreaGeometry>,
    properties: Map<String, Value>,
}

/// What a page of features says of itself.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PageHead<'a> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    /// When it was made.
    #[serde(rename = "timeStamp")]
    #[schemars(extend("format" = "date-time"))]
    time_stamp: String,
    /// Revision of the city that the page is true of.
    as_of: u64,
    /// Features of all pages.
    #[serde(rename = "numberMatched")]
    number_matched: u64,
    /// Features of this page.
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    /// Links to itself, to its other forms and to the next page.
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
    /// The head of a page of `returned` features of `matched`, true of revision `as_of`, made at a
    /// second of Unix time.
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

    /// Writes the page as [`FeaturePage`] has it; `features` writes the features, with commas
    /// between them.
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

/// Writes the feature of a report: every property is there, so that whoever looks at one feature
/// knows the columns of all. `incident` is how many reports it stands for, where it does; `links`
/// are those of a feature on its own.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn report(
    out: &mut Vec<u8>,
    stored: &StoredReport,
    names: &ReportLabels<'_>,
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
    match report.position {
        None => out.extend_from_slice(b",\"geometry\":null,\"properties\":{"),
        Some(at) => {
            out.extend_from_slice(b",\"geometry\":{\"type\":\"Point\",\"coordinates\":[");
            serde_json::to_writer(&mut *out, &at.lon()).map_err(Error::internal)?;
            out.push(b',');
            serde_json::to_writer(&mut *out, &at.lat()).map_err(Error::internal)?;
            out.extend_from_slice(b"]},\"properties\":{");
        }
    }
    properties(out, stored, names).map_err(Error::internal)?;
    if let Some(count) = incident {
        out.extend_from_slice(format!(",\"reports\":{count}").as_bytes());
    }
    out.extend_from_slice(format!(",\"revision\":{}}}}}", stored.revision).as_bytes());
    Ok(())
}

/// Writes the properties of a report but its revision, which stands last.
fn properties(
    out: &mut Vec<u8>,
    stored: &StoredReport,
    labels: &ReportLabels<'_>,
) -> serde_json::Result<()> {
    let is_located = stored.report.position.is_some();
    let fields = OGC.iter().filter(|field| field.name != "revision");
    for (n, field) in fields.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(field.name.as_bytes());
        out.extend_from_slice(b"\":");
        // How exact a position is says nothing where there is none.
        match field.shown(stored, labels).filter(|_| is_located || field.name != "accuracy") {
            None => out.extend_from_slice(b"null"),
            Some(value) => write_text(out, &value.into_text())?,
        }
    }
    Ok(())
}
