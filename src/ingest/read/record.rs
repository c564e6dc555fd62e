//! A record of JSON becomes a row: members become cells, nested members have dotted names, and the
//! geometry becomes the cells `*lon` and `*lat`.

use serde_json::{Map, Value};

use crate::error::Refusal;
use crate::ingest::numbers::{decimal, is_absent};
use crate::ingest::place::text::{PlaceText, is_geometry, place_text};
use crate::ingest::read::geometry::GEOMETRY_KIND;
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::row::{COLUMNS_MAX, Cells, SourceColumns};
use crate::ingest::reference_system::projection::Projection;
use crate::message;

/// Members nested deeper than this stay in the text of their object.
const DEPTH_MAX: usize = 4;

/// Turns records into cells.
pub struct Flattener {
    /// How the records are laid out.
    pub layout: RecordLayout,
    /// Of the geometries; `None` where they are longitude and latitude.
    pub projection: Option<Projection>,
}

impl Flattener {
    /// Writes the cells of a record; new members become new columns.
    ///
    /// # Errors
    /// It is not laid out as the others, or its geometry is not a point.
    pub fn flatten(
        &self,
        record: &Value,
        columns: &mut SourceColumns,
        cells: &mut Cells,
    ) -> Result<(), Refusal> {
        let mut row = Flat { columns, cells, overflow: None };
        self.fill(record, &mut row)?;
        match row.overflow {
            None => Ok(()),
            Some(name) => {
                let message = message!(
                    "est de trop : le fichier a plus de {COLUMNS_MAX} membres différents",
                    "is one too many: the file has more than {COLUMNS_MAX} different members"
                );
                Err(Refusal::new("row", name, message))
            }
        }
    }

    fn fill(&self, record: &Value, row: &mut Flat<'_>) -> Result<(), Refusal> {
        match &self.layout {
            RecordLayout::GeoJson => {
                let kind = record["type"].as_str().unwrap_or_default();
                if kind != "Feature" {
                    let message = message!("n’est pas un Feature", "is not a Feature");
                    return Err(Refusal::new("type", kind, message));
                }
                row.members(record["properties"].as_object());
                row.present("*id", &record["id"]);
                self.place(&record["geometry"], row)?;
            }
            RecordLayout::ArcGis => {
                row.members(record["attributes"].as_object());
                self.place(&record["geometry"], row)?;
            }
            RecordLayout::Opendatasoft => {
                row.members(record["fields"].as_object());
                row.present("*id", &record["recordid"]);
                self.place(&record["geometry"], row)?;
            }
            RecordLayout::Arrays(names) => {
                let Some(values) = record.as_array() else {
                    let message = message!("n’est pas un tableau", "is not an array");
                    return Err(Refusal::new("row", record, message));
                };
                if values.len() > names.len() {
                    let (has, of) = (values.len(), names.len());
                    let message = message!(
                        "a {has} valeurs pour {of} colonnes",
                        "has {has} values for {of} columns"
                    );
                    return Err(Refusal::new("row", record, message));
                }
                names.iter().zip(values).for_each(|(name, value)| row.value(name, value));
            }
            RecordLayout::Bindings => {
                let Some(members) = record.as_object() else {
                    let message = message!("n’est pas un objet", "is not an object");
                    return Err(Refusal::new("row", record, message));
                };
                members.iter().for_each(|(name, bound)| row.value(name, &bound["value"]));
            }
            RecordLayout::Objects => {
                let Some(members) = record.as_object() else {
                    let message = message!("n’est pas un objet", "is not an object");
                    return Err(Refusal::new("row", record, message));
                };
                row.members(Some(members));
            }
        }
        Ok(())
    }

    fn place(&self, geometry: &Value, row: &mut Flat<'_>) -> Result<(), Refusal> {
        let found = match geometry {
            Value::String(text) => written_point(text)?,
            geometry => coordinates(geometry)?,
        };
        let Some((lon, lat)) = found else { return Ok(()) };
        let Some(projection) = &self.projection else {
            row.set("*lon", &lon, false);
            row.set("*lat", &lat, false);
            return Ok(());
        };
        let numbers = lon.parse().ok().zip(lat.parse().ok());
        let place = numbers.and_then(|(x, y)| projection.lon_lat(x, y)).ok_or_else(|| {
            let message = message!("n’est pas dans la projection", "is not in the projection");
            Refusal::new("geometry.coordinates", format!("{lon}, {lat}"), message)
        })?;
        row.set("*lon", &place.0.to_string(), false);
        row.set("*lat", &place.1.to_string(), false);
        Ok(())
    }
}

/// The texts of two coordinates.
type Coordinates = Option<(String, String)>;

/// The text of a coordinate: a number, or a number as a text, with a decimal point or comma.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => decimal(text).map(|number| number.to_string()),
        _ => None,
    }
}

/// The point of a geometry that is a text: GeoJSON or a point of ArcGIS within a string, or WKT.
fn written_point(text: &str) -> Result<Coordinates, Refusal> {
    if text.trim().is_empty() || is_absent(text) {
        return Ok(None);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(geometry @ (Value::Object(_) | Value::Null)) => return coordinates(&geometry),
        _ if is_geometry(text) && place_text(text).is_none() => {
            let kind = text.split('(').next().unwrap_or_default().trim();
            return Err(not_a_point(kind));
        }
        _ => {}
    }
    match place_text(text) {
        Some(PlaceText::LonLat(lon, lat)) => Ok(Some((lon.to_string(), lat.to_string()))),
        Some(PlaceText::Nothing) => Ok(None),
        _ => {
            let message = message!("n’est pas une géométrie lisible", "is not a geometry");
            Err(Refusal::new("geometry", text, message))
        }
    }
}

/// The two coordinates of a point, or of a collection of one point; `None` where there is none. An
/// altitude is left out.
fn coordinates(geometry: &Value) -> Result<Coordinates, Refusal> {
    let pair = |point: &Value| match point.as_array().map(Vec::as_slice) {
        Some([x, y, ..]) => number(x).zip(number(y)),
        _ => None,
    };
    // `NaN` is read as null.
    let empty = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(Value::is_null));
    let kind = geometry["type"].as_str();
    let point = match kind {
        None if geometry.is_null() => return Ok(None),
        None if geometry.get("x").is_some() => return esri(geometry),
        None if geometry.get("rings").is_some() => return Err(not_a_point("Polygon")),
        None if geometry.get("paths").is_some() => return Err(not_a_point("LineString")),
        None if geometry.get("points").is_some() => return Err(not_a_point("MultiPoint")),
        Some("Point") => &geometry["coordinates"],
        Some("MultiPoint") => match geometry["coordinates"].as_array().map(Vec::as_slice) {
            Some([point]) => point,
            Some([]) => return Ok(None),
            _ => return Err(not_a_point("MultiPoint")),
        },
        Some("GeometryCollection") => match geometry["geometries"].as_array().map(Vec::as_slice) {
            Some([only]) => return coordinates(only),
            Some([]) => return Ok(None),
            _ => return Err(not_a_point("GeometryCollection")),
        },
        other => return Err(not_a_point(other.unwrap_or_default())),
    };
    if empty(point) {
        return Ok(None);
    }
    match pair(point) {
        Some(found) => Ok(Some(found)),
        None => {
            let message =
                message!("n’est pas [longitude, latitude]", "is not [longitude, latitude]");
            Err(Refusal::new("geometry.coordinates", point, message))
        }
    }
}

/// A point of ArcGIS, which writes a missing one with `"NaN"` or null.
fn esri(geometry: &Value) -> Result<Coordinates, Refusal> {
    let (x, y) = (&geometry["x"], &geometry["y"]);
    let is_missing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => is_absent(text),
        _ => false,
    };
    match number(x).zip(number(y)) {
        Some(found) => Ok(Some(found)),
        None if is_missing(x) && is_missing(y) => Ok(None),
        None => {
            let message = message!("n’est pas un point", "is not a point");
            Err(Refusal::new("geometry", geometry, message))
        }
    }
}

fn not_a_point(kind: &str) -> Refusal {
    let message = message!("n’est pas un Point", "is not a Point");
    Refusal::new(GEOMETRY_KIND, kind, message)
}

struct Flat<'a> {
    columns: &'a mut SourceColumns,
    cells: &'a mut Cells,
    /// A member for which there was no column left.
    overflow: Option<String>,
}

impl Flat<'_> {
    fn set(&mut self, name: &str, text: &str, derived: bool) {
        match self.columns.number_of(name, derived) {
            Some(column) => self.cells.set(column, text),
            None => self.overflow = Some(name.to_owned()),
        }
    }

    fn members(&mut self, members: Option<&Map<String, Value>>) {
        for (name, value) in members.into_iter().flatten() {
            self.value(name, value);
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        self.member(name, value, 0);
    }

    /// As [`Self::value`], of a member that is no column where no record has it.
    fn present(&mut self, name: &str, value: &Value) {
        if !value.is_null() {
            self.value(name, value);
        }
    }

    /// Makes a column of a member without a value, as long as there is room.
    fn empty(&mut self, name: &str, derived: bool) {
        self.columns.number_of(name, derived);
    }

    fn member(&mut self, name: &str, value: &Value, depth: usize) {
        let derived = depth > 0;
        match value {
            Value::Null => self.empty(name, derived),
            Value::String(text) => self.set(name, text, derived),
            Value::Object(members) => {
                self.set(name, &value.to_string(), derived);
                for (member, value) in members {
                    if depth < DEPTH_MAX {
                        self.member(&format!("{name}.{member}"), value, depth + 1);
                    }
                }
            }
            // A list of one value is that value.
            Value::Array(list) => match list.as_slice() {
                [] | [Value::Null] => self.empty(name, derived),
                [Value::String(text)] => self.set(name, text, derived),
                [one @ (Value::Bool(_) | Value::Number(_))] => {
                    self.set(name, &one.to_string(), derived);
                }
                _ => self.set(name, &value.to_string(), derived),
            },
            other => self.set(name, &other.to_string(), derived),
        }
    }
}
