//! Exports of portals and of the programs behind them, each a kind of columns with several names:
//! times of ArcGIS, words for how exact a place is, sites beside streets, levels of categories,
//! codes beside names, areas, the only other column of times, keys that are no coordinates.

use std::collections::BTreeSet;

use crate::common::Folder;
use crate::place_columns::{exported, import, import_as};

/// Sixty requests with the columns of these names, whose cells `cells` writes.
fn table(names: &str, cells: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("P{n},2025-03-02 08:{:02}:00,52.1{n},5.2{n},{}\n", n - 10, cells(n));
    let rows: String = (10..70).map(row).collect();
    format!("case no,opened,lat,lon,{names}\n{rows}")
}

/// The reports after an import that has to go through without a question, and what it said.
fn imported(text: &str) -> (Vec<std::collections::HashMap<String, String>>, String) {
    let folder = Folder::new("portals");
    let (code, _, said) = import(&folder, "a.csv", text);
    assert_eq!(code, Some(0), "{text:.120}: {said}");
    (exported(&folder), said)
}

/// What a field of the reports holds.
fn held(text: &str, field: &str) -> BTreeSet<String> {
    let (reports, _) = imported(text);
    reports.into_iter().map(|mut one| one.remove(field).unwrap_or_default()).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The exit status of an import that stops, with what it says.
fn asked(text: &str) -> String {
    let folder = Folder::new("portals");
    let (code, _, said) = import(&folder, "a.csv", text);
    assert_eq!(code, Some(2), "{text:.120}: {said}");
    said
}

fn one_of<'a>(words: &[&'a str], n: u32) -> &'a str {
    words[n as usize % words.len()]
}

#[test]
fn times_of_arcgis_are_in_utc_and_the_summary_says_so() {
    let time = |n: u32| format!("2025/06/02 14:{:02}:15", n - 10);
    let kind = |n: u32| one_of(&["Pothole", "Graffiti"], n);
    for names in [
        "OBJECTID,problem,created_user,created_date,last_edited_user,last_edited_date,GlobalID",
        "ObjectID,problemtype,Creator,CreationDate,Editor,EditDate,GlobalID",
    ] {
        let row = |n: u32| format!("{n},{},gis,{},gis,{},k{n}\n", kind(n), time(n), time(n));
        let text = format!("{names}\n{}", (10..70).map(row).collect::<String>());
        let (reports, said) = imported(&text);
        let all: BTreeSet<&str> = reports.iter().map(|one| &*one["requested_datetime"]).collect();
        assert!(all.contains("2025-06-02T14:05:15Z"), "{names}: {all:?}");
        assert!(said.contains("read as UTC") && said.contains("times_in"), "{names}: {said}");
    }
    // A number of rows and a day of creation are those of any program.
    let row = |n: u32| format!("{n},{},{},x\n", kind(n), time(n));
    let rows: String = (10..70).map(row).collect();
    let all = held(&format!("OBJECTID,Type,created_date,creator\n{rows}"), "requested_datetime");
    assert!(
        all.contains("2025-06-02T12:05:15Z") || all.contains("2025-06-02T14:05:15Z"),
        "{all:?}"
    );
    let all = held(&format!("OBJECTID,Type,created_date,note\n{rows}"), "requested_datetime");
    assert!(all.contains("2025-06-02T12:05:15Z"), "{all:?}");
}

#[test]
fn places_that_are_marked_as_approximate_are_approximate() {
    for (name, exact, approximate) in [
        ("location_type", "Rooftop", ["Centrepoint", "Interpolated"]),
        ("geocode_quality", "Address", ["ZIP centroid", "Street"]),
        ("match_type", "PointAddress", ["StreetName", "Postal"]),
        ("Geokodierung", "Hausnummer", ["Straßenmitte", "PLZ"]),
        ("Lagegenauigkeit", "hausgenau", ["Ortsmitte", "ungenau"]),
        ("Précision du géocodage", "Numéro", ["Centre de rue", "Commune"]),
        ("Calidad", "Portal", ["Centro de calle", "Centroide"]),
        ("Precisione", "Civico", ["Interpolato", "Comune"]),
        ("Precisão", "Exata", ["Aproximada", "Centróide da freguesia"]),
        ("Nauwkeurigheid", "Huisnummer", ["Midden van de straat", "Postcode"]),
        ("Dokładność", "Dokładna", ["Przybliżona", "Środek ulicy"]),
        ("How", "Rooftop", ["Street centroid", "Approximate"]),
    ] {
        let text = table(&format!("Category,{name}"), |n| {
            format!("Pothole,{}", one_of(&[exact, approximate[0], approximate[1]], n))
        });
        let (reports, said) = imported(&text);
        let count = |word: &str| reports.iter().filter(|one| one["accuracy"] == word).count();
        assert_eq!((count("exact"), count("approximate")), (20, 40), "{name}: {said}");
        assert!(said.contains("approximate places by"), "{name}: {said}");
    }
    // A kind of place says nothing of how exactly it is known.
    let text = table("Category,location_type", |n| {
        format!("Pothole,{}", one_of(&["Street", "Park", "School"], n))
    });
    assert_eq!(held(&text, "accuracy"), set(&["exact"]));
}

#[test]
fn a_site_and_its_street_are_one_address() {
    let site = |n: u32| one_of(&["Riverside Park", "Town Hall", "City Library"], n);
    for (one, other) in [
        ("Site Name", "Location"),
        ("Park Name", "Street"),
        ("Address", "Facility"),
        ("Nom du lieu", "Adresse"),
        ("Straße", "Ortsbezeichnung"),
        ("Parque", "Calle"),
        ("Indirizzo", "Nome della struttura"),
        ("Nome do local", "Rua"),
        ("Locatienaam", "Straat"),
        ("Nazwa obiektu", "Ulica"),
    ] {
        let is_first = ["Address", "Straße", "Indirizzo"].contains(&one);
        let text = table(&format!("Category,{one},{other}"), |n| {
            let street = if n == 20 { String::new() } else { format!("{n} Main St") };
            let site = if n == 30 { "" } else { site(n) };
            let cells = if is_first { [&*street, site] } else { [site, &*street] };
            format!("Pothole,{}", cells.join(","))
        });
        let all = held(&text, "address");
        assert!(all.contains("Riverside Park, 12 Main St"), "{one}, {other}: {all:?}");
        assert!(all.contains("30 Main St") && all.contains("City Library"), "{one}: {all:?}");
    }
    let text = table("Category,Location,Location Description", |n| {
        format!("Pothole,{n} Main St,behind the shed {}", n % 4)
    });
    assert!(held(&text, "address").contains("12 Main St"));
}

/// A coarse word, one of the finer words under it, and a finer one still.
fn levels(n: u32) -> [String; 3] {
    let coarse = n as usize % 3;
    let fine = [["Pothole", "Crack"], ["Bench", "Tree"], ["Leak", "Flood"]][coarse];
    let fine = one_of(&fine, n / 3);
    let finest = format!("{fine} {}", one_of(&["small", "large"], n / 6));
    [["Roads", "Parks", "Water"][coarse].to_owned(), fine.to_owned(), finest]
}

#[test]
fn names_say_which_level_is_the_finer_one() {
    for (coarse, fine) in [
        ("Problem", "SubProblem"),
        ("caseType", "caseSubType"),
        ("Bereich", "Unterbereich"),
        ("Klasse", "Unterklasse"),
        ("Ámbito", "Subámbito"),
        ("Materia", "Sub Materia"),
        ("Ambito", "Sottoambito"),
        ("Domaine", "Sous-domaine"),
        ("Rubriek", "Subrubriek"),
        ("Temat", "Podtemat"),
        ("Obszar", "Podobszar"),
        ("Grupo", "Subgrupo"),
        ("Department", "Sub Department"),
        ("Topic", "Secondary Topic"),
        ("Nivel 1", "Nivel 2"),
    ] {
        let text = table(&format!("{coarse},{fine}"), |n| levels(n)[..2].join(","));
        let names = held(&text, "service_name");
        let wanted = set(&["Pothole", "Crack", "Bench", "Tree", "Leak", "Flood"]);
        assert_eq!(names, wanted, "{coarse}, {fine}");
        let shared = table(&format!("{coarse},{fine}"), |n| {
            let fine = one_of(&["Damage", "Blocked"], n / 2);
            format!("{},{fine}", one_of(&["Roads", "Parks"], n))
        });
        let names = held(&shared, "service_name");
        assert!(names.contains("Roads – Damage") && names.len() == 4, "{coarse}: {names:?}");
    }
    // The finer level of a department is none of the categories beside it.
    let text = table("Type,Department,Sub Department", |n| {
        let [coarse, fine, _] = levels(n);
        format!("{fine},{coarse},{coarse} {}", n % 2)
    });
    assert!(held(&text, "service_name").contains("Pothole"));
    // The parent of a level is the column of its name, whatever other categories there are.
    let text = table("Tipo Peticion,Tema,Subtema", |n| {
        format!(
            "{},{}",
            one_of(&["Queja", "Trámite", "Felicidad"], n / 7),
            levels(n)[..2].join(",")
        )
    });
    assert!(held(&text, "service_name").contains("Pothole"));
}

#[test]
fn the_third_level_is_finer_than_the_second() {
    for names in [
        "Category,Sub Category,Sub Sub Category",
        "Thème,Sous-thème,Sous-sous-thème",
        "Kategorie,Unterkategorie,Unterunterkategorie",
        "Category L1,Category L2,Category L3",
        "Complaint Category,Complaint Subcategory,Complaint Type",
    ] {
        let names = held(&table(names, |n| levels(n).join(",")), "service_name");
        assert!(names.contains("Pothole small") && names.len() == 12, "{names:?}");
    }
    // Words that come under several parents are read with all that it takes.
    let text = table("Level 1,Level 2,Level 3", |n| {
        let [one, two, three] = [
            one_of(&["Roads", "Parks"], n),
            one_of(&["Damage", "Blocked"], n / 2),
            one_of(&["small", "large"], n / 4),
        ];
        format!("{one},{two},{three}")
    });
    let names = held(&text, "service_name");
    assert!(names.contains("Roads – Damage – small") && names.len() == 8, "{names:?}");
}

#[test]
fn names_beside_codes_are_the_categories_in_either_order() {
    let codes = ["STPOT", "GRAF", "TREE", "LITE"];
    let names = ["Pothole in street", "Graffiti on wall", "Tree limb down", "Light is out"];
    for (code, name) in [
        ("ProblemCode", "Description"),
        ("PROBTYPE", "DESCRIPT"),
        ("ACTCODE", "ACT DESCRIPTION"),
        ("Code", "Bezeichnung"),
        ("Code", "Libellé"),
        ("Kod", "Nazwa"),
        ("cod_tipo", "desc_tipo"),
    ] {
        for is_swapped in [false, true] {
            let order = |code: &str, name: &str| match is_swapped {
                true => format!("{name},{code}"),
                false => format!("{code},{name}"),
            };
            let text = table(&order(code, name), |n| order(one_of(&codes, n), one_of(&names, n)));
            assert_eq!(held(&text, "service_name"), set(&names), "{code}, {name}, {is_swapped}");
        }
    }
}

#[test]
fn parts_of_the_city_are_areas_and_no_services() {
    let parts = ["Alba", "Brena", "Corva", "Delm"];
    // Each category in one part alone, as in a small file.
    let kind = |n: u32| {
        one_of(&["Pothole", "Graffiti", "Tree", "Bench", "Leak", "Bin", "Lamp", "Post"], n)
    };
    for name in ["Major Area", "Área", "Zona", "Secteur", "Sector"] {
        let row = |n: u32| {
            let place = format!("52.{}{:02},5.{}{:02}", n % 4, n, n % 4, n);
            format!(
                "P{n},2025-03-02 08:{:02}:00,{place},{},{}\n",
                n - 10,
                kind(n),
                one_of(&parts, n)
            )
        };
        let rows: String = (10..70).map(row).collect();
        let text = format!("case no,opened,lat,lon,Type,{name}\n{rows}");
        assert_eq!(held(&text, "area"), set(&parts), "{name}");
        assert_eq!(held(&text, "service_name").len(), 8, "{name}");
        // Without a category nobody takes the parts of the city for one.
        let row = |n: u32| {
            let place = format!("52.{}{:02},5.{}{:02}", n % 4, n, n % 4, n);
            let part = one_of(&parts, n);
            format!("P{n},2025-03-02 08:{:02}:00,{place},{part},{part} {}\n", n - 10, n / 4 % 2)
        };
        let rows: String = (10..70).map(row).collect();
        asked(&format!("case no,opened,lat,lon,{name},Sub {name}\n{rows}"));
    }
}

#[test]
fn the_only_other_column_of_times_has_the_beginnings() {
    let row = |later: &'static str| {
        move |n: u32| {
            let kind = one_of(&["Pothole", "Graffiti"], n);
            format!("P{n},{kind},2025-03-02 08:{:02}:00,{later} 09:00:00\n", n - 10)
        }
    };
    for (name, other) in [
        ("SUBMITTM", "last_edited_date"),
        ("Quando", "Data chiusura"),
        ("Notified", "Closed Date"),
        ("Reg. Date", "Date closed"),
        ("Aufgenommen", "Abschlussdatum"),
        ("Pris le", "Date de clôture"),
    ] {
        let rows: String = (10..70).map(row("2025-04-02")).collect();
        let (reports, said) = imported(&format!("case no,type,{name},{other}\n{rows}"));
        let first = reports.iter().find(|one| one["service_request_id"] == "P10");
        let at = first.map(|one| one["requested_datetime"].clone());
        assert_eq!(at.as_deref(), Some("2025-03-02T07:00:00Z"), "{name}: {said}");
    }
    // It is after what comes later, or its name says that it comes later.
    let rows: String = (10..70).map(row("2025-02-02")).collect();
    asked(&format!("case no,type,Quando,Closed Date\n{rows}"));
    let rows: String = (10..70).map(row("2025-04-02")).collect();
    asked(&format!("case no,type,Inspected,Closed Date\n{rows}"));
}

#[test]
fn keys_of_organisations_are_no_coordinates() {
    for names in
        ["id_unidade_organizacional", "cod_unidade", "latest_id,longest_id", "id_norte,id_este"]
    {
        let text = table(&format!("Type,{names}"), |n| {
            let keys: Vec<String> =
                names.split(',').map(|_| (70_000 + n * 37 % 400).to_string()).collect();
            format!("Pothole,{}", keys.join(","))
        })
        .replace("case no,opened,lat,lon", "case no,opened,a,b");
        let (code, _, said) = import(&Folder::new("portals"), "a.csv", &text);
        assert_eq!(code, Some(0), "{names}: {said}");
    }
}

#[test]
fn one_status_may_divide_another_further() {
    for (one, other) in
        [("status", "situacao"), ("situacao", "tipo_situacao"), ("Status", "Sub Status")]
    {
        let text = table(&format!("Type,{one},{other}"), |n| {
            let fine = [["Em análise", "Aguardando"], ["Concluído", "Indeferido"]][n as usize % 2];
            format!("Pothole,{},{}", one_of(&["Aberto", "Fechado"], n), one_of(&fine, n / 2))
        });
        assert_eq!(held(&text, "status"), set(&["open", "closed"]), "{one}, {other}");
    }
}

#[test]
fn dates_that_fit_both_orders_are_read_as_those_of_earlier_files() {
    let file = |month: u32, days: std::ops::RangeInclusive<u32>, is_day_first: bool| {
        let row = |day: u32| {
            let date = match is_day_first {
                true => format!("{day:02}/{month:02}/2025"),
                false => format!("{month:02}/{day:02}/2025"),
            };
            format!("D{month}-{day},{date} 10:00,Pothole,52.1{day:02},5.2{day:02}\n")
        };
        let rows: String = days.map(row).collect();
        format!("case no,opened,type,lat,lon\n{rows}")
    };
    let folder = Folder::new("orders");
    let (code, _, said) = import(&folder, "first.csv", file(2, 1..=12, true));
    assert_eq!(code, Some(2), "{said}");
    let (code, _, said) = import(&folder, "second.csv", file(1, 1..=28, true));
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = import(&folder, "third.csv", file(2, 1..=12, true));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("as earlier imports of the city"), "{said}");
    let days: BTreeSet<String> = exported(&folder)
        .iter()
        .map(|one| one["requested_datetime"].chars().take(7).collect())
        .collect();
    assert_eq!(days, set(&["2025-01", "2025-02"]));
    // Other columns, another city, and files that had several orders are asked for.
    let other = file(3, 1..=12, true).replace("type", "category");
    assert_eq!(import(&folder, "other.csv", other).0, Some(2));
    let city = ["--jurisdiction", "other.example", "--time-zone", "Europe/Amsterdam"];
    assert_eq!(import_as(&city, &folder, "fourth.csv", file(3, 1..=12, true)).0, Some(2));
    assert_eq!(import(&folder, "fifth.csv", file(4, 1..=28, false)).0, Some(0));
    assert_eq!(import(&folder, "sixth.csv", file(5, 1..=12, false)).0, Some(2));
}
