//! Names of columns that say a field by one word and nothing else: `Reason`, `Objet`,
//! `Component/s`; and names of titles, which may be categories or texts.

use crate::ingest::column::words::{Concept, NameWords, split};

/// Words for a category where no other word is beside them, without accents, in English, French,
/// German, Spanish, Italian, Portuguese, Dutch and Polish. Beside others they speak of something
/// else: `Closure reason`, `Object ID`.
const CATEGORIES: &str = "\
    reason reasons component components objet objets oggetto objeto objekt activite activites \
    activity actividad attivita atividade tatigkeit grund desperfecto guasto defekt mangel schaden \
    storung averia awaria usterka problematik problematica problematique";

/// Words that change nothing beside these.
const NEUTRAL: &str = "s for contact main primary appel motivo llamada";

/// Words for a title of a request.
const TITLES: &str = "\
    title subject summary betreff asunto oggetto assunto onderwerp temat objet sujet titel titre \
    titulo titolo tytul libelle";

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Does the name say a category by a word that does so only alone, or beside words for a request?
pub fn names_category_alone(name: &str) -> bool {
    let words = split(name);
    let is_neutral = |word: &String| {
        let concepts = NameWords::of(word).concepts;
        lists(NEUTRAL, word)
            || (!concepts.is_empty() && concepts.iter().all(|one| *one == Concept::Request))
    };
    words.iter().any(|word| lists(CATEGORIES, word))
        && words.iter().all(|word| lists(CATEGORIES, word) || is_neutral(word))
}

/// Does the name say a title, such as `Case Title`, `Subject`, `Betreff`?
pub fn names_title(name: &str) -> bool {
    split(name).iter().any(|word| lists(TITLES, word))
}

/// Does the name say nothing but that a request was confirmed? Services that show a report once it
/// is confirmed, as FixMyStreet does, date it so.
pub fn names_confirmation(name: &str) -> bool {
    let words = split(name);
    let is_date = |word: &String| NameWords::of(word).concepts == [Concept::Date];
    let is_confirmed = |word: &String| lists("confirmed", word);
    words.iter().any(is_confirmed) && words.iter().all(|word| is_confirmed(word) || is_date(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_by_one_word() {
        for name in [
            "Reason",
            "Reason for call",
            "Call reason",
            "Component/s",
            "Objet",
            "Objet de la demande",
            "Activité",
            "Schaden",
            "Usterka",
        ] {
            assert!(names_category_alone(name), "{name}");
        }
        for name in
            ["Closure reason", "Status Reason", "Object ID", "Rejection Reason", "Activity date"]
        {
            assert!(!names_category_alone(name), "{name}");
        }
        assert!(names_title("Case Title") && names_title("Betreff") && !names_title("Case Type"));
    }
}
