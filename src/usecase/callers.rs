//! Rows that represent the reports of several callers.

use crate::domain::{Report, ReportId};
use crate::error::Refusal;
use crate::message;

/// Most callers of one row.
const CALLERS_MAX: u32 = 1_000;

/// How many callers a source counts, at least one.
///
/// # Errors
/// The text is not a number up to [`CALLERS_MAX`].
pub fn callers(text: Option<&str>) -> Result<u32, Refusal> {
    let Some(text) = text else { return Ok(1) };
    let whole = text.trim().trim_end_matches('0').trim_end_matches('.');
    let plain = if text.contains('.') { whole } else { text.trim() };
    match plain.parse::<u32>() {
        Ok(count) if count <= CALLERS_MAX => Ok(count.max(1)),
        _ => {
            let message = message!(
                "n’est pas un nombre d’appels de 0 à {CALLERS_MAX}",
                "is not a number of callers from 0 to {CALLERS_MAX}"
            );
            Err(Refusal::new("callers", text, message))
        }
    }
}

/// The reports of the callers after the first one: duplicates of the first, whose ids have the
/// number of the caller after them.
///
/// # Errors
/// An id is too long once a number is appended.
pub fn further_callers(first: &Report, callers: u32) -> Result<Vec<Report>, Refusal> {
    let further = |number: u32| {
        let id = format!("{}.{number}", first.id);
        let made = ReportId::new(&id);
        let id = made.map_err(|message| Refusal::new("service_request_id", &id, message))?;
        let parent = first.parent.clone().or_else(|| Some(first.id.clone()));
        Ok(Report { id, parent, ..first.clone() })
    };
    (2..=callers).map(further).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_callers_are_whole_numbers() {
        for (text, count) in
            [("3", 3), ("0", 1), (" 12 ", 12), ("4.0", 4), ("10.00", 10), ("20", 20)]
        {
            assert_eq!(callers(Some(text)), Ok(count), "{text}");
        }
        assert_eq!(callers(None), Ok(1));
        for text in ["many", "-1", "2.5", "1001", "1e3"] {
            assert_eq!(callers(Some(text)).unwrap_err().field, "callers", "{text}");
        }
    }
}
