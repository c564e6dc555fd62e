//! OGC API – Features: features and what collections say of themselves.

use geo::{BoundingRect, Intersects, Rect};
use serde_json::{Value, json};

use crate::domain::fields::OGC;
use crate::domain::{ReportLabels, StoredReport};
use crate::error::{Error, Result};
use crate::export::geojson::instant;
use crate::http::v1::facts::write_text;
use crate::i18n::{Language, Message};
use crate::message;
use crate::place::BBox;
use crate::query::{TextProperty, TimeProperty};

/// Longitude and latitude on WGS 84.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// What the service conforms to.
pub const CONFORMANCE: [&str; 22] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
];

/// Bytes of a report’s feature, about: a page is not moved while it grows.
const FEATURE_BYTES: usize = 800;

/// A link.
pub fn link(rel: &str, media_type: &str, href: &str, title: &str) -> Value {
    json!({ "rel": rel, "type": media_type, "href": href, "title": title })
}

/// Names and purposes of the collections that every city has.
pub fn about(id: &str) -> Option<(Message, Message)> {
    Some(match id {
        "reports" => (
            message!("Demandes", "Reports"),
            message!(
                "Chaque demande des citoyens, avec ou sans lieu.",
                "Each request of a citizen, with a place or without."
            ),
        ),
        "incidents" => (
            message!("Incidents", "Incidents"),
            message!(
                "Chaque problème une fois : les doublons sont comptés, non listés.",
                "Each problem once: duplicates are counted, not listed."
            ),
        ),
        "hotspots" => (
            message!("Points chauds", "Hotspots"),
            message!(
                "Où il y a significativement plus de signalements ce mois-ci qu’attendu.",
                "Where there are significantly more reports this month than expected."
            ),
        ),
        "hexes" => (
            message!("Hexagones", "Hexagons"),
            message!(
                "Cellules H3 de résolution 9 : décomptes et signification (Gi*).",
                "H3 cells of resolution 9: counts and significance (Gi*)."
            ),
        ),
        _ => return None,
    })
}

/// What a collection says of itself. `extent` encloses every feature in space and time.
pub fn collection(
    id: &str,
    (title, description): (&str, &str),
    extent: (Option<BBox>, Option<(i64, i64)>),
    url: &str,
    more: &str,
) -> Value {
    let geo = "application/geo+json";
    let items = format!("{url}/items{more}");
    let page = |extra: &str| match more {
        "" => format!("{items}?{extra}"),
        _ => format!("{items}&{extra}"),
    };
    let spatial =
        extent.0.map_or([-180.0, -90.0, 180.0, 90.0], |b| [b.west, b.south, b.east, b.north]);
    let time = extent.1.map(|(from, to)| json!([instant(from), instant(to)]));
    let mut extent = json!({ "spatial": { "bbox": [spatial], "crs": CRS84 } });
    if let Some(interval) = time {
        extent["temporal"] = json!({
            "interval": [interval],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        });
    }
    json!({
        "id": id,
        "title": title,
        "description": description,
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        "extent": extent,
        "links": [
            link("self", "application/json", &format!("{url}{more}"), title),
            link("items", geo, &items, title),
            link("items", "text/html", &page("f=html"), title),
            link(
                "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                "application/schema+json",
                &format!("{url}/queryables{more}"),
                "Queryables",
            ),
        ],
    })
}

/// Properties of reports by which they can be filtered, as a JSON Schema.
pub fn report_queryables(url: &str, title: &str) -> Value {
    let texts = TextProperty::ALL
        .iter()
        .map(|(_, name)| ((*name).to_owned(), json!({ "title": name, "type": "string" })));
    let times = TimeProperty::ALL.iter().map(|(_, name)| {
        ((*name).to_owned(), json!({ "title": name, "type": "string", "format": "date-time" }))
    });
    let mut properties: serde_json::Map<String, Value> = texts.chain(times).collect();
    let point = json!({ "title": "geometry", "format": "geometry-point" });
    properties.insert(crate::http::ogc::cql::GEOMETRY.into(), point);
    queryables(url, title, properties)
}

/// Properties of the features of a small collection: those that are texts, numbers or truths.
pub fn area_queryables(url: &str, title: &str, features: &[Value]) -> Value {
    let mut properties = serde_json::Map::new();
    for (name, value) in features.iter().filter_map(|f| f["properties"].as_object()).flatten() {
        let kind = match value {
            Value::String(_) => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "boolean",
            _ => continue,
        };
        let known = properties.entry(name.clone());
        known.or_insert_with(|| json!({ "title": name, "type": kind }));
    }
    let polygon = json!({ "title": "geometry", "format": "geometry-multipolygon" });
    properties.insert(crate::http::ogc::cql::GEOMETRY.into(), polygon);
    queryables(url, title, properties)
}

fn queryables(url: &str, title: &str, properties: serde_json::Map<String, Value>) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{url}/queryables"),
        "type": "object",
        "title": title,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Does a feature touch a box? One without geometry lies in every box.
pub fn touches(feature: &Value, bbox: &BBox) -> bool {
    let geometry = &feature["geometry"];
    if geometry.is_null() {
        return true;
    }
    let read = serde_json::from_value::<geojson::Geometry>(geometry.clone());
    let shape = read.ok().and_then(|geometry| geo::Geometry::<f64>::try_from(geometry).ok());
    shape.is_some_and(|shape| {
        bbox.parts().iter().any(|part| {
            let rect = Rect::new((part.west, part.south), (part.east, part.north));
            shape.intersects(&rect)
        })
    })
}

/// The box around features.
pub fn extent(features: &[Value]) -> Option<BBox> {
    let boxes = features.iter().filter_map(|feature| {
        let read = serde_json::from_value::<geojson::Geometry>(feature["geometry"].clone()).ok()?;
        geo::Geometry::<f64>::try_from(read).ok()?.bounding_rect()
    });
    let all = boxes.reduce(|a, b| {
        let (low, high) = (a.min(), a.max());
        let (other, top) = (b.min(), b.max());
        Rect::new((low.x.min(other.x), low.y.min(other.y)), (high.x.max(top.x), high.y.max(top.y)))
    })?;
    BBox::new(all.min().x, all.min().y, all.max().x, all.max().y).ok()
}

/// A page of features.
pub struct ItemsPage<'a> {
    /// Features of all pages.
    pub matched: u64,
    /// Features of this one.
    pub returned: usize,
    /// Revision that the page is true of.
    pub as_of: u64,
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// Links to itself, to its other forms and to the next page.
    pub links: &'a [Value],
}

impl ItemsPage<'_> {
    /// Writes the collection, its features written by `features` with commas between them.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn write(&self, features: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<Vec<u8>> {
        let head = json!({
            "type": "FeatureCollection",
            "timeStamp": instant(self.at),
            "as_of": self.as_of,
            "numberMatched": self.matched,
            "numberReturned": self.returned,
            "links": self.links,
        });
        let mut out = Vec::with_capacity(4_096 + self.returned * FEATURE_BYTES);
        out.extend_from_slice(head.to_string().as_bytes());
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
    links: Option<&Value>,
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

/// A JSON answer as a page that can be read: its links, then what else it says.
pub fn html(title: &str, body: &Value, language: Language) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style><main><h1>{}</h1>",
        language.code(),
        escaped(title),
        escaped(title),
    );
    value(&mut out, body);
    out.push_str("</main></html>");
    out
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1d2a35;\
background:#f6f7f8}main{max-width:72rem;margin:0 auto;padding:1rem 1.25rem 4rem}\
h1{font-size:1.5rem}table{border-collapse:collapse;background:#fff;display:block;overflow-x:auto}\
th,td{border:1px solid #d5dbe0;padding:.3rem .55rem;text-align:left;vertical-align:top}\
dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1rem}a{color:#0b5cad}\
@media(prefers-color-scheme:dark){body{background:#12181d;color:#e6ebef}table{background:#1a2228}\
th,td{border-color:#33404a}a{color:#7ab8ff}}";

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn value(out: &mut String, body: &Value) {
    match body {
        Value::Object(object) if object.contains_key("href") => {
            let text = |name: &str| escaped(body[name].as_str().unwrap_or_default());
            let (href, rel, kind) = (text("href"), text("rel"), text("type"));
            let shown = if body["title"].is_string() { text("title") } else { href.clone() };
            out.push_str(&format!("<a href=\"{href}\">{shown}</a> <small>{rel} · {kind}</small>"));
        }
        Value::Object(object) => {
            out.push_str("<dl>");
            for (name, inner) in object {
                out.push_str(&format!("<dt>{}</dt><dd>", escaped(name)));
                match name.as_str() {
                    "features" => table(out, inner),
                    _ => value(out, inner),
                }
                out.push_str("</dd>");
            }
            out.push_str("</dl>");
        }
        Value::Array(list) if list.iter().any(|one| one.is_object() || one.is_array()) => {
            out.push_str("<ul>");
            for one in list {
                out.push_str("<li>");
                value(out, one);
            }
            out.push_str("</ul>");
        }
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().map(text).collect();
            out.push_str(&escaped(&texts.join(", ")));
        }
        one => {
            let text = text(one);
            let is_url = text.starts_with("http://") || text.starts_with("https://");
            match is_url {
                true => out.push_str(&format!("<a href=\"{0}\">{0}</a>", escaped(&text))),
                false => out.push_str(&escaped(&text)),
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Features as rows, their properties as columns.
fn table(out: &mut String, features: &Value) {
    let empty = Vec::new();
    let features = features.as_array().unwrap_or(&empty);
    let first = features.first().and_then(|feature| feature["properties"].as_object());
    let names: Vec<&String> = first.into_iter().flat_map(|object| object.keys()).collect();
    out.push_str("<table><tr><th>id</th>");
    names.iter().for_each(|name| out.push_str(&format!("<th>{}</th>", escaped(name))));
    out.push_str("</tr>");
    for feature in features {
        out.push_str(&format!("<tr><td>{}</td>", escaped(&text(&feature["id"]))));
        for name in &names {
            out.push_str(&format!("<td>{}</td>", escaped(&text(&feature["properties"][*name]))));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}
