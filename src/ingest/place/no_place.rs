//! Why a row has no place.

use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::notes::noticed::NoPlace;
use crate::ingest::place::markers::is_marker;
use crate::ingest::place::parted_degrees::column_degrees;
use crate::ingest::place::reader::{PLACE_FIELDS, is_address_alone};
use crate::ingest::place::text::{PlaceText, place_text};
use crate::ingest::place::words::is_no_place;

/// Why a row has no place that was read without a refusal.
pub fn no_place(mapping: &Mapping, row: &impl RowCells) -> NoPlace {
    let Some(places) = mapping.places() else {
        return if mapping.has_had_places { NoPlace::Empty } else { NoPlace::NoColumn };
    };
    let texts = |fields: &[&str]| {
        fields.iter().flat_map(|field| mapping.cells(row, field)).collect::<Vec<&str>>()
    };
    let all = texts(&PLACE_FIELDS);
    if all.is_empty() {
        return NoPlace::Empty;
    }
    if mapping.addressed(row).into_iter().any(is_address_alone) {
        return NoPlace::Address;
    }
    if let Some(word) = all.iter().find(|text| is_no_place(text)) {
        return NoPlace::Marked((*word).to_owned());
    }
    if let Some((lat, lon)) = marked(&texts(&["lat"]), &texts(&["lon"]), &texts(&["point"])) {
        return NoPlace::Marked(format!("{lat}, {lon}"));
    }
    if has_one_zero(&texts(&["lat"]), &texts(&["lon"]), &texts(&["point"])) {
        return NoPlace::OneZero;
    }
    let is_zero = |text: &&str| text.parse::<f64>().is_ok_and(|number| number == 0.0);
    match (texts(&["lon", "lat", "point"]).is_empty(), &places.projection) {
        (true, None) if !places.xy_are_degrees && !all.iter().all(is_zero) => NoPlace::NoProjection,
        _ => NoPlace::Zero,
    }
}

/// The first two numbers of a row, where they are the marker of an unknown place.
fn marked(lat: &[&str], lon: &[&str], point: &[&str]) -> Option<(f64, f64)> {
    let first = |texts: &[&str]| texts.iter().find_map(|text| column_degrees(text));
    let of_text = |text: &&str| match place_text(text)? {
        PlaceText::LonLat(lon, lat) => Some((lat, lon)),
        PlaceText::Pair(a, b) => Some((a, b)),
        _ => None,
    };
    let pairs = first(lat).zip(first(lon)).into_iter().chain(point.iter().filter_map(of_text));
    pairs.into_iter().find(|(lat, lon)| is_marker(*lon, *lat) || is_marker(*lat, *lon))
}

/// Is one of two coordinates 0 and the other not?
fn has_one_zero(lat: &[&str], lon: &[&str], point: &[&str]) -> bool {
    let first = |texts: &[&str]| texts.iter().find_map(|text| column_degrees(text));
    let is_one = |(a, b): (f64, f64)| (a == 0.0) != (b == 0.0);
    let of_text = |text: &&str| match place_text(text) {
        Some(PlaceText::LonLat(a, b) | PlaceText::Pair(a, b)) => is_one((a, b)),
        _ => false,
    };
    first(lat).zip(first(lon)).is_some_and(is_one) || point.iter().any(of_text)
}
