//! The table `boundary`: areas, their shapes as WKB (well-known binary, OGC 06-103r4), which every
//! spatial database reads.

use geo::{Geometry, LineString, MultiPolygon, Polygon};
use geozero::wkb::{FromWkb, WkbDialect};
use geozero::{CoordDimensions, ToWkb};
use rusqlite::{Connection, params};

use crate::domain::{Boundary, BoundarySet, JurisdictionId};
use crate::error::{Error, Result};
use crate::place::Polygons;

/// Replaces the set of the same name; a set without areas removes it.
///
/// # Errors
/// The file cannot be written.
pub fn replace(db: &Connection, jurisdiction: &JurisdictionId, set: &BoundarySet) -> Result<()> {
    let key = jurisdiction.as_str();
    db.prepare_cached("DELETE FROM boundary WHERE jurisdiction_id = ? AND boundary_set = ?")?
        .execute(params![key, set.name])?;
    let mut insert = db.prepare_cached("INSERT INTO boundary VALUES (?, ?, ?, ?, ?)")?;
    for (number, area) in (1i64..).zip(&set.areas) {
        let wkb = to_wkb(&area.shape).map_err(Error::internal)?;
        insert.execute(params![key, set.name, number, area.name, wkb])?;
    }
    Ok(())
}

fn to_wkb(shape: &Polygons) -> geozero::error::Result<Vec<u8>> {
    let line = |ring: Vec<[f64; 2]>| LineString::from(ring);
    let polygon = |rings: Vec<Vec<[f64; 2]>>| {
        let mut rings = rings.into_iter().map(line);
        let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
        Polygon::new(outer, rings.collect())
    };
    let shape = MultiPolygon::new(shape.rings().into_iter().map(polygon).collect());
    Geometry::MultiPolygon(shape).to_wkb(CoordDimensions::xy())
}

fn of_wkb(mut bytes: &[u8]) -> Result<Polygons> {
    let corrupt = || Error::internal("corrupt boundary");
    let shape = Geometry::<f64>::from_wkb(&mut bytes, WkbDialect::Wkb).map_err(Error::internal)?;
    let Geometry::MultiPolygon(shape) = shape else { return Err(corrupt()) };
    let ring = |ring: &LineString<f64>| ring.coords().map(|at| [at.x, at.y]).collect();
    let polygon = |polygon: &Polygon<f64>| {
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
    };
    Polygons::of_rings(shape.iter().map(polygon).collect()).map_err(|_| corrupt())
}

/// Reads all sets of a jurisdiction, by name, the areas of each in their order.
///
/// # Errors
/// The file cannot be read or holds a shape that is none.
pub fn read(db: &Connection, jurisdiction: &JurisdictionId) -> Result<Vec<BoundarySet>> {
    let mut statement = db.prepare_cached(
        "SELECT boundary_set, name, shape FROM boundary
         WHERE jurisdiction_id = ? ORDER BY boundary_set, number",
    )?;
    let mut rows = statement.query([jurisdiction.as_str()])?;
    let mut sets: Vec<BoundarySet> = Vec::new();
    while let Some(row) = rows.next()? {
        let (set, name): (String, String) = (row.get(0)?, row.get(1)?);
        let area = Boundary { name, shape: of_wkb(&row.get::<_, Vec<u8>>(2)?)? };
        match sets.last_mut().filter(|last| last.name == set) {
            Some(last) => last.areas.push(area),
            None => sets.push(BoundarySet { name: set, areas: vec![area] }),
        }
    }
    Ok(sets)
}
