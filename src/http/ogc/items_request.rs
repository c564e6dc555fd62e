//! The parameters of the items of a collection.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use crate::domain::{Filter, ReportTime};
use crate::http::ogc::collection::{COLLECTION, OgcCollection};
use crate::http::ogc::cql::{self, Expr};
use crate::http::ogc::link::CRS84;
use crate::http::ogc::queryables::Properties;
use crate::http::ogc::representation::FORMAT;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{
    Declaration, Extract, Optional, Parameter, ParameterGroup, ParameterType, Request, group, query,
};
use crate::http::request::params::{FILTER, cursor_by, text};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Custom, Text};
use crate::http::request::values::{CursorKey, bounds};
use crate::http::request::words::Choice;
use crate::i18n::Message;
use crate::message;
use crate::place::BBox;
use crate::query::{Comparison, Condition, Cursor, ValueExpression};

/// Limit of the number of features in a page. A greater `limit` is not an error and means this many
/// (OGC API – Features).
pub const LIMIT_MAX: usize = 10_000;

/// The sort key in a page cursor, and the revision of the first page. Later pages leave out reports
/// that were recorded after it.
#[derive(Debug, Clone, Copy)]
pub struct PageCursor {
    /// When the last report of the page was made, in Unix time.
    pub requested: i64,
    /// The city's revision when the client fetched the first page.
    pub began: u64,
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.requested, self.began)
    }
}

impl CursorKey for PageCursor {
    const PATTERN: &'static str = r"[-+]?[0-9]+\.\+?[0-9]+";
}

impl FromStr for PageCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (requested, began) = text.split_once('.').ok_or(())?;
        let requested = requested.parse().map_err(|_| ())?;
        Ok(Self { requested, began: began.parse().map_err(|_| ())? })
    }
}

/// A whole number of at least 1; numbers above [`LIMIT_MAX`] mean [`LIMIT_MAX`].
#[derive(Debug, Clone, Copy)]
struct PageSize;

impl ParameterType for PageSize {
    type Value = usize;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<usize> {
        let size = text.parse::<u64>().ok().filter(|size| *size >= 1);
        let size = size.map(|size| size.min(LIMIT_MAX as u64) as usize);
        size.ok_or_else(|| {
            let message = message!(
                "doit être un entier supérieur ou égal à 1",
                "must be an integer of at least 1"
            );
            reader.refuse(name, text, message)
        })
    }

    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "x-clamped": true })
    }

    fn example(&self, text: &str) -> Value {
        text.parse::<usize>().map_or_else(|_| json!(text), |size| json!(size))
    }

    fn default_value(&self, value: &usize) -> Value {
        json!(value)
    }
}

/// A bounding box of four numbers, or six with heights, which are ignored.
const BOX: Parameter<Custom<BBox>, Optional> = query(
    "bbox",
    Custom {
        read: |text, _| {
            let parts: Vec<&str> = text.split(',').collect();
            match parts.as_slice() {
                [w, s, low, e, n, high]
                    if low.trim().parse::<f64>().is_ok_and(f64::is_finite)
                        && high.trim().parse::<f64>().is_ok_and(f64::is_finite) =>
                {
                    bounds(&[*w, *s, *e, *n].join(","))
                }
                _ => bounds(text),
            }
        },
        schema: || {
            let number = json!({ "type": "number" });
            json!({ "type": "array", "items": number, "minItems": 4, "maxItems": 6 })
        },
        example: |text| text.split(',').filter_map(|edge| edge.parse::<f64>().ok()).collect(),
    },
)
.optional()
.example("-71.4,46.7,-71.1,46.9")
.described(
    "Rectangle : ouest, sud, est, nord en degrés ; ou six nombres, dont les hauteurs sont \
     ignorées.",
    "Bounding box: west, south, east, north in degrees; or six numbers, of which the heights are \
     ignored.",
);

/// A parameter for a coordinate reference system; the service supports only CRS84.
const fn crs(name: &'static str) -> Parameter<Choice<()>, Optional> {
    query(name, Choice(&[(CRS84, ())])).optional().example(CRS84).described(
        "Système de coordonnées ; seul CRS84 existe ici.",
        "Coordinate reference system; only CRS84 is supported.",
    )
}

/// A half-open range of Unix time, in seconds: first second, and the second after the last.
pub type Interval = (Option<i64>, Option<i64>);

const DATETIME: Parameter<Custom<Interval>, Optional> = query(
    "datetime",
    Custom {
        read: |text, reader| interval(text, reader.zone()).ok_or_else(no_interval),
        schema: || json!({ "type": "string" }),
        example: |text| json!(text),
    },
)
.optional()
.example("2026-01-01T00:00:00Z/..")
.described(
    "Un instant ou un intervalle (RFC 3339) ; une borne peut être ouverte (..) ou une durée.",
    "An instant or an interval (RFC 3339); an end may be open (..) or a duration.",
);

fn no_interval() -> Message {
    message!(
        "doit être un instant ou un intervalle comme 2026-03-01T00:00:00Z/..",
        "must be an instant or an interval such as 2026-03-01T00:00:00Z/.."
    )
}

/// Parses an instant or a date, or an interval between two of them. An end may be open (`..`) or a
/// duration (RFC 3339, ISO 8601).
fn interval(text: &str, zone: &TimeZone) -> Option<Interval> {
    let when = |text: &str| ReportTime::parse(text, zone).ok();
    let is_open = |text: &str| text.is_empty() || text == "..";
    match text.split_once('/') {
        None => when(text).map(|at| (Some(at.second()), Some(at.last_second() + 1))),
        Some((from, to)) if is_open(from) && is_open(to) => Some((None, None)),
        Some((from, to)) if is_open(from) => when(to).map(|to| (None, Some(to.last_second() + 1))),
        Some((from, to)) if is_open(to) => when(from).map(|from| (Some(from.second()), None)),
        Some((from, to)) => {
            let start = when(from)?;
            let end = match to.starts_with('P') {
                true => later(start, to)?,
                false => when(to)?.last_second(),
            };
            (end >= start.second()).then_some((Some(start.second()), Some(end + 1)))
        }
    }
}

/// The second at which a duration (ISO 8601) from `start` ends, in Unix time.
fn later(start: ReportTime, duration: &str) -> Option<i64> {
    let span: Span = duration.parse().ok()?;
    let at = Timestamp::from_second(start.second()).ok()?.to_zoned_datetime(TimeZone::UTC);
    Some(at.checked_add(span).ok()?.timestamp().as_second())
}

request! {
    /// The parameters of a condition in CQL2.
    pub struct CqlParameters {
        /// CQL2 JSON instead of text? If absent, a filter that starts with a brace is JSON.
        is_json: Option<bool> =
            query("filter-lang", Choice(&[("cql2-text", false), ("cql2-json", true)]))
                .optional()
                .example("cql2-text")
                .described("Langage de « filter ».", "Language of 'filter'."),
        filter: Option<String> = text("filter").example("status = 'open'").described(
            "Une condition en CQL2 ; voir « queryables ».",
            "A condition in CQL2; see 'queryables'.",
        ),
    }
}

impl CqlParameters {
    fn parse(self, reader: &mut ParameterReader<'_>) -> Read<Option<Expr>> {
        let Some(text) = self.filter else { return Ok(None) };
        let is_json = self.is_json.unwrap_or_else(|| text.trim_start().starts_with('{'));
        cql::parse(&text, is_json).map(Some).map_err(|refusal| reader.refuse_as(refusal))
    }
}

request! {
    /// The parameters of a page of any collection.
    pub struct PageParameters {
        id: String = COLLECTION,
        f: Option<bool> = FORMAT,
        limit: usize = query("limit", PageSize).default(100).example("10").described(
            "Nombre maximal d’entités par page ; une valeur au-delà de 10000 vaut 10000.",
            "Maximum number of features in a page; values above 10000 mean 10000.",
        ),
        bbox: Option<BBox> = BOX,
        crs: Option<()> = crs("crs"),
        bbox_crs: Option<()> = crs("bbox-crs"),
        filter_crs: Option<()> = crs("filter-crs"),
        after: Option<Cursor<PageCursor>> = cursor_by(),
        time: Option<Interval> = DATETIME,
        expr: Option<Expr> = group(CqlParameters::parse),
    }
}

const PAGE: ParameterGroup<PageParameters, PageParameters> = group(|page, _| Ok(page));

/// Conditions that a text property of a report equals a value, besides those of the filter.
struct Equalities;

const EQUALITIES: [(&str, Parameter<Text, Optional>); 5] = [
    (
        "service_request_id",
        text("service_request_id").described("Numéro de suivi.", "Tracking number."),
    ),
    (
        "service_code",
        text("service_code")
            .example("nid-de-poule")
            .described("Code du service.", "Code of the service."),
    ),
    (
        "closed_reason",
        text("closed_reason")
            .example("done")
            .described("Motif de fermeture.", "Why it was closed."),
    ),
    (
        "accuracy",
        text("accuracy").example("exact").described(
            "Précision de la position : exact ou approximate.",
            "Accuracy of the position: exact or approximate.",
        ),
    ),
    (
        "parent_service_request_id",
        text("parent_service_request_id")
            .described("Numéro de l’original d’un doublon.", "Id of the original of a duplicate."),
    ),
];

impl Extract for Equalities {
    type Value = Vec<Condition>;

    fn declare(&self, to: &mut Vec<Declaration>) {
        EQUALITIES.iter().for_each(|(_, parameter)| parameter.declare(to));
    }

    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<Vec<Condition>> {
        let mut all = Vec::new();
        for (name, parameter) in EQUALITIES {
            let value = parameter.extract(reader)?;
            if let Some((property, value)) = Properties::of_reports().property(name).zip(value) {
                let property = ValueExpression::Property(property);
                let value = ValueExpression::Text(value);
                all.push(Condition::Compare(Comparison::Equal, property, value));
            }
        }
        Ok(all)
    }
}

request! {
    /// The parameters of a page of reports.
    pub struct ReportParameters {
        page: PageParameters = PAGE,
        filter: Filter = FILTER,
        equalities: Vec<Condition> = Equalities,
    }
}

/// Conditions that properties of areas equal a value. The names of the parameters are those of the
/// collection's queryables, which are checked later, because they depend on its features.
struct AreaProperties;

impl Extract for AreaProperties {
    type Value = Vec<(String, String)>;

    fn declare(&self, _: &mut Vec<Declaration>) {}

    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<Vec<(String, String)>> {
        Ok(reader.take_rest())
    }
}

request! {
    /// The parameters of a page of areas.
    pub struct AreaParameters {
        page: PageParameters = PAGE,
        properties: Vec<(String, String)> = AreaProperties,
    }
}

/// A request for the items of a collection.
pub struct ItemsRequest {
    /// The collection.
    pub collection: OgcCollection,
    /// The page.
    pub page: PageParameters,
    /// The conditions on its features.
    pub selection: ItemSelection,
}

/// The conditions on the features of a page.
pub enum ItemSelection {
    /// For reports: a filter and a further condition.
    Reports(Box<Filter>, Condition),
    /// For areas: values of properties; the names are not yet checked.
    Areas(Vec<(String, String)>),
}

impl Request for ItemsRequest {
    fn declare(to: &mut Vec<Declaration>) {
        ReportParameters::declare(to);
    }

    fn read(reader: &mut ParameterReader<'_>) -> Read<Self> {
        let id = reader.path_text("id");
        let city = reader.city().ok_or_else(|| crate::error::Error::not_found(id));
        let found = city.and_then(|city| OgcCollection::find(city, id));
        let collection = found.map_err(|error| reader.fail(error))?;
        if !collection.is_of_reports() {
            let AreaParameters { page, properties } = AreaParameters::read(reader)?;
            return Ok(Self { collection, page, selection: ItemSelection::Areas(properties) });
        }
        let ReportParameters { page, filter, equalities } = ReportParameters::read(reader)?;
        let Filter { approximate, incidents, .. } = collection.filter();
        let mut filter = Filter { approximate, incidents, ..filter };
        let (from, before) = page.time.unwrap_or_default();
        filter.from = filter.from.max(from);
        filter.before = filter.before.into_iter().chain(before).min();
        let mut all = equalities;
        if let Some(expr) = &page.expr {
            all.push(cql::condition(expr).map_err(|refusal| reader.refuse_as(refusal))?);
        }
        let condition = Condition::All(all);
        condition.narrow(&mut filter);
        let selection = ItemSelection::Reports(Box::new(filter), condition);
        Ok(Self { collection, page, selection })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fields::{Field, INDEXED, Kind};

    #[test]
    fn every_indexed_text_is_a_parameter_where_no_filter_has_its_name() {
        let mut declared = Vec::new();
        Equalities.declare(&mut declared);
        let mut declared: Vec<&str> = declared.iter().map(|one| one.name).collect();
        let is_text = |field: &Field| !matches!(field.kind, Kind::Time | Kind::Degrees);
        let is_filter = |field: &Field| field.filter == Some(field.name);
        let wanted = INDEXED.iter().filter(|field| !is_filter(field) && is_text(field));
        let mut wanted: Vec<&str> = wanted.map(|field| field.name).collect();
        declared.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(declared, wanted);
    }
}
