//! Files of unknown layout through the program: inspected, imported where the columns are sure,
//! and stopped with a mapping file where they are not.

use crate::common::{Folder, data_or_skip, done, run};

/// Forty requests of an invented city.
fn valmeer() -> String {
    let rows = (10..50).map(|n| {
        let status = if n % 2 == 0 { "Gesloten" } else { "Open" };
        format!("V{n},2025-03-02 08:{n}:00,Kuil,{status},52.1{n},5.2{n}\n")
    });
    let header = "meldingsnummer,aanmaakdatum,categorie,status,breedtegraad,lengtegraad\n";
    header.to_owned() + &rows.collect::<String>()
}

/// Runs the program and wants a failure; what it says.
fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_sure_file_is_imported_by_the_bare_command_once_its_city_and_zone_are_named() {
    let folder = Folder::new("recognition");
    let file = folder.with("valmeer.csv", valmeer());
    let file = file.to_str().unwrap();
    let error = refused(&folder, &["import", file]);
    assert!(error.contains("--jurisdiction"), "{error}");
    let city = ["import", file, "--jurisdiction", "valmeer.example"];
    let error = refused(&folder, &city);
    assert!(error.contains("--time-zone"), "{error}");
    let zoned = [&city[..], &["--time-zone", "Europe/Amsterdam"]].concat();
    let output = done(&folder, &zoned);
    assert!(output.contains("40 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
    assert!(output.contains("0 without a position"), "{output}");
    assert!(output.contains("aanmaakdatum -> requested"), "{output}");
    // The store knows the city's zone now.
    assert!(done(&folder, &city).contains("40 unchanged"));
    let check = done(&folder, &["check"]);
    assert!(check.contains("valmeer.example") && !check.contains("quebec"), "{check}");
}

#[test]
fn the_mapping_that_inspect_writes_imports_the_same() {
    let folder = Folder::new("recognition");
    let file = folder.with("valmeer.csv", valmeer());
    let file = file.to_str().unwrap();
    let output = done(&folder, &["inspect", file, "--output", "bare.toml"]);
    for part in ["read as CSV, UTF-8", "jurisdiction: not known", "time zone: not known"] {
        assert!(output.contains(part), "{part}: {output}");
    }
    let error = refused(&folder, &["import", file, "--mapping", "bare.toml"]);
    assert!(error.contains("--jurisdiction"), "{error}");
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];
    done(&folder, &[&["inspect", file, "--output", "full.toml"][..], &city[..]].concat());
    let output = done(&folder, &["import", file, "--mapping", "full.toml"]);
    assert!(output.contains("40 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
    assert!(output.contains("jurisdiction valmeer.example"), "{output}");
    let zone = ["inspect", file, "--time-zone", "Mars/Olympus"];
    assert!(refused(&folder, &zone).contains("--time-zone"));
}

#[test]
fn a_file_that_is_not_sure_is_not_imported_and_its_mapping_is_named_and_kept() {
    let folder = Folder::new("recognition");
    let text = valmeer().replace("categorie", "kwrx").replace("Kuil", "put");
    let file = folder.with("other.csv", text);
    let arguments = ["import", file.to_str().unwrap(), "--jurisdiction", "valmeer.example"];
    let error = refused(&folder, &arguments);
    assert!(error.contains("other.mapping.toml") && error.contains("category"), "{error}");
    let mapping = std::fs::read_to_string(folder.file("other.mapping.toml")).unwrap();
    assert!(mapping.contains("requested = [\"aanmaakdatum\"]"), "{mapping}");
    let uncompleted = [&arguments[..], &["--mapping", "other.mapping.toml"]].concat();
    let error = refused(&folder, &uncompleted);
    assert!(error.contains("undecided") && error.contains("category"), "{error}");
    let completed = mapping.replace("[columns]", "[columns]\ncategory = [\"kwrx\"]");
    std::fs::write(folder.file("other.mapping.toml"), &completed).unwrap();
    assert!(refused(&folder, &arguments).contains("exists already and is kept"));
    let zone = ["--mapping", "other.mapping.toml", "--time-zone", "Europe/Amsterdam"];
    let output = done(&folder, &[&arguments[..], &zone[..]].concat());
    assert!(output.contains("40 added"), "{output}");
}

#[test]
fn the_mapping_of_a_stopped_import_has_what_was_given() {
    let text = valmeer().replace("categorie", "kwrx").replace("Kuil", "put");
    let given = [
        ("--time-zone", "time_zone", "Europe/Amsterdam"),
        ("--date-order", "date_order", "dmy"),
        ("--projection", "projection", "EPSG:28992"),
        ("--repeats", "repeats", "last"),
        ("--jurisdiction", "jurisdiction", "valmeer.example"),
    ];
    let folder = Folder::new("recognition");
    let file = folder.with("given.csv", &text);
    let mut all = vec!["import", file.to_str().unwrap()];
    for (option, key, value) in given {
        let folder = Folder::new("recognition");
        let file = folder.with("one.csv", &text);
        refused(&folder, &["import", file.to_str().unwrap(), option, value]);
        let mapping = std::fs::read_to_string(folder.file("one.mapping.toml")).unwrap();
        assert!(mapping.contains(&format!("\n{key} = \"{value}\"\n")), "{mapping}");
        // A wrong word is refused as such, and stands in no mapping.
        let folder = Folder::new("recognition");
        let file = folder.with("one.csv", &text);
        let error = refused(&folder, &["import", file.to_str().unwrap(), option, "no such"]);
        assert!(error.contains(option), "{option}: {error}");
        assert!(!folder.file("one.mapping.toml").exists(), "{option}");
        all.extend([option, value]);
    }
    refused(&folder, &all);
    let mapping = std::fs::read_to_string(folder.file("given.mapping.toml")).unwrap();
    let completed = mapping.replace("[columns]", "[columns]\ncategory = [\"kwrx\"]");
    std::fs::write(folder.file("given.mapping.toml"), completed).unwrap();
    let bare = ["import", file.to_str().unwrap(), "--mapping", "given.mapping.toml"];
    let output = done(&folder, &bare);
    assert!(output.contains("40 added"), "{output}");
}

#[test]
fn real_exports_of_unknown_layout_are_recognised_or_stop_with_a_mapping() {
    for file in [
        "karlsruhe-2018.csv",
        "ottawa-2014-07.csv",
        "paris-dans-ma-rue-2023.csv",
        "st-louis-2012.csv",
        "washington-dc-2016.csv",
    ] {
        let Some(path) = data_or_skip(&format!("real/{file}")) else { continue };
        let folder = Folder::new("recognition");
        let path = path.to_str().unwrap();
        let output = done(&folder, &["inspect", path, "--output", "mapping.toml"]);
        let mapping = std::fs::read_to_string(folder.file("mapping.toml")).unwrap();
        assert!(mapping.contains("\nrequested = ["), "{file}: {output}");
        let city = ["import", path, "--jurisdiction", "city.example", "--time-zone", "UTC"];
        let import = run(&folder, &city);
        let is_sure = !output.contains("ambiguous:");
        if !is_sure {
            assert!(!import.status.success(), "{file}");
            let name = format!("{}.mapping.toml", file.trim_end_matches(".csv"));
            assert!(folder.file(&name).exists(), "{file}");
        }
    }
}

#[test]
fn two_codes_of_one_slug_are_two_services() {
    let folder = Folder::new("codes");
    let rows = "service_request_id,requested_datetime,service_code,service_name,lat,long\n\
        1,2025-03-02T08:10:00Z,A/1,Potholes,52.1,5.2\n\
        2,2025-03-02T08:11:00Z,A 1,Street lights,52.1,5.2\n\
        3,2025-03-02T08:12:00Z,a-1,Potholes,52.1,5.2\n\
        4,2025-03-02T08:13:00Z,A 1,Street lights,52.1,5.2\n";
    let file = folder.with("codes.csv", rows);
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];
    done(&folder, &[&["import", file.to_str().unwrap()][..], &city[..]].concat());
    let jurisdiction = ["--jurisdiction", "valmeer.example"];
    let export = ["export", "--format", "csv", "-o", "all.csv"];
    done(&folder, &[&export[..], &jurisdiction[..]].concat());
    let mut table = csv::Reader::from_path(folder.file("all.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (id, code) = (at("service_request_id"), at("service_code"));
    let mut codes: Vec<(String, String)> = table
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[id].to_owned(), row[code].to_owned()))
        .collect();
    codes.sort();
    let codes: Vec<&str> = codes.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes, ["a-1", "a-1-2", "a-1", "a-1-2"]);
}
