//! Names of persons, after words that announce one.

use crate::domain::personal_words::cues::{
    is_closing, is_closing_filler, is_contact, is_contact_filler, is_no_name, is_place,
    is_place_after, is_relative, is_title,
};
use crate::domain::personal_words::given_names::is_given_name;
use crate::domain::personal_words::span::{Certainty, PersonalKind, PersonalSpan};
use crate::domain::personal_words::tokens::{Gap, TokenKind, TokenText};

/// Words of a name.
const WORDS_MAX: usize = 5;
/// Tokens of a name.
const TOKENS_MAX: usize = 16;
/// Fillers between a cue and the name.
const FILLERS_MAX: usize = 4;

/// What a name must have after its cue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameForm {
    /// Any word with a capital.
    Any,
    /// A known given name, or two words with capitals.
    GivenOrTwo,
    /// Two words with capitals, the first a known given name.
    GivenAndFamily,
}

/// The words of a name.
struct NameExtent {
    /// The token after it.
    end: usize,
    /// How many words with a capital it has.
    count: usize,
}

/// Is this a word with a capital, or any word of a text that has none?
fn is_name_word(text: &TokenText<'_>, at: usize) -> bool {
    text.at(at).is_some_and(|token| token.kind == TokenKind::Word && token.is_capital)
}

/// The words with capitals from a position on, with initials, hyphens and particles.
fn name_words(text: &TokenText<'_>, first: usize) -> Option<NameExtent> {
    if !is_name_word(text, first) {
        return None;
    }
    let (mut end, mut count) = (first, 0);
    while count < WORDS_MAX && end < first + TOKENS_MAX {
        let token = text.at(end)?;
        let is_initial = token.len() <= 2;
        count += 1;
        end += 1;
        // Capitals throughout: where the name ends is not written.
        if text.is_shouted && count == 2 {
            break;
        }
        if text.sign(end) == Some('.') && is_initial && text.is_glued(end) {
            end += 1;
        }
        let joins = matches!(text.sign(end), Some('-' | '‑' | '\'' | '’')) && text.is_glued(end);
        if joins && text.is_glued(end + 1) && text.at(end + 1)?.kind == TokenKind::Word {
            // The part after an apostrophe is a name or the English genitive.
            if text.at(end + 1)?.len() == 1 {
                break;
            }
            end += 1;
            continue;
        }
        let is_next = |at: usize| {
            is_name_word(text, at) && text.at(at).is_some_and(|next| next.gap == Gap::Space)
        };
        let is_particle = |at: usize| {
            let is_word = matches!(
                text.word(at),
                "de" | "du"
                    | "la"
                    | "le"
                    | "van"
                    | "von"
                    | "der"
                    | "el"
                    | "al"
                    | "ben"
                    | "bin"
                    | "da"
                    | "di"
                    | "dos"
                    | "des"
            );
            is_word && text.at(at).is_some_and(|next| next.gap == Gap::Space)
        };
        if is_next(end) && !is_no_name(text.word(end)) && !is_title(text.word(end)) {
            continue;
        }
        if is_particle(end) && is_next(end + 1) {
            end += 1;
        } else if is_particle(end) && is_particle(end + 1) && is_next(end + 2) {
            end += 2;
        } else {
            break;
        }
    }
    Some(NameExtent { end, count })
}

/// Is the name a part of the name of a street or place, such as `Dr. King Blvd`?
fn is_of_place(text: &TokenText<'_>, first: usize, end: usize) -> bool {
    let is_word =
        |at: usize| is_place_after(text.word(at)) && text.at(at).is_some_and(|t| t.len() > 1);
    (first + 1..end).any(is_word)
        || text.at(end).is_some_and(|next| next.gap == Gap::Space) && is_word(end)
}

/// Does a word for a street or place stand in front, as in `rue du Docteur-Grenier`?
fn follows_place(text: &TokenText<'_>, at: usize) -> bool {
    let mut back = 1;
    while back <= 4 {
        match text.word_before(at, back) {
            "de" | "du" | "la" | "des" | "le" | "l" | "the" | "d" => (),
            "" if at.checked_sub(back).and_then(|at| text.sign(at)) == Some('.') => (),
            word => return is_place(word),
        }
        back += 1;
    }
    false
}

/// A name of the form that its cue asks for, from a position on.
fn name_at(text: &TokenText<'_>, first: usize, form: NameForm) -> Option<(usize, Certainty)> {
    let is_known = is_given_name(text.word(first));
    let Some(words) = name_words(text, first) else {
        // Somebody who writes no capitals.
        let is_small = text.at(first).is_some_and(|token| token.kind == TokenKind::Word);
        let is_name = is_small && is_known && form == NameForm::Any;
        return is_name.then_some((first + 1, Certainty::Likely));
    };
    if is_no_name(text.word(first)) || is_of_place(text, first, words.end) {
        return None;
    }
    let is_acronym =
        text.at(first).is_some_and(|token| token.is_shouted && token.len() > 1) && !text.is_shouted;
    let certainty = if is_known { Certainty::Sure } else { Certainty::Likely };
    let is_name = match form {
        NameForm::Any => return (!is_acronym).then_some((words.end, Certainty::Sure)),
        _ if text.is_shouted => is_known,
        NameForm::GivenOrTwo => is_known || words.count >= 2 && !is_acronym,
        NameForm::GivenAndFamily => is_known && words.count >= 2,
    };
    is_name.then_some((words.end, certainty))
}

/// The first token of the name after a title, and where it ends.
fn titled(text: &TokenText<'_>, at: usize) -> Option<(usize, usize, Certainty)> {
    let token = text.at(at)?;
    let has_dot = text.sign(at + 1) == Some('.') && text.is_glued(at + 1);
    let is_m = token.folded() == "m" && token.is_capital && has_dot && !text.is_glued(at);
    if !is_m && !is_title(token.folded()) {
        return None;
    }
    let first = if has_dot { at + 2 } else { at + 1 };
    let next = text.at(first)?;
    let begins_number = at > 0 && !text.digits(at - 1).is_empty();
    if next.gap != Gap::Space && !(has_dot && next.gap == Gap::None && !is_m)
        || follows_place(text, at)
        || is_m && begins_number
    {
        return None;
    }
    let is_written_small = text.is_whispered
        && next.kind == TokenKind::Word
        && next.len() >= 3
        && matches!(token.folded(), "mme" | "mlle" | "mrs")
        && !is_no_name(next.folded());
    match name_at(text, first, NameForm::Any) {
        Some((end, certainty)) => {
            let rank = matches!(token.folded(), "officer" | "agent" | "agente" | "detective");
            Some((at, end, if rank { Certainty::Likely } else { certainty }))
        }
        None if is_written_small => Some((at, first + 1, Certainty::Likely)),
        None => None,
    }
}

/// A name after `je m'appelle`, `my name is`, `je suis`, `I am`, `this is`.
fn introduced(text: &TokenText<'_>, at: usize) -> Option<(usize, usize, Certainty)> {
    let before = |back| text.word_before(at, back);
    let name = |first: usize, form| {
        let (end, certainty) = name_at(text, first, form)?;
        Some((first, end, certainty))
    };
    match text.word(at) {
        "appelle" if before(2) == "m" => name(at + 1, NameForm::Any),
        "nom" if before(1) == "mon" => name(
            text.after_fillers(at + 1, |word| matches!(word, "est" | "c"), FILLERS_MAX),
            NameForm::Any,
        ),
        "name" if before(1) == "my" => name(
            text.after_fillers(at + 1, |word| matches!(word, "is" | "s"), FILLERS_MAX),
            NameForm::Any,
        ),
        "suis" if before(1) == "je" => name(at + 1, NameForm::GivenAndFamily),
        "m" if before(2) == "i" && text.is_apostrophe(at - 1) => {
            name(at + 1, NameForm::GivenAndFamily)
        }
        "am" if before(1) == "i" => name(at + 1, NameForm::GivenAndFamily),
        "this" if text.word(at + 1) == "is" => name(at + 2, NameForm::GivenAndFamily),
        _ => None,
    }
}

/// A name after `appelez`, `contact`, `reported by`, `my daughter`.
fn mentioned(text: &TokenText<'_>, at: usize) -> Option<(usize, usize, Certainty)> {
    let word = text.word(at);
    let owner = text.word_before(at, 1);
    let is_relative = is_relative(word)
        && matches!(owner, "ma" | "mon" | "my" | "sa" | "son" | "his" | "her" | "our" | "notre");
    if !is_relative && !is_contact(word) {
        return None;
    }
    let first = text.after_fillers(at + 1, is_contact_filler, FILLERS_MAX);
    let next = text.at(first)?;
    if next.gap == Gap::Line || is_relative && first > at + 1 {
        return None;
    }
    let (end, certainty) = name_at(text, first, NameForm::GivenOrTwo)?;
    Some((first, end, certainty))
}

/// The signature after a closing word: names up to the end of the text.
fn signature(text: &TokenText<'_>, at: usize) -> Option<(usize, usize, Certainty)> {
    if !is_closing(text.word(at)) {
        return None;
    }
    let mut first = at + 1;
    while first < at + 10 {
        let is_sign = matches!(text.sign(first), Some(',' | '!' | '.' | ':' | '-' | '–' | '\''));
        let is_filler = is_closing_filler(text.word(first));
        if !is_sign && !is_filler && !text.is_apostrophe(first) {
            break;
        }
        first += 1;
    }
    let has_break = first > at + 1 || text.at(first)?.gap == Gap::Line;
    let (end, certainty) = name_at(text, first, NameForm::GivenOrTwo)?;
    let is_end = (end..text.tokens.len()).all(|at| text.sign(at).is_some())
        || text.at(end).is_some_and(|next| next.gap == Gap::Line);
    (has_break && is_end).then_some((first, end, certainty))
}

/// A given name and a family name alone in the last line.
fn last_line(text: &TokenText<'_>) -> Option<(usize, usize, Certainty)> {
    let first = text.tokens.iter().rposition(|token| token.gap == Gap::Line)?;
    let (end, certainty) = name_at(text, first, NameForm::GivenAndFamily)?;
    (end..text.tokens.len()).all(|at| text.sign(at).is_some()).then_some((first, end, certainty))
}

/// The names of persons in a text.
pub fn names(text: &TokenText<'_>, found: &mut Vec<PersonalSpan>) {
    let mut add = |(from, end, certainty): (usize, usize, Certainty)| {
        if let (Some(first), Some(last)) = (text.at(from), text.at(end - 1)) {
            let kind = PersonalKind::Name;
            found.push(PersonalSpan { start: first.start, end: last.end, kind, certainty });
        }
        end
    };
    let mut at = 0;
    while at < text.tokens.len() {
        if !text.at(at).is_some_and(|token| token.is_cue()) {
            at += 1;
            continue;
        }
        let hit = titled(text, at)
            .or_else(|| introduced(text, at))
            .or_else(|| mentioned(text, at))
            .or_else(|| signature(text, at));
        at = hit.map_or(at + 1, &mut add);
    }
    if let Some(hit) = last_line(text) {
        add(hit);
    }
}
