//! Which of several columns of one kind is read: categories under parents, titles, statuses that
//! agree, times of one day, parts of the city; and texts with entities or of old encodings.

use std::collections::BTreeSet;

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Forty requests with the columns of these names, whose cells `cells` writes.
fn table(names: &str, cells: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("B{n},2025-03-02 08:{n}:00,52.1{n},5.2{n},{}\n", cells(n));
    let rows: String = (10..50).map(row).collect();
    format!("case no,opened,lat,lon,{names}\n{rows}")
}

/// What a field of the reports holds after an import that has to go through without a question.
fn held(text: &str, field: &str) -> BTreeSet<String> {
    let folder = Folder::new("choices");
    let (code, _, said) = import(&folder, "a.csv", text);
    assert_eq!(code, Some(0), "{said}");
    exported(&folder).into_iter().map(|mut one| one.remove(field).unwrap_or_default()).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn the_same_words_under_several_parents_stay_apart() {
    for (parent, sub) in [
        ("Category", "Sub category"),
        ("Hauptkategorie", "Unterkategorie"),
        ("Hoofdcategorie", "Subcategorie"),
    ] {
        let cells = |n: u32| {
            let part = ["Roads", "Parks"][n as usize % 2];
            format!("{part},{}", ["Damage", "Blocked"][n as usize / 2 % 2])
        };
        let text = table(&format!("{parent},{sub}"), cells);
        let wanted = ["Roads – Damage", "Roads – Blocked", "Parks – Damage", "Parks – Blocked"];
        assert_eq!(held(&text, "service_name"), set(&wanted), "{parent}");
        // One such word under each parent adds nothing.
        let cells = |n: u32| format!("{},Other", ["Roads", "Parks"][n as usize % 2]);
        let text = table(&format!("{parent},{sub}"), cells);
        assert_eq!(held(&text, "service_name"), set(&["Roads", "Parks"]), "{parent}");
    }
    // Words of their own do not need their parent.
    let cells = |n: u32| ["Roads,Pothole", "Roads,Crack", "Parks,Bench"][n as usize % 3].to_owned();
    let text = table("Category,Sub category", cells);
    assert_eq!(held(&text, "service_name"), set(&["Pothole", "Crack", "Bench"]));
}

#[test]
fn titles_and_kinds_of_requests_are_no_categories_beside_one() {
    let kind = |n: u32| ["Pothole", "Graffiti"][n as usize % 2];
    for (names, title) in [("Type,Case Title", 0), ("Type,Subject", 0), ("Typ,Betreff", 0)] {
        let text = table(names, |n| format!("{},{} in street {}", kind(n), kind(n), n / 3 + title));
        assert_eq!(held(&text, "service_name"), set(&["Pothole", "Graffiti"]), "{names}");
    }
    for names in ["Issue Type,Component/s", "Request Type,Service Name"] {
        let text = table(names, |n| {
            let of = if n.is_multiple_of(7) { "Complaint" } else { "Service Request" };
            format!("{of},{}", kind(n))
        });
        assert_eq!(held(&text, "service_name"), set(&["Pothole", "Graffiti"]), "{names}");
    }
}

#[test]
fn categories_by_one_word_and_by_questions() {
    for name in [
        "Complaint",
        "Reason",
        "Objet",
        "Thématique",
        "ANOMALIA",
        "Activité",
        "Description",
        "What would you like to report?",
        "Quel est le problème ?",
    ] {
        let text = table(name, |n| ["Pothole", "Graffiti"][n as usize % 2].to_owned());
        assert_eq!(held(&text, "service_name"), set(&["Pothole", "Graffiti"]), "{name}");
    }
}

#[test]
fn two_columns_of_statuses_that_agree_are_no_doubt() {
    let cells = |agree: bool| {
        move |n: u32| {
            let closed = n.is_multiple_of(3);
            let second = match (agree, closed) {
                (true, true) => "Resolved",
                (false, true) if n.is_multiple_of(2) => "Open",
                (_, true) => "Closed",
                (_, false) => "In progress",
            };
            format!("Kuil,{},{second}", if closed { "Closed" } else { "Open" })
        }
    };
    let names = "Category,Request Status,Status Detail";
    assert_eq!(held(&table(names, cells(true)), "status"), set(&["open", "closed"]));
    let folder = Folder::new("choices");
    let (_, _, said) = import(&folder, "a.csv", table(names, cells(true)));
    assert!(said.contains("'Status Detail' says the same, or divides them further"), "{said}");
    let (code, _, said) = import(&Folder::new("choices"), "a.csv", table(names, cells(false)));
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn of_a_day_and_its_time_the_time_is_read() {
    for names in ["Opened Date,Date/Time Opened", "Date/Time Opened,Opened Date"] {
        let row = |n: u32| {
            let (day, time) = ("13/03/2025".to_owned(), format!("13/03/2025 08:{n}"));
            let both = if names.starts_with("Opened") { [day, time] } else { [time, day] };
            format!("B{n},Kuil,52.1{n},5.2{n},{}\n", both.join(","))
        };
        let rows: String = (10..50).map(row).collect();
        let text = format!("case no,category,lat,lon,{names}\n{rows}");
        let times = held(&text, "requested_datetime");
        assert_eq!(times.len(), 40, "{names}: {times:?}");
    }
}

#[test]
fn the_finest_parts_of_the_city_are_its_areas() {
    let quarter = |n: u32| ["Oost", "West", "Noord"][n as usize % 3];
    for names in ["commune,quartier", "District,Community", "Municipio,Colonia", "County Ward,Beat"]
    {
        let text = table(&format!("Category,{names}"), |n| format!("Kuil,Groot,{}", quarter(n)));
        assert_eq!(held(&text, "area"), set(&["Oost", "West", "Noord"]), "{names}");
        // In the other order, and with two larger parts instead of one.
        let (large, small) = names.split_once(',').unwrap();
        let halves = |n: u32| ["A", "B"][n as usize / 3 % 2];
        let text = table(&format!("Category,{small},{large}"), |n| {
            format!("Kuil,{},{}", quarter(n), halves(n))
        });
        assert_eq!(held(&text, "area"), set(&["Oost", "West", "Noord"]), "{names}");
    }
    for name in ["comm_name", "Localidad", "Beat", "Township"] {
        let text = table(&format!("Category,{name}"), |n| format!("Kuil,{}", quarter(n)));
        assert_eq!(held(&text, "area"), set(&["Oost", "West", "Noord"]), "{name}");
    }
}

#[test]
fn entities_of_html_are_characters() {
    let folder = Folder::new("choices");
    let text = table("Category,Status", |n| {
        let kind = ["Parks &amp; trees", "&#201;clairage d&eacute;fectueux"][n as usize % 2];
        format!("{kind},{}", ["Ferm&eacute;e", "Ouverte"][n as usize % 2])
    });
    let (code, summary, said) = import(&folder, "a.csv", text);
    assert_eq!((code, &summary["rows_with_entities"]), (Some(0), &40.into()), "{said}");
    let all = exported(&folder);
    let names: BTreeSet<&str> = all.iter().map(|one| one["service_name"].as_str()).collect();
    assert_eq!(names, ["Parks & trees", "Éclairage défectueux"].into());
    assert_eq!(all.iter().filter(|one| one["status"] == "closed").count(), 20, "{said}");
}

#[test]
fn old_encodings_are_known_by_the_letters_of_words() {
    // `ü`, `ß` and `ä` in CP850 and in Mac Roman.
    for (bytes, name) in [([0x81, 0xe1, 0x84], "IBM850"), ([0x9f, 0xa7, 0x8a], "macintosh")] {
        let text = table("Kategorie,Straße,Status", |n| {
            format!("{},Hauptstraße {n},Offen", ["Wilder Müll", "Lärm"][n as usize % 2])
        });
        let of = |c: char| match c {
            'ü' => bytes[0],
            'ß' => bytes[1],
            'ä' => bytes[2],
            c => c as u8,
        };
        let text: Vec<u8> = text.chars().map(of).collect();
        let folder = Folder::new("choices");
        let (code, _, said) = import(&folder, "a.csv", text);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("encoding {name}: its letters make words")), "{said}");
        let all = exported(&folder);
        let names: BTreeSet<&str> = all.iter().map(|one| one["service_name"].as_str()).collect();
        assert_eq!(names, ["Wilder Müll", "Lärm"].into(), "{name}");
        assert!(all.iter().all(|one| one["address"].starts_with("Hauptstraße")), "{name}");
    }
}

#[test]
fn the_resolution_of_a_request_is_how_it_ended() {
    for name in ["Resolution", "Résolution", "Closure"] {
        let folder = Folder::new("choices");
        let text = table(&format!("Category,Status,{name}"), |n| {
            let how = ["Closed,Duplicate", "Closed,Fixed", "Closed,Rejected", "Open,"];
            format!("Kuil,{}", how[n as usize % 4])
        });
        let (code, _, said) = import(&folder, "a.csv", text);
        assert_eq!(code, Some(0), "{name}: {said}");
        let count = |reason: &str| {
            exported(&folder).iter().filter(|one| one["closed_reason"] == reason).count()
        };
        assert_eq!(["duplicate", "done", "refused", ""].map(count), [10; 4], "{name}: {said}");
    }
}

#[test]
fn a_percentage_says_how_far_a_request_is() {
    let text =
        table("Category,Percent complete", |n| format!("Kuil,{}", [0, 50, 100][n as usize % 3]));
    assert_eq!(held(&text, "status"), set(&["open", "in_progress", "closed"]));
}

#[test]
fn times_in_objects_of_mongodb_are_read() {
    let of = |n: u32| format!("{{\"$date\":\"2025-03-02T08:{n}:00Z\"}}");
    let record =
        |n: u32| format!("{{\"ticket\":\"B{n}\",\"category\":\"Kuil\",\"created\":{}}}\n", of(n));
    let cells = |n: u32| format!("B{n},Kuil,\"{}\"\n", of(n).replace('"', "\"\""));
    let rows = |row: &dyn Fn(u32) -> String| (10..50).map(row).collect::<String>();
    let table = format!("ticket,category,created\n{}", rows(&cells));
    for text in [table, rows(&record)] {
        assert_eq!(held(&text, "requested_datetime").len(), 40, "{text}");
    }
}
