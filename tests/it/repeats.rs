//! Ids that come several times: in one file, in an older export after a newer one, and after a
//! crew's change.

use jiff::tz::TimeZone;
use pointchaud::domain::{Draft, JurisdictionId, RepeatRule, ReportTime};
use pointchaud::ingest::builtin_catalogue;
use pointchaud::store::{NoListener, Reader, WriteCounts, Writer};
use pointchaud::usecase::{Catalogues, Importer, Summary, quebec};

use crate::common::{Folder, done_at_home as done, refused_rows, run_at_home as run};

const HEADER: &str = "service_request_id,requested_datetime,updated_datetime,closed_datetime,\
                      service_name,status,lat,lon";
const FRESH: &str = "s1,2026-10-01T10:00:00Z,2026-10-10T10:00:00Z,2026-10-10T10:00:00Z,Pothole,\
                     closed,46.81,-71.21";
const STALE: &str = "s1,2026-10-01T10:00:00Z,2026-10-02T10:00:00Z,,Pothole,open,46.81,-71.21";

/// Imports a file of these rows; what the program printed.
fn import(folder: &Folder, rows: &[&str], extra: &[&str]) -> String {
    let file = folder.with("rows.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    done(folder, &[&["import", file.to_str().unwrap()], extra].concat())
}

/// The status and the update time of `s1` in the store.
fn state(folder: &Folder) -> (String, String) {
    let text = done(folder, &["export", "--format", "csv"]);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = lines.find(|line| line.contains("s1,")).expect(&text);
    let cells: Vec<&str> = row.split(',').collect();
    let cell = |name: &str| cells[names.iter().position(|has| *has == name).unwrap()].to_owned();
    (cell("status"), cell("updated_datetime"))
}

fn is_fresh(folder: &Folder) -> bool {
    state(folder) == ("closed".to_owned(), "2026-10-10T10:00:00Z".to_owned())
}

#[test]
fn an_older_export_does_not_overwrite_a_newer_one() {
    let folder = Folder::new("repeats");
    import(&folder, &[FRESH], &[]);
    let output = import(&folder, &[STALE], &[]);
    assert!(output.contains("0 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
    assert!(output.contains("1 older than what is stored"), "{output}");
    assert!(is_fresh(&folder));

    let folder = Folder::new("repeats");
    import(&folder, &[STALE], &[]);
    let output = import(&folder, &[FRESH], &[]);
    assert!(output.contains("0 added, 1 updated, 0 unchanged, 0 refused"), "{output}");
    assert!(is_fresh(&folder));
    // A day that holds the stored second is not before it, and a row without a time is never.
    let same_day = FRESH.replace("2026-10-10T10:00:00Z,2026", "2026-10-10,2026");
    assert!(import(&folder, &[&same_day], &[]).contains("1 updated"));
    let timeless = STALE.replace("2026-10-02T10:00:00Z", "");
    assert!(import(&folder, &[&timeless], &[]).contains("1 updated"));
    assert_eq!(state(&folder).0, "open");
}

#[test]
fn the_declared_row_of_an_id_wins_wherever_it_stands() {
    for (rule, rows, taken) in [
        ("newest", [FRESH, STALE], "closed"),
        ("newest", [STALE, FRESH], "closed"),
        ("first", [STALE, FRESH], "open"),
        ("first", [FRESH, STALE], "closed"),
        ("last", [FRESH, STALE], "open"),
        ("last", [STALE, FRESH], "closed"),
    ] {
        let folder = Folder::new("repeats");
        let output = import(&folder, &rows, &["--repeats", rule]);
        assert!(output.contains("1 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
        assert!(output.contains("1 row repeats an id"), "{output}");
        assert_eq!(state(&folder).0, taken, "{rule} of {rows:?}");
        let output = import(&folder, &rows, &["--repeats", rule]);
        assert!(output.contains("0 added, 0 updated, 1 unchanged, 0 refused"), "{output}");
    }
    let folder = Folder::new("repeats");
    let mapping = folder.with("m.toml", "extends = 'open311-bulk'\nrepeats = 'first'\n");
    import(&folder, &[STALE, FRESH], &["--mapping", mapping.to_str().unwrap()]);
    assert_eq!(state(&folder).0, "open");
    let output = import(&folder, &[STALE, FRESH], &["--repeats", "refuse"]);
    assert!(output.contains("1 unchanged, 1 refused"), "{output}");
    let refused = refused_rows(&folder, "rows.refused.csv");
    assert!(refused.contains("repeats row 1"), "{refused}");
    for arguments in [
        vec!["import", "rows.csv", "--repeats", "oldest"],
        vec!["import", "rows.csv", "--mapping", "bad.toml"],
    ] {
        folder.with("bad.toml", "extends = 'open311-bulk'\nrepeats = 'oldest'\n");
        let output = run(&folder, &arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("newest | first | last | refuse"), "{error}");
    }
}

#[test]
fn rows_without_update_times_are_taken_in_their_order_and_that_is_told() {
    let folder = Folder::new("repeats");
    let open = STALE.replace("2026-10-02T10:00:00Z", "");
    let closed = FRESH.replace("2026-10-10T10:00:00Z,2026", ",2026");
    let output = import(&folder, &[&closed, &open, &STALE.replace("s1", "s2")], &[]);
    assert!(output.contains("2 added"), "{output}");
    assert!(output.contains("1 without update times: the last row"), "{output}");
    assert_eq!(state(&folder).0, "open");
}

fn draft(id: &str, updated: Option<&str>, area: &str) -> Draft {
    let at = |text: &str| ReportTime::parse(text, &TimeZone::UTC).unwrap();
    Draft {
        id: Some(id.to_owned()),
        service: "nid-de-poule".to_owned(),
        requested: Some(at("2026-01-01T08:00:00Z")),
        updated: updated.map(at),
        area: Some(area.to_owned()),
        ..Draft::default()
    }
}

/// Imports drafts into the store of a folder, where `stop_after` rows are read and then the import
/// is interrupted, if it is given.
fn run_import(
    folder: &Folder,
    drafts: &[Draft],
    rule: RepeatRule,
    stop_after: Option<usize>,
) -> Summary {
    let store = folder.file("city.db");
    let reader = Reader::open(&store).unwrap();
    let (writer, writing) = Writer::start(&store, NoListener).unwrap();
    let catalogue = |services| builtin_catalogue(services).unwrap();
    let catalogues = Catalogues { groups: catalogue(false), quebec: catalogue(true) };
    let mut importer =
        Importer::begin(&reader, &writer, &catalogues, quebec(), "file".to_owned()).unwrap();
    importer.set_repeats(rule);
    for (number, draft) in (1..).zip(&drafts[..stop_after.unwrap_or(drafts.len())]) {
        importer.push(number, Ok((draft.clone(), None))).unwrap();
    }
    let summary = importer.finish(stop_after.is_none()).unwrap();
    drop(writer);
    writing.join().unwrap();
    summary
}

fn area(folder: &Folder, id: &str) -> String {
    let reader = Reader::open(&folder.file("city.db")).unwrap();
    let city = JurisdictionId::new("ville.quebec.qc.ca").unwrap();
    reader.get(&city, id).unwrap().unwrap().report.area.unwrap()
}

/// Between the rows of one id lies more than one batch of the import.
#[test]
fn batches_and_interruptions_change_neither_the_winner_nor_the_counts() {
    let (early, late) = (Some("2026-02-01T00:00:00Z"), Some("2026-03-01T00:00:00Z"));
    let others = (0..40_100).map(|n| draft(&format!("r{n}"), None, "elsewhere"));
    let drafts: Vec<Draft> = [draft("a", late, "a1"), draft("b", early, "b1")]
        .into_iter()
        .chain([draft("c", None, "c1"), draft("c", None, "c2")])
        .chain(others)
        .chain([draft("a", early, "a2"), draft("b", late, "b2"), draft("c", None, "c3")])
        .chain([draft("b", early, "b3")])
        .collect();
    let rows = drafts.len() as u64;
    for (rule, winners) in [
        (RepeatRule::Newest, ["a1", "b2", "c3"]),
        (RepeatRule::First, ["a1", "b1", "c1"]),
        (RepeatRule::Last, ["a2", "b3", "c3"]),
    ] {
        let folder = Folder::new("repeats");
        let begun = run_import(&folder, &drafts, rule, Some(40_050));
        assert_eq!((begun.counts.added, begun.repeated), (40_049, 1), "{rule}");
        let summary = run_import(&folder, &drafts, rule, None);
        let Summary { counts, resumed, repeated, refused, .. } = summary;
        let WriteCounts { added, updated, unchanged, older } = counts;
        assert_eq!((added, updated, unchanged, older, refused), (54, 0, 0, 0, 0), "{rule}");
        assert_eq!((resumed, repeated, summary.rows), (40_049, 5, rows), "{rule}");
        let taken = ["a", "b", "c"].map(|id| area(&folder, id));
        assert_eq!(taken, winners.map(str::to_owned), "{rule}");
    }
}
