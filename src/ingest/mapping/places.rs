//! The place of a row, and the address beside it, by the columns of a mapping.

use crate::error::Refusal;
use crate::ingest::column::site_names::{address_of_cells, names_site};
use crate::ingest::mapping::row_draft::{Mapping, RowCells, filled};
use crate::ingest::numbers::is_absent;
use crate::ingest::place::reader::PlaceCells;
use crate::ingest::place::text::address_of;

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

/// Last words of longer names of such columns, as members of nested objects have them.
const SYSTEM_ENDS: [&str; 6] = ["crs", "srs", "srid", "epsg", "wkid", "latestwkid"];

/// Names of columns whose values are zones of UTM where they are written so: `31U`, `23S`. The
/// first ones have numbers alone, too.
const ZONE_COLUMNS: [&str; 13] = [
    "utm_zone",
    "zone_utm",
    "zona_utm",
    "utm_zona",
    "huso",
    "huso_utm",
    "utm_huso",
    "fuso",
    "fuso_utm",
    "fuseau_utm",
    "utmzone",
    "zone",
    "zona",
];
/// How many of them say by their name that a number is a zone.
const SURE_ZONE_COLUMNS: usize = 11;

/// The zone of UTM that a cell says, in the words of names: `utm 31U`. `None` where it is none.
fn utm_zone(text: &str, may_be_number: bool) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text
        .get(..digits)
        .unwrap_or_default()
        .parse::<u8>()
        .ok()
        .filter(|zone| (1..=60).contains(zone))?;
    let rest = text.get(digits..).unwrap_or_default().trim();
    let is_band = rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_alphabetic());
    let is_zone = is_band || (rest.is_empty() && may_be_number);
    is_zone.then(|| format!("utm {number}{rest}"))
}

impl Mapping {
    /// Finds the names that may say in which system projected coordinates are.
    pub fn find_systems(&mut self, header: &[String]) {
        let columns = ["x", "y"].map(|field| self.single_columns(field));
        let names = columns.iter().flatten().filter_map(|column| header.get(*column).cloned());
        self.names_of_projected = names.collect::<Vec<_>>().join(" ");
        let is_named = |name: &String| SYSTEM_COLUMNS.contains(&name.as_str());
        let ends =
            |name: &String| name.rsplit('_').next().is_some_and(|end| SYSTEM_ENDS.contains(&end));
        let own = header.iter().position(is_named).or_else(|| header.iter().position(ends));
        let zones =
            ZONE_COLUMNS.iter().find_map(|zone| header.iter().position(|name| name == zone));
        self.system_column = own.or(zones.filter(|_| !self.names_of_projected.is_empty()));
        let name = self.system_column.and_then(|column| header.get(column)).map(String::as_str);
        let zone = ZONE_COLUMNS.iter().position(|known| Some(*known) == name);
        self.system_is_zone = zone.map(|number| number < SURE_ZONE_COLUMNS);
    }

    /// What the row names as the system of its coordinates.
    pub fn system_of(&self, row: &impl RowCells) -> Option<String> {
        let text = filled(row.cell(self.system_column?)?).filter(|text| !is_absent(text))?;
        match self.system_is_zone {
            None => Some(text.to_owned()),
            Some(may_be_number) => utm_zone(text, may_be_number),
        }
    }

    /// Finds the columns that are read both as places and as addresses.
    pub fn find_addressed(&mut self) {
        let addresses = self.single_columns("address");
        self.addressed = self.single_columns("point");
        self.addressed.retain(|column| addresses.contains(column));
    }

    /// Finds the columns of the names of sites among those that are joined to addresses.
    pub fn find_sites(&mut self, header: &[String]) {
        let of_addresses = self.columns.get("address").into_iter();
        let joined = of_addresses.flat_map(|of| &of.alternatives).filter(|of| of.len() > 1);
        let first = joined.filter_map(|columns| columns.first().copied());
        let is_site = |column: &usize| header.get(*column).is_some_and(|name| names_site(name));
        self.sites = first.filter(is_site).collect();
    }

    /// The address that several cells make; `None` where one of them has no value.
    pub fn address_of_cells(&self, row: &impl RowCells, columns: &[usize]) -> Option<String> {
        let part = |column: &usize| {
            let text = filled(row.cell(*column)?).filter(|text| !is_absent(text))?;
            match self.addressed.contains(column) {
                true => address_of(text),
                false => Some(text.to_owned()),
            }
        };
        let parts = columns.iter().map(part).collect::<Option<Vec<String>>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let has_site = columns.first().is_some_and(|first| self.sites.contains(first));
        Some(address_of_cells(&parts, has_site))
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
    pub fn place(&self, row: &impl RowCells) -> Result<Option<(f64, f64)>, Refusal> {
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
