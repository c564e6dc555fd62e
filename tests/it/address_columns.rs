//! Which of several columns is the address, and addresses in two columns.

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Thirty requests; `more` writes the cells of the columns of these names.
fn table(names: &str, more: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("B{n},2025-03-02 08:{n}:00,Kuil,52.1{n},5.2{n},{}\n", more(n));
    let rows: String = (10..40).map(row).collect();
    format!("case no,opened,category,lat,lon,{names}\n{rows}")
}

#[test]
fn a_whole_address_is_better_than_its_street_and_the_street_than_the_town() {
    for (street, whole) in [
        ("street_name", "full_address"),
        ("Street", "Complete address"),
        ("Rue", "Adresse"),
        ("Straße", "Anschrift vollständig"),
        ("Calle", "Dirección completa"),
        ("Via", "Indirizzo"),
        ("Logradouro", "Endereço"),
        ("straatnaam", "Volledig adres"),
        ("Ulica", "Adres zdarzenia"),
        ("Ort", "Straße"),
        ("Block", "Street Address"),
    ] {
        for is_last in [false, true] {
            let names =
                if is_last { format!("{street},{whole}") } else { format!("{whole},{street}") };
            let cells = |n: u32| match is_last {
                true => format!("Kerklaan,{n} Kerklaan Dorp"),
                false => format!("{n} Kerklaan Dorp,Kerklaan"),
            };
            let folder = Folder::new("addresses");
            let (code, _, said) = import(&folder, "a.csv", table(&names, cells));
            assert_eq!(code, Some(0), "{names}: {said}");
            let is_whole = |one: &std::collections::HashMap<String, String>| {
                one["address"].ends_with(" Kerklaan Dorp")
            };
            assert!(exported(&folder).iter().all(is_whole), "{names}: {said}");
        }
    }
}

#[test]
fn a_street_and_its_house_number_are_one_address() {
    for (names, is_after) in [
        ("Straße,Hausnummer", true),
        ("Straat,Wijk,Huisnummer", true),
        ("calle,altura", true),
        ("Rue,Numéro de rue", true),
        ("Ulica,Nr domu,Dzielnica", true),
        ("street_number,street_name", false),
        ("House No,Street", false),
    ] {
        let cell = |name: &str, n: u32| match name {
            "Wijk" | "Dzielnica" => "Oost".to_owned(),
            "Straße" | "Straat" | "calle" | "Rue" | "Ulica" | "street_name" | "Street" => {
                "Kerklaan".to_owned()
            }
            // One row lacks its number.
            _ if n == 11 => String::new(),
            _ => format!("{n}a"),
        };
        let cells = |n: u32| names.split(',').map(|name| cell(name, n)).collect::<Vec<_>>();
        let folder = Folder::new("addresses");
        let text = table(names, |n| cells(n).join(","));
        let (code, _, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(0), "{names}: {said}");
        for one in exported(&folder) {
            let wanted = match (&one["service_request_id"][1..], is_after) {
                ("11", _) => "Kerklaan".to_owned(),
                (n, true) => format!("Kerklaan {n}a"),
                (n, false) => format!("{n}a Kerklaan"),
            };
            assert_eq!(one["address"], wanted, "{names}: {said}");
        }
    }
}

#[test]
fn addresses_of_open311_and_of_properties_are_read() {
    for name in ["address_string", "location", "street_address"] {
        let row = |n: u32| format!("B{n},2025-03-02T08:{n}:00Z,Kuil,52.1{n},5.2{n},{n} Kerklaan\n");
        let rows: String = (10..40).map(row).collect();
        let names = "service_request_id,requested_datetime,service_name,lat,long";
        let folder = Folder::new("addresses");
        let (code, summary, said) = import(&folder, "a.csv", format!("{names},{name}\n{rows}"));
        assert_eq!((code, &summary["profile"]), (Some(0), &"open311-bulk".into()), "{said}");
        assert!(exported(&folder).iter().all(|one| one["address"].ends_with("Kerklaan")), "{said}");
    }
}
