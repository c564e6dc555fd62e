//! The check of the length of texts.

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
