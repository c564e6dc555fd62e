//! What was refused in a source, counted by field and reason.

use std::collections::HashMap;

use crate::error::Refusal;
use crate::i18n::Message;

/// Kinds of refusals that are kept; those of further kinds are counted together.
const KINDS_MAX: usize = 200;
/// Values that are kept of a kind, and how much of each, in characters.
const EXAMPLES: usize = 3;
const EXAMPLE_CHARS: usize = 40;

/// The refusals of one field for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusalKind {
    /// The field.
    pub field: String,
    /// The reason; numbers and names in which the reasons of its rows differ are left out.
    pub reason: Message,
    /// In how many rows.
    pub count: u64,
    /// Values that were refused, the first ones.
    pub examples: Vec<String>,
}

/// Refusals by field and reason. Memory is bounded whatever is refused.
#[derive(Debug, Clone, Default)]
pub struct RefusalCounts {
    kinds: HashMap<(String, String), RefusalKind>,
    /// Refusals of kinds that are not kept.
    pub others: u64,
}

impl RefusalCounts {
    /// Counts the refusals of a row: once for each field and reason.
    pub fn add(&mut self, refusals: &[Refusal]) {
        for (number, Refusal { field, value, message }) in refusals.iter().enumerate() {
            let is_same = |other: &Refusal| other.field == *field && other.message == *message;
            if refusals.get(..number).unwrap_or_default().iter().any(is_same) {
                continue;
            }
            let key = (field.clone(), general(&message.en));
            if self.kinds.len() >= KINDS_MAX && !self.kinds.contains_key(&key) {
                self.others += 1;
                continue;
            }
            let kind = self.kinds.entry(key).or_insert_with(|| RefusalKind {
                field: field.clone(),
                reason: message.clone(),
                count: 0,
                examples: Vec::new(),
            });
            kind.count += 1;
            if kind.reason != *message {
                kind.reason = Message { fr: general(&message.fr), en: general(&message.en) };
            }
            let example = || value.chars().take(EXAMPLE_CHARS).collect::<String>();
            if kind.examples.len() < EXAMPLES && !value.is_empty() {
                let example = example();
                if !kind.examples.contains(&example) {
                    kind.examples.push(example);
                }
            }
        }
    }

    /// The kinds, the most frequent first.
    pub fn sorted(&self) -> Vec<&RefusalKind> {
        let mut kinds: Vec<_> = self.kinds.values().collect();
        let key = |kind: &RefusalKind| (kind.field.clone(), kind.reason.en.clone());
        kinds.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| key(a).cmp(&key(b))));
        kinds
    }
}

/// A reason without its own numbers and quoted names, for each of which `…` is written, and without
/// what is in brackets.
fn general(reason: &str) -> String {
    let mut general = String::with_capacity(reason.len());
    let mut closing = None;
    for sign in reason.chars() {
        match (closing, sign) {
            (Some(end), _) if sign == end => closing = None,
            (Some(_), _) => {}
            (None, '(') => {
                closing = Some(')');
                general.truncate(general.trim_end().len());
            }
            (None, '«') => {
                closing = Some('»');
                general.push('…');
            }
            // An apostrophe within a word opens no quote.
            (None, '\'') if !general.ends_with(char::is_alphanumeric) => {
                closing = Some('\'');
                general.push('…');
            }
            (None, '0'..='9') if general.ends_with('…') => {}
            (None, '0'..='9') => general.push('…'),
            (None, _) => general.push(sign),
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message;

    #[test]
    fn reasons_that_differ_in_numbers_and_names_are_one_kind() {
        let mut counts = RefusalCounts::default();
        let far = |value: &str| {
            let message = message!("n’est pas un nombre", "is not a number");
            Refusal::new("lat", value, message)
        };
        let repeats = |row: u64| {
            let message = message!("répète la ligne {row}", "repeats row {row}");
            Refusal::new("service_request_id", "a", message)
        };
        counts.add(&[far("north"), repeats(17)]);
        counts.add(&[repeats(4)]);
        counts.add(&[repeats(9)]);
        counts.add(&[far("x".repeat(90).as_str())]);
        let kinds = counts.sorted();
        assert_eq!((kinds.len(), kinds[0].count, kinds[1].count), (2, 3, 2));
        assert_eq!(kinds[0].reason, message!("répète la ligne …", "repeats row …"));
        assert_eq!(
            (&*kinds[1].reason.en, kinds[1].examples[0].as_str()),
            ("is not a number", "north")
        );
        assert_eq!(kinds[1].examples[1].len(), EXAMPLE_CHARS);
        assert_eq!(general("'x' isn't one (of 3) 'y, z' 12 m"), "… isn't one … … m");
        counts.add(&[far("east"), far("west")]);
        assert_eq!(counts.sorted()[1].count, 3);
        for n in 0..1_000 {
            counts.add(&[Refusal::new(format!("f{n}"), "", message!("non", "no"))]);
        }
        assert_eq!((counts.sorted().len(), counts.others), (KINDS_MAX, 802));
    }
}
