//! Days and times of day in columns of their own, as cities and spreadsheets write them.

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Forty requests whose day and time of day have these names and this text.
fn table(names: [&str; 2], cells: impl Fn(u32) -> [String; 2]) -> String {
    let rows = (10..50).map(|n| {
        let [day, clock] = cells(n);
        format!("V{n};Kuil;Open;52,1{n};5,2{n};{day};{clock}\n")
    });
    let [day, clock] = names;
    let header = format!("nummer;categorie;status;lat;lon;{day};{clock}\n");
    header + &rows.collect::<String>()
}

#[test]
fn a_time_of_day_beside_its_day_is_read_in_every_spelling() {
    // 14:37 of 27 March 2025 in Amsterdam, before summer time begins.
    type Spelling<'a> = ([&'a str; 2], &'a str, &'a str);
    let spellings: [Spelling<'_>; 13] = [
        (["Date", "Heure"], "2025-03-27", "14h37"),
        (["Date de création", "Heure de création"], "27/03/2025", "14 h 37"),
        (["Datum", "Uhrzeit"], "27.03.2025", "14.37 Uhr"),
        (["Datum", "Zeit"], "27.03.2025", "14.37"),
        (["Date", "Time"], "03/27/2025", "2:37 PM"),
        (["Created date", "Created time"], "2025-03-27", "1437"),
        (["DATE OCC", "TIME OCC"], "03/27/2025 12:00:00 AM", "1437"),
        (["Fecha", "Hora"], "2025-03-27", "143700"),
        (["Data", "Ora"], "2025-03-27", "0.6090277778"),
        (["Data", "Godzina"], "45743", "0,6090277778"),
        (["Datum", "Tijd"], "20250327", "14:37:00.000"),
        (["Datum", "Tijdstip"], "2025-03-27T00:00:00", "1899-12-30T14:37:00"),
        (["Data", "Hora"], "2025-03-27", "14:37+01:00"),
    ];
    for (names, day, clock) in spellings {
        let folder = Folder::new("clocks");
        let text = table(names, |_| [day.to_owned(), clock.to_owned()]);
        let (code, _, said) = import(&folder, "a.csv", text);
        assert_eq!(code, Some(0), "{names:?} {clock}: {said}");
        for row in exported(&folder) {
            assert_eq!(row["requested_datetime"], "2025-03-27T13:37:00Z", "{names:?} {clock}");
        }
    }
}

#[test]
fn the_column_says_whether_a_point_is_between_hours_and_minutes() {
    let at = |clocks: [&str; 2]| {
        let folder = Folder::new("clocks");
        let text = table(["Datum", "Uhrzeit"], |n| {
            ["2025-03-27".to_owned(), clocks[n as usize % 2].to_owned()]
        });
        assert_eq!(import(&folder, "a.csv", text).0, Some(0), "{clocks:?}");
        let mut times: Vec<String> =
            exported(&folder).iter().map(|row| row["requested_datetime"].clone()).collect();
        times.sort();
        times.dedup();
        times
    };
    // A quarter past midnight and half past nine, or six and noon.
    assert_eq!(at(["0.25", "9.30"]), ["2025-03-26T23:25:00Z", "2025-03-27T08:30:00Z"]);
    assert_eq!(at(["0.25", "0.5"]), ["2025-03-27T05:00:00Z", "2025-03-27T11:00:00Z"]);
}

#[test]
fn a_time_of_day_that_is_not_understood_is_a_doubt() {
    for (names, clocks) in [
        (["Datum", "Uhrzeit"], ["vormittags", "nachmittags"]),
        (["Date", "Heure"], ["matin", "soir"]),
        (["Date", "Hour"], ["7", "19"]),
        (["Date", "Time"], ["07~30", "19~45"]),
    ] {
        let folder = Folder::new("clocks");
        let text = table(names, |n| ["2025-03-27".to_owned(), clocks[n as usize % 2].to_owned()]);
        let (code, _, said) = import(&folder, "a.csv", text);
        assert_eq!(code, Some(2), "{names:?}: {said}");
        let doubt = format!("the time of day perhaps in '{}'", names[1]);
        assert!(said.contains(&doubt) && said.contains(clocks[0]), "{said}");
    }
    // A duration is no time of day, nor is anything lost where the time is whole already.
    for names in [["Datum", "Bearbeitungszeit"], ["Date", "Response time"]] {
        let folder = Folder::new("clocks");
        let text = table(names, |n| ["2025-03-27".to_owned(), format!("{n} h")]);
        assert_eq!(import(&folder, "a.csv", text).0, Some(0), "{names:?}");
    }
    let folder = Folder::new("clocks");
    let text = table(["Date", "Hour"], |n| [format!("2025-03-27 08:{n}"), "8".to_owned()]);
    assert_eq!(import(&folder, "a.csv", text).0, Some(0));
}

#[test]
fn single_rows_without_a_readable_time_of_day_are_days_or_refused() {
    let folder = Folder::new("clocks");
    let text = table(["Date", "Heure"], |n| {
        let clock = match n {
            10 => "",
            11 => "vers midi",
            _ => "8h05",
        };
        ["2025-03-27".to_owned(), clock.to_owned()]
    });
    let (code, summary, said) = import(&folder, "a.csv", text);
    assert_eq!((code, summary["refused"].as_u64()), (Some(3), Some(1)), "{said}");
    assert!(said.contains("vers midi"), "{said}");
    let day = exported(&folder).into_iter().find(|row| row["service_request_id"] == "V10");
    assert_eq!(day.unwrap()["requested_datetime"], "2025-03-27");
}
