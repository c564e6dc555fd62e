//! Files of a city that is there already and that lack columns which an earlier file had.

use crate::common::Folder;
use crate::place_columns::{exported, import};

const FIRST: &str = "\
case no,opened,changed on,category,status,closed on,closed_reason,lat,lon,address,ward,zip,channel,\
description,expected completion\n\
A1,2025-03-01 08:00,2025-03-02 08:00,Kuil,Closed,2025-03-02 07:00,duplicate,52.1,5.2,Kerklaan 1,\
Oost,1011AB,Phone,A deep hole,2025-03-05\n\
A2,2025-03-01 09:00,2025-03-02 08:00,Lamp,Open,,,52.2,5.3,Dorpsstraat 2,West,1012AB,Email,Dark,\
2025-03-06\n";

/// The first file with these columns alone; `time` is the day of the last change.
fn later(columns: &[&str], day: &str) -> String {
    let text = FIRST.replace("2025-03-02 08:00", day);
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().unwrap().clone();
    let at: Vec<usize> =
        columns.iter().map(|name| header.iter().position(|has| has == *name).unwrap()).collect();
    let mut lines = vec![columns.join(",")];
    for row in table.records().map(Result::unwrap) {
        lines.push(at.iter().map(|at| row[*at].to_owned()).collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_a_later_file_has_no_column_for_is_kept() {
    let folder = Folder::new("later");
    let mapping = "name = 'city'\n[columns]\nid = ['case no']\n\
                   requested = ['opened']\nupdated = ['changed on']\ncategory = ['category']\n\
                   closed = ['closed on']\nreason = ['closed_reason']\narea = ['ward']\n\
                   zipcode = ['zip']\nexpected = ['expected completion']\n\
                   status = ['status']\nlat = ['lat']\nlon = ['lon']\n\
                   address = ['address']\nchannel = ['channel']\n\
                   description = ['description']\n";
    let mapping = folder.with("m.toml", mapping);
    let first = folder.with("first.csv", FIRST);
    let arguments = [
        &["import", first.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()][..],
        &crate::place_columns::CITY,
    ];
    crate::common::done(&folder, &arguments.concat());
    let before = exported(&folder);
    assert_eq!(before[0]["closed_reason"], "duplicate", "{before:?}");
    let always = ["case no", "opened", "changed on", "category"];
    let further: [&[&str]; 7] = [
        &[],
        &["status"],
        &["lat", "lon"],
        &["status", "closed on"],
        &["address", "zip"],
        &["ward", "channel"],
        &["description", "expected completion"],
    ];
    for (day, more) in (3..).zip(further) {
        let day = format!("2025-03-{day:02} 08:00");
        let text = later(&[&always[..], more].concat(), &day);
        let (code, summary, said) = import(&folder, "later.csv", &text);
        assert_eq!((code, &summary["updated"]), (Some(0), &2.into()), "{more:?}: {said}");
        for (before, after) in before.iter().zip(exported(&folder)) {
            for (name, value) in before {
                if !["updated_datetime", "source_status", "revision"].contains(&name.as_str()) {
                    assert_eq!(&after[name], value, "{more:?} {name}: {said}");
                }
            }
        }
    }
}

#[test]
fn what_a_later_file_has_a_column_for_is_changed_also_to_nothing() {
    let folder = Folder::new("later");
    let first = "case no,opened,category,status,lat,lon,address\n\
                 A1,2025-03-01 08:00,Kuil,Closed,52.1,5.2,Kerklaan 1\n\
                 A2,2025-03-01 09:00,Lamp,Open,52.2,5.3,Dorpsstraat 2\n";
    import(&folder, "first.csv", first);
    let later = first.replace("52.1,5.2,Kerklaan 1", ",,").replace("Closed", "Open");
    let (code, summary, said) = import(&folder, "later.csv", &later);
    assert_eq!((code, &summary["updated"]), (Some(0), &1.into()), "{said}");
    let reports = exported(&folder);
    let one = reports.iter().find(|one| one["service_request_id"] == "A1").unwrap();
    assert_eq!((&*one["lat"], &*one["address"], &*one["status"]), ("", "", "open"), "{said}");
    let unplaced = "case no,opened,category\nA2,2025-03-01 09:00,Lamp\n";
    let (_, summary, said) = import(&folder, "unplaced.csv", unplaced);
    assert_eq!((&summary["updated"], &summary["unchanged"]), (&0.into(), &1.into()), "{said}");
    let reports = exported(&folder);
    let other = reports.iter().find(|one| one["service_request_id"] == "A2").unwrap();
    assert_eq!((&*other["lat"], &*other["address"]), ("52.2", "Dorpsstraat 2"));
}
