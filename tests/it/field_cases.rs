//! Kinds of faults seen in exports of real cities, each with the value that is right. The inputs
//! are written anew; where a kind has more members, several of them are read.

use std::io::Write;

use encoding_rs::UTF_16LE;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::common::{Folder, Service, done_at_home as done, refused_rows, run_at_home as run};
use crate::readers::workbook;

/// A store and what its import printed.
struct Imported {
    folder: Folder,
    output: String,
    jurisdiction: String,
}

/// Imports a file, whose profile names the jurisdiction, or the default one.
fn import(name: &str, content: impl AsRef<[u8]>, extra: &[&str]) -> Imported {
    let folder = Folder::new("field");
    let file = folder.with(name, content);
    let output = done(&folder, &[&["import", file.to_str().unwrap()], extra].concat());
    let jurisdiction = output.split("jurisdiction ").nth(1).unwrap().lines().next().unwrap();
    Imported { jurisdiction: jurisdiction.to_owned(), folder, output }
}

/// Imports a table by a mapping with the columns `sr`, `opened`, `kind` and `where`.
fn mapped(rows: &str) -> Imported {
    let folder = Folder::new("field");
    let place =
        if rows.lines().next().unwrap().contains("where") { "point = ['where']" } else { "" };
    let mapping = format!(
        "name = 'field'\njurisdiction = 'field.test'\ntime_zone = 'America/New_York'\n\
         [columns]\nid = ['sr']\nrequested = ['opened']\ncategory = ['kind']\n{place}\n"
    );
    let mapping = folder.with("m.toml", mapping);
    import("rows.csv", rows, &["--mapping", mapping.to_str().unwrap()])
}

impl Imported {
    /// Fields of every report, apart by blanks, in the order of the ids; `-` for none.
    fn fields(&self, names: &[&str]) -> Vec<String> {
        let city = ["export", "--format", "csv", "--jurisdiction", &self.jurisdiction];
        let text = done(&self.folder, &city);
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let header = table.headers().unwrap().clone();
        let at = |name: &&str| header.iter().position(|has| has == *name).unwrap();
        let columns: Vec<usize> = names.iter().map(at).collect();
        let shown = |cell: &str| match cell.parse::<f64>() {
            _ if cell.is_empty() => "-".to_owned(),
            Ok(number) if cell.contains('.') => ((number * 1e4).round() / 1e4).to_string(),
            _ => cell.to_owned(),
        };
        let row = |row: csv::StringRecord| {
            columns.iter().map(|at| shown(&row[*at])).collect::<Vec<_>>().join(" ")
        };
        let mut rows: Vec<String> = table.records().map(|one| row(one.unwrap())).collect();
        rows.sort();
        rows
    }

    fn places(&self) -> Vec<String> {
        self.fields(&["service_request_id", "lon", "lat"])
    }

    /// The counts of the summary: added, updated, unchanged, refused.
    fn counts(&self, wanted: &str) {
        assert!(self.output.contains(wanted), "{wanted}: {}", self.output);
    }
}

const HEADER: &str = "service_request_id,requested_datetime,service_name,status,lat,lon";

#[test]
fn points_of_every_spelling_are_read_and_others_refused_aloud() {
    let points = [
        "46.81, -71.21",
        "{'lon': -71.21, 'lat': 46.81}",
        "{\"\"type\"\":\"\"Point\"\",\"\"coordinates\"\":[-71.21,46.81]}",
        "POINT Z (-71.21 46.81 12.5)",
        "12 rue X (rear)\n(46.81, -71.21)",
        "over there",
        "point(-71.21 46.81)",
        "SRID=4326;POINT (-71.21 46.81)",
    ];
    let row = |(n, point)| format!("w{n},2026-10-01T10:00:00Z,Pothole,\"{point}\"\n");
    let rows: String = (1..).zip(points).map(row).collect();
    let done = mapped(&format!("sr,opened,kind,where\n{rows}"));
    done.counts("7 added, 0 updated, 0 unchanged, 1 refused");
    let wanted = [1, 2, 3, 4, 5, 7, 8].map(|n| format!("w{n} -71.21 46.81"));
    assert_eq!(done.places(), wanted);
    let refused = refused_rows(&done.folder, "rows.refused.csv");
    assert!(refused.starts_with("8,point,over there,cannot be read as a place"), "{refused}");
}

#[test]
fn features_in_another_reference_system_are_placed() {
    let features = |crs: &str, at: [&str; 2]| {
        let feature = |(n, at): (usize, &str)| {
            format!(
                r#"{{"type":"Feature","properties":{{"id":"g{n}","date":"2026-10-01T10:00:00Z","category":"Pothole"}},"geometry":{{"type":"Point","coordinates":[{at}]}}}}"#
            )
        };
        let features: Vec<String> = (1..).zip(at).map(feature).collect();
        format!(
            r#"{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"{crs}"}}}},"features":[{}]}}"#,
            features.join(",")
        )
    };
    let at = ["-7926000,5910000", "12,50"];
    for crs in ["urn:ogc:def:crs:EPSG::3857", "EPSG:3857"] {
        let done = import("f.geojson", features(crs, at), &[]);
        assert_eq!(done.places(), ["g1 -71.2005 46.8031", "g2 0.0001 0.0004"], "{crs}");
    }
    let done = import(
        "f.geojson",
        features("urn:ogc:def:crs:OGC:1.3:CRS84", ["-71.21,46.81", "12,50"]),
        &[],
    );
    assert_eq!(done.places(), ["g1 -71.21 46.81", "g2 12 50"]);
}

#[test]
fn decimal_commas_and_words_for_no_coordinate() {
    let row = "d1;2026-10-01 10:00:00;Nid-de-poule;open;46,8123;-71,2143\n";
    let done = import("d.csv", format!("{}\n{row}", HEADER.replace(',', ";")), &[]);
    done.counts("1 added, 0 updated, 0 unchanged, 0 refused");
    assert_eq!(done.places(), ["d1 -71.2143 46.8123"]);

    let words = ["#N/A", "-", "n/a", "NULL", "NaN", "—", "None", ""];
    let row = |(n, word)| format!("t{n},2026-10-01T10:00:00Z,Pothole,open,{word},{word}\n");
    let rows: String = (1..).zip(words).map(row).collect();
    let done = import("t.csv", format!("{HEADER}\n{rows}"), &[]);
    done.counts("8 added, 0 updated, 0 unchanged, 0 refused");
    done.counts("8 without a position");
    done.counts("1 marked '#N/A'");
    assert_eq!(done.places()[0], "t1 - -");
}

#[test]
fn a_multipoint_of_one_point_is_that_point() {
    let file = |geometry: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"id":"h2","date":"2026-10-01T10:00:00Z","category":"Pothole"}},"geometry":{geometry}}}]}}"#
        )
    };
    let point = r#"{"type":"Point","coordinates":[-71.21,46.81]}"#;
    for geometry in [
        r#"{"type":"MultiPoint","coordinates":[[-71.21,46.81]]}"#,
        r#"{"type":"MultiPoint","coordinates":[[-71.21,46.81,3.5]]}"#,
        &format!(r#"{{"type":"GeometryCollection","geometries":[{point}]}}"#),
    ] {
        assert_eq!(import("h.geojson", file(geometry), &[]).places(), ["h2 -71.21 46.81"]);
    }
}

#[test]
fn dates_are_read_in_one_order_and_in_every_usual_form() {
    let when = ["service_request_id", "requested_datetime"];
    for (rows, wanted) in [
        (["13/02/2026", "05/02/2026"], ["2026-02-13", "2026-02-05"]),
        (["02/13/2026", "02/05/2026"], ["2026-02-13", "2026-02-05"]),
        (["13-02-2026", "05-02-2026"], ["2026-02-13", "2026-02-05"]),
        (
            ["2014-Jul-01 00:01:48", "27.05.2026 14:05"],
            ["2014-07-01T04:01:48Z", "2026-05-27T18:05:00Z"],
        ),
        (["2026/05/27 02:08:51+00", "20260527"], ["2026-05-27T02:08:51Z", "2026-05-27"]),
        (["5/27/2026 2:05:00 PM", "1779890700"], ["2026-05-27T18:05:00Z", "2026-05-27T14:05:00Z"]),
    ] {
        let [a, b] = rows;
        let done = mapped(&format!("sr,opened,kind\ne1,{a},Pothole\ne2,{b},Pothole\n"));
        done.counts("2 added, 0 updated, 0 unchanged, 0 refused");
        assert_eq!(done.fields(&when), [format!("e1 {}", wanted[0]), format!("e2 {}", wanted[1])]);
    }
}

#[test]
fn closings_before_openings_by_seconds_and_by_the_hour_of_a_day() {
    let header =
        "service_request_id,requested_datetime,closed_datetime,service_name,status,lat,lon";
    let early = "u2,2026-11-20 10:00:00,2026-11-20 09:59:58,Pothole,closed,46.81,-71.21\n";
    let done = import("u.csv", format!("{header}\n{early}"), &[]);
    done.counts("1 added, 0 updated, 0 unchanged, 0 refused");
    assert_eq!(done.fields(&["closed_datetime"]), ["2026-11-20T14:59:58Z"]);

    let row = |n| format!("n{n},2026-11-{n} 15:00:00,2026-11-{n},Pothole,closed,46.81,-71.21\n");
    let rows: String = (10..18).map(row).collect();
    let done = import("n.csv", format!("{header}\n{rows}"), &[]);
    done.counts("8 added, 0 updated, 0 unchanged, 0 refused");
    let service = Service::start(&done.folder, &[]);
    assert_eq!(service.get("/api/v1/stats").json()["hours_to_close"], Value::Null);
}

#[test]
fn an_orphan_quote_swallows_no_request() {
    for (at, quoted) in [(21, "\"12 inch hole near curb"), (40, "\"hole"), (3, "a \"hole\" \"")] {
        let row = |n| {
            let description = if n == at { quoted } else { "fine" };
            format!("q{n},2026-10-01T10:00:00Z,Pothole,open,46.81,-71.21,{description}\n")
        };
        let rows: String = (1..=40).map(row).collect();
        let done = import("q.csv", format!("{HEADER},description\n{rows}"), &[]);
        done.counts("40 added, 0 updated, 0 unchanged, 0 refused");
        if quoted.starts_with('"') {
            done.counts(&format!("in line {}", at + 1));
        }
    }
}

#[test]
fn a_header_that_ends_in_a_comma_refuses_no_row() {
    let rows = "v1,2026-11-20T10:00:00Z,Pothole,open,46.81,-71.21\n\
                v2,2026-11-20T10:00:00Z,Pothole,open,46.81,-71.21\n";
    for tail in ["", ",", ",,"] {
        let done = import("v.csv", format!("{HEADER}{tail}\n{rows}"), &[]);
        done.counts("2 added, 0 updated, 0 unchanged, 0 refused");
    }
    // Where every row is refused, the exit status says so.
    let folder = Folder::new("field");
    let file = folder.with("v.csv", format!("{HEADER}\nv1,soon,Pothole,open,46.81,-71.21\n"));
    assert_eq!(run(&folder, &["import", file.to_str().unwrap()]).status.code(), Some(1));
}

#[test]
fn encodings_containers_and_delimiters_of_every_kind() {
    let text = format!(
        "{HEADER},area\nl1,2026-10-01T10:00:00Z,Éclairage défectueux,open,46.81,-71.21,Montcalm\n\
         l2,2026-10-02T10:00:00Z,Pothole,open,46.82,-71.22,Montcalm\n"
    );
    let latin: Vec<u8> = text.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
    let mut wide = vec![0xff, 0xfe];
    text.encode_utf16().for_each(|unit| wide.extend(unit.to_le_bytes()));
    assert_eq!(UTF_16LE.decode(&wide).0, text);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let piped = text.replace(',', "|");
    let marked = format!("sep=;\n{}", text.replace(',', ";"));
    let row = |(number, line): (usize, &str)| {
        let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
        let cells: String = line.split(',').map(cell).collect();
        format!("<row r=\"{}\">{cells}</row>", number + 1)
    };
    let sheet: String = text.lines().enumerate().map(row).collect();
    let names = ["service_request_id", "service_name", "lon"];
    for (name, content) in [
        ("latin1.csv", latin),
        ("utf16.csv", wide),
        ("gzip.csv.gz", gzip.finish().unwrap()),
        ("pipe.csv", piped.into_bytes()),
        ("sep-line.csv", marked.into_bytes()),
        ("excel.xlsx", workbook(&sheet)),
    ] {
        let done = import(name, content, &[]);
        done.counts("2 added, 0 updated, 0 unchanged, 0 refused");
        let wanted = ["l1 Éclairage défectueux -71.21", "l2 Pothole -71.22"];
        assert_eq!(done.fields(&names), wanted, "{name}");
    }
}

#[test]
fn features_on_lines_and_arrays_of_requests() {
    let feature = |n: u32| {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"n{n}","date":"2026-10-01T10:00:00Z","category":"Pothole"}},"geometry":{{"type":"Point","coordinates":[-71.2{n},46.81]}}}}"#
        )
    };
    let done = import("nd.geojsonl", format!("{}\n{}\n", feature(1), feature(2)), &[]);
    assert_eq!(done.places(), ["n1 -71.21 46.81", "n2 -71.22 46.81"]);
    let request = r#"{"service_request_id":"j1","requested_datetime":"2026-10-01T10:00:00Z","service_name":"Pothole","service_code":"001","status":"open","lat":46.81,"long":-71.21}"#;
    let done = import("requests.json", format!("[{request}]"), &[]);
    assert_eq!(done.places(), ["j1 -71.21 46.81"]);
}

#[test]
fn service_codes_of_any_spelling_are_services_of_their_own_name() {
    let header = "service_request_id,status,service_name,service_code,requested_datetime,lat,lon";
    let codes = ["SR-CL01", "SR-ST03", "SR_ST09", "17 B"];
    let names = ["Graffiti Removal", "Street Defect", "Illegal Dumping", "Rats"];
    let row = |(n, (code, name))| {
        format!("{n},Open,{name},{code},2026-10-01 10:00:00,39.9526,-75.1652\n")
    };
    let rows: String = (1..).zip(codes.into_iter().zip(names)).map(row).collect();
    let extra = ["--jurisdiction", "codes.test", "--time-zone", "America/New_York"];
    let done = import("codes.csv", format!("{header}\n{rows}"), &extra);
    done.counts("4 added, 0 updated, 0 unchanged, 0 refused");
    let wanted = [
        "17-b Rats",
        "sr-cl01 Graffiti Removal",
        "sr-st03 Street Defect",
        "sr-st09 Illegal Dumping",
    ];
    assert_eq!(done.fields(&["service_code", "service_name"]), wanted);
}

#[test]
fn status_words_of_many_cities() {
    let header = "service_request_id,requested_datetime,updated_datetime,closed_datetime,\
                  service_name,status,lat,lon";
    let closed = "2026-10-20T10:00:00Z";
    let cases = [
        ("Reopened", "2026-10-10T10:00:00Z", "open -"),
        ("Re-opened", "2026-10-10T10:00:00Z", "open -"),
        ("Not closed", "", "open -"),
        ("Unresolved", "", "open -"),
        ("Abgeschlossen", closed, "closed 2026-10-20T10:00:00Z"),
        ("Cerrado", closed, "closed 2026-10-20T10:00:00Z"),
        ("In Bearbeitung", "", "in_progress -"),
        ("Archived", "", "closed -"),
        ("", closed, "closed 2026-10-20T10:00:00Z"),
        ("Wibble", closed, "closed 2026-10-20T10:00:00Z"),
    ];
    let row = |(n, (word, closed, _))| {
        format!(
            "s{n},2026-10-01T10:00:00Z,2026-10-20T10:00:00Z,{closed},Pothole,{word},46.81,-71.21\n"
        )
    };
    let rows: String = (0..).zip(cases).map(row).collect();
    let done = import("s.csv", format!("{header}\n{rows}"), &[]);
    let wanted: Vec<String> =
        (0..).zip(cases).map(|(n, (.., wanted))| format!("s{n} {wanted}")).collect();
    assert_eq!(done.fields(&["service_request_id", "status", "closed_datetime"]), wanted);
    done.counts("status words not known: 1 'Wibble' read as closed");
}

#[test]
fn an_older_export_after_a_newer_one_changes_nothing() {
    let header = "service_request_id,requested_datetime,updated_datetime,closed_datetime,\
                  service_name,status,lat,lon";
    let fresh = "s1,2026-10-01T10:00:00Z,2026-10-10T10:00:00Z,2026-10-10T10:00:00Z,Pothole,closed,\
                 46.81,-71.21\n";
    let stale = "s1,2026-10-01T10:00:00Z,2026-10-02T10:00:00Z,,Pothole,open,46.81,-71.21\n";
    let done = import("fresh.csv", format!("{header}\n{fresh}"), &[]);
    let file = done.folder.with("stale.csv", format!("{header}\n{stale}"));
    let output = run(&done.folder, &["import", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 older than what is stored"));
    let wanted = ["closed 2026-10-10T10:00:00Z 2026-10-10T10:00:00Z"];
    assert_eq!(done.fields(&["status", "updated_datetime", "closed_datetime"]), wanted);
}

#[test]
fn areas_and_services_may_have_commas_in_their_names() {
    let rows = "c1,2026-10-01T10:00:00Z,\"Gator, skyltar\",open,46.81,-71.21,\"Heights, West Adams\"\n\
                c2,2026-10-02T10:00:00Z,\"Park, trad\",open,46.82,-71.22,\"Heights, West Adams\"\n\
                c3,2026-10-03T10:00:00Z,Gator,open,46.83,-71.23,Heights\n\
                c4,2026-10-03T10:00:00Z,Gator,open,46.83,-71.23,\"Lee, Van, Cleef\"\n";
    let done = import("c.csv", format!("{HEADER},area\n{rows}"), &[]);
    let service = Service::start(&done.folder, &[]);
    let areas = service.get("/api/v1/stats").json()["area"].as_array().unwrap().clone();
    assert_eq!(areas.len(), 3);
    let ids = |area: &str| {
        let area = area.replace(' ', "%20");
        let found = service.get(&format!("/api/v1/reports?area={area}")).json();
        let mut ids: Vec<String> = found["features"]
            .as_array()
            .unwrap_or_else(|| panic!("{area}: {found}"))
            .iter()
            .map(|one| one["properties"]["service_request_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids.join(" ")
    };
    for area in areas {
        let wanted = match area["name"].as_str().unwrap() {
            "Heights, West Adams" => "c1 c2",
            "Heights" => "c3",
            _ => "c4",
        };
        assert_eq!(ids(area["name"].as_str().unwrap()), wanted);
    }
    assert_eq!(ids("Heights,Lee, Van, Cleef"), "c3 c4");
    assert_eq!(ids("Lee,Van,Cleef,Heights, West Adams"), "c1 c2 c4");
    assert_eq!(service.get("/api/v1/reports?area=Heights,West").status, 400);
}

#[test]
fn what_was_never_here_is_usually_none() {
    let mut rows = format!("{HEADER}\n");
    // What is usual is known from complete earlier years.
    for month in 0..24_u32 {
        for n in 0..60_u32 {
            let days = month * 30 + n % 28;
            let date = jiff::civil::date(2024, 11, 25) + jiff::Span::new().days(days);
            let (lat, lon) = (46.80 + f64::from(n / 8) * 0.004, -71.30 + f64::from(n % 8) * 0.006);
            rows += &format!("b{month}-{n},{date}T12:00:00Z,Graffiti,open,{lat:.4},{lon:.4}\n");
        }
    }
    for n in 0..10_u32 {
        let lon = -71.30 + f64::from(n % 8) * 0.006;
        rows += &format!("k{n},2025-0{}-15T12:00:00Z,Couch,open,46.80,{lon:.4}\n", 6 + n % 3);
    }
    for n in 0..6 {
        rows += &format!("h{n},2026-11-1{n}T12:00:00Z,Couch,open,46.8201,-71.2701\n");
    }
    let done = import("couch.csv", rows, &[]);
    let service = Service::start(&done.folder, &[]);
    for (language, said, not) in
        [("en", "usually none here", "usually 0"), ("fr", "d’habitude aucune ici", "habitude 0")]
    {
        let found = service.get(&format!("/api/v1/hotspots?lang={language}")).json();
        let explanation = found["features"][0]["properties"]["explanation"].as_str().unwrap();
        assert!(explanation.contains(said) && !explanation.contains(not), "{explanation}");
    }
}

#[test]
fn point_columns_of_two_kinds_and_months_in_words_by_a_mapping() {
    let folder = Folder::new("field");
    let mapping = "name = 'dmr'\njurisdiction = 'paris.test'\ntime_zone = 'Europe/Paris'\n\
                   extent = [2.22, 48.81, 2.47, 48.91]\n[columns]\nid = ['id_dmr']\n\
                   category = ['soustype', 'type']\nrequested = ['datedecl']\narea = ['ville']\n\
                   point = ['geo_point_2d', 'geo_shape']\n";
    let mapping = folder.with("m.toml", mapping);
    let shape = |lon: f64, lat: f64| {
        format!(
            "\"{{'type': 'Feature', 'geometry': {{'coordinates': [{lon}, {lat}], 'type': 'Point'}}, \
             'properties': {{}}}}\""
        )
    };
    let rows = format!(
        "type,soustype,ville,datedecl,id_dmr,geo_shape,geo_point_2d\n\
         Graffitis,Tags sur mur,Paris 09,2023-11-16,G1,{},\"{{'lon': 2.3344, 'lat': 48.8812}}\"\n\
         Propreté,Déchets,Paris 20,2024-07-25,G2,{},\n\
         Graffitis,\"Affiches, tags\",Paris 17,2024-07-26,G3,,\"{{'lon': 2.2936, 'lat': 48.8786}}\"\n",
        shape(2.3344, 48.8812),
        shape(2.4007, 48.8482)
    );
    let done = import("paris.csv", rows, &["--mapping", mapping.to_str().unwrap()]);
    done.counts("3 added, 0 updated, 0 unchanged, 0 refused");
    assert_eq!(done.places(), ["G1 2.3344 48.8812", "G2 2.4007 48.8482", "G3 2.2936 48.8786"]);

    let mapping = "name = 'ward'\njurisdiction = 'ottawa.test'\ntime_zone = 'America/Toronto'\n\
                   [columns]\ncategory = ['call_description']\nrequested = ['creation_date']\n\
                   area = ['ward']\nchannel = ['priority_name']\n[channel]\n'cc phone' = 'phone'\n";
    let mapping = folder.with("w.toml", mapping);
    let rows = "creation_date,ward,call_description,priority_name\n\
                2014-Jul-01 00:01:48,WARD 5,Animals,CC PHONE\n\
                2014-Jul-01 00:04:41,WARD 12,Noise,CC PHONE\n\
                2014-Dec-31 23:59:59,WARD 23,Noise,CC PHONE\n";
    let done = import("ottawa.csv", rows, &["--mapping", mapping.to_str().unwrap()]);
    done.counts("3 without a position");
    done.counts("3 no column of places");
    let wanted =
        ["2014-07-01T04:01:48Z phone", "2014-07-01T04:04:41Z phone", "2015-01-01T04:59:59Z phone"];
    assert_eq!(done.fields(&["requested_datetime", "channel"]), wanted);
}
