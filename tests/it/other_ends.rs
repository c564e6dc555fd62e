//! Columns of times with a word for an end that is not the request's, and ends that the statuses of
//! the rows contradict.

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Forty requests, each third closed, with a column of this name, whose cells `cell` writes from
/// the row and whether it is closed; with a column of statuses or without.
fn table(name: &str, with_status: bool, cell: impl Fn(u32, bool) -> String) -> String {
    let row = |n: u32| {
        let is_closed = n.is_multiple_of(3);
        let status = match with_status {
            true if is_closed => "Closed,",
            true => "Open,",
            false => "",
        };
        format!("B{n},2025-03-02 08:{n}:00,Kuil,{status}52.1{n},5.2{n},{}\n", cell(n, is_closed))
    };
    let rows: String = (10..50).map(row).collect();
    let status = if with_status { "status," } else { "" };
    format!("case no,opened,category,{status}lat,lon,{name}\n{rows}")
}

fn every_row(n: u32, _: bool) -> String {
    format!("2025-03-09 10:{n}:00")
}

#[test]
fn ends_of_something_else_close_no_request() {
    for name in [
        "Road closure end",
        "Contract end date",
        "Permit Closed Date",
        "Warranty end",
        "Inspection completed",
        "Photo resolution",
        "Parent closed",
        "Fin des travaux",
        "Fin de garantie",
        "Sperrung Ende",
        "Fecha fin de obra",
        "Data fine lavori",
        "Conclusão da obra",
        "Einde vergunning",
        "Koniec umowy",
    ] {
        for with_status in [false, true] {
            let folder = Folder::new("otherends");
            let (code, _, said) = import(&folder, "a.csv", table(name, with_status, every_row));
            assert_eq!(code, Some(0), "{name}: {said}");
            let all = exported(&folder);
            assert!(all.iter().all(|one| one["closed_datetime"].is_empty()), "{name}: {said}");
            let closed = all.iter().filter(|one| one["status"] == "closed").count();
            assert_eq!(closed, if with_status { 13 } else { 0 }, "{name}: {said}");
        }
        // Just where the status is closed, it may be the end all the same.
        let closed = |n: u32, is_closed: bool| match is_closed {
            true => every_row(n, true),
            false => String::new(),
        };
        let folder = Folder::new("otherends");
        let (code, _, said) = import(&folder, "a.csv", table(name, true, closed));
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(&format!("closed: perhaps '{name}'")), "{name}: {said}");
    }
}

#[test]
fn an_end_of_nothing_in_particular_is_a_doubt_where_no_status_says_which() {
    for name in ["end", "end_time", "Fin", "Enddatum"] {
        let (code, _, said) =
            import(&Folder::new("otherends"), "a.csv", table(name, false, every_row));
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(&format!("closed: perhaps '{name}'")), "{name}: {said}");
        // With times in rows that are open, it is none.
        let folder = Folder::new("otherends");
        let (code, _, said) = import(&folder, "a.csv", table(name, true, every_row));
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(said.contains("times also in rows whose status is open"), "{name}: {said}");
        assert!(exported(&folder).iter().all(|one| one["closed_datetime"].is_empty()), "{said}");
    }
    // The beginning and the end of a form that was filled in.
    let row =
        |n: u32| format!("2025-03-02 08:{n}:00,2025-03-02 08:{n}:30,B{n},Kuil,52.1{n},5.2{n}\n");
    let rows: String = (10..40).map(row).collect();
    let text = format!("start,end,case no,category,lat,lon\n{rows}");
    let (code, _, said) = import(&Folder::new("otherends"), "a.csv", text);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("closed: perhaps 'end'"), "{said}");
}

#[test]
fn closing_times_in_open_rows_are_a_doubt() {
    let (code, _, said) =
        import(&Folder::new("otherends"), "a.csv", table("Closed date", true, every_row));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("closed: perhaps 'Closed date'"), "{said}");
    // Reopened requests are few.
    let few = |n: u32, is_closed: bool| match is_closed || n == 10 {
        true => every_row(n, true),
        false => String::new(),
    };
    let folder = Folder::new("otherends");
    let (code, _, said) = import(&folder, "a.csv", table("Closed date", true, few));
    assert_eq!(code, Some(0), "{said}");
    let ended = exported(&folder).into_iter().filter(|one| !one["closed_datetime"].is_empty());
    assert_eq!(ended.count(), 13, "{said}");
}

#[test]
fn statuses_by_yes_and_no_show_the_ends_too() {
    for (flag, yes, no) in [("Regle", "-1", "0"), ("Erledigt", "ja", "nein")] {
        let row = |n: u32| {
            let (said, time) = match n.is_multiple_of(3) {
                true => (yes, "2025-03-09 10:00:00"),
                false => (no, ""),
            };
            format!("B{n},2025-03-02 08:{n}:00,Kuil,{said},52.1{n},5.2{n},{time}\n")
        };
        let rows: String = (10..50).map(row).collect();
        let text = format!("case no,opened,category,{flag},lat,lon,Tijdstip haak\n{rows}");
        let (code, _, said) = import(&Folder::new("otherends"), "a.csv", text);
        assert_eq!(code, Some(2), "{flag}: {said}");
        assert!(said.contains("closed: perhaps 'Tijdstip haak'"), "{flag}: {said}");
    }
}
