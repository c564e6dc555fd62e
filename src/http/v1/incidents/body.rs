//! Request bodies that change an incident.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::domain::{AUTHOR_CHARS_MAX, AUTHOR_DEFAULT, MOVED_REPORTS_MAX, ReportId, author_name};
use crate::error::Result;
use crate::http::request::members::body;
use crate::http::request::members::{Body, CustomMember, Member, MemberType, TEXT, member};
use crate::http::request::parameter::Optional;
use crate::http::request::reader::Read;
use crate::i18n::Message;
use crate::message;

/// The author of a change; `crew` if absent.
const AUTHOR: Member<CustomMember<String>, Optional> = member(
    "author",
    CustomMember::new(
        |name, value, reader| {
            let text = TEXT.read(name, value, reader)?;
            author_name(&text).map_err(|message| reader.refuse(name, &json!(text), message))
        },
        || json!({ "type": "string", "maxLength": AUTHOR_CHARS_MAX }),
    ),
)
.optional();

/// Ids of reports, without repetition.
const REPORTS: CustomMember<Vec<ReportId>> = CustomMember {
    read: |name, value, reader| {
        let texts: Option<Vec<&str>> =
            value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        let texts = texts.filter(|texts| (1..=MOVED_REPORTS_MAX).contains(&texts.len()));
        let Some(texts) = texts else { return Err(reader.refuse(name, &value, not_a_list())) };
        let mut reports: Read<Vec<ReportId>> = Ok(Vec::new());
        for text in texts {
            let read = match ReportId::new(text) {
                Ok(id) if reports.iter().flatten().any(|known| *known == id) => {
                    Err(message!("est nommé deux fois", "is named twice"))
                }
                read => read,
            };
            match (read, &mut reports) {
                (Ok(id), Ok(list)) => list.push(id),
                (Ok(_), Err(_)) => {}
                (Err(message), _) => reports = Err(reader.refuse(name, &json!(text), message)),
            }
        }
        reports
    },
    schema: || {
        let text = json!({ "type": "string" });
        json!({ "type": "array", "minItems": 1, "maxItems": MOVED_REPORTS_MAX, "items": text })
    },
    absent: not_a_list,
};

fn not_a_list() -> Message {
    let max = MOVED_REPORTS_MAX;
    message!(
        "doit être une liste de 1 à {max} numéros de suivi",
        "must be a list of 1 to {max} tracking numbers"
    )
}

/// The number of a change.
const CHANGE_ID: CustomMember<u64> = CustomMember {
    read: |name, value, reader| {
        value.as_u64().ok_or_else(|| reader.refuse(name, &value, not_a_change()))
    },
    schema: || json!({ "type": "integer", "minimum": 0 }),
    absent: not_a_change,
};

fn not_a_change() -> Message {
    message!("doit être le numéro d’un changement", "must be the number of a change")
}

body! {
    /// Reports to merge or to split, and the author of the change.
    pub struct Members {
        reports: Vec<ReportId> = member("reports", REPORTS),
        author: Option<String> = AUTHOR,
    }
}

body! {
    /// The change to undo, and the author of the undoing.
    pub struct Undo {
        change: u64 = member("change_id", CHANGE_ID),
        author: Option<String> = AUTHOR,
    }
}

/// The author, [`AUTHOR_DEFAULT`] if absent.
fn author(named: Option<String>) -> String {
    named.unwrap_or_else(|| AUTHOR_DEFAULT.into())
}

/// Reads the body of a merge or split: the reports and the author.
///
/// # Errors
/// Every member that is missing, unknown or of the wrong type.
pub fn members(bytes: &[u8]) -> Result<(Vec<ReportId>, String)> {
    let Members { reports, author: named } = Members::read(bytes, &TimeZone::UTC)?;
    Ok((reports, author(named)))
}

/// Reads the body of an undo: the number of the change and the author.
///
/// # Errors
/// Every member that is missing, unknown or of the wrong type.
pub fn undo(bytes: &[u8]) -> Result<(u64, String)> {
    let Undo { change, author: named } = Undo::read(bytes, &TimeZone::UTC)?;
    Ok((change, author(named)))
}
