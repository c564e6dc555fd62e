//! A record of JSON becomes a row: members become cells, nested members have dotted names, and the
//! geometry becomes the cells `*lon` and `*lat`.

use serde_json::{Map, Value};

use crate::error::Refusal;
use crate::ingest::projection::Projection;
use crate::ingest::read::geometry::GEOMETRY_KIND;
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::row::{COLUMNS_MAX, Cells, SourceColumns};
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
                names.iter().zip(values).for_each(|(name, value)| row.value(name, value));
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
        let Some((lon, lat)) = coordinates(geometry)? else { return Ok(()) };
        let Some(projection) = &self.projection else {
            row.set("*lon", &lon.to_string(), false);
            row.set("*lat", &lat.to_string(), false);
            return Ok(());
        };
        let numbers = lon.as_f64().zip(lat.as_f64());
        let place = numbers.and_then(|(x, y)| projection.lon_lat(x, y)).ok_or_else(|| {
            let message = message!("n’est pas dans la projection", "is not in the projection");
            Refusal::new("geometry.coordinates", format!("{lon}, {lat}"), message)
        })?;
        row.set("*lon", &place.0.to_string(), false);
        row.set("*lat", &place.1.to_string(), false);
        Ok(())
    }
}

/// The two coordinates of a point, or of a collection of one point; `None` where there is none. An
/// altitude is left out.
fn coordinates(geometry: &Value) -> Result<Option<(&Value, &Value)>, Refusal> {
    let pair = |point: &Value| match point.as_array().map(Vec::as_slice) {
        Some([x, y, ..]) if x.is_number() && y.is_number() => Some(()),
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
    if pair(point).is_none() {
        let message = message!("n’est pas [longitude, latitude]", "is not [longitude, latitude]");
        return Err(Refusal::new("geometry.coordinates", point, message));
    }
    Ok(Some((&point[0], &point[1])))
}

/// A point of ArcGIS, which writes a missing one with `"NaN"` or null.
fn esri(geometry: &Value) -> Result<Option<(&Value, &Value)>, Refusal> {
    match (&geometry["x"], &geometry["y"]) {
        (x, y) if x.is_number() && y.is_number() => Ok(Some((x, y))),
        (Value::Null | Value::String(_), Value::Null | Value::String(_)) => Ok(None),
        _ => {
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
