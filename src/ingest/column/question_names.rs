//! Names of columns that are questions of a form, such as `What would you like to report?`, and
//! words that mean something else together than one by one.

/// Words of questions that say nothing about the column, without accents, in English, French,
/// German, Spanish, Italian, Portuguese, Dutch and Polish.
const FILLERS: &str = "\
    what which who how would you your like want wish to is are was do does did can could please \
    select choose pick enter tell us about we i it there this that any \
    quel quelle quels quelles est ce que qu qui voulez souhaitez vous votre vos nous merci \
    choisir choisissez indiquez veuillez il elle a \
    was welche welches welcher welchen mochten wollen sie ihr ihre ihren uns bitte wahlen es ist \
    que cual cuales quiere desea su sus usted nos por favor seleccione elija esta \
    cosa quale quali vuole vuoi desidera suo sua ci per favore scegli scelga e si tratta \
    qual quais quer deseja seu nos escolha \
    wat welke wilt wil u uw ons kies gaat het \
    co jaki jaka jakie chcesz chce pan pani prosze wybierz to";

/// Words of a name from which it is a question without its sign.
const QUESTION_WORDS: usize = 6;

/// Words together, each between blanks, and what they are read as.
const PHRASES: [(&str, &str); 12] = [
    (" work order ", " workorder "),
    (" comm name ", " community name "),
    (" data ins ", " data inserimento "),
    (" fecha radicacion ", " fecha creacion "),
    (" fecha de radicacion ", " fecha creacion "),
    (" first reported ", " reported "),
    (" mise a jour ", " maj "),
    (" mises a jour ", " maj "),
    (" mis a jour ", " maj "),
    (" mise jour ", " maj "),
    (" site used ", " channel "),
    (" contact type ", " channel "),
];

/// The folded words of a name, joined by blanks, with those of a question left out.
pub fn telling_words(name: &str, words: &[String]) -> String {
    let is_question = name.trim_end().ends_with('?') || words.len() >= QUESTION_WORDS;
    let is_filler = |word: &String| FILLERS.split_whitespace().any(|one| one == word);
    let kept = words.iter().filter(|word| !is_question || !is_filler(word));
    let joined = kept.map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut text = format!(" {joined} ");
    for (phrase, meaning) in PHRASES {
        if text.contains(phrase) {
            text = text.replace(phrase, meaning);
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::ingest::column::words::{Concept, NameWords};

    #[test]
    fn questions_are_read_by_the_words_that_say_something() {
        for (name, concepts) in [
            ("What would you like to report?", vec![Concept::Request]),
            ("Quel est le problème ?", vec![Concept::Request]),
            ("Was möchten Sie melden?", vec![Concept::Created]),
            ("What type of problem is it?", vec![Concept::Category, Concept::Request]),
            ("¿Qué tipo de problema es?", vec![Concept::Category, Concept::Request]),
            ("Fecha de radicación", vec![Concept::Date, Concept::Created]),
            ("Comm Name", vec![Concept::Area, Concept::Name]),
        ] {
            let words = NameWords::of(name);
            assert_eq!((words.concepts, words.unknown), (concepts, 0), "{name}");
        }
    }
}
