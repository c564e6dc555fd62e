//! Places that are not exact: centres of areas, and one point for many reports.

use crate::common::Folder;
use crate::place_columns::{exported, import};

fn table(names: &str, more: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("B{n},2025-03-02 08:{n}:00,Kuil,{}\n", more(n));
    let rows: String = (10..50).map(row).collect();
    format!("case no,opened,category,{names}\n{rows}")
}

#[test]
fn centres_of_areas_are_approximate_and_not_read_beside_places() {
    for (lat, lon) in [
        ("ward_latitude", "ward_longitude"),
        ("District Lat", "District Lon"),
        ("zip_lat", "zip_lon"),
        ("centroid_y", "centroid_x"),
        ("lat_quartier", "lon_quartier"),
        ("Mittelpunkt Breite", "Mittelpunkt Länge"),
    ] {
        let centre = |n: u32| format!("52.1{}234,5.2{}345", n % 4, n % 4);
        let folder = Folder::new("centres");
        let text = table(&format!("{lat},{lon}"), centre);
        let (code, _, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(0), "{lat}: {said}");
        assert!(said.contains("centres of areas"), "{lat}: {said}");
        assert!(exported(&folder).iter().all(|one| one["accuracy"] == "approximate"), "{said}");
        let text = table(&format!("{lat},{lon},latitude,longitude"), |n| {
            format!("{},52.3{n}11,5.4{n}11", centre(n))
        });
        let folder = Folder::new("centres");
        let (code, _, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(0), "{lat}: {said}");
        for one in exported(&folder) {
            assert!(one["accuracy"] == "exact" && one["lat"].starts_with("52.3"), "{lat}: {said}");
        }
    }
}

#[test]
fn a_point_of_many_reports_is_named() {
    for (every, is_named) in [(1, true), (2, true), (20, false)] {
        let place = |n: u32| match n.is_multiple_of(every) {
            true => "52.5001,5.6001".to_owned(),
            false => format!("52.1{n}1,5.2{n}1"),
        };
        let (code, _, said) = import(&Folder::new("centres"), "a.csv", table("lat,lon", place));
        assert_eq!(code, Some(0), "{said}");
        let sentence = "default_points = [[5.6001, 52.5001]]";
        assert_eq!(said.contains(sentence), is_named, "{every}: {said}");
    }
}
