//! Personal words in what people write: e-mail addresses, telephone numbers, plates, names,
//! insurance numbers and addresses of the writer, in French and English.
//!
//! Rules on words, numbers and the signs between them; no list of all names and no model. How many
//! personal words they find, and how many words they take for personal ones, is measured by
//! `tests/it/personal_words.rs` and printed in `docs/privacy.md`.

mod cues;
mod emails;
mod gate;
mod given_names;
mod homes;
mod names;
mod numbers;
mod plates;
mod span;
mod tokens;

pub use span::{Certainty, PersonalKind, PersonalSpan};

use gate::MayHave;
use tokens::TokenText;

/// What stands for personal words that were removed.
pub(in crate::domain) const REMOVED: &str = "[…]";

/// The personal words of a text, in order; none overlaps another. Linear in the length of the text:
/// a text without a cue costs about a nanosecond for a byte, another one about twenty.
///
/// ```
/// use pointchaud::domain::{PersonalKind, personal_spans};
///
/// let text = "Appelez Mme Tremblay au 418-555-0134.";
/// let found = personal_spans(text);
/// let of = |n: usize| (&text[found[n].start..found[n].end], found[n].kind);
/// assert_eq!(of(0), ("Mme Tremblay", PersonalKind::Name));
/// assert_eq!(of(1), ("418-555-0134", PersonalKind::Phone));
/// assert_eq!(personal_spans("Rue Mme-Bolduc, borne BI-1234, autobus 801"), []);
/// ```
pub fn personal_spans(text: &str) -> Vec<PersonalSpan> {
    spans(text, MayHave::of(text))
}

/// The personal words of the kinds that a text may have.
fn spans(text: &str, may: MayHave) -> Vec<PersonalSpan> {
    let mut all = Vec::new();
    if may.emails {
        emails::emails(text, &mut all);
    }
    if may.numbers || may.words {
        let tokens = TokenText::read(text);
        if may.numbers {
            numbers::numbers(&tokens, &mut all);
        }
        if may.words {
            plates::plates(&tokens, &mut all);
            homes::homes(&tokens, &mut all);
            names::names(&tokens, &mut all);
        }
    }
    // The longer of two that begin at one place first.
    all.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut kept: Vec<PersonalSpan> = Vec::with_capacity(all.len());
    for span in all {
        match kept.last_mut() {
            // What overlaps is one span of the first kind.
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => kept.push(span),
        }
    }
    kept
}

/// Whether a text has personal words.
///
/// ```
/// assert!(pointchaud::domain::has_personal_words("écrire à nom@exemple.org"));
/// ```
pub fn has_personal_words(text: &str) -> bool {
    !personal_spans(text).is_empty()
}

/// A text without some parts of it, given as bytes in order; `[…]` stands for each. Parts that are
/// not of the text are left out of it whole: nothing is shown where the parts do not fit.
///
/// ```
/// use pointchaud::domain::without_parts;
///
/// assert_eq!(without_parts("tél. 418 555-0134 svp", &[(6, 18)]), "tél. […] svp");
/// assert_eq!(without_parts("é", &[(1, 2)]), "[…]");
/// ```
pub fn without_parts(text: &str, parts: &[(usize, usize)]) -> String {
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in parts {
        match text.get(at..*start) {
            Some(before) if text.is_char_boundary(*end) && end >= start => {
                shown.push_str(before);
                shown.push_str(REMOVED);
                at = *end;
            }
            _ => return REMOVED.to_owned(),
        }
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, PersonalKind)> {
        personal_spans(text).iter().map(|one| (&text[one.start..one.end], one.kind)).collect()
    }

    #[test]
    fn hostile_texts_take_time_linear_in_their_length() {
        let tricks = [
            "@",
            "a@",
            "a.",
            "1-",
            "1",
            "418-",
            "+",
            "(",
            "M. ",
            "Mme ",
            "A-",
            "appelez ",
            "Mr Mr. ",
            "plaque ",
            "plaque d'",
            "merci, ",
            "j'habite au 1 ",
            "\n",
            "de ",
            "De La ",
            "0 ",
            "418 555 ",
            "A1 ",
            "\u{301}",
            "je suis A ",
            "rue de la ",
            "AB-123-CD",
            "’",
            "É",
        ];
        for trick in tricks {
            let time = |n: usize| {
                let text = trick.repeat(n);
                let begun = std::time::Instant::now();
                let spans = personal_spans(&text);
                assert!(spans.iter().all(|one| text.get(one.start..one.end).is_some()), "{trick}");
                begun.elapsed().as_secs_f64()
            };
            // The shortest of several runs: other programs take their share of the others.
            let best = |n: usize| (0..4).map(|_| time(n)).fold(f64::MAX, f64::min);
            let (few, many) = (best(125).max(2e-5), best(4_000));
            // 32 times the text; a quadratic rule would take 1,024 times as long. On a busy machine
            // long work takes a smaller share of the time than short work.
            assert!(many / few < 800.0, "{trick:?}: {few} s, {many} s");
        }
    }

    #[test]
    fn any_characters_are_read() {
        let signs: Vec<char> =
            "aM.é\u{301}@1 4(+-)ß漢\u{1f600}'’\n\tZ,0\u{2011}ﬁ".chars().collect();
        let mut seed = 9_u64;
        for _ in 0..20_000 {
            let text: String = (0..24)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    signs[(seed >> 40) as usize % signs.len()]
                })
                .collect();
            let known = personal_spans(&text);
            let parts: Vec<(usize, usize)> = known.iter().map(|one| (one.start, one.end)).collect();
            assert!(parts.windows(2).all(|two| two[0].1 <= two[1].0), "{text:?}");
            assert_eq!(without_parts(&text, &parts).matches(REMOVED).count(), parts.len());
            if known.is_empty() {
                assert_eq!(spans(&text, MayHave::ALL), [], "the quick look is wrong: {text:?}");
            }
        }
    }

    #[test]
    fn the_quick_look_loses_nothing() {
        let sentences = include_str!("../../../tests/it/personal_words/known.txt");
        for line in sentences.lines() {
            assert_eq!(personal_spans(line), spans(line, MayHave::ALL), "{line}");
        }
    }

    #[test]
    fn overlapping_words_are_one_span() {
        let text = "Merci,\nMme Hélène Côté";
        assert_eq!(found(text), [("Mme Hélène Côté", PersonalKind::Name)]);
        let text = "contact M. Roy, p.roy@exemple.org (418) 555-0134 poste 2";
        let kinds: Vec<PersonalKind> = found(text).iter().map(|one| one.1).collect();
        assert_eq!(kinds, [PersonalKind::Name, PersonalKind::Email, PersonalKind::Phone]);
    }

    #[test]
    fn what_is_removed_is_removed_whole_or_the_text_is() {
        assert_eq!(without_parts("abcdef", &[(0, 2), (4, 6)]), "[…]cd[…]");
        for wrong in [[(4, 2)], [(3, 99)]] {
            assert_eq!(without_parts("abcdef", &wrong), REMOVED);
        }
        assert_eq!(without_parts("abcdef", &[(2, 4), (1, 3)]), REMOVED);
    }
}
