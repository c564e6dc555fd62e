//! Names of columns that say a finer level of what another column has: `Sub-Category` beside
//! `Category`, `Unterbereich` beside `Bereich`, `Level 2` beside `Level 1`.

use crate::ingest::column::words::{Concept, NameWords, split};

/// Beginnings of words, and words, for a finer level, without accents, in English, French, German,
/// Spanish, Italian, Portuguese, Dutch and Polish.
const FINER: [&str; 6] = ["sub", "sous", "sotto", "unter", "onder", "pod"];

/// Words for a finer level that are none at the beginning of another word.
const FINER_WORDS: &str = "\
    secondary second secondaire secundario secundaria secondario secondaria sekundar secundaire \
    detailed detail details detalle detalhe dettaglio detaille detaillee detailliert szczegolowy \
    szczegolowa";

/// Words, and beginnings of words, for the coarser one of two levels, in the same languages.
const COARSER: [&str; 4] = ["haupt", "hoofd", "ober", "nad"];
const COARSER_WORDS: &str = "\
    main primary principal principale major parent top mere madre padre mae pai glowna glowny \
    nadrzedna general generale";

/// Shortest word that is left of one without its beginning.
const REST_MIN: usize = 4;

/// Words of the longest name that is compared.
const WORDS_MAX: usize = 8;

/// Levels between two columns, at most.
const STEPS_MAX: u32 = 3;

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// The name of a column as a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelName {
    words: Vec<String>,
    /// The words without words for the coarser level.
    stem: Vec<String>,
    /// The words without a number at the end of one of them, and that number.
    numbered: Option<(Vec<String>, u32)>,
}

impl LevelName {
    /// Of a name as its source writes it.
    pub fn of(name: &str) -> Self {
        let is_name = |word: &String| NameWords::of(word).concepts == [Concept::Name];
        let mut words = split(name);
        // `Category Name` is a category, and `Name` a name.
        if words.len() > 1 {
            words.retain(|word| !is_name(word));
        }
        words.truncate(WORDS_MAX);
        let stem = without_coarser(&words);
        let numbered = numbered(&words);
        Self { words, stem, numbered }
    }

    /// May the column be a finer level by its name?
    pub fn may_be_finer(&self) -> bool {
        self.numbered.is_some() || self.words.iter().any(|word| !shorter(word).is_empty())
    }

    /// How many levels below another column it is by the names of both; `None` where the names do
    /// not say it. Bounded by [`WORDS_MAX`] and [`STEPS_MAX`].
    pub fn levels_below(&self, other: &Self) -> Option<u32> {
        if let (Some((words, number)), Some((others, above))) = (&self.numbered, &other.numbered) {
            return number.checked_sub(*above).filter(|levels| *levels > 0 && words == others);
        }
        // `Category` and `Category 2`.
        if let Some((words, number)) = &self.numbered
            && *number > 1
            && *words == other.stem
        {
            return Some(number - 1);
        }
        let mut reached = vec![self.words.clone()];
        for step in 1..=STEPS_MAX {
            reached = reached.iter().flat_map(|words| without_one(words)).collect();
            if reached.contains(&other.words) || reached.contains(&other.stem) {
                return Some(step);
            }
        }
        None
    }
}

/// What is left of a word without its beginning for a finer level; empty texts stand for nothing.
fn shorter(word: &str) -> Vec<&str> {
    if FINER.contains(&word) || lists(FINER_WORDS, word) {
        return vec![""];
    }
    let rests = FINER.iter().filter_map(|before| word.strip_prefix(before));
    rests.filter(|rest| rest.len() >= REST_MIN).collect()
}

/// The words with one mark of a finer level less, each way.
fn without_one(words: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        for rest in shorter(word) {
            let mut left = words.to_vec();
            match rest {
                "" => drop(left.remove(at)),
                rest => left.iter_mut().skip(at).take(1).for_each(|one| *one = rest.to_owned()),
            }
            if !left.is_empty() && !found.contains(&left) {
                found.push(left);
            }
        }
    }
    found
}

/// The words without those for the coarser level.
fn without_coarser(words: &[String]) -> Vec<String> {
    let kept = words.iter().filter(|word| !lists(COARSER_WORDS, word));
    let shortened = kept.map(|word| {
        let mut rests = COARSER.iter().filter_map(|before| word.strip_prefix(before));
        rests.find(|rest| rest.len() >= REST_MIN).unwrap_or(word).to_owned()
    });
    let stem: Vec<String> = shortened.collect();
    if stem.is_empty() { words.to_vec() } else { stem }
}

/// The words without their last number, and it: `Level 2`, `cat_l3`, `Nivel2`.
fn numbered(words: &[String]) -> Option<(Vec<String>, u32)> {
    let number = |word: &String| {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = word.get(stem.len()..)?;
        let number = digits.parse::<u32>().ok().filter(|number| (1..=9).contains(number))?;
        Some((stem.to_owned(), number))
    };
    let at = words.iter().rposition(|word| number(word).is_some())?;
    let (stem, found) = number(words.get(at)?)?;
    let mut left = words.to_vec();
    match stem.as_str() {
        "" => drop(left.remove(at)),
        stem => left.iter_mut().skip(at).take(1).for_each(|one| *one = stem.to_owned()),
    }
    Some((left, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_levels_by_their_names_in_eight_languages() {
        let below =
            |fine: &str, coarse: &str| LevelName::of(fine).levels_below(&LevelName::of(coarse));
        for (coarse, fine) in [
            ("Type", "Sub Type"),
            ("Problem", "SubProblem"),
            ("Issue", "Sub-Issue"),
            ("Case Type", "caseSubType"),
            ("request_type", "request_subtype"),
            ("Request Category", "Request Sub-Category Name"),
            ("Thème", "Sous-thème"),
            ("Rubrique", "SousRubrique"),
            ("Bereich", "Unterbereich"),
            ("Hauptkategorie", "Unterkategorie"),
            ("Ámbito", "Subámbito"),
            ("Materia", "Sub Materia"),
            ("Ambito", "Sottoambito"),
            ("Assunto", "Sub-Assunto"),
            ("Hoofdgroep", "Subgroep"),
            ("Onderwerp", "Sub-onderwerp"),
            ("Obszar", "Podobszar"),
            ("Kategoria", "Podkategoria"),
            ("Topic", "Secondary Topic"),
            ("Tipo", "Detalle Tipo"),
            ("Main Category", "Sub Category"),
            ("Level 1", "Level 2"),
            ("Category", "Category 2"),
            ("cat_l1", "cat_l2"),
            ("Sub Category", "Sub Sub Category"),
            ("Unterkategorie", "Unterunterkategorie"),
        ] {
            assert_eq!(below(fine, coarse), Some(1), "{fine} {coarse}");
            assert_eq!(below(coarse, fine), None, "{fine} {coarse}");
        }
        for (coarse, fine) in
            [("Category", "Sub Sub Category"), ("Thème", "Sous-sous-thème"), ("Nivel1", "Nivel3")]
        {
            assert_eq!(below(fine, coarse), Some(2), "{fine} {coarse}");
        }
        for (coarse, fine) in [
            ("Type", "Subject"),
            ("Ject", "Subscription"),
            ("Category", "Sub Type"),
            ("Address", "Sub Category"),
            ("Type", "Type"),
            ("Name", "Nickname"),
        ] {
            assert_eq!(below(fine, coarse), None, "{fine} {coarse}");
        }
    }
}
