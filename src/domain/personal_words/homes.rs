//! Addresses at which the writer says to live.

use crate::domain::personal_words::cues::{is_address_word, is_apartment};
use crate::domain::personal_words::span::{Certainty, PersonalKind, PersonalSpan};
use crate::domain::personal_words::tokens::{Gap, Token, TokenKind, TokenText};

/// Is this a word between the cue and the house number?
fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "au" | "a" | "le" | "la" | "est" | "is" | "at" | "on" | "in" | "l" | "s" | "adresse"
    )
}

/// Most words between the cue and the house number.
const FILLERS_MAX: usize = 4;
/// Most tokens of an address after its number.
const TOKENS_MAX: usize = 16;
/// Digits of a house number.
const NUMBER_DIGITS_MAX: usize = 5;

/// Does somebody say here where they live?
fn is_cue(text: &TokenText<'_>, at: usize) -> bool {
    if !text.at(at).is_some_and(Token::is_cue) {
        return false;
    }
    let (before, second) = (text.word_before(at, 1), text.word_before(at, 2));
    match text.word(at) {
        "habite" | "habitons" => true,
        "demeure" | "reste" | "vis" | "loge" | "live" | "reside" => {
            matches!(before, "je" | "i" | "we" | "who" | "qui" | "j") || second == "j"
        }
        "demeurons" | "restons" | "vivons" => before == "nous",
        "adresse" | "domicile" | "address" | "house" | "maison" | "home" | "residence" => {
            matches!(before, "mon" | "ma" | "my" | "notre" | "our")
                || matches!(second, "mon" | "ma" | "my" | "notre" | "our")
        }
        _ => false,
    }
}

/// The token after the number of a house; `None` where there is none.
fn after_number(text: &TokenText<'_>, at: usize) -> Option<usize> {
    let digits = text.digits(at).len();
    if !(1..=NUMBER_DIGITS_MAX).contains(&digits) {
        return None;
    }
    let mut end = at + 1;
    if text.sign(end) == Some('-') && text.is_glued(end) && !text.digits(end + 1).is_empty() {
        end += 2;
    }
    if text.is_glued(end) && text.at(end)?.kind == TokenKind::Word {
        // `12A` is a house, `12e` a floor or a street.
        if text.at(end)?.len() > 1 || matches!(text.word(end), "e" | "h" | "m") {
            return None;
        }
        end += 1;
    }
    if text.sign(end) == Some(',') {
        end += 1;
    }
    Some(end)
}

/// The token after an apartment that follows an address.
fn after_apartment(text: &TokenText<'_>, end: usize) -> usize {
    let mut at = end;
    if text.sign(at) == Some(',') {
        at += 1;
    }
    let is_sign = text.sign(at) == Some('#');
    if !is_sign && !is_apartment(text.word(at)) {
        return end;
    }
    at += 1;
    while matches!(text.sign(at), Some('.' | '#')) {
        at += 1;
    }
    let Some(number) = text.at(at).filter(|token| !matches!(token.kind, TokenKind::Sign(_))) else {
        return end;
    };
    let has_letter = number.kind == TokenKind::Number
        && text.is_glued(at + 1)
        && text.at(at + 1).is_some_and(|next| next.kind == TokenKind::Word && next.len() == 1);
    if has_letter { at + 2 } else { at + 1 }
}

/// The token after the address whose number stands at a position.
fn address_at(text: &TokenText<'_>, at: usize) -> Option<usize> {
    let first = after_number(text, at)?;
    let (mut end, mut words) = (first, 0);
    for _ in 0..TOKENS_MAX {
        let Some(token) = text.at(end).filter(|token| token.gap != Gap::Line) else { break };
        let is_part = match token.kind {
            TokenKind::Word => {
                let is_street = is_address_word(token.folded());
                !is_apartment(token.folded())
                    && (token.is_capital
                        || is_street
                        || text.is_glued(end)
                        || words > 0 && text.is_whispered && words < 3)
            }
            TokenKind::Number => words < 2,
            TokenKind::Sign('-' | '\'' | '’') => text.is_glued(end),
            TokenKind::Sign('.') => {
                // After an abbreviation, not at the end of the sentence.
                text.is_glued(end)
                    && is_address_word(text.word_before(end, 1))
                    && text.at(end + 1).is_some_and(|next| next.gap == Gap::Space)
                    && text.at(end - 1).is_some_and(|before| before.len() <= 4)
            }
            TokenKind::Sign(_) => false,
        };
        if !is_part {
            break;
        }
        words += usize::from(token.kind == TokenKind::Word && token.len() > 1);
        end += 1;
    }
    while end > first && matches!(text.word_before(end, 1), "de" | "la" | "le" | "and" | "et") {
        end -= 1;
    }
    (words > 0).then(|| after_apartment(text, end))
}

/// The addresses of a text at which its writer lives.
pub fn homes(text: &TokenText<'_>, found: &mut Vec<PersonalSpan>) {
    for at in (0..text.tokens.len()).filter(|at| is_cue(text, *at)) {
        let from = text.after_fillers(at + 1, is_filler, FILLERS_MAX);
        let Some(end) = address_at(text, from) else { continue };
        if let (Some(first), Some(last)) = (text.at(from), text.at(end - 1)) {
            let (kind, certainty) = (PersonalKind::Home, Certainty::Sure);
            found.push(PersonalSpan { start: first.start, end: last.end, kind, certainty });
        }
    }
}
