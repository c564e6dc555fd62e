//! E-mail addresses.

use crate::domain::personal_words::span::{Certainty, PersonalKind, PersonalSpan};

/// Bytes of an address on each side of its `@` that are looked at: longer ones are not valid.
const SIDE_BYTES_MAX: usize = 255;

/// The addresses of a text.
pub fn emails(text: &str, found: &mut Vec<PersonalSpan>) {
    for (at, _) in text.match_indices('@') {
        let Some((before, after)) = text.get(..at).zip(text.get(at + 1..)) else { continue };
        let is_local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
        let is_domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
        let mut local = 0;
        for c in before.chars().rev().take_while(|c| is_local(*c)) {
            if local + c.len_utf8() > SIDE_BYTES_MAX {
                break;
            }
            local += c.len_utf8();
        }
        let mut domain = 0;
        for c in after.chars().take_while(|c| is_domain(*c)) {
            if domain + c.len_utf8() > SIDE_BYTES_MAX {
                break;
            }
            domain += c.len_utf8();
        }
        let local = before.get(at - local..).unwrap_or_default().trim_start_matches(['.', '-']);
        let domain = after.get(..domain).unwrap_or_default().trim_end_matches(['.', '-']);
        let last = domain.rsplit_once('.').map_or("", |(_, last)| last);
        if local.is_empty() || last.len() < 2 || !last.chars().all(char::is_alphabetic) {
            continue;
        }
        found.push(PersonalSpan {
            start: at - local.len(),
            end: at + 1 + domain.len(),
            kind: PersonalKind::Email,
            certainty: Certainty::Sure,
        });
    }
}
