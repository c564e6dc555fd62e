//! What `inspect` says of files of built-in layouts, and of what their rows do not decide.

use crate::common::{Folder, done, run};

fn inspect(text: &str) -> String {
    let folder = Folder::new("inspections");
    let file = folder.with("f.csv", text);
    done(&folder, &["inspect", file.to_str().unwrap()])
}

const BULK: &str = "service_request_id,requested_datetime,service_name,status,source,lat,long\n\
                    1,2026-10-01T10:00:00Z,Pothole,Erledigt,Phone,46.8,-71.2\n\
                    2,2026-10-02T10:00:00Z,Light,Wibble,Pigeon,46.9,-71.3\n\
                    3,2026-10-03T10:00:00Z,Light,open,,46.9,-71.3\n";

#[test]
fn a_built_in_layout_is_shown_column_by_column_with_its_words() {
    let said = inspect(BULK);
    for line in [
        "  time zone: not needed, every time of the sample has an offset",
        "  layout: built-in profile 'open311-bulk', no mapping is needed",
        "  columns, from a sample of 3 rows:",
        "    requested_datetime -> requested (100 %): '2026-10-01T10:00:00Z', '2026-10-02T10:00:00Z'",
        "    lat -> lat (100 %): '46.8', '46.9'",
        "1 'Erledigt' read as closed",
        "status words not known: 1 'Wibble' read as open, or closed where there is a closing time",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let said = inspect("service_code,e,n,date\nAbfall,2683000,1248000,2020-05-06\n");
    assert!(said.contains("no column of statuses: every row is read as closed"), "{said}");
    for (times, zone) in [
        (["2026-10-01T10:00:00-04:00", "2026-10-02 10:00 EDT"], "not needed"),
        (["2026-10-01 10:00:00", "2026-10-02T10:00:00Z"], "not known; --time-zone sets it"),
        (["2026-10-01", "2026-10-02"], "not known; --time-zone sets it"),
    ] {
        let text = BULK.replace("2026-10-01T10:00:00Z", times[0]);
        let said = inspect(&text.replace("2026-10-02T10:00:00Z", times[1]));
        assert!(said.contains(&format!("  time zone: {zone}")), "{times:?}: {said}");
    }
}

#[test]
fn what_the_rows_do_not_decide_is_said_before_the_import() {
    let sentence = "not decided: dates such as '05/06/2026 10:00' may be day/month or month/day";
    let open = |text: &str| {
        let text = text.replace("2026-10-01T10:00:00Z", "05/06/2026 10:00");
        let text = text.replace("2026-10-02T10:00:00Z", "06/06/2026 10:00");
        text.replace("2026-10-03T10:00:00Z", "07/06/2026 10:00")
    };
    let own = BULK.replace("service_request_id", "number").replace("requested_datetime", "created");
    for text in [open(BULK), open(&own)] {
        let said = inspect(&text);
        assert!(said.contains(sentence), "{said}");
        let said = inspect(&text.replace("07/06/2026", "27/06/2026"));
        assert!(!said.contains("not decided"), "{said}");
    }
    assert!(!inspect(BULK).contains("not decided"));
}

#[test]
fn files_that_cannot_be_read_are_named_for_what_they_are() {
    let folder = Folder::new("inspections");
    let row =
        |n: u32| format!("{n},2026-10-01T10:00:00Z,Яма,Большая яма на дороге {n},46.8,-71.2\n");
    let rows: String = (0..40).map(row).collect();
    let text = format!("id,created,category,description,lat,lon\n{rows}");
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let binary: Vec<u8> =
        (0..40).flat_map(|n| [b"\x01\0x\0\0".to_vec(), vec![n, 10]].concat()).collect();
    let (utf_16, binary) = (folder.with("utf16.csv", utf_16), folder.with("b.dat", binary));
    let (missing, mapping) = (folder.file("missing.csv"), folder.file("missing.toml"));
    let good = folder.with("good.csv", BULK);
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    for (arguments, name, reason) in [
        (vec![path(&missing)], "missing.csv", "no such file"),
        (vec![path(missing.parent().unwrap())], "inspections", "is a directory, not a file"),
        (vec![path(&binary)], "b.dat", "has NUL bytes in nearly every line: a binary file"),
        (vec![path(&good), "--mapping".into(), path(&mapping)], "missing.toml", "no such file"),
    ] {
        for command in ["inspect", "import"] {
            if command == "inspect" && arguments.len() > 1 {
                continue;
            }
            let words: Vec<&str> =
                [command].into_iter().chain(arguments.iter().map(String::as_str)).collect();
            let output = run(&folder, &words);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
            assert!(said.contains(name) && said.contains(reason), "{words:?}: {said}");
        }
    }
    let said = done(&folder, &["inspect", &path(&utf_16), "--output", "m.toml"]);
    assert!(said.contains("read as CSV, UTF-16LE"), "{said}");
}
