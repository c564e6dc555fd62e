//! Columns with a word for an area: parts of the city, and what is none.

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Thirty requests; `more` writes the cells of the columns of these names.
fn table(names: &str, more: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("B{n},2025-03-02 08:{n}:00,Kuil,52.1{n},5.2{n},{}\n", more(n));
    let rows: String = (10..40).map(row).collect();
    format!("case no,opened,category,lat,lon,{names}\n{rows}")
}

#[test]
fn what_is_no_part_of_the_city_is_no_area() {
    for (name, values) in [
        ("Service Area", ["Public Works", "Parks"]),
        ("Maintenance District", ["Crew 5", "Crew 6"]),
        ("Área temática", ["Limpieza", "Parques"]),
        ("Secteur d'activité", ["Voirie", "Eau"]),
        ("Zone Manager", ["J. Doe", "M. Roe"]),
        ("Ward Alderman", ["J. Doe", "M. Roe"]),
        ("Chef de secteur", ["J. Doe", "M. Roe"]),
        ("Speed Zone", ["30 km/h", "50 km/h"]),
        ("Zona oraria", ["Europe/Rome", "UTC"]),
        ("Area (sqm)", ["12.5", "30"]),
    ] {
        let folder = Folder::new("areas");
        let value = |n: u32| values[n as usize % 2];
        let (code, _, said) = import(&folder, "a.csv", table(name, |n| value(n).to_owned()));
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(exported(&folder).iter().all(|one| one["area"].is_empty()), "{name}: {said}");
        // Beside a part of the city, before or after it.
        for names in [format!("{name},Wijk"), format!("Wijk,{name}")] {
            let is_first = names.starts_with("Wijk");
            let cells = |n: u32| match is_first {
                true => format!("Oost,{}", value(n)),
                false => format!("{},Oost", value(n)),
            };
            let folder = Folder::new("areas");
            let (code, _, said) = import(&folder, "a.csv", table(&names, cells));
            assert_eq!(code, Some(0), "{names}: {said}");
            assert!(exported(&folder).iter().all(|one| one["area"] == "Oost"), "{names}: {said}");
        }
    }
}

#[test]
fn parts_of_the_city_are_areas() {
    for name in ["Ward", "Neighbourhood", "Council Member District", "Barrio", "Public Works Ward"]
    {
        let folder = Folder::new("areas");
        let text = table(name, |n| ["Oost", "West"][n as usize % 2].to_owned());
        let (code, _, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(exported(&folder).iter().all(|one| !one["area"].is_empty()), "{name}: {said}");
    }
}
