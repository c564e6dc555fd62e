//! `If-Match`: a report is read or changed only if it still has a revision that the client saw.

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::http::reply::etag::entity_tags;
use crate::http::request::parameter::{Optional, Parameter, ParameterType, header};
use crate::http::request::reader::{ParameterReader, Read};
use crate::message;

/// The ETags of the states of the report that the client wants to read or change.
pub const IF_MATCH: Parameter<ReportTags, Optional> =
    header("If-Match", ReportTags).optional().described(
        "ETags de la demande, ou * : si elle n’a plus aucun de ces états, la réponse est 412 et \
         rien n’est fait. Une étiquette faible (W/) ne vaut jamais.",
        "ETags of the report, or *: if it has none of these states any more, the response is 412 \
         and nothing is done. A weak tag (W/) never matches.",
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
    /// until it is changed; `None` for any.
    ///
    /// # Errors
    /// Stale: the report has another revision than the tags, or no tag is one of a report.
    pub fn expected(&self, epoch: &str, present: u64) -> Result<Option<u64>> {
        let Self::Revisions(tags) = self else { return Ok(None) };
        let mut seen = tags.iter().filter(|(known, _)| known == epoch).map(|(_, seen)| *seen);
        if seen.clone().any(|seen| seen == present) {
            return Ok(Some(present));
        }
        let message = match seen.next() {
            Some(seen) => message!(
                "La demande a changé : elle est à la révision {present}, et non {seen}.",
                "The report has changed: it is at revision {present}, not {seen}."
            ),
            None => message!(
                "Aucune étiquette de « If-Match » n’est celle d’un état de cette demande ; une \
                 étiquette faible (W/) ne vaut jamais.",
                "No tag of 'If-Match' is that of a state of this report; a weak tag (W/) never \
                 matches."
            ),
        };
        Err(Error::new(ErrorKind::Stale, message))
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
        let expected = |known: &[(&str, u64)], present| tags(known).expected("ab", present);
        assert_eq!(expected(&[("ab", 7)], 7).unwrap(), Some(7));
        assert_eq!(expected(&[("ab", 6), ("cd", 9), ("ab", 7)], 7).unwrap(), Some(7));
        assert_eq!(IfMatch::Any.expected("ab", 7).unwrap(), None);
        for (known, words) in [
            (&[("ab", 7)][..], "revision 8, not 7"),
            (&[("cd", 8)], "No tag of 'If-Match' is that of a state of this report"),
            (&[], "No tag of 'If-Match' is that of a state of this report"),
        ] {
            let error = expected(known, 8).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Stale);
            assert!(error.message.en.contains(words), "{known:?}: {error}");
        }
    }
}
