//! The place of a row, and the address beside it, by the columns of a mapping.

use crate::error::Refusal;
use crate::ingest::mapping::{Mapping, RowCells, filled};
use crate::ingest::place_reader::PlaceCells;

/// Names of columns whose values name the reference system of the coordinates.
const SYSTEM_COLUMNS: [&str; 16] = [
    "crs",
    "srs",
    "srid",
    "epsg",
    "epsg_code",
    "code_epsg",
    "projection",
    "coordinate_system",
    "coordinate_reference_system",
    "spatial_reference",
    "systeme_de_coordonnees",
    "systeme_coordonnees",
    "koordinatensystem",
    "bezugssystem",
    "coordinatenstelsel",
    "sistema_de_coordenadas",
];

impl Mapping {
    /// Finds the names that may say in which system projected coordinates are.
    pub(super) fn find_systems(&mut self, header: &[String]) {
        let columns = ["x", "y"].map(|field| self.single_columns(field));
        let names = columns.iter().flatten().filter_map(|column| header.get(*column).cloned());
        self.names_of_projected = names.collect::<Vec<_>>().join(" ");
        self.system_column = header.iter().position(|name| SYSTEM_COLUMNS.contains(&name.as_str()));
    }

    /// Finds the columns that are read both as places and as addresses.
    pub(super) fn find_addressed(&mut self) {
        let addresses = self.single_columns("address");
        self.addressed = self.single_columns("point");
        self.addressed.retain(|column| addresses.contains(column));
    }

    /// The columns of which one alone has a field.
    fn single_columns(&self, field: &str) -> Vec<usize> {
        let of_field = self.columns.get(field).into_iter();
        let alternatives = of_field.flat_map(|columns| &columns.alternatives);
        let single = alternatives.filter_map(|columns| match columns.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        single.collect()
    }

    /// The filled cells of columns that are read both as places and as addresses.
    pub fn addressed<'a>(&self, row: &'a impl RowCells) -> Vec<&'a str> {
        self.addressed.iter().filter_map(|column| filled(row.cell(*column)?)).collect()
    }

    /// The filled cells of columns that are read as places and not as addresses.
    fn points_alone<'a>(&self, row: &'a impl RowCells) -> Vec<&'a str> {
        let all = self.single_columns("point").into_iter();
        let alone = all.filter(|column| !self.addressed.contains(column));
        alone.filter_map(|column| filled(row.cell(column)?)).collect()
    }

    /// Longitude and latitude of the row.
    pub(super) fn place(&self, row: &impl RowCells) -> Result<Option<(f64, f64)>, Refusal> {
        self.places.place(&PlaceCells {
            lon: self.cells(row, "lon"),
            lat: self.cells(row, "lat"),
            point: match self.addressed.is_empty() {
                true => self.cells(row, "point"),
                false => self.points_alone(row),
            },
            addressed: self.addressed(row),
            x: self.cells(row, "x"),
            y: self.cells(row, "y"),
        })
    }
}
