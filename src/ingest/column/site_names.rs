//! Names of columns of sites, such as a park or a school, which are a part of where a request is
//! beside its street: `Site Name`, `Park`, `Nom du lieu`.

use crate::ingest::column::addresses::joined_address;
use crate::ingest::column::words::{Concept, NameWords, split};

/// Words for a site, without accents, in English, French, German, Spanish, Italian, Portuguese,
/// Dutch and Polish.
const SITES: &str = "\
    site facility facilities venue landmark poi premises park parks playground school building \
    stadium cemetery beach trail \
    equipement etablissement batiment parc jardin ecole cimetiere plage \
    einrichtung objekt gebaude spielplatz grunanlage grunflache parkanlage friedhof schule \
    parque parques instalacion equipamiento edificio plaza escuela colegio \
    parco giardino struttura scuola cimitero \
    equipamento instalacao praca jardim escola \
    gebouw voorziening speeltuin speelplek begraafplaats \
    obiekt obiektu budynek park parku placowka placowki";

/// Words for a place of any kind, which are a site beside a word for a name.
const PLACES: &str = "\
    place location lieu emplacement ort orts standort lugar ubicacion luogo ubicazione local \
    plaats locatie miejsce miejsca";

/// Ends of compounds of a site or a place and a name: `parkname`, `ortsbezeichnung`.
const NAMES: [&str; 6] = ["name", "naam", "sname", "bezeichnung", "sbezeichnung", "aanduiding"];

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Does the name say that the column has the names of sites, and nothing else?
pub fn names_site(name: &str) -> bool {
    let words = split(name);
    let is_plain = |word: &String| {
        let concepts = NameWords::of(word).concepts;
        let is_known = [Concept::Name, Concept::Request];
        lists("common nearest nearby l d", word)
            || (!concepts.is_empty() && concepts.iter().all(|one| is_known.contains(one)))
    };
    let is_compound = |word: &String| {
        let mut before = NAMES.iter().filter_map(|end| word.strip_suffix(end));
        before.any(|before| lists(SITES, before) || lists(PLACES, before))
    };
    let is_site = |word: &String| lists(SITES, word) || is_compound(word);
    let is_place = |word: &String| lists(PLACES, word);
    let says_name = words.iter().any(|word| NameWords::of(word).has(Concept::Name));
    let is_named = words.iter().any(is_site) || (says_name && words.iter().any(is_place));
    is_named && words.iter().all(|word| is_site(word) || is_place(word) || is_plain(word))
}

/// The address of several cells, of which the first may be the name of a site.
pub fn address_of_cells(parts: &[&str], has_site: bool) -> String {
    match parts {
        [site, address @ ..] if has_site => with_site(site, &joined_address(address)),
        parts => joined_address(parts),
    }
}

/// The site before the address of a row, unless the address has its name already.
fn with_site(site: &str, address: &str) -> String {
    let has = |whole: &str, part: &str| whole.to_lowercase().contains(&part.to_lowercase());
    match () {
        () if address.is_empty() || has(site, address) => site.to_owned(),
        () if has(address, site) => address.to_owned(),
        () => format!("{site}, {address}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_by_their_names() {
        for name in [
            "Site Name",
            "Park Name",
            "PARKNAME",
            "Facility",
            "Landmark",
            "Location Name",
            "Nom du lieu",
            "Nom de l'équipement",
            "Ortsbezeichnung",
            "Name der Einrichtung",
            "Nombre del parque",
            "Nome do local",
            "Luogo (nome)",
            "Locatienaam",
            "Nazwa obiektu",
        ] {
            assert!(names_site(name), "{name}");
        }
        for name in [
            "Location",
            "Ort",
            "Site ID",
            "Park District",
            "School Board",
            "Building Type",
            "Street Name",
            "Name",
            "Parking",
            "Site web",
        ] {
            assert!(!names_site(name), "{name}");
        }
        assert_eq!(with_site("Riverside Park", "1 Main St"), "Riverside Park, 1 Main St");
        assert_eq!(with_site("Main St", "1 Main St"), "1 Main St");
        assert_eq!(with_site("Town Hall, 1 Main St", "1 main st"), "Town Hall, 1 Main St");
    }
}
