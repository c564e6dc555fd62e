//! Faults of our own code while the store is written, and a file that is taken away.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pointchaud::domain::{Clock, ReportTime};
use pointchaud::error::ErrorKind;
use pointchaud::store::{CreateReport, NoListener, WriteJudge, Writer, WriterSettings};

use crate::common::*;
use crate::store::{city, sqlite};

#[test]
fn a_fault_in_one_command_does_not_end_the_writing() {
    let store = sqlite();
    let (writer, _) = Writer::start(&store.folder.file("city.db"), NoListener).unwrap();
    let create = |id: &str, judge: Option<WriteJudge>| CreateReport {
        jurisdiction: city("quebec.ca"),
        report: Box::new(store.report(id, |_| {})),
        idempotency: None,
        contact: None,
        judge,
    };
    let faulty = create("faulty", Some(Box::new(|_, _| panic!("a fault of ours"))));
    let failed = writer.execute(faulty).unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unavailable);
    assert!(writer.execute(create("next", None)).is_ok(), "the thread goes on");
    let is_stored = |id: &str| store.reader.get(&city("quebec.ca"), id).unwrap().is_some();
    assert!(!is_stored("faulty") && is_stored("next"));
}

#[test]
fn nothing_is_acknowledged_while_the_store_is_not_in_its_place() {
    const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;
    let folder = demo_city("taken", 500, 3);
    let service = Service::start(&folder, &[]);
    let (store, aside) = (folder.file("city.db"), folder.file("aside.db"));
    fs::rename(&store, &aside).unwrap();
    for is_replaced in [false, true] {
        if is_replaced {
            fs::copy(&aside, &store).unwrap();
        }
        let refused = service.post("/api/v1/reports?lang=en", POTHOLE);
        assert_eq!(refused.status, 503);
        assert!(refused.json()["detail"].as_str().unwrap().contains("moved, deleted or replaced"));
        let ready = service.get("/readyz");
        assert_eq!((ready.status, &ready.json()["ready"]), (503, &false.into()));
        assert!(ready.json()["store"].is_string());
    }
    fs::rename(&aside, &store).unwrap();
    let filed = service.post("/api/v1/reports", POTHOLE);
    assert_eq!(filed.status, 201);
    assert_eq!(service.get("/readyz").status, 200);
    service.kill();
    // What was acknowledged is in the file.
    let id = filed.json()["id"].as_str().unwrap().to_owned();
    assert!(done(&folder, &["export", "--format", "csv"]).contains(&id));
}

/// A clock that was set back: an hour before the one before at every look.
#[derive(Default)]
struct BackwardClock(AtomicI64);

impl Clock for BackwardClock {
    fn now(&self) -> Timestamp {
        let hours = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_second(1_790_000_000 - hours * 3_600).unwrap()
    }
}

#[test]
fn the_times_of_changes_do_not_go_back_where_the_clock_does() {
    let store = sqlite();
    let settings = WriterSettings { clock: Arc::<BackwardClock>::default(), ..Default::default() };
    let path = store.folder.file("city.db");
    let (writer, _) = Writer::start_with(&path, NoListener, settings).unwrap();
    let mut ids = Vec::new();
    for n in 0..5 {
        let report = Box::new(store.report(&format!("r{n}"), |_| {}));
        ids.push(report.id.clone());
        let jurisdiction = city("quebec.ca");
        let (idempotency, contact, judge) = (None, None, None);
        let create = CreateReport { jurisdiction, report, idempotency, contact, judge };
        writer.execute(create).unwrap();
    }
    let recorded: Vec<String> = ids
        .iter()
        .map(|id| store.reader.get(&city("quebec.ca"), id.as_str()).unwrap().unwrap().recorded)
        .collect();
    assert_eq!(
        recorded,
        vec![recorded[0].clone(); 5],
        "each is later than the ones before or equal"
    );
    // A follower that asks again from the first change on misses none of them.
    let from = ReportTime::parse(&recorded[0], &TimeZone::UTC).unwrap();
    let mut seen = 0;
    let mut count = |_| {
        seen += 1;
        true
    };
    store.reader.changed_between(&city("quebec.ca"), (Some(from), None), &mut count).unwrap();
    assert_eq!(seen, 5);
}
