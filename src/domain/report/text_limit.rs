//! The checks of texts: their length, and characters that nobody sees.

use crate::error::Refusal;
use crate::message;

/// Refuses a text that is longer than `chars_max` characters or holds a null character, which some
/// databases cannot store.
pub fn line(field: &str, text: &Option<String>, chars_max: usize, refused: &mut Vec<Refusal>) {
    let Some(text) = text else { return };
    let chars = text.chars().count();
    if chars > chars_max {
        let message = message!(
            "a {chars} caractères ; {chars_max} au plus",
            "has {chars} characters; {chars_max} at most"
        );
        refused.push(Refusal::new(field, text, message));
    } else if text.contains('\0') {
        let message = message!("contient un caractère nul", "contains a null character");
        refused.push(Refusal::new(field, text.replace('\0', "␀"), message));
    }
}

/// Refuses a text with characters that nobody sees and that change what others see: control
/// characters except tabs and line ends, and those that override the direction of writing.
pub fn visible(field: &str, text: &Option<String>, refused: &mut Vec<Refusal>) {
    let Some(hidden) = text.iter().flat_map(|text| text.chars()).find(|c| is_hidden(*c)) else {
        return;
    };
    let code = format!("U+{:04X}", u32::from(hidden));
    let message = message!(
        "contient le caractère invisible {code}",
        "contains the invisible character {code}"
    );
    let shown = text.iter().flat_map(|text| text.chars());
    let shown: String = shown.map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect();
    refused.push(Refusal::new(field, shown, message));
}

fn is_hidden(c: char) -> bool {
    let is_override =
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}');
    // Annotations: text that no program shows.
    let is_unseen = matches!(c, '\u{fff9}'..='\u{fffb}');
    is_override || is_unseen || c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_refused_and_named() {
        let check = |text: &str| {
            let mut refused = Vec::new();
            visible("description", &Some(text.into()), &mut refused);
            refused.pop()
        };
        for text in [
            "a\u{206a}b",
            "a\u{fff9}b",
            "a\u{7}b",
            "a\u{1b}[31m",
            "a\u{85}",
            "a\u{202e}b",
            "\u{2066}a\u{2069}",
            "\u{7f}",
        ] {
            let refused = check(text).unwrap();
            assert!(refused.message.en.contains("U+"), "{refused}");
            assert!(!refused.value.chars().any(is_hidden), "{refused}");
        }
        // Marks that belong to scripts and emoji stay.
        for text in ["nid\tde\r\npoule", "שלום\u{200f}", "👩\u{200d}🔧", "क्\u{200d}ष", "é"]
        {
            assert_eq!(check(text), None, "{text:?}");
        }
    }
}
