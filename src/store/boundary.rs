//! The SQL of boundaries. Shapes are kept as WKB (OGC 06-103r4), which every spatial database
//! reads.

use geo::{Geometry, LineString, MultiPolygon, Polygon};
use geozero::wkb::{FromWkb, WkbDialect};
use geozero::{CoordDimensions, ToWkb};
use rusqlite::{Connection, params};

use crate::domain::{Boundary, BoundarySet, JurisdictionId};
use crate::error::{Error, Result};
use crate::place::Polygons;
use crate::store::Outcome;
use crate::store::transaction::{AttributeValue, Sql, WriteTransaction};

impl WriteTransaction<'_> {
    /// Puts a set in the place of the one of its name, and takes a revision for it.
    pub(super) fn bound(
        &mut self,
        jurisdiction: &JurisdictionId,
        set: &BoundarySet,
    ) -> AttributeValue {
        if self.city(jurisdiction)?.is_none() {
            return Ok(Err(Error::not_found(jurisdiction.as_str())));
        }
        replace(self.db, jurisdiction, set)?;
        self.next(jurisdiction)?;
        Ok(Ok(Outcome::BoundCondition))
    }
}

/// Puts a set in the place of the one of its name; one without areas takes it away.
fn replace(db: &Connection, jurisdiction: &JurisdictionId, set: &BoundarySet) -> Sql<()> {
    let key = jurisdiction.as_str();
    db.prepare_cached("DELETE FROM boundary WHERE jurisdiction_id = ? AND boundary_set = ?")?
        .execute(params![key, set.name])?;
    let mut insert = db.prepare_cached("INSERT INTO boundary VALUES (?, ?, ?, ?, ?)")?;
    for (number, area) in (1i64..).zip(&set.areas) {
        let wkb = to_wkb(&area.shape)
            .map_err(|error| crate::store::transaction::corrupt(Error::internal(error)))?;
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

/// All sets of a jurisdiction, by name, their areas in order.
pub(super) fn read(db: &Connection, jurisdiction: &JurisdictionId) -> Result<Vec<BoundarySet>> {
    let mut statement = db
        .prepare_cached(
            "SELECT boundary_set, name, shape FROM boundary
             WHERE jurisdiction_id = ? ORDER BY boundary_set, number",
        )
        .map_err(Error::internal)?;
    let mut rows = statement.query([jurisdiction.as_str()]).map_err(Error::internal)?;
    let mut sets: Vec<BoundarySet> = Vec::new();
    while let Some(row) = rows.next().map_err(Error::internal)? {
        let (set, name): (String, String) =
            (row.get(0).map_err(Error::internal)?, row.get(1).map_err(Error::internal)?);
        let shape = of_wkb(&row.get::<_, Vec<u8>>(2).map_err(Error::internal)?)?;
        if sets.last().is_none_or(|last| last.name != set) {
            sets.push(BoundarySet { name: set, areas: Vec::new() });
        }
        sets.last_mut().into_iter().for_each(|last| {
            last.areas.push(Boundary { name: name.clone(), shape: shape.clone() });
        });
    }
    Ok(sets)
}
