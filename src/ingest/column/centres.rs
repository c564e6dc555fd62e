//! Names of columns of places that are not those of requests, but the centres of areas.

use crate::ingest::column::words::{Concept, NameWords, split};

/// Words for a centre, without accents, in English, French, German, Spanish, Italian, Portuguese,
/// Dutch and Polish.
const CENTRES: &str = "\
    centroid centroids centroide centroidi center centre centro mittelpunkt schwerpunkt zentrum \
    zentroid middelpunt zwaartepunt barycentre centrum srodek centroidu polygon centrepoint \
    centerpoint";

/// Words for a part of a census, without accents, in the same languages.
const OF_CENSUS: &str = "\
    subseccao seccao subsecao subseccion seccion tract blockgroup sezione iris";

/// Words for a place as two numbers or as one text.
const OF_PLACES: [Concept; 5] =
    [Concept::Latitude, Concept::Longitude, Concept::East, Concept::North, Concept::Point];

/// Does the name of a column of places say that they are the centres of areas: `ward_latitude`,
/// `Centroid X`? A zone beside projected coordinates is one of the projection.
pub fn names_centre(name: &str) -> bool {
    let (words, concepts) = (split(name), NameWords::of(name));
    if !concepts.has_any(&OF_PLACES) {
        return false;
    }
    let is_projected = concepts.has_any(&[Concept::East, Concept::North]);
    let is_area = |word: &String| {
        let is_zone = ["zone", "zona", "sector", "local"].iter().any(|zone| word.starts_with(zone));
        let is_part = NameWords::of(word).has_any(&[Concept::Area, Concept::Postcode])
            || OF_CENSUS.split_whitespace().any(|known| known == word);
        is_part && !(is_projected && is_zone)
    };
    let is_centre = |word: &String| CENTRES.split_whitespace().any(|known| known == word);
    words.iter().any(|word| is_area(word) || is_centre(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_of_areas_are_known_by_their_names() {
        for name in [
            "ward_latitude",
            "District Longitude",
            "lat_quartier",
            "zip_lat",
            "Centroid X",
            "centroide_y",
            "Mittelpunkt Breite",
            "Geo Point Barrio",
            "centrum_lon",
            "longitude_subseccao",
            "latitude_subseccao",
        ] {
            assert!(names_centre(name), "{name}");
        }
        for name in ["Latitude", "X", "UTM Zone Easting", "geo_point", "Ward", "Location", "lon"] {
            assert!(!names_centre(name), "{name}");
        }
    }
}
