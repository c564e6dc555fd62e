//! `If-Match`: a change is applied only if the report still has a revision that the client saw.

use serde_json::{Value, json};

use crate::http::reply::etag::entity_tags;
use crate::http::request::parameter::{Optional, Parameter, ParameterType, header};
use crate::http::request::reader::{ParameterReader, Read};
use crate::message;

/// The ETags of the states of the report that the client wants to change.
pub const IF_MATCH: Parameter<ReportTags, Optional> =
    header("If-Match", ReportTags).optional().described(
        "ETags de la demande, ou * : si elle n’a plus aucun de ces états, rien n’est fait (412). \
         Une étiquette faible (W/) ne vaut jamais.",
        "ETags of the report, or *: if it has none of these states any more, nothing is done \
         (412). A weak tag (W/) never matches.",
    );

/// The condition of `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: the report may have any revision.
    Any,
    /// The report must have one of these revisions, each of the store with this epoch. Other tags,
    /// which are of no report, are left out.
    Revisions(Vec<(String, u64)>),
}

impl IfMatch {
    /// The revision that the report, now at revision `present` in the store `epoch`, must keep
    /// until it is changed; `None` for any. If no tag matches it is one that the report does not
    /// have: revisions start at 1, so 0 stands for a tag of another store.
    pub fn revision(&self, epoch: &str, present: u64) -> Option<u64> {
        let Self::Revisions(tags) = self else { return None };
        let mut seen = tags.iter().filter(|(known, _)| known == epoch).map(|(_, seen)| *seen);
        let is_present = seen.clone().any(|seen| seen == present);
        Some(if is_present { present } else { seen.next().unwrap_or(0) })
    }
}

/// Entity tags, or `*`.
#[derive(Debug, Clone, Copy)]
pub struct ReportTags;

impl ParameterType for ReportTags {
    type Value = IfMatch;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<IfMatch> {
        if text.trim() == "*" {
            return Ok(IfMatch::Any);
        }
        let Some(tags) = entity_tags(&text) else {
            let message = message!("n’est pas une liste d’ETags", "is not a list of ETags");
            return Err(reader.refuse(name, text, message));
        };
        // The comparison is strong (RFC 9110, section 13.1.1).
        let strong = tags.iter().filter(|tag| !tag.is_weak);
        let revision = |opaque: &str| {
            let mut parts = opaque.split('-');
            let epoch = parts.next()?.to_owned();
            Some((epoch, parts.next()?.parse().ok()?))
        };
        Ok(IfMatch::Revisions(strong.filter_map(|tag| revision(tag.opaque)).collect()))
    }

    fn schema(&self) -> Value {
        let tag = r#"(W/)?"[!#-~]*""#;
        json!({ "type": "string", "pattern": format!("^(\\*|{tag}(, {tag})*)$") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_another_store_matches_no_revision() {
        let tags = |tags: &[(&str, u64)]| {
            IfMatch::Revisions(tags.iter().map(|(epoch, n)| ((*epoch).to_owned(), *n)).collect())
        };
        assert_eq!(tags(&[("ab", 7)]).revision("ab", 7), Some(7));
        assert_eq!(tags(&[("ab", 7)]).revision("ab", 8), Some(7));
        assert_eq!(tags(&[("cd", 7)]).revision("ab", 7), Some(0));
        assert_eq!(tags(&[]).revision("ab", 7), Some(0), "no tag is of a report");
        assert_eq!(tags(&[("ab", 6), ("cd", 9), ("ab", 7)]).revision("ab", 7), Some(7));
        assert_eq!(IfMatch::Any.revision("ab", 7), None);
    }
}
