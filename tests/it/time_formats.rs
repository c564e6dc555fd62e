//! Times as programs write them: JavaScript, RFC 2822, Unix, .NET, weeks and days of the year.

use serde_json::Value;

use crate::common::{Folder, done, run};
use crate::place_columns::{CITY, exported, import};

/// Forty requests that all came in at this time; `[n]` is a number of the row.
fn table(column: &str, time: &str) -> String {
    let row = |n: u32| format!("V{n},Kuil,Open,52.1{n},5.2{n},\"{time}\"\n");
    let rows: String = (10..50).map(row).collect();
    format!("nummer,categorie,status,lat,lon,{column}\n{rows}")
}

#[test]
fn times_of_programs_are_read_and_named_as_they_are_written() {
    for (time, instant, shown) in [
        (
            "Wed May 27 2026 14:05:00 GMT+0200 (Central European Summer Time)",
            "2026-05-27T12:05:00Z",
            "27 May 2026 14:05+02:00",
        ),
        ("Wed May 27 2026 14:05:00 GMT-0400 (heure d’été de l’Est nord-américain)", "", ""),
        ("Wed, 27 May 2026 14:05:00 +0200", "2026-05-27T12:05:00Z", "27 May 2026 14:05+02:00"),
        ("27 May 2026 14:05:00 -0500 (CDT)", "2026-05-27T19:05:00Z", "27 May 2026 14:05+02:00"),
        ("Wed May 27 14:05:00 EDT 2026", "2026-05-27T18:05:00Z", "27 May 2026 14:05 EDT"),
        ("Wed May 27 14:05:00 +0000 2026", "2026-05-27T14:05:00Z", "27 May 2026 14:05+02:00"),
        ("2026-05-27T14:05:00.000+0000", "2026-05-27T14:05:00Z", "2026-05-27 14:05+02:00"),
        ("2026-W22-3", "2026-05-27", "2026-W22-3"),
        ("2026-W22-3T14:05:00", "2026-05-27T12:05:00Z", "2026-W22-3 14:05 (local)"),
        ("2026-147", "2026-05-27", "2026-147"),
        ("2026-147T14:05:00+02:00", "2026-05-27T12:05:00Z", "2026-147 14:05+02:00"),
        ("/Date(1779883500000)/", "2026-05-27T12:05:00Z", "/Date(1748354700000)/"),
        (r"\/Date(1779883500000-0400)\/", "2026-05-27T12:05:00Z", "/Date(1748354700000)/"),
    ] {
        let folder = Folder::new("times");
        let (code, summary, said) = import(&folder, "a.csv", table("aanmaakdatum", time));
        assert_eq!(code, Some(0), "{time}: {said}");
        let rows = exported(&folder);
        let wanted = if instant.is_empty() { "2026-05-27T18:05:00Z" } else { instant };
        assert!(rows.iter().all(|row| row["requested_datetime"] == wanted), "{time}: {rows:?}");
        if !shown.is_empty() {
            assert_eq!(summary["times"][shown], Value::from(40), "{time}: {}", summary["times"]);
        }
    }
}

#[test]
fn keys_that_look_like_days_of_the_year_are_keys() {
    let rows: String =
        (10..50).map(|n| format!("2026-1{n},2026-05-27 08:{n},Kuil,Open\n")).collect();
    for name in ["Zaaknummer", "kenmerk", "Dossier"] {
        let folder = Folder::new("times");
        let text = format!("{name},aanmaakdatum,categorie,status\n{rows}");
        let (code, _, said) = import(&folder, "a.csv", text);
        assert_eq!(code, Some(0), "{name}: {said}");
        let rows = exported(&folder);
        assert!(rows.iter().any(|row| row["service_request_id"] == "2026-110"), "{name}");
    }
}

/// A table of twenty requests whose times are written by `time`, which takes the day of March.
fn of_march(time: impl Fn(u32) -> String) -> String {
    let row = |day: u32| format!("K{day};Kuil;Open;{};52.1{day:02}1;5.1{day:02}1\n", time(day));
    let rows = (1..=20).map(row).collect::<String>();
    format!("nummer;categorie;status;aangemaakt;lat;lon\n{rows}")
}

#[test]
fn years_of_two_digits_may_come_first() {
    for (time, option) in [
        (&(|day| format!("24/03/{day:02} 08:15")) as &dyn Fn(u32) -> String, None),
        (&|day| format!("24.03.{day:02}"), None),
        (&|day| format!("24-03-{day:02} 8:15"), None),
        (&|day| format!("{day:02}-03-24 8:15"), None),
        (&|day| format!("24/03/{:02}", day % 2 + 4), Some("ymd")),
        (&|day| format!("{:02}/03/24", day % 2 + 4), Some("dmy")),
    ] {
        let folder = Folder::new("years");
        let file = folder.with("a.csv", of_march(time));
        let import = ["import", file.to_str().unwrap()];
        let option = option.map(|order| ["--date-order", order]);
        let option = option.as_ref().map_or(&[][..], |option| &option[..]);
        done(&folder, &[&import[..], &CITY, option].concat());
        for one in exported(&folder) {
            let at = &one["requested_datetime"];
            assert!(at.starts_with("2024-03-"), "{}: {at}", time(7));
        }
    }
    // The 24th of March 2005, or the 5th of March 2024.
    let folder = Folder::new("years");
    let header = "nummer;categorie;status;aangemaakt;lat;lon\n";
    let file = folder.with("a.csv", format!("{header}K1;Kuil;Open;24/03/05;52.1;5.1\n"));
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &CITY].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("(--date-order dmy or mdy or ymd)"), "{said}");
}

#[test]
fn a_column_says_the_zone_of_each_row() {
    for (name, cells, hours) in [
        ("Time Zone", ["UTC", "EDT", "America/Toronto"], [8, 12, 13]),
        ("Zeitzone", ["Europe/Berlin", "CET", ""], [7, 7, 7]),
        ("UTC Offset", ["+00:00", "-05:00", "3"], [8, 13, 5]),
        ("Zona horaria", ["GMT-3", "(UTC+01:00) Madrid", "-180"], [11, 7, 11]),
        ("Tijdzone", ["overdag", "nacht", "overdag"], [7, 7, 7]),
    ] {
        let rows = (10..40).map(|n| {
            let cell = cells[n % 3];
            format!("V{n},2025-03-0{} 08:00,{cell},Kuil,Open,52.1{n},5.2{n}\n", n % 3 + 1)
        });
        let rows = rows.collect::<String>();
        let text = format!("nummer,aangemaakt,{name},categorie,status,lat,lon\n{rows}");
        let folder = Folder::new("zones");
        let (code, _, said) = import(&folder, "a.csv", text);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(said.contains(if name == "Tijdzone" { "left aside" } else { "says" }), "{said}");
        for one in exported(&folder) {
            let day: usize = one["requested_datetime"][9..10].parse().unwrap();
            let wanted = format!("2025-03-0{day}T{:02}:00:00Z", hours[day - 1]);
            assert_eq!(one["requested_datetime"], wanted, "{name}");
            assert_eq!(one["area"], "", "{name}");
        }
    }
    let folder = Folder::new("zones");
    let text = "nummer,aangemaakt,time zone,categorie,status,lat,lon\n\
                V1,2025-03-01 08:00,UTC,Kuil,Open,52.11,5.21\n\
                V2,2025-03-01 08:00,Westen,Kuil,Open,52.11,5.22\n";
    let (code, summary, said) = import(&folder, "a.csv", text);
    assert_eq!((code, &summary["refused"]), (Some(3), &1.into()), "{said}");
}

#[test]
fn times_that_are_not_read_are_named_with_a_value() {
    for (name, time) in [
        ("Opened", "03/05/2024 18:15 PM"),
        ("aangemaakt", "2024年3月5日 8時15分"),
        ("Date de création", "5e jour, 8 heures"),
    ] {
        let folder = Folder::new("unread");
        let (code, _, said) = import(&folder, "a.csv", table(name, time));
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(&format!("'{name}'")) && said.contains(time), "{name}: {said}");
        assert!(said.contains("time_formats"), "{name}: {said}");
    }
}
