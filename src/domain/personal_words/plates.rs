//! Plates of vehicles.

use crate::domain::personal_words::cues::{is_plate, is_plate_filler, is_vehicle};
use crate::domain::personal_words::span::{Certainty, PersonalKind, PersonalSpan};
use crate::domain::personal_words::tokens::{Gap, Token, TokenKind, TokenText};

/// Words between the cue and the plate.
const FILLERS_MAX: usize = 7;
/// Tokens of a plate: `A`, `12`, `BCD`.
const TOKENS_MAX: usize = 5;
/// Letters and digits of a plate.
const SIGNS: std::ops::RangeInclusive<usize> = 5..=8;
/// Tokens before a plate in which a vehicle is looked for.
const VEHICLE_TOKENS: usize = 10;

/// The token after the plate that begins at a position, after a word that says it is one.
fn plate_after_cue(text: &TokenText<'_>, first: usize) -> Option<usize> {
    let (mut letters, mut digits, mut at, mut best) = (0, 0, first, None);
    for _ in 0..TOKENS_MAX {
        let Some(token) = text.at(at) else { break };
        if at > first && !matches!(token.gap, Gap::None | Gap::Space) {
            break;
        }
        match token.kind {
            TokenKind::Number => digits += token.len(),
            TokenKind::Word if token.is_shouted && token.len() <= 4 => letters += token.len(),
            // Small letters that touch digits.
            TokenKind::Word
                if token.len() <= 3 && (text.is_glued(at) || is_glued_after(text, at)) =>
            {
                letters += token.len();
            }
            TokenKind::Sign('-') if at > first => (),
            _ => break,
        }
        if letters + digits > *SIGNS.end() {
            break;
        }
        at += 1;
        let is_whole = !text.is_glued(at) || matches!(text.at(at)?.kind, TokenKind::Sign(_));
        if letters >= 1 && digits >= 2 && SIGNS.contains(&(letters + digits)) && is_whole {
            best = Some(at);
        }
        if text.at(at).is_none() {
            break;
        }
    }
    best
}

/// Does a number touch the end of this word?
fn is_glued_after(text: &TokenText<'_>, at: usize) -> bool {
    text.is_glued(at + 1) && !text.digits(at + 1).is_empty()
}

/// Is this token a word of so many capitals?
fn is_letters(text: &TokenText<'_>, at: usize, count: usize) -> bool {
    let is =
        |token: &Token| token.kind == TokenKind::Word && token.is_shouted && token.len() == count;
    text.at(at).is_some_and(is)
}

/// The token after a plate of France, `AB-123-CD`.
fn french_plate(text: &TokenText<'_>, at: usize) -> Option<usize> {
    let is_glued = (1..5).all(|n| text.is_glued(at + n));
    let has_hyphens = text.sign(at + 1) == Some('-') && text.sign(at + 3) == Some('-');
    let follows = |sign| matches!(sign, None | Some('-' | '/' | '_'));
    let goes_on = text.is_glued(at + 5) && follows(text.sign(at + 5));
    let is_free = !(text.is_glued(at) || goes_on);
    (is_free
        && is_glued
        && has_hyphens
        && is_letters(text, at, 2)
        && text.digits(at + 2).len() == 3
        && is_letters(text, at + 4, 2))
    .then_some(at + 5)
}

/// The token after a plate of Québec, `A12 BCD`, in a text about a vehicle.
fn quebec_plate(text: &TokenText<'_>, at: usize) -> Option<usize> {
    let end = match text.sign(at + 2) {
        Some('-') => at + 4,
        _ => at + 3,
    };
    (is_letters(text, at, 1)
        && !text.is_glued(at)
        && text.is_glued(at + 1)
        && text.digits(at + 1).len() == 2
        && is_letters(text, end - 1, 3)
        && text.has_before(at, VEHICLE_TOKENS, is_vehicle))
    .then_some(end)
}

/// The plates of a text.
pub fn plates(text: &TokenText<'_>, found: &mut Vec<PersonalSpan>) {
    let mut at = 0;
    while at < text.tokens.len() {
        let mut first = at;
        let is_start = |token: &Token| {
            token.is_cue() || token.is_shouted && token.len() <= 2 && text.is_glued(at + 1)
        };
        if !text.at(at).is_some_and(is_start) {
            at += 1;
            continue;
        }
        let mut hit = french_plate(text, at).map(|end| (end, Certainty::Likely));
        hit = hit.or_else(|| Some((quebec_plate(text, at)?, Certainty::Likely)));
        if hit.is_none() && is_plate(text.word(at)) {
            // A filler such as `MA` may be the plate's beginning: the first that fits is taken.
            let most = text.after_fillers(at + 1, is_plate_filler, FILLERS_MAX);
            let found = (at + 1..=most).find_map(|from| {
                let is_start = text.at(from)?.gap != Gap::None || text.sign(from - 1).is_some();
                let is_filler = is_plate_filler(text.word(from)) && from < most;
                let end = (is_start && !is_filler).then(|| plate_after_cue(text, from))??;
                Some((from, end))
            });
            if let Some((from, end)) = found {
                (first, hit) = (from, Some((end, Certainty::Sure)));
            }
        }
        let ends =
            hit.and_then(|(end, sure)| Some((end, sure, text.at(first)?, text.at(end - 1)?)));
        match ends {
            Some((end, certainty, from, last)) => {
                let kind = PersonalKind::Plate;
                found.push(PersonalSpan { start: from.start, end: last.end, kind, certainty });
                at = end;
            }
            None => at += 1,
        }
    }
}
