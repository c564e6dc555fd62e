//! Commands that write jurisdictions and their services.

use rusqlite::{OptionalExtension, params};

use crate::domain::{AuditField, AuditSubject, Jurisdiction, JurisdictionId};
use crate::error::Error;
use crate::place::BBox;
use crate::store::command::{
    AddJurisdiction, RemoveJurisdiction, SaveLearnedExtent, SetJurisdiction,
};
use crate::store::sqlite::audit_state::NotedAction;
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

/// Name, time zone and extent of a city as texts.
type Settings = [Option<String>; 3];

fn settings(city: &Jurisdiction) -> Settings {
    let extent = city.extent.map(|b| format!("{},{},{},{}", b.west, b.south, b.east, b.north));
    [Some(city.name.clone()), Some(city.time_zone.clone()), extent]
}

/// The settings that differ.
fn changes(before: &Settings, after: &Settings) -> Vec<AuditField> {
    let names = ["name", "time_zone", "extent"].into_iter();
    let values = before.iter().cloned().zip(after.iter().cloned());
    let changed = |(name, (old, new))| AuditField::changed(name, old, new);
    names.zip(values).filter_map(changed).collect()
}

impl WriteTransaction<'_> {
    pub fn add_jurisdiction(&mut self, command: &AddJurisdiction) -> Step<()> {
        let AddJurisdiction { jurisdiction, services } = command;
        let id = jurisdiction.id.as_str();
        let [west, south, east, north] = edges(jurisdiction.extent);
        let added = self
            .db
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
        let mut codes = Vec::new();
        for service in services {
            let count = insert.execute(params![
                id,
                service.code.as_str(),
                service.names.fr,
                service.names.en,
                service.group,
                service.nature.as_str()
            ])?;
            codes.extend((count > 0).then_some(service.code.as_str()));
        }
        let mut fields = Vec::new();
        if added > 0 {
            fields.extend(changes(&Settings::default(), &settings(jurisdiction)));
        }
        if !codes.is_empty() {
            fields.push(AuditField::set("services", codes.join(" ")));
        }
        if !fields.is_empty() {
            self.note(NotedAction::of_city(&jurisdiction.id, fields));
        }
        Ok(())
    }

    pub fn set_jurisdiction(&mut self, command: &SetJurisdiction) -> Step<()> {
        let jurisdiction = &command.jurisdiction;
        self.next_revision(&jurisdiction.id)?;
        let before = self.settings_of(&jurisdiction.id)?;
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
        let fields = changes(&before, &settings(jurisdiction));
        self.note(NotedAction::of_city(&jurisdiction.id, fields));
        Ok(())
    }

    /// The settings of a city as the store has them.
    fn settings_of(&self, id: &JurisdictionId) -> Step<Settings> {
        let sql = "SELECT name, time_zone, west, south, east, north FROM jurisdiction
                   WHERE jurisdiction_id = ?";
        let read = |row: &rusqlite::Row<'_>| {
            let [west, south, east, north]: [Option<f64>; 4] =
                [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
            let extent = west.zip(south).zip(east.zip(north));
            let extent = extent.map(|((w, s), (e, n))| format!("{w},{s},{e},{n}"));
            Ok([row.get(0)?, row.get(1)?, extent])
        };
        Ok(self.db.query_row(sql, [id.as_str()], read)?)
    }

    pub fn save_learned_extent(&mut self, command: &SaveLearnedExtent) -> Step<()> {
        let [west, south, east, north] = edges(command.extent);
        let id = command.jurisdiction.as_str();
        self.db
            .prepare_cached(
                "UPDATE jurisdiction SET west = ?1, south = ?2, east = ?3, north = ?4,
                    extent_learned = ?5
                 WHERE jurisdiction_id = ?6 AND (extent_learned = 1 OR west IS NULL)",
            )?
            .execute(params![west, south, east, north, command.extent.is_some(), id])?;
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
        // Its number is gone: the line concerns the whole service.
        let before = Some(reports.to_string());
        let fields = AuditField::changed("reports", before, None).into_iter().collect();
        self.note(NotedAction::of_service(AuditSubject::City, id, fields));
        Ok(reports as u64)
    }
}
