//! `If-Match`: a change is applied only if the report still has the revision that the client saw.

use serde_json::{Value, json};

use crate::http::request::parameter::{Optional, Parameter, ParameterType, header};
use crate::http::request::reader::{ParameterReader, Read};
use crate::message;

/// The ETag of the report that the client wants to change.
pub const IF_MATCH: Parameter<ReportTag, Optional> =
    header("If-Match", ReportTag).optional().described(
        "ETag de la demande, ou * : si elle a changé depuis, rien n’est fait (412).",
        "ETag of the report, or *: if it has changed since, nothing is done (412).",
    );

/// The condition of `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: the report may have any revision.
    Any,
    /// The report must have this revision.
    Revision {
        /// The store of the ETag.
        epoch: String,
        /// The revision in the ETag.
        revision: u64,
    },
}

impl IfMatch {
    /// The revision that the report must have, if any, in the store `epoch`. An ETag of another
    /// store matches no revision; revisions start at 1, so 0 stands for that.
    pub fn revision(&self, epoch: &str) -> Option<u64> {
        match self {
            Self::Any => None,
            Self::Revision { epoch: known, revision } if known == epoch => Some(*revision),
            Self::Revision { .. } => Some(0),
        }
    }
}

/// The ETag of a report, or `*`.
#[derive(Debug, Clone, Copy)]
pub struct ReportTag;

impl ParameterType for ReportTag {
    type Value = IfMatch;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<IfMatch> {
        let tag = text.trim();
        if tag == "*" {
            return Ok(IfMatch::Any);
        }
        let mut parts = tag.trim_start_matches("W/").trim_matches('"').split('-');
        if let (Some(epoch), Some(Ok(revision))) = (parts.next(), parts.next().map(str::parse)) {
            return Ok(IfMatch::Revision { epoch: epoch.to_owned(), revision });
        }
        let message = message!("n’est pas l’ETag d’une demande", "is not a report's ETag");
        Err(reader.refuse(name, text, message))
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": r#"^(\*|"[0-9a-z]+-[0-9]{1,15}-(fr|en)")$"# })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_another_store_matches_no_revision() {
        let tag = IfMatch::Revision { epoch: "ab".into(), revision: 7 };
        assert_eq!(tag.revision("ab"), Some(7));
        assert_eq!(tag.revision("cd"), Some(0));
        assert_eq!(IfMatch::Any.revision("ab"), None);
    }
}
