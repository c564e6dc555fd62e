//! The contract of every store: one suite, run against each backend there is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::common::Folder;
use jiff::tz::TimeZone;
use pointchaud::domain::{
    Catalogue, Change, Draft, Event, Gate, Group, GroupWords, HotspotTrack, HotspotTrackEvent,
    HotspotTrackStep, Idempotency, Jurisdiction, JurisdictionId, Nature, Patch, Report, ReportId,
    ReportTime, Status, StoredReport, tracking_number,
};
use pointchaud::error::{Error, ErrorKind, Refusal};
use pointchaud::message;
use pointchaud::place::H3Cell;
use pointchaud::store::{
    AddJurisdiction, BatchOutcome, Checkpoint, CommitListener, CreateReport, CreateReports,
    ImportReports, ImportedReport, Reader, RemoveReport, SaveHotspotTracks, SubmitOutcome,
    UpdateReport, WriteCounts, Writer, of_report,
};

/// What a follower recorded, in order.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(String, Change)>>>);

impl CommitListener for Recorder {
    fn committed(&mut self, jurisdiction: &JurisdictionId, changes: Vec<Change>) {
        let recorded = changes.into_iter().map(|change| (jurisdiction.to_string(), change));
        self.0.lock().unwrap().extend(recorded);
    }

    fn uncertain(&mut self) {
        panic!("no commit failed");
    }
}

/// An open store of one backend.
pub struct Open {
    pub folder: Folder,
    pub reader: Reader,
    writer: Writer,
    recorded: Recorder,
    catalogue: Catalogue,
}

pub fn sqlite() -> Open {
    let folder = Folder::new("store");
    let path = folder.file("city.db");
    let recorded = Recorder::default();
    let reader = Reader::open(&path).unwrap();
    let (writer, _) = Writer::start(&path, recorded.clone()).unwrap();
    open(folder, reader, writer, recorded)
}

fn open(folder: Folder, reader: Reader, writer: Writer, recorded: Recorder) -> Open {
    let group = Group {
        code: "voirie".into(),
        names: message!("Voirie", "Streets"),
        words: GroupWords::default(),
        weak_words: GroupWords::default(),
        severity: 2,
    };
    let mut catalogue = Catalogue::new(vec![group]);
    catalogue.add(catalogue.adopt("Nid-de-poule", None, Nature::Intervention));
    let open = Open { folder, reader, writer, recorded, catalogue };
    for id in ["quebec.ca", "levis.ca"] {
        open.adopt(id);
    }
    open
}

pub fn city(id: &str) -> JurisdictionId {
    JurisdictionId::new(id).unwrap()
}

impl Open {
    fn adopt(&self, id: &str) {
        let (name, time_zone) = (id.to_owned(), "America/Toronto".to_owned());
        let jurisdiction =
            Jurisdiction { id: city(id), name, time_zone, extent: None, is_extent_learned: false };
        let services = self.catalogue.services().iter().map(|s| (**s).clone()).collect();
        self.writer.execute(AddJurisdiction { jurisdiction, services }).unwrap();
    }

    pub fn report(&self, id: &str, change: impl FnOnce(&mut Draft)) -> Report {
        let zone = TimeZone::get("America/Toronto").unwrap();
        let gate = Gate { catalogue: &self.catalogue, zone: &zone, now: 1_790_000_000 };
        let mut draft = Draft {
            id: Some(id.into()),
            service: "nid-de-poule".into(),
            lon_lat: Some((-71.2, 46.8)),
            description: Some("Trou « profond » — ça cogne 🕳".into()),
            ..Draft::default()
        };
        change(&mut draft);
        gate.admit(draft, &tracking_number(0)).unwrap()
    }

    fn create(
        &self,
        whose: &str,
        report: Report,
        key: Option<(&str, &str)>,
    ) -> Result<StoredReport, Error> {
        let idempotency = key.map(|(key, fingerprint)| Idempotency {
            key: key.into(),
            fingerprint: fingerprint.into(),
        });
        let (jurisdiction, report) = (city(whose), Box::new(report));
        let (contact, judge) = (None, None);
        let create = CreateReport { jurisdiction, report, idempotency, contact, judge };
        match self.writer.execute(create)? {
            SubmitOutcome::Stored { stored, .. } => Ok(*stored),
            SubmitOutcome::NeedsConfirmation(_) => panic!("nobody judges"),
        }
    }

    fn update(
        &self,
        id: &str,
        expected: Option<u64>,
        status: Status,
    ) -> Result<StoredReport, Error> {
        let catalogue = self.catalogue.clone();
        let amend = move |report: &Report| {
            let gate = Gate { catalogue: &catalogue, zone: &TimeZone::UTC, now: 1_790_000_100 };
            let patch = Patch { status: Some(status), ..Patch::default() };
            gate.amend(report, patch).map_err(Error::refused)
        };
        let update = UpdateReport {
            jurisdiction: city("quebec.ca"),
            id: ReportId::new(id).unwrap(),
            expected,
            author: "test".into(),
            amend: Box::new(amend),
            children: None,
        };
        self.writer.execute(update)
    }

    fn import(&self, reports: Vec<Report>, checkpoint: Option<Checkpoint>) -> WriteCounts {
        let jurisdiction = city("quebec.ca");
        let imported = |report: Report| ImportedReport {
            digest: of_report(&report),
            as_of: report.updated.map(|updated| updated.last_second()),
            is_repeat: false,
            report,
        };
        let reports = reports.into_iter().map(imported).collect();
        let unsaid = Vec::new();
        self.writer.execute(ImportReports { jurisdiction, reports, unsaid, checkpoint }).unwrap()
    }
}

fn what_is_written_is_read(store: &Open) {
    let full = store.report("26-1", |draft| {
        let zone = TimeZone::get("America/Toronto").unwrap();
        let at = |text| Some(ReportTime::parse(text, &zone).unwrap());
        draft.status = Some(Status::Closed);
        draft.requested = at("2026-03-01");
        draft.closed = at("2026-03-02T08:00:00Z");
        draft.updated = at("2026-03-02T08:00:01Z");
        draft.lon_lat = Some((-71.208_088_123_456_78, 46.813_878_987_654_32));
        draft.address = Some("1, rue de l’Église".into());
        draft.area = Some("Limoilou".into());
        draft.parent = Some("26-0".into());
        draft.source_status = Some("Terminée".into());
        draft.assignee = Some("Équipe 3".into());
    });
    let stored = store.create("quebec.ca", full.clone(), None).unwrap();
    let read = store.reader.get(&city("quebec.ca"), "26-1").unwrap().unwrap();
    assert_eq!(read, stored);
    assert_eq!(read.report.values(), full.values());
    assert_eq!(store.reader.get(&city("quebec.ca"), "26-2").unwrap(), None);
    assert_eq!(store.reader.get(&city("levis.ca"), "26-1").unwrap(), None, "cities are apart");
    assert_eq!(store.reader.services(&city("levis.ca")).unwrap().len(), 1);
}

fn revisions_grow_by_city_and_followers_hear_them_in_order(store: &Open) {
    for n in 0..10 {
        let whose = if n % 3 == 0 { "levis.ca" } else { "quebec.ca" };
        store.create(whose, store.report(&format!("r{n}"), |_| ()), None).unwrap();
    }
    store.update("r1", None, Status::Closed).unwrap();
    let remove = RemoveReport {
        jurisdiction: city("quebec.ca"),
        id: ReportId::new("r2").unwrap(),
        author: "test".into(),
    };
    store.writer.execute(remove).unwrap();
    let mut recorded: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for (whose, change) in store.recorded.0.lock().unwrap().iter() {
        recorded.entry(whose.clone()).or_default().push(change.clone());
    }
    let revisions: Vec<u64> = recorded["quebec.ca"].iter().map(|change| change.revision).collect();
    assert_eq!(revisions, (1..=8).collect::<Vec<_>>());
    assert_eq!(recorded["levis.ca"].len(), 4);

    // Whoever reads in small pages from any revision on hears the same, less what was overwritten.
    for from in 0..=8 {
        let (mut seen, mut changes) = (from, Vec::new());
        loop {
            let mut page = Vec::new();
            let first_page = |changes, head| {
                assert_eq!(head, 8);
                page = changes;
                false
            };
            store.reader.changes_after(&city("quebec.ca"), seen, 2, first_page).unwrap();
            let Some(last) = page.last() else { break };
            seen = last.revision;
            changes.extend(page);
        }
        let mut latest: BTreeMap<String, Change> = BTreeMap::new();
        for change in &recorded["quebec.ca"] {
            latest.insert(change.event.id().to_string(), change.clone());
        }
        let mut wanted: Vec<Change> =
            latest.into_values().filter(|change| change.revision > from).collect();
        wanted.sort_by_key(|change| change.revision);
        assert_eq!(changes, wanted, "from {from}");
    }
    let mut gone = Vec::new();
    let all = |changes, _| {
        gone.extend::<Vec<Change>>(changes);
        true
    };
    store.reader.changes_after(&city("quebec.ca"), 7, 10, all).unwrap();
    assert!(matches!(&gone[0].event, Event::Remove(id) if id.as_str() == "r2"));
    assert_eq!(store.reader.get(&city("quebec.ca"), "r2").unwrap(), None);
}

fn history_tells_every_field_that_changed(store: &Open) {
    store.create("quebec.ca", store.report("h", |_| ()), None).unwrap();
    store.update("h", None, Status::InProgress).unwrap();
    store.update("h", None, Status::InProgress).unwrap();
    store.update("h", None, Status::Closed).unwrap();
    let id = ReportId::new("h").unwrap();
    let history = store.reader.history(&city("quebec.ca"), &id).unwrap();
    let listed: Vec<_> = history
        .iter()
        .map(|c| (c.revision, &*c.field, c.before.as_deref(), c.after.as_deref(), &*c.author))
        .collect();
    assert_eq!(listed[0], (2, "status", Some("open"), Some("in_progress"), "test"));
    assert!(listed.contains(&(3, "status", Some("in_progress"), Some("closed"), "test")));
    assert!(listed.contains(&(3, "closed_reason", None, Some("done"), "test")));
    assert!(listed.iter().all(|change| change.0 != 4), "what changes nothing takes no revision");
}

fn stale_refused_and_missing_changes_change_nothing(store: &Open) {
    let stored = store.create("quebec.ca", store.report("s", |_| ()), None).unwrap();
    let changed = store.update("s", Some(stored.revision), Status::InProgress).unwrap();
    let stale = store.update("s", Some(stored.revision), Status::Closed).unwrap_err();
    assert_eq!(stale.kind, ErrorKind::Stale);
    assert_eq!(store.update("nobody", None, Status::Closed).unwrap_err().kind, ErrorKind::NotFound);
    let update = UpdateReport {
        jurisdiction: city("quebec.ca"),
        id: ReportId::new("s").unwrap(),
        expected: None,
        author: "test".into(),
        amend: Box::new(|_| Err(Refusal::new("x", "", message!("non", "no")).into())),
        children: None,
    };
    assert_eq!(store.writer.execute(update).unwrap_err().kind, ErrorKind::Invalid);
    let read = store.reader.get(&city("quebec.ca"), "s").unwrap().unwrap();
    assert_eq!(read, changed);
    let again = store.create("quebec.ca", store.report("s", |_| ()), None).unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict);
}

fn a_request_sent_again_makes_no_second_report(store: &Open) {
    let first = store.create("quebec.ca", store.report("k1", |_| ()), Some(("key", "a"))).unwrap();
    let again = store.create("quebec.ca", store.report("k2", |_| ()), Some(("key", "a"))).unwrap();
    assert_eq!(again, first);
    assert_eq!(store.reader.get(&city("quebec.ca"), "k2").unwrap(), None);
    let other = store.create("quebec.ca", store.report("k3", |_| ()), Some(("key", "b")));
    assert_eq!(other.unwrap_err().kind, ErrorKind::Conflict);
    // Another city's key is another key.
    assert!(store.create("levis.ca", store.report("k3", |_| ()), Some(("key", "b"))).is_ok());

    let many: Vec<_> = std::thread::scope(|scope| {
        let send = |n: usize| {
            move || {
                let id = format!("race{n}");
                store.create("quebec.ca", store.report(&id, |_| ()), Some(("race", "r"))).unwrap()
            }
        };
        let threads: Vec<_> = (0..16).map(|n| scope.spawn(send(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().report.id).collect()
    });
    assert!(many.iter().all(|id| *id == many[0]), "sixteen phones, one report");
}

fn a_batch_is_whole_takes_free_ids_and_is_harmless_twice(store: &Open) {
    store.create("quebec.ca", store.report("taken", |_| ()), None).unwrap();
    let send = |ids: &[&str], key: &str, fingerprint: &str| {
        let mut free = 0;
        let redraw = move || {
            free += 1;
            ReportId::new(&format!("free{free}")).unwrap()
        };
        let outcome = store.writer.execute(CreateReports {
            jurisdiction: city("quebec.ca"),
            reports: ids.iter().map(|id| store.report(id, |_| ())).collect(),
            redraw: Box::new(redraw),
            idempotency: Some(Idempotency { key: key.into(), fingerprint: fingerprint.into() }),
        });
        outcome.map(|BatchOutcome { ids, replayed }| {
            (ids.iter().map(ToString::to_string).collect::<Vec<_>>(), replayed)
        })
    };
    let wanted: Vec<String> = ["a", "free1", "b"].map(str::to_owned).to_vec();
    assert_eq!(send(&["a", "taken", "b"], "k", "f").unwrap(), (wanted.clone(), false));
    let revisions = || -> Vec<u64> {
        store.reader.jurisdictions().unwrap().into_iter().map(|(_, revision)| revision).collect()
    };
    let before = revisions();
    assert_eq!(send(&["c", "d", "e"], "k", "f").unwrap(), (wanted, true));
    assert_eq!(revisions(), before, "nothing was written");
    assert_eq!(store.reader.get(&city("quebec.ca"), "c").unwrap(), None);
    assert_eq!(send(&["c"], "k", "other").unwrap_err().kind, ErrorKind::Conflict);
    // Within one batch an id is given once too.
    assert_eq!(send(&["x", "x"], "k2", "f").unwrap().0, ["x", "free2"].map(str::to_owned));
}

fn an_import_twice_adds_nothing_and_updates_what_its_source_changed(store: &Open) {
    let rows = |status: Status| -> Vec<Report> {
        let row = |n: usize| {
            store.report(&format!("i{n}"), |draft| {
                draft.status = Some(if n == 3 { status } else { Status::Open });
            })
        };
        (0..5).map(row).collect()
    };
    let counts = |added, updated, unchanged| WriteCounts {
        added,
        updated,
        unchanged,
        ..WriteCounts::default()
    };
    assert_eq!(store.import(rows(Status::Open), None), counts(5, 0, 0));
    assert_eq!(store.import(rows(Status::Open), None), counts(0, 0, 5));
    // A crew's change here outlives a source that says the same as before.
    store.update("i1", None, Status::InProgress).unwrap();
    assert_eq!(store.import(rows(Status::Open), None), counts(0, 0, 5));
    let read = store.reader.get(&city("quebec.ca"), "i1").unwrap().unwrap();
    assert_eq!(read.report.status, Status::InProgress);
    assert_eq!(store.import(rows(Status::Closed), None), counts(0, 1, 4));
    an_import_of_an_earlier_state_changes_nothing(store);
    let checkpoint = Checkpoint { file_digest: "f".into(), rows_done: 5, finished: false };
    store.import(vec![], Some(checkpoint.clone()));
    assert_eq!(store.reader.checkpoint(&city("quebec.ca"), "f").unwrap(), Some(checkpoint));
    assert_eq!(store.reader.checkpoint(&city("levis.ca"), "f").unwrap(), None);
}

fn an_import_of_an_earlier_state_changes_nothing(store: &Open) {
    let row = |updated: &str, status: Status| {
        let mut report = store.report("aged", |draft| draft.status = Some(status));
        report.updated = Some(ReportTime::parse(updated, &TimeZone::UTC).unwrap());
        vec![report]
    };
    let status = || store.reader.get(&city("quebec.ca"), "aged").unwrap().unwrap().report.status;
    let older = WriteCounts { older: 1, ..WriteCounts::default() };
    let updated = WriteCounts { updated: 1, ..WriteCounts::default() };
    store.import(row("2026-02-10T08:00:00Z", Status::Open), None);
    assert_eq!(store.import(row("2026-02-09T08:00:00Z", Status::Closed), None), older);
    assert_eq!(store.import(row("2026-02-10", Status::InProgress), None), updated);
    // A crew's change outlives what the source said before it, and not what it said since.
    store.update("aged", None, Status::Closed).unwrap();
    let changed = store.reader.get(&city("quebec.ca"), "aged").unwrap().unwrap().changed.unwrap();
    assert_eq!(store.import(row("2026-02-11T08:00:00Z", Status::Open), None), older);
    assert_eq!(status(), Status::Closed);
    assert_eq!(store.import(row(&changed, Status::Open), None), updated);
    assert_eq!(status(), Status::Open);
}

fn hotspots_are_kept_as_they_are_now(store: &Open) {
    let cell = |n: u32| H3Cell::of(-71.2 + f64::from(n) * 0.01, 46.8, 9).unwrap();
    let step = |at, event, count| HotspotTrackStep { at, event, count, cells: 2 };
    let mut track = HotspotTrack {
        number: 7,
        search: "service=nid-de-poule".into(),
        cells: vec![cell(1), cell(2)],
        count: 12,
        last_found_at: 1_790_000_000,
        ended: false,
        steps: vec![step(1_789_000_000, HotspotTrackEvent::Born, 9)],
    };
    let write = |tracks: Vec<HotspotTrack>| {
        let jurisdiction = city("quebec.ca");
        store.writer.execute(SaveHotspotTracks { jurisdiction, tracks }).unwrap();
    };
    write(vec![track.clone(), HotspotTrack { number: 8, steps: vec![], ..track.clone() }]);
    track.steps.push(step(1_790_000_000, HotspotTrackEvent::MergedInto(8), 0));
    (track.ended, track.cells) = (true, vec![cell(3)]);
    write(vec![track.clone()]);
    let read = store.reader.tracks(&city("quebec.ca")).unwrap();
    assert_eq!((read.len(), &read[0]), (2, &track));
    assert!(store.reader.tracks(&city("levis.ca")).unwrap().is_empty());
}

fn pages_by_id_miss_and_repeat_nothing(store: &Open) {
    let names = ["b", "a", "é", "Z", "10", "9", "a b"];
    for id in names {
        store.create("quebec.ca", store.report(id, |_| ()), None).unwrap();
    }
    let mut wanted: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    wanted.sort();
    for limit in 1..9 {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = store.reader.page(&city("quebec.ca"), &after, limit).unwrap();
            found.extend(page.iter().map(|stored| stored.report.id.to_string()));
            if page.len() < limit {
                break;
            }
            after = found.last().unwrap().clone();
        }
        assert_eq!(found, wanted, "{limit} a page");
    }
    assert!(store.reader.faults().unwrap().is_empty());
}

/// Runs the whole contract, each clause on a fresh store of the backend.
macro_rules! store_contract {
    ($backend:ident: $($clause:ident),+ $(,)?) => {
        mod $backend {
            $(#[test] fn $clause() { super::$clause(&super::$backend()) })+
        }
    };
}

store_contract!(
    sqlite: what_is_written_is_read,
    revisions_grow_by_city_and_followers_hear_them_in_order,
    history_tells_every_field_that_changed,
    stale_refused_and_missing_changes_change_nothing,
    a_request_sent_again_makes_no_second_report,
    a_batch_is_whole_takes_free_ids_and_is_harmless_twice,
    an_import_twice_adds_nothing_and_updates_what_its_source_changed,
    hotspots_are_kept_as_they_are_now,
    pages_by_id_miss_and_repeat_nothing,
);
