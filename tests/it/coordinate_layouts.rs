//! Coordinates in the layouts of many cities: degrees with minutes, pairs of columns of any names,
//! references of a grid, markers of unknown places; and what is asked where nothing is sure.

use crate::common::{Folder, run};
use crate::place_columns::exported;

/// Cells of a row by its number.
type Cells = fn(u32) -> String;

/// Forty requests with these columns behind the usual ones.
fn table(names: &str, cells: impl Fn(u32) -> String) -> String {
    let rows = (10..50).map(|n| {
        let category = ["Kuil", "Lamp", "Afval"][n as usize % 3];
        format!("V{n};2025-03-{:02} 08:{n}:00;{category};Open;{}\n", n % 28 + 1, cells(n))
    });
    format!("nummer;aangemaakt;categorie;status;{names}\n{}", rows.collect::<String>())
}

fn import(folder: &Folder, text: &str, zone: &str) -> (Option<i32>, String) {
    let file = folder.with("a.csv", text);
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", zone];
    let output = run(folder, &[&["import", file.to_str().unwrap()][..], &city].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// Metres along a street and across it, different for each row.
fn offset(n: u32) -> [f64; 2] {
    [f64::from(n * 7 % 40) * 31.0, f64::from(n * 11 % 40) * 23.0]
}

fn near(folder: &Folder, [lon, lat]: [f64; 2], what: &str) {
    let rows = exported(folder);
    assert_eq!(rows.len(), 40, "{what}");
    for row in &rows {
        let number = |name: &str| row[name].parse::<f64>().unwrap_or(f64::NAN);
        let (east, north) = (number("lon"), number("lat"));
        let is_near = (east - lon).abs() < 0.05 && (north - lat).abs() < 0.05;
        assert!(is_near, "{what}: {east} {north}");
    }
}

#[test]
fn degrees_and_minutes_without_signs_are_no_pairs() {
    type Writing = fn(f64) -> String;
    let writings: [Writing; 6] = [
        |d| format!("{}{} {:.4}", sign(d), d.abs().trunc(), d.abs().fract() * 60.0),
        |d| format!("{}{}:{:.4}", sign(d), d.abs().trunc(), d.abs().fract() * 60.0),
        |d| format!("{}{}-{:.3}", sign(d), d.abs().trunc(), d.abs().fract() * 60.0),
        |d| seconds(d, " "),
        |d| seconds(d, ":"),
        |d| seconds(d, "-"),
    ];
    for (number, write) in writings.iter().enumerate() {
        for (names, zone, [lon, lat]) in [
            ("Latitude;Longitude", "America/Chicago", [-93.2474, 44.9716]),
            ("Breite;Länge", "Europe/Berlin", [11.5716, 48.1211]),
            ("lat_deg;long_deg", "America/New_York", [-71.0512, 42.3601]),
        ] {
            let folder = Folder::new("layouts");
            let text = table(names, |n| {
                let [a, b] = offset(n).map(|metres| metres / 1e5);
                format!("{};{}", write(lat + a), write(lon + b))
            });
            let (code, said) = import(&folder, &text, zone);
            assert_eq!(code, Some(0), "{number} {names}: {said}");
            near(&folder, [lon, lat], names);
        }
    }
}

fn sign(degrees: f64) -> &'static str {
    if degrees < 0.0 { "-" } else { "" }
}

fn seconds(degrees: f64, between: &str) -> String {
    let minutes = degrees.abs().fract() * 60.0;
    let (whole, rest) = (minutes.trunc(), minutes.fract() * 60.0);
    format!("{}{}{between}{whole:02}{between}{rest:05.2}", sign(degrees), degrees.abs().trunc())
}

#[test]
fn pairs_of_projected_columns_have_many_names() {
    for (names, point, zone, code, at) in [
        ("OS Eastings;OS Northings", [530_268, 179_640], "Europe/London", "27700", [-0.12, 51.5]),
        ("EASTINGS_M;NORTHINGS_M", [358_388, 171_144], "Europe/London", "27700", [-2.59, 51.44]),
        ("osx;osy", [530_268, 179_640], "Europe/London", "27700", [-0.12, 51.5]),
        ("Easting;Northing", [358_388, 171_144], "Europe/London", "27700", [-2.59, 51.44]),
        ("Ostwert;Nordwert", [691_379, 5_332_960], "Europe/Berlin", "25832", [11.58, 48.13]),
        ("RW;HW", [32_691_379, 5_332_960], "Europe/Berlin", "4647", [11.58, 48.13]),
        ("Koord_Hoch;Koord_Rechts", [5_332_960, 691_379], "Europe/Berlin", "25832", [11.58, 48.13]),
        ("rdx;rdy", [121_000, 487_000], "Europe/Amsterdam", "28992", [4.89, 52.37]),
        (
            "X-coördinaat;Y-coördinaat",
            [121_000, 487_000],
            "Europe/Amsterdam",
            "28992",
            [4.89, 52.37],
        ),
        ("Abscisse;Ordonnée", [148_900, 170_750], "Europe/Brussels", "31370", [4.35, 50.85]),
        ("LUREF_X;LUREF_Y", [76_403, 75_129], "Europe/Luxembourg", "2169", [6.12, 49.6]),
        ("E;N", [2_499_917, 1_118_425], "Europe/Zurich", "2056", [6.14, 46.21]),
        ("Huso30X;Huso30Y", [437_578, 4_476_785], "Europe/Madrid", "25830", [-3.73, 40.44]),
        ("COORX;COORY", [437_578, 4_476_785], "Europe/Madrid", "25830", [-3.73, 40.44]),
        ("XCC46;YCC46", [1_842_000, 5_175_000], "Europe/Paris", "3946", [4.83, 45.76]),
        ("X;Y", [-9_002_393, 4_196_151], "America/New_York", "3857", [-80.87, 35.24]),
    ] {
        let folder = Folder::new("layouts");
        let text = table(names, |n| {
            let [a, b] = offset(n);
            format!("{};{}", f64::from(point[0]) + a, f64::from(point[1]) + b)
        });
        let (status, said) = import(&folder, &text, zone);
        assert_eq!(status, Some(0), "{names}: {said}");
        assert!(said.contains(&format!("EPSG:{code}")), "{names}: {said}");
        near(&folder, at, names);
    }
}

#[test]
fn systems_that_fit_too_are_asked_with_their_counts() {
    for (names, point, zone, candidates) in [
        (
            "X;Y",
            [577_108, 6_281_709],
            "Europe/Paris",
            "(EPSG:2154, EPSG:3857: 40, 40 of 40 points where each is used)",
        ),
        (
            "XL93;YL93",
            [577_108, 6_281_709],
            "Europe/Paris",
            "(EPSG:2154, EPSG:3857: 40, 40 of 40 points where each is used)",
        ),
        (
            "Rechts;Hoch",
            [344_419, 5_675_350],
            "Europe/Berlin",
            "(EPSG:25832, EPSG:25833: 40, 40 of 40 points where each is used)",
        ),
        ("UTMX;UTMY", [430_900, 4_583_100], "Europe/Madrid", "EPSG:25830, EPSG:25831"),
        ("SPX;SPY", [1_340_000, 420_000], "America/Chicago", "is not known: give --projection"),
    ] {
        let folder = Folder::new("layouts");
        let text = table(names, |n| {
            let [a, b] = offset(n);
            format!("{};{}", f64::from(point[0]) + a, f64::from(point[1]) + b)
        });
        let (status, said) = import(&folder, &text, zone);
        assert_eq!(status, Some(2), "{names}: {said}");
        assert!(said.contains(candidates), "{names}: {said}");
    }
}

#[test]
fn two_columns_of_coordinates_without_a_name_are_a_doubt() {
    let cells = |n: u32| {
        let [a, b] = offset(n);
        format!("{};{}", 121_000.0 + a, 487_000.0 + b)
    };
    for names in ["Spalte A;Spalte B", "p1;p2", "foo;bar", "E31;N"] {
        let folder = Folder::new("layouts");
        let (status, said) = import(&folder, &table(names, cells), "Europe/Amsterdam");
        assert_eq!(status, Some(2), "{names}: {said}");
        let first = names.split(';').next().unwrap();
        assert!(
            said.contains("without 'x'") || said.contains(&format!("perhaps '{first}'")),
            "{said}"
        );
    }
    // Other numbers are no reason to ask, nor are any beside places.
    let others: [(&str, Cells); 5] = [
        ("Asset ID;Customer Number", cells),
        ("Cost;Population", cells),
        ("lat;lon;foo;bar", |n| {
            format!("52.1{n};5.2{n};{};{}", 121_000 + n * 37, 487_000 + n * 91)
        }),
        ("postcode;telefoon", |n| format!("{};{}", 10_115 + n * 3, 20_000 + n * 7)),
        ("foo;bar", |n| format!("{};{}", n % 3 * 10_000, n % 2 * 20_000)),
    ];
    for (names, cell) in others {
        let folder = Folder::new("layouts");
        let (status, said) = import(&folder, &table(names, cell), "Europe/Amsterdam");
        assert_eq!(status, Some(0), "{names}: {said}");
    }
}

#[test]
fn latitudes_and_longitudes_have_many_names() {
    for names in [
        "Breite;Laenge",
        "WGS84_Breite;WGS84_Laenge",
        "Breitengrad;Laengengrad",
        "Szer. geogr.;Dł. geogr.",
        "NB;OL",
        "Noorderbreedte;Oosterlengte",
        "Koord_N;Koord_O",
        "Lati;Longi",
        "phi;lambda",
        "Nordwert;Ostwert",
    ] {
        let folder = Folder::new("layouts");
        let text = table(names, |n| {
            let [a, b] = offset(n).map(|metres| metres / 1e5);
            format!("{:.5};{:.5}", 51.9 + a, 4.4 + b)
        });
        let (status, said) = import(&folder, &text, "Europe/Amsterdam");
        assert_eq!(status, Some(0), "{names}: {said}");
        near(&folder, [4.405, 51.905], names);
    }
}

#[test]
fn references_of_the_british_grid_are_places() {
    for (name, digits) in [("Grid Ref", 4), ("OS Grid Reference", 3), ("NGR", 5), ("gridref", 4)] {
        let folder = Folder::new("layouts");
        let text = table(name, |n| {
            let [a, b] = offset(n);
            let unit = 10_u32.pow(5 - digits);
            let (east, north) = ((58_390 + a as u32) / unit, (71_140 + b as u32) / unit);
            let width = digits as usize;
            format!("ST {east:0width$} {north:0width$}")
        });
        let (status, said) = import(&folder, &text, "Europe/London");
        assert_eq!(status, Some(0), "{name}: {said}");
        near(&folder, [-2.59, 51.44], name);
    }
    // The same signs under another name are no places.
    let folder = Folder::new("layouts");
    let text = table("Referentie", |n| format!("ST {} {}", 1_000 + n, 2_000 + n));
    let (_, said) = import(&folder, &text, "Europe/London");
    assert!(!said.contains("-> point"), "{said}");
}

#[test]
fn markers_of_unknown_places_are_counted_by_their_reason() {
    for (marker, shown) in [
        ("-1;-1", "marked '-1, -1'"),
        ("999;999", "marked '999, 999'"),
        ("-9999;-9999", "marked '-9999, -9999'"),
        ("99.9999;999.9999", "marked '99.9999, 999.9999'"),
    ] {
        let folder = Folder::new("layouts");
        let text = table("lat;lon", |n| match n % 7 {
            0 => marker.to_owned(),
            _ => format!("52.1{n};5.2{n}"),
        });
        let (status, said) = import(&folder, &text, "Europe/Amsterdam");
        assert_eq!(status, Some(0), "{marker}: {said}");
        assert!(said.contains("40 added, 0 updated, 0 unchanged, 0 refused"), "{marker}: {said}");
        let rows = exported(&folder);
        let unplaced = rows.iter().filter(|row| row["lat"].is_empty()).count();
        assert_eq!(unplaced, 6, "{marker}: {said}");
        assert!(said.contains(&format!("6 {shown}")), "{marker}: {said}");
    }
}

#[test]
fn places_far_from_the_zone_in_both_orders_are_not_exchanged() {
    let folder = Folder::new("layouts");
    let text = table("lat;lon", |n| format!("-20.8{n};55.4{n}"));
    let (status, said) = import(&folder, &text, "Europe/Paris");
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("km from the principal city"), "{said}");
    assert!(!said.contains("swapped") && !said.contains("exchanged"), "{said}");
    let folder = Folder::new("layouts");
    let (status, said) = import(&folder, &text, "Indian/Reunion");
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn house_numbers_and_places_of_other_names_are_addresses() {
    for (names, street, number, whole) in [
        ("Rue;NoCivique", "rue du Lac", "17", "rue du Lac 17"),
        ("No civique;Rue", "17", "rue du Lac", "17 rue du Lac"),
        ("Straße;Hausnummer", "Seeweg", "17", "Seeweg 17"),
        ("Lage;Notiz", "Am Markt 3", "x", "Am Markt 3"),
        ("Where;Note", "206 King Street", "x", "206 King Street"),
    ] {
        let folder = Folder::new("layouts");
        let text =
            table(&format!("{names};lat;lon"), |n| format!("{street};{number};52.1{n};5.2{n}"));
        let (status, said) = import(&folder, &text, "Europe/Amsterdam");
        assert_eq!(status, Some(0), "{names}: {said}");
        assert!(exported(&folder).iter().all(|row| row["address"] == whole), "{names}: {said}");
        let is_joined = whole.contains(street) && whole.contains(number);
        assert_eq!(said.contains("read with the street"), is_joined, "{names}: {said}");
    }
}
