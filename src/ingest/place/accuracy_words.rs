//! Words by which sources say how exactly a place is known: `Rooftop`, `ZIP centroid`,
//! `Straßenmitte`, `RANGE_INTERPOLATED`.

use crate::domain::Accuracy;
use crate::ingest::column::words::split;

/// Beginnings of words that say an approximate place, without accents, in English, French, German,
/// Spanish, Italian, Portuguese, Dutch and Polish.
const APPROXIMATE: &str = "\
    centroid centrepoint centerpoint centrepunt interpol approx aproxim approssim ungefahr ungenau \
    geschatzt schatzung estimat estimad estime estimac stimat benader geschat przybliz szacunk \
    zentroid mittelpunkt middelpunt zwaartepunt schwerpunkt barycent unscharf imprecis inexact \
    inexat impreci grob vague onnauwkeur niedoklad";

/// Words for a middle, and ends of compounds of one.
const CENTRES: &str = "\
    centre center centro mitte centrum zentrum srodek midden milieu middle \
    mittelpunkt zentroid schwerpunkt middelpunt zwaartepunt";

/// Beginnings of words that say an exact place.
const EXACT: &str = "\
    rooftop exact exakt exato exata esatt precis precios genau hausgenau adressgenau gebaudegenau \
    nauwkeur dokladn parcel parzelle flurstuck perceel dzialk gps premise entrance entree eingang \
    hauskoordinate surveyed vermessen";

/// Words for a house, an address or a crossing: exact, where the name of the column says what the
/// values are about.
const HOUSES: &str = "\
    address addresses addresspoint pointaddress subaddress streetaddress building house \
    housenumber number point poi site structure property manual userplaced verified door \
    adresse numero batiment immeuble maison plaque \
    hausnummer adress gebaude haus punkt adresspunkt \
    portal direccion edificio casa numero punto \
    civico indirizzo edificio endereco morada predio ponto \
    huisnummer adres gebouw huis punt adrespunt numer budynek punktadresowy \
    intersection int crossing croisement carrefour kreuzung interseccion cruce incrocio \
    cruzamento kruising kruispunt skrzyzowanie";

/// Words for a street or a larger area: approximate, where the name of the column says what the
/// values are about.
const AREAS: &str = "\
    street streetname streetmidblock road block blockface segment zip zipcode zip4 postcode postal \
    postalext postalloc postalcode city town locality municipality neighborhood neighbourhood \
    suburb district region state county country province ward area zone admin subadmin village \
    rue voie troncon codepostal ville commune quartier arrondissement secteur departement lieudit \
    strasse strassenabschnitt plz postleitzahl ort ortsteil stadt stadtteil gemeinde bezirk kreis \
    calle via tramo postale cp ciudad municipio barrio colonia distrito provincia localidad \
    strada cap comune citta quartiere frazione localita \
    rua logradouro cep cidade bairro freguesia concelho localidade \
    straat straatnaam stad gemeente wijk buurt plaats woonplaats \
    ulica kod miasto gmina dzielnica osiedle miejscowosc powiat";

/// Words that turn a word for an exact place into its contrary.
const NOT: &str = "not non no nicht niet nie nao sin sans kein pas";

/// What a word of a source says of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccuracyWord {
    /// How exactly the place is known.
    pub accuracy: Accuracy,
    /// The word says so under any name of its column.
    pub is_plain: bool,
}

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn begins(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|stem| word.starts_with(stem))
}

/// What a text of a few words says of a place; `None` where no list has its words.
pub fn accuracy_of_words(text: &str) -> Option<AccuracyWord> {
    const WORDS_MAX: usize = 6;
    let words = split(text);
    if words.is_empty() || words.len() > WORDS_MAX {
        return None;
    }
    let is_centre = |word: &String| {
        lists(CENTRES, word)
            || CENTRES
                .split_whitespace()
                .any(|centre| word.strip_suffix(centre).is_some_and(|before| before.len() >= 3))
    };
    let any = |is: &dyn Fn(&String) -> bool| words.iter().any(is);
    let is_exact = any(&|word| begins(EXACT, word));
    let is_denied = any(&|word| lists(NOT, word));
    let (approximate, exact) = (Accuracy::Approximate, Accuracy::Exact);
    let found = |accuracy, is_plain| Some(AccuracyWord { accuracy, is_plain });
    match () {
        () if is_exact && is_denied => found(approximate, true),
        // The middle of a parcel is on it.
        () if is_exact => found(exact, true),
        () if any(&|word| begins(APPROXIMATE, word)) && !is_denied => found(approximate, true),
        () if any(&is_centre) => found(approximate, words.len() > 1 || text.len() > 6),
        () if any(&|word| lists(HOUSES, word)) && !is_denied => found(exact, false),
        () if any(&|word| lists(AREAS, word)) => found(approximate, false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_accuracy_in_eight_languages() {
        for text in [
            "Centrepoint",
            "Centroid",
            "ZIP centroid",
            "Interpolated",
            "RANGE_INTERPOLATED",
            "GEOMETRIC_CENTER",
            "APPROXIMATE",
            "Straßenmitte",
            "Ortsmittelpunkt",
            "PLZ-Zentroid",
            "interpoliert",
            "nicht exakt",
            "centre de rue",
            "Centroïde de la commune",
            "approximatif",
            "Centro de calle",
            "Aproximada",
            "interpolado",
            "centroide del barrio",
            "centro strada",
            "approssimativo",
            "centróide da freguesia",
            "midden van de straat",
            "benaderd",
            "środek ulicy",
            "przybliżona",
        ] {
            let word = accuracy_of_words(text);
            let wanted = AccuracyWord { accuracy: Accuracy::Approximate, is_plain: true };
            assert_eq!(word, Some(wanted), "{text}");
        }
        for text in ["Rooftop", "ROOFTOP", "Parcel centroid", "hausgenau", "exacte", "Exacto"] {
            let word = accuracy_of_words(text).map(|word| (word.accuracy, word.is_plain));
            assert_eq!(word, Some((Accuracy::Exact, true)), "{text}");
        }
        for (text, accuracy) in [
            ("PointAddress", Accuracy::Exact),
            ("StreetAddress", Accuracy::Exact),
            ("Hausnummer", Accuracy::Exact),
            ("Numéro", Accuracy::Exact),
            ("Portal", Accuracy::Exact),
            ("StreetInt", Accuracy::Exact),
            ("StreetName", Accuracy::Approximate),
            ("Postal", Accuracy::Approximate),
            ("PLZ", Accuracy::Approximate),
            ("commune", Accuracy::Approximate),
            ("Straat", Accuracy::Approximate),
        ] {
            let word = accuracy_of_words(text).map(|word| (word.accuracy, word.is_plain));
            assert_eq!(word, Some((accuracy, false)), "{text}");
        }
        for text in ["", "Pothole", "12", "A tree has fallen over the whole of my garden fence"] {
            assert_eq!(accuracy_of_words(text), None, "{text}");
        }
    }
}
