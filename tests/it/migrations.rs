//! Stores of earlier schemas.

use crate::common::Folder;
use crate::store::city;
use pointchaud::domain::{Change, Event};
use pointchaud::store::{NoListener, Reader, RemoveReport, Writer};

/// A file of the first schema is migrated without a loss: reports, revisions, tombstones, history.
#[test]
fn a_file_of_the_first_schema_is_migrated() {
    let folder = Folder::new("migrate");
    let path = folder.file("city.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../../src/store/sqlite/migrations/0001_city.sql")).unwrap();
    db.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO meta VALUES ('epoch', 'abc');
         INSERT INTO jurisdiction VALUES ('levis.ca', 'Lévis', 'UTC', NULL, NULL, NULL, NULL, 9);
         INSERT INTO jurisdiction VALUES ('quebec.ca', 'Québec', 'UTC', 1, 2, 3, 4, 5);
         INSERT INTO report_change VALUES
            ('quebec.ca', 'b', 5, 'status', 'open', 'closed', 'api', '2026-01-01T00:00:00Z');",
    )
    .unwrap();
    for (city, id, revision, removed) in [
        ("quebec.ca", "a", 3, 0),
        ("quebec.ca", "b", 5, 0),
        ("quebec.ca", "c", 4, 1),
        ("levis.ca", "a", 9, 0),
    ] {
        db.execute(
            "INSERT INTO report VALUES (?1, ?2, 'nid-de-poule', 'open', NULL, 'Neuf', 'complaint',
                'web', '2026-01-01T00:00:00Z', NULL, NULL, -71.2, 46.8, 'exact', 'rue X', 'Vanier',
                'Trou', NULL, NULL, ?3, 1, '2026-01-02T00:00:00Z', 7, ?4)",
            rusqlite::params![city, id, revision, removed],
        )
        .unwrap();
    }
    drop(db);

    let reader = Reader::open(&path).unwrap();
    assert!(reader.faults().unwrap().is_empty());
    assert_eq!(reader.epoch().unwrap(), "abc");
    let revisions: Vec<u64> = reader.jurisdictions().unwrap().iter().map(|(_, r)| *r).collect();
    assert_eq!(revisions, [9, 5]);
    let mut changes = Vec::new();
    let all = |page: Vec<Change>, _| {
        changes.extend(page);
        true
    };
    reader.changes_after(&city("quebec.ca"), 0, 10, all).unwrap();
    let listed: Vec<_> = changes.iter().map(|c| (c.revision, c.event.id().to_string())).collect();
    assert_eq!(listed, [(3, "a".into()), (4, "c".into()), (5, "b".to_owned())]);
    assert!(matches!(changes[1].event, Event::Remove(_)));
    let b = reader.get(&city("quebec.ca"), "b").unwrap().unwrap();
    assert_eq!((b.revision, b.created_revision), (5, 1));
    assert_eq!(b.report.source_status.as_deref(), Some("Neuf"));
    assert_eq!(reader.history(&city("quebec.ca"), &b.report.id).unwrap().len(), 1);
    assert_eq!(reader.get(&city("quebec.ca"), "c").unwrap(), None);

    // And it goes on from there.
    let (writer, _) = Writer::start(&path, NoListener).unwrap();
    let (jurisdiction, author) = (city("quebec.ca"), "test".into());
    writer.execute(RemoveReport { jurisdiction, id: b.report.id, author }).unwrap();
    assert_eq!(reader.jurisdictions().unwrap()[1].1, 6);
    assert!(reader.faults().unwrap().is_empty());
}
