//! Why a row has no place.

use crate::ingest::mapping::{Mapping, RowCells};
use crate::ingest::notes::NoPlace;
use crate::ingest::numbers::is_absent;
use crate::ingest::place_reader::PLACE_FIELDS;

/// Why a row has no place that was read without a refusal.
pub fn no_place(mapping: &Mapping, row: &impl RowCells) -> NoPlace {
    let Some(places) = mapping.places() else { return NoPlace::NoColumn };
    let texts = |fields: &[&str]| {
        fields.iter().flat_map(|field| mapping.cells(row, field)).collect::<Vec<&str>>()
    };
    let all = texts(&PLACE_FIELDS);
    if all.is_empty() {
        return NoPlace::Empty;
    }
    if let Some(word) = all.iter().find(|text| is_absent(text)) {
        return NoPlace::Marked((*word).to_owned());
    }
    let is_zero = |text: &&str| text.parse::<f64>().is_ok_and(|number| number == 0.0);
    match (texts(&["lon", "lat", "point"]).is_empty(), &places.projection) {
        (true, None) if !all.iter().all(is_zero) => NoPlace::NoProjection,
        _ => NoPlace::Zero,
    }
}
