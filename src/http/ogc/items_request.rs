//! The parameters of the items of a collection.

use serde_json::{Value, json};

use crate::domain::Filter;
use crate::http::ogc::collection::{COLLECTION, OgcCollection};
use crate::http::ogc::cql::{self, Expr};
use crate::http::ogc::crs::{BOX_CRS, Crs, CrsBox, FILTER_CRS, RESPONSE_CRS};
use crate::http::ogc::datetime::{DATETIME, Interval};
use crate::http::ogc::features::FeatureParts;
use crate::http::ogc::filter_crs::in_lon_lat;
use crate::http::ogc::paging::{ListPaging, PagingParameters};
use crate::http::ogc::queryables::Properties;
use crate::http::ogc::representation::FORMAT;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{
    Declaration, Extract, Optional, Parameter, ParameterGroup, ParameterType, Request, group, path,
    query,
};
use crate::http::request::params::{FILTER, text};
use crate::http::request::reader::{ParameterReader, Read, unknown};
use crate::http::request::types::{Custom, Flag, PathSegment, Text};
use crate::http::request::words::Choice;
use crate::i18n::Language;
use crate::message;
use crate::query::{Comparison, Condition, ValueExpression};

/// Limit of the number of features in a page. A greater `limit` is not an error and means this many
/// (OGC API – Features).
pub const LIMIT_MAX: usize = 10_000;

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

/// The text of a bounding box: four numbers, or six with heights, which are ignored.
const BOX: Parameter<Custom<String>, Optional> = query(
    "bbox",
    Custom {
        read: |text, _| Ok(text.to_owned()),
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
    "Rectangle : ouest, sud, est, nord en degrés, ou dans les axes et l’unité de « bbox-crs » ; \
     ou six nombres, dont les hauteurs sont ignorées.",
    "Bounding box: west, south, east, north in degrees, or in the axes and the unit of \
     'bbox-crs'; or six numbers, of which the heights are ignored.",
);

request! {
    /// The parameters of a bounding box in a coordinate reference system.
    pub struct BoxParameters {
        text: Option<String> = BOX,
        crs: Option<Crs> = BOX_CRS,
    }
}

impl BoxParameters {
    fn read_box(self, reader: &mut ParameterReader<'_>) -> Read<Option<CrsBox>> {
        let Some(text) = self.text else { return Ok(None) };
        let read = CrsBox::parse(&text, self.crs.unwrap_or(Crs::CRS84));
        read.map(Some).map_err(|message| reader.refuse("bbox", text, message))
    }
}

/// The names of the properties in the response.
const PROPERTIES: Parameter<Custom<Vec<String>>, Optional> = query(
    "properties",
    Custom {
        read: |text, _| Ok(text.split(',').map(|name| name.trim().to_owned()).collect()),
        schema: || json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        example: |text| json!(text.split(',').collect::<Vec<_>>()),
    },
)
.optional()
.described(
    "Les seules propriétés à renvoyer, séparées par des virgules ; voir « schema ».",
    "The only properties to return, separated by commas; see 'schema'.",
);

request! {
    /// The parameters of what a response has of each feature.
    pub struct OutputParameters {
        crs: Option<Crs> = RESPONSE_CRS,
        properties: Option<Vec<String>> = PROPERTIES,
        skip_geometry: bool = query("skipGeometry", Flag).default(false).example("true").described(
            "Renvoyer les entités sans leur géométrie.",
            "Return the features without their geometry.",
        ),
    }
}

impl OutputParameters {
    /// What a response has of each feature of a collection.
    fn of(
        self,
        collection: &OgcCollection,
        reader: &mut ParameterReader<'_>,
    ) -> Read<FeatureParts> {
        let known = collection.properties(Language::English);
        let mut refused = None;
        for name in self.properties.iter().flatten().filter(|name| !known.contains_key(*name)) {
            let message = message!(
                "n’est pas une propriété de cette collection ; voir « schema »",
                "is not a property of this collection; see 'schema'"
            );
            refused = Some(reader.refuse("properties", name, message));
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        Ok(FeatureParts {
            crs: self.crs.unwrap_or(Crs::CRS84),
            properties: self.properties,
            has_geometry: !self.skip_geometry,
        })
    }
}

const OUTPUT: ParameterGroup<OutputParameters, OutputParameters> = group(|output, _| Ok(output));
const PAGING: ParameterGroup<PagingParameters, PagingParameters> = group(|paging, _| Ok(paging));

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
        crs: Option<Crs> = FILTER_CRS,
    }
}

impl CqlParameters {
    fn parse(self, reader: &mut ParameterReader<'_>) -> Read<Option<Expr>> {
        let Some(text) = self.filter else { return Ok(None) };
        let is_json = self.is_json.unwrap_or_else(|| text.trim_start().starts_with('{'));
        let crs = self.crs.unwrap_or(Crs::CRS84);
        let read = cql::parse(&text, is_json).and_then(|expr| match crs == Crs::CRS84 {
            true => Ok(expr),
            false => in_lon_lat(expr, crs),
        });
        read.map(Some).map_err(|refusal| reader.refuse_as(refusal))
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
        bbox: Option<CrsBox> = group(BoxParameters::read_box),
        output: OutputParameters = OUTPUT,
        paging: PagingParameters = PAGING,
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
/// collection's queryables, which are checked with the collection.
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

/// A page of a collection.
pub struct PageRequest {
    /// The format that `f` names; `true` is HTML.
    pub f: Option<bool>,
    /// Most features of the page.
    pub limit: usize,
    /// The box.
    pub bbox: Option<CrsBox>,
    /// The condition in CQL2.
    pub expr: Option<Expr>,
    /// What the response has of each feature.
    pub parts: FeatureParts,
    /// The order of the list and the place of the page in it.
    pub paging: ListPaging,
}

/// A request for the items of a collection.
pub struct ItemsRequest {
    /// The collection.
    pub collection: OgcCollection,
    /// The page.
    pub page: PageRequest,
    /// The conditions on its features.
    pub selection: ItemSelection,
}

/// The conditions on the features of a page.
pub enum ItemSelection {
    /// For reports: a filter and a further condition.
    Reports(Box<Filter>, Condition),
    /// For areas: values of properties.
    Areas(Vec<(String, String)>),
}

/// The collection that the path names.
fn collection(reader: &mut ParameterReader<'_>) -> Read<OgcCollection> {
    let id = reader.path_text("id");
    let city = reader.city().ok_or_else(|| crate::error::Error::not_found(id));
    let found = city.and_then(|city| OgcCollection::find(city, id));
    found.map_err(|error| reader.fail(error))
}

/// Refuses query parameters that are not properties of these areas.
fn check_names(
    properties: &[(String, String)],
    collection: &OgcCollection,
    reader: &mut ParameterReader<'_>,
) -> Read<()> {
    let known = collection.scalars(Language::English);
    let mut checked = Ok(());
    for (name, value) in properties.iter().filter(|(name, _)| !known.contains_key(name)) {
        checked = Err(reader.refuse_as(unknown(name, value)));
    }
    checked
}

impl PageParameters {
    /// The page, where its parameters fit the collection; and the range of time.
    fn of(
        self,
        collection: &OgcCollection,
        reader: &mut ParameterReader<'_>,
    ) -> Read<(PageRequest, Option<Interval>)> {
        let Self { f, limit, bbox, output, paging, time, expr, .. } = self;
        let (parts, paging) = (output.of(collection, reader), paging.of(collection, reader));
        let page = PageRequest { f, limit, bbox, expr, parts: parts?, paging: paging? };
        Ok((page, time))
    }
}

impl Request for ItemsRequest {
    fn declare(to: &mut Vec<Declaration>) {
        ReportParameters::declare(to);
    }

    fn read(reader: &mut ParameterReader<'_>) -> Read<Self> {
        let collection = collection(reader)?;
        if !collection.is_of_reports() {
            let AreaParameters { page, properties } = AreaParameters::read(reader)?;
            let checked = check_names(&properties, &collection, reader);
            let (page, _) = page.of(&collection, reader)?;
            checked?;
            return Ok(Self { collection, page, selection: ItemSelection::Areas(properties) });
        }
        // A collection has reports with an approximate position unless they are left out by name.
        let is_unsaid = reader.query_text("approximate").is_none();
        let ReportParameters { page, filter, equalities } = ReportParameters::read(reader)?;
        let (page, time) = page.of(&collection, reader)?;
        let own = collection.filter();
        let mut filter = Filter {
            approximate: filter.approximate || is_unsaid && own.approximate,
            incidents: filter.incidents || own.incidents,
            ..filter
        };
        let (from, before) = time.unwrap_or_default();
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

request! {
    /// The parameters of one feature.
    pub struct ItemParameters {
        collection: String = COLLECTION,
        id: String = path("feature", PathSegment, "4RX-7KM-PH")
            .described("Identifiant de l’entité.", "Id of the feature."),
        f: Option<bool> = FORMAT,
        output: OutputParameters = OUTPUT,
    }
}

/// A request for one feature.
pub struct ItemRequest {
    /// The collection.
    pub collection: OgcCollection,
    /// The id of the feature.
    pub id: String,
    /// The format that `f` names; `true` is HTML.
    pub f: Option<bool>,
    /// What the response has of it.
    pub parts: FeatureParts,
}

impl Request for ItemRequest {
    fn declare(to: &mut Vec<Declaration>) {
        ItemParameters::declare(to);
    }

    fn read(reader: &mut ParameterReader<'_>) -> Read<Self> {
        let collection = collection(reader)?;
        let ItemParameters { id, f, output, .. } = ItemParameters::read(reader)?;
        let parts = output.of(&collection, reader)?;
        Ok(Self { collection, id, f, parts })
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
