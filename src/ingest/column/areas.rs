//! Names of columns with a word for an area that is no part of the city: a field of work, a
//! department's territory, a zone of time or speed, a surface.

use crate::ingest::column::words::{Concept, NameWords, split};

/// Beginnings of words for a field of work, a topic or a responsibility, without accents, in
/// English, French, German, Spanish, Italian, Portuguese, Dutch and Polish.
const OF_WORK: &str = "\
    servic servizi dienst subject topic theme thema tematy business function functional practice \
    policy program product temat problem issue interest expertise competen kompeten responsib \
    responsab \
    verantwort zustand bevoegd odpowiedzial activit actividad attivita atividad tecnic techni \
    fach sach metier travail trabajo trabalho lavoro werk taak vak prac work operation operativ \
    operac maintenance cost budget result key focus impact concern department dept agency team \
    crew unit division gestion gestione interven einsatz aufgaben arbeit";

/// Beginnings of words for what else has zones and areas: times, speeds, measures.
const OF_OTHERS: &str = "\
    time zeit tijd hora horari orari fuso czasow czasu speed vitesse geschwindigkeit velocid \
    velocita snelheid predkosc surface superfici oberflach oppervlak powierzchni square";

/// Units of a surface.
const UNITS: &str = "m2 sqm qm km2 sqkm sqft sqmi ft2 mi2 ha hectare hectares hectaren acre acres";

/// Words for an area that may be one of anything.
const VAGUE: &str = "\
    area areas zone zones zona zonas sector sectors secteur setor sektor regio regiao district \
    districts distrito distretto bezirk obszar strefa";

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn begins(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|stem| word.starts_with(stem))
}

/// Does a column, whose name has a word for an area, hold parts of the city by its name? Not where
/// the name has a word for a field of work (`Service Area`), unless it also has one for a part of
/// a city (`Public Works Ward`); nor where it has one for a time, a speed or a unit.
pub fn names_part_of_city(name: &str) -> bool {
    let words = split(name);
    let has = |list: &str| words.iter().any(|word| begins(list, word));
    let is_unit = |word: &String| lists(UNITS, word);
    if words.iter().any(is_unit) || name.contains('²') || has(OF_OTHERS) {
        return false;
    }
    let is_part = |word: &String| !lists(VAGUE, word) && NameWords::of(word).has(Concept::Area);
    // `Service Request District` is that of the request.
    let is_of_request = words.iter().any(|word| word.starts_with("req"));
    is_of_request || !has(OF_WORK) || words.iter().any(is_part)
}

/// Is an area of this name one of anything, as `Sector` and `Sub-Area` are, not surely a part of
/// the city, as a `Barrio` is?
pub fn is_vague_area(name: &str) -> bool {
    let words = split(name);
    let is_part = |word: &String| !lists(VAGUE, word) && NameWords::of(word).has(Concept::Area);
    words.iter().any(|word| lists(VAGUE, word)) && !words.iter().any(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_work_and_zones_of_time_are_no_parts_of_the_city() {
        for name in [
            "Service Area",
            "service_district",
            "Subject Area",
            "Business Area Name",
            "Work Zone",
            "Maintenance District",
            "Área técnica",
            "Área responsable",
            "Zona de trabajo",
            "Secteur d'activité",
            "Zone d'intervention",
            "Time Zone",
            "Zona horaria",
            "Speed Zone",
            "Area (m²)",
            "area_sqft",
            "Área temática",
            "Distrito operativo",
        ] {
            assert!(!names_part_of_city(name), "{name}");
        }
        for name in [
            "Area",
            "Ward",
            "District",
            "Council District",
            "Police District",
            "Public Works Ward",
            "Service Request District",
            "Service Neighborhood",
            "Quartier",
            "Secteur",
            "Zona",
            "Barrio",
            "Wijk",
            "Dzielnica",
            "Stadtteil",
        ] {
            assert!(names_part_of_city(name), "{name}");
        }
    }
}
