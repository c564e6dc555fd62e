//! Whether the geometry of a source is points, as places of reports are.

use std::collections::BTreeSet;

use crate::error::{Refusal, Result};
use crate::i18n::Message;
use crate::ingest::read::geometry::GEOMETRY_KIND;
use crate::ingest::read::{Input, Row, SourceColumns};
use crate::message;

/// First rows that show of what kind all geometries are.
const ROWS: u64 = 100;

impl Input {
    /// The [columns](Self::columns) of a source whose geometry, if it has one, is points.
    ///
    /// # Errors
    /// The file cannot be read; the geometry of each of its first rows is of another kind.
    pub fn columns_of_points(&self) -> Result<SourceColumns> {
        let columns = self.columns()?;
        if columns.folded().iter().all(|name| !name.starts_with('*')) && self.is_table() {
            return Ok(columns);
        }
        let (mut rows, mut row, mut kinds) = (self.rows()?, Row::default(), BTreeSet::new());
        for _ in 0..ROWS {
            if !rows.next(&mut row)? {
                break;
            }
            match row.refusal.take() {
                Some(Refusal { field, value, .. }) if field == GEOMETRY_KIND => {
                    kinds.insert(value);
                }
                _ => return Ok(columns),
            }
        }
        match kinds.is_empty() {
            true => Ok(columns),
            false => Err(Refusal::new("file", self.label(), not_points(&kinds)).into()),
        }
    }
}

/// What is said of a source whose geometries are of these kinds.
fn not_points(kinds: &BTreeSet<String>) -> Message {
    let names: BTreeSet<(&str, &str)> = kinds
        .iter()
        .map(|kind| match kind.as_str() {
            "Polygon" | "MultiPolygon" => ("des polygones", "polygons"),
            "LineString" | "MultiLineString" => ("des lignes", "lines"),
            "MultiPoint" => ("des points multiples", "several points each"),
            "GeometryCollection" => ("des collections", "collections"),
            _ => ("d’une sorte inconnue", "of an unknown kind"),
        })
        .collect();
    let joined = |of: fn(&(&str, &str)) -> String, and: &str| {
        names.iter().map(of).collect::<Vec<_>>().join(and)
    };
    let fr = joined(|(fr, _)| (*fr).to_owned(), " et ");
    let en = joined(|(_, en)| (*en).to_owned(), " and ");
    message!(
        "n’a pas de points : la géométrie est {fr} ; pointchaud classe des points : exportez le \
         centre de chacune, ou un tableau avec des coordonnées",
        "has no points: the geometry is {en}; pointchaud files points: export the centre of each, \
         or a table with coordinates"
    )
}
