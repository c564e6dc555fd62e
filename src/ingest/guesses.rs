//! What words of a source most likely mean.

use crate::domain::Status;

/// What a status word that no profile knows most likely means.
pub fn guess_status(word: &str) -> Status {
    let has = |stems: &[&str]| stems.iter().any(|stem| word.contains(stem));
    if has(&["clos", "complet", "ferm", "termin", "resol", "fixed", "done", "cancel", "erledigt"]) {
        Status::Closed
    } else if has(&["progress", "assign", "cours", "pending", "schedul", "planif"]) {
        Status::InProgress
    } else {
        Status::Open
    }
}

/// The first number of eight digits or more: the id of the parent that staff wrote down.
pub fn long_number(text: &str) -> Option<String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.find(|digits| digits.len() >= 8).map(str::to_owned)
}
