//! Telephone numbers, health insurance numbers and social insurance numbers.

use crate::domain::personal_words::cues::{is_extension, is_other_number, is_phone};
use crate::domain::personal_words::span::{Certainty, PersonalKind, PersonalSpan};
use crate::domain::personal_words::tokens::{Gap, TokenKind, TokenText};

/// Groups of digits that are looked at from one position: no telephone number has more.
const GROUPS_MAX: usize = 8;
/// Tokens before a number in which its cue is looked for.
const CUE_TOKENS: usize = 8;

/// Groups of digits with one separator between each two.
struct DigitGroups<'a> {
    /// The digits of each group.
    groups: Vec<&'a str>,
    /// The sign before each group; a space where there is none, nothing where both touch.
    signs: Vec<char>,
    /// The position of the token after each group.
    ends: Vec<usize>,
}

/// A dash as a hyphen; other characters as they are.
fn hyphen(sign: char) -> char {
    if matches!(sign, '‑' | '–' | '−' | '‐') { '-' } else { sign }
}

/// The groups from a number on.
fn groups<'a>(text: &TokenText<'a>, first: usize) -> DigitGroups<'a> {
    let mut all = DigitGroups { groups: Vec::new(), signs: Vec::new(), ends: Vec::new() };
    let (mut at, mut sign) = (first, ' ');
    while all.groups.len() < GROUPS_MAX {
        let digits = text.digits(at);
        if digits.is_empty() {
            break;
        }
        all.groups.push(digits);
        all.signs.push(sign);
        at += 1;
        all.ends.push(at);
        sign = ' ';
        // At most one sign and a bracket.
        for _ in 0..2 {
            match text.sign(at).map(hyphen) {
                Some(known @ ('-' | '.' | '/' | '(' | ')')) => {
                    sign = if sign == ' ' { known } else { sign };
                    at += 1;
                }
                _ => break,
            }
        }
        if text.at(at).is_none_or(|next| next.gap == Gap::Line) {
            break;
        }
    }
    all
}

impl DigitGroups<'_> {
    /// Are the groups from this one on of these lengths?
    fn are(&self, from: usize, lengths: &[usize]) -> bool {
        let own = self.groups.get(from..from + lengths.len());
        own.is_some_and(|own| own.iter().zip(lengths).all(|(group, n)| group.len() == *n))
    }

    fn group(&self, n: usize) -> &str {
        self.groups.get(n).copied().unwrap_or_default()
    }

    /// Is the last of these groups the end, so that no further group of the same row follows?
    fn ends_after(&self, from: usize, count: usize) -> bool {
        match self.signs.get(from + count) {
            None => true,
            Some(after) => {
                let inner = self.signs.get(from + count - 1);
                *after == ' ' && (inner != Some(&' ') || self.is_phone(from + count) > 0)
            }
        }
    }

    /// The number of groups of a North American or French telephone number that begins here; 0
    /// where none does.
    fn is_phone(&self, from: usize) -> usize {
        let is_area = |group: &str| matches!(group.as_bytes().first(), Some(b'2'..=b'9'));
        let is_american = |from: usize| {
            self.are(from, &[3, 3, 4]) && is_area(self.group(from)) && is_area(self.group(from + 1))
        };
        if is_american(from) {
            return 3;
        }
        if self.group(from) == "1" && is_american(from + 1) {
            return 4;
        }
        let is_zero = self.group(from).starts_with('0') && !self.group(from).starts_with("00");
        if is_zero && self.are(from, &[2, 2, 2, 2, 2]) {
            return 5;
        }
        if is_zero && (self.are(from, &[3, 3, 2, 2]) || self.are(from, &[3, 4, 4])) {
            return self.groups.len().min(if self.are(from, &[3, 4, 4]) { 3 } else { 4 });
        }
        0
    }
}

/// How a telephone number begins at a position: the position of its first digits and the number of
/// groups, with its certainty.
fn phone_at(text: &TokenText<'_>, first: usize) -> Option<(usize, Certainty)> {
    let all = groups(text, first);
    let is_before = |back, is: fn(&str) -> bool| text.has_before(first, back, is);
    if is_before(3, is_other_number) && !is_before(2, is_phone) {
        return None;
    }
    let has_plus = first > 0 && text.sign(first - 1) == Some('+') && text.is_glued(first);
    let total: usize = all.groups.iter().map(|group| group.len()).sum();
    if (has_plus || all.group(0).starts_with("00")) && (8..=15).contains(&total) {
        return Some((*all.ends.last()?, Certainty::Sure));
    }
    let end = |count: usize| all.ends.get(count - 1).copied();
    let count = all.is_phone(0);
    if count > 0 && all.ends_after(0, count) {
        return Some((end(count)?, Certainty::Sure));
    }
    let has_cue = is_before(CUE_TOKENS, is_phone) || text.tokens.len() == 1;
    let digits = all.group(0);
    let is_row = match digits.len() {
        10 => !digits.starts_with('1'),
        11 => digits.starts_with('1'),
        3 if all.are(0, &[3, 3, 4]) => all.signs.get(1) != Some(&' '),
        3 => all.are(0, &[3, 4]) && all.signs.get(1) != Some(&' ') && !digits.starts_with('0'),
        _ => false,
    };
    let count = match digits.len() {
        3 if all.are(0, &[3, 3, 4]) => 3,
        3 => 2,
        _ => 1,
    };
    (has_cue && is_row && all.ends_after(0, count))
        .then(|| end(count))
        .flatten()
        .map(|end| (end, Certainty::Likely))
}

/// The position after the extension that follows a number.
fn after_extension(text: &TokenText<'_>, end: usize) -> usize {
    let mut at = end;
    if matches!(text.sign(at), Some(',' | ';')) {
        at += 1;
    }
    let is_word = is_extension(text.word(at));
    if !is_word && text.sign(at) != Some('#') {
        return end;
    }
    at += 1;
    if text.sign(at) == Some('.') {
        at += 1;
    }
    let digits = text.digits(at).len();
    if (1..=6).contains(&digits) { at + 1 } else { end }
}

/// Does the sum by Luhn of these digits say that they were not mistyped?
fn is_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(n, digit)| {
            let digit = u32::from(digit - b'0') * if n % 2 == 1 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The end of a social insurance number (Canada) or social security number (United States).
fn social_insurance_at(text: &TokenText<'_>, first: usize) -> Option<usize> {
    let all = groups(text, first);
    let is_cue = |word: &str| matches!(word, "nas" | "sin" | "ssn" | "sociale" | "social");
    if !text.has_before(first, CUE_TOKENS, is_cue) {
        return None;
    }
    let canadian = match all.group(0).len() {
        9 => 1,
        _ if all.are(0, &[3, 3, 3]) => 3,
        _ if all.are(0, &[3, 2, 4]) => return all.ends.get(2).copied(),
        _ => return None,
    };
    let digits: String = all.groups.iter().take(canadian).copied().collect();
    is_luhn(&digits).then(|| all.ends.get(canadian - 1).copied()).flatten()
}

/// The end of a health insurance number of Québec: four letters, then the year, month and day of
/// birth (month plus 50 for women), then two digits.
fn health_at(text: &TokenText<'_>, first: usize) -> Option<usize> {
    let letters = text.at(first)?;
    let is_named = letters.len() == 4 && letters.folded().len() == 4;
    let is_cue = |word: &str| matches!(word, "ramq" | "nam" | "maladie" | "soleil" | "health");
    if !is_named || !(letters.is_shouted || text.has_before(first, CUE_TOKENS, is_cue)) {
        return None;
    }
    let at = if text.sign(first + 1) == Some('-') { first + 2 } else { first + 1 };
    let all = groups(text, at);
    let count = match all.group(0).len() {
        8 => 1,
        4 if all.are(0, &[4, 4]) => 2,
        _ => return None,
    };
    let digits: String = all.groups.iter().take(count).copied().collect();
    let number = |from: usize| digits.get(from..from + 2).and_then(|two| two.parse::<u8>().ok());
    let (month, day) = (number(2)?, number(4)?);
    (matches!(month, 1..=12 | 51..=62) && matches!(day, 1..=31))
        .then(|| all.ends.get(count - 1).copied())
        .flatten()
}

/// Digits of the shortest number that is personal.
const DIGITS_MIN: usize = 7;

/// Whether so many digits follow as a personal number has.
fn is_long(text: &TokenText<'_>, first: usize) -> bool {
    let tokens = text.tokens.get(first..).unwrap_or_default().iter().take(2 * GROUPS_MAX + 2);
    let digits = tokens.map_while(|token| match token.kind {
        TokenKind::Number => Some(token.len()),
        TokenKind::Sign(_) => Some(0),
        TokenKind::Word => None,
    });
    digits.sum::<usize>() >= DIGITS_MIN
}

/// Whether a number at this position is a part of a longer code, as in `BI-1234` or `IMG_2024`.
fn is_inside_code(text: &TokenText<'_>, at: usize) -> bool {
    if !text.is_glued(at) {
        return false;
    }
    match text.sign(at - 1).map(hyphen) {
        None => true,
        Some('-' | '_' | '/' | '.') => text.is_glued(at - 1),
        Some(sign) => matches!(sign, '$' | '@'),
    }
}

/// The numbers of a text that are personal.
pub fn numbers(text: &TokenText<'_>, found: &mut Vec<PersonalSpan>) {
    let mut at = 0;
    while let Some(token) = text.at(at) {
        let mut start = token.start;
        let is_letters = token.kind == TokenKind::Word && token.len() == 4;
        let hit = if !is_long(text, if is_letters { at + 1 } else { at }) {
            None
        } else if is_letters {
            health_at(text, at).map(|end| (end, PersonalKind::Health, Certainty::Sure))
        } else if text.digits(at).is_empty() || is_inside_code(text, at) {
            None
        } else if let Some(end) = social_insurance_at(text, at) {
            Some((end, PersonalKind::SocialInsurance, Certainty::Sure))
        } else {
            phone_at(text, at).map(|(end, certainty)| {
                let opens = |sign| at > 0 && text.sign(at - 1) == Some(sign) && text.is_glued(at);
                start -= usize::from(opens('(') || opens('+'));
                (after_extension(text, end), PersonalKind::Phone, certainty)
            })
        };
        let last = hit.and_then(|(end, ..)| text.at(end - 1));
        match (hit, last) {
            (Some((end, kind, certainty)), Some(last)) => {
                found.push(PersonalSpan { start, end: last.end, kind, certainty });
                at = end;
            }
            _ => at += 1,
        }
    }
}
