//! Commands that write jurisdictions and their services.

use rusqlite::{OptionalExtension, params};

use crate::error::Error;
use crate::place::BBox;
use crate::store::command::{
    AddJurisdiction, RemoveJurisdiction, SaveLearnedExtent, SetJurisdiction,
};
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::keys::CityKey;
use crate::store::sqlite::transaction::WriteTransaction;

/// The greatest number that a removed jurisdiction had, in the table `meta`.
const LAST_NUMBER: &str = "last_number";

/// Tables whose rows name their jurisdiction by its id; those that others refer to come last.
const TABLES: [&str; 17] = [
    "visibility",
    "content_policy",
    "text_review",
    "report_change",
    "report_update",
    "report_contact",
    "private_contact",
    "erasure",
    "retention",
    "idempotency",
    "import_run",
    "hotspot_event",
    "hotspot",
    "incident_member",
    "incident_change",
    "boundary",
    "service",
];

/// West, south, east and north as columns.
fn edges(extent: Option<BBox>) -> [Option<f64>; 4] {
    let edges = extent.map(|b| [b.west, b.south, b.east, b.north].map(Some));
    edges.unwrap_or_default()
}

impl WriteTransaction<'_> {
    pub fn add_jurisdiction(&mut self, command: &AddJurisdiction) -> Step<()> {
        let AddJurisdiction { jurisdiction, services } = command;
        let id = jurisdiction.id.as_str();
        let [west, south, east, north] = edges(jurisdiction.extent);
        self.db
            .prepare_cached(
                "INSERT INTO jurisdiction
                    (jurisdiction_id, name, time_zone, west, south, east, north, extent_learned,
                     number)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1 + max(
                    (SELECT coalesce(max(number), 0) FROM jurisdiction),
                    coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?), 0)))
                 ON CONFLICT (jurisdiction_id) DO NOTHING",
            )?
            .execute(params![
                id,
                jurisdiction.name,
                jurisdiction.time_zone,
                west,
                south,
                east,
                north,
                jurisdiction.is_extent_learned,
                LAST_NUMBER,
            ])?;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO service
                (jurisdiction_id, service_code, name_fr, name_en, group_code, nature)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (jurisdiction_id, service_code) DO NOTHING",
        )?;
        for service in services {
            insert.execute(params![
                id,
                service.code.as_str(),
                service.names.fr,
                service.names.en,
                service.group,
                service.nature.as_str()
            ])?;
        }
        Ok(())
    }

    pub fn set_jurisdiction(&mut self, command: &SetJurisdiction) -> Step<()> {
        let jurisdiction = &command.jurisdiction;
        self.next_revision(&jurisdiction.id)?;
        let [west, south, east, north] = edges(jurisdiction.extent);
        self.db
            .prepare_cached(
                "UPDATE jurisdiction SET name = ?, time_zone = ?, west = ?, south = ?, east = ?,
                    north = ?, extent_learned = ? WHERE jurisdiction_id = ?",
            )?
            .execute(params![
                jurisdiction.name,
                jurisdiction.time_zone,
                west,
                south,
                east,
                north,
                jurisdiction.is_extent_learned,
                jurisdiction.id.as_str(),
            ])?;
        let key = CityKey::read(self.db, &jurisdiction.id).map_err(Failure::Storage)?;
        self.city(&jurisdiction.id)?.key = key;
        Ok(())
    }

    pub fn save_learned_extent(&mut self, command: &SaveLearnedExtent) -> Step<()> {
        let [west, south, east, north] = edges(Some(command.extent));
        let id = command.jurisdiction.as_str();
        self.db
            .prepare_cached(
                "UPDATE jurisdiction SET west = ?, south = ?, east = ?, north = ?,
                    extent_learned = 1
                 WHERE jurisdiction_id = ? AND (extent_learned = 1 OR west IS NULL)",
            )?
            .execute(params![west, south, east, north, id])?;
        Ok(())
    }

    pub fn remove_jurisdiction(&mut self, command: &RemoveJurisdiction) -> Step<u64> {
        let id = command.jurisdiction.as_str();
        let number: Option<i64> = self
            .db
            .prepare_cached("SELECT number FROM jurisdiction WHERE jurisdiction_id = ?")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let number = number.ok_or_else(|| Failure::Refused(Error::not_found(id)))?;
        self.db.execute(
            "INSERT INTO meta (name, value) SELECT ?, max(number) FROM jurisdiction
             WHERE true ON CONFLICT (name) DO UPDATE SET
                value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
            [LAST_NUMBER],
        )?;
        let live = "SELECT count(*) FROM report WHERE jurisdiction = ? AND removed = 0";
        let reports: i64 = self.db.query_row(live, [number], |row| row.get(0))?;
        self.db.execute("DELETE FROM report WHERE jurisdiction = ?", [number])?;
        for table in TABLES {
            self.db.execute(&format!("DELETE FROM {table} WHERE jurisdiction_id = ?"), [id])?;
        }
        self.db.execute("DELETE FROM jurisdiction WHERE jurisdiction_id = ?", [id])?;
        self.forget(&command.jurisdiction);
        Ok(reports as u64)
    }
}
