//! Boundaries from GeoJSON.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;

use crate::domain::{Boundary, BoundarySet, fold};
use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::geojson;
use crate::ingest::polygons::{polygon_fault, rings};
use crate::message;
use crate::place::Polygons;

/// Properties by which areas are usually named, folded.
const NAMES: [&str; 8] =
    ["name", "nom", "nom_arrond", "nom_quartier", "nom_qr", "libelle", "district", "label"];
/// Longest name of an area, in characters.
const NAME_CHARS_MAX: usize = 120;
/// Areas of a set, at most.
const AREAS_MAX: usize = 10_000;

/// Reads the set of this name from a FeatureCollection of polygons, named by `property`, or by the
/// first property that usually names areas.
///
/// # Errors
/// The file; a feature that is no area, by its number; a name that comes twice.
pub fn read(path: &Path, set: &str, property: Option<&str>) -> Result<BoundarySet> {
    if !BoundarySet::is_name(set) {
        let message = message!(
            "doit être fait de lettres minuscules, de chiffres et de tirets, et ne pas être un \
             mot réservé",
            "must consist of lower-case letters, digits and hyphens, and not be a reserved word"
        );
        return Err(Refusal::new("--name", set, message).into());
    }
    let shown = path.display().to_string();
    let unreadable = |reason: String| {
        let message = Message { fr: reason.clone(), en: reason };
        Error::from(Refusal::new("file", &shown, message))
    };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut areas: Vec<Boundary> = Vec::new();
    let (mut fault, mut number) = (None, 0);
    let read = geojson::read(BufReader::new(file), &mut |feature| {
        number += 1;
        match area(&feature, property) {
            Ok(area) if areas.iter().any(|known| known.name == area.name) => {
                let message = message!("est le nom de deux secteurs", "is the name of two areas");
                fault = Some(Refusal::new(format!("feature {number}"), area.name, message));
            }
            Ok(area) => areas.push(area),
            Err(refusal) => {
                let field = format!("feature {number}: {}", refusal.field);
                fault = Some(Refusal { field, ..refusal });
            }
        }
        fault.is_none() && areas.len() <= AREAS_MAX
    });
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    read.map_err(unreadable)?;
    if areas.is_empty() || areas.len() > AREAS_MAX {
        let n = areas.len();
        return Err(unreadable(format!("has {n} areas; 1 to {AREAS_MAX} are wanted")));
    }
    Ok(BoundarySet { name: set.to_owned(), areas })
}

fn area(feature: &Value, property: Option<&str>) -> std::result::Result<Boundary, Refusal> {
    let name = name(feature, property)?;
    let shape = rings(&feature["geometry"])?;
    let shape = Polygons::boundary(shape).map_err(polygon_fault)?;
    Ok(Boundary { name, shape })
}

fn name(feature: &Value, property: Option<&str>) -> std::result::Result<String, Refusal> {
    let empty = serde_json::Map::new();
    let properties = feature["properties"].as_object().unwrap_or(&empty);
    let usual = || {
        NAMES.iter().find_map(|wanted| {
            properties.iter().find(|(key, _)| fold(key) == *wanted).map(|(_, value)| value)
        })
    };
    let value = property.map_or_else(usual, |property| properties.get(property));
    let text = match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if text.is_empty() || text.chars().count() > NAME_CHARS_MAX || text.contains('\0') {
        let keys: Vec<&str> = properties.keys().map(String::as_str).collect();
        let keys = keys.join(", ");
        let message = message!(
            "n’est pas un nom de secteur ; --property choisit parmi {keys}",
            "is not a name of an area; --property chooses among {keys}"
        );
        return Err(Refusal::new(property.unwrap_or("name"), text, message));
    }
    Ok(text)
}
