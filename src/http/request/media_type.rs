//! `Content-Type` and `Content-Encoding`: a body of another media type than those of the operation
//! is refused, and so is a compressed one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};

use crate::error::{Error, ErrorKind, Result};
use crate::http::request::reader::joined;
use crate::message;

/// Newline-delimited JSON has no registered media type: these are in use, and one line is JSON.
const OF_NDJSON: [&str; 4] =
    ["application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json"];
const NDJSON: &str = "application/x-ndjson";

/// The headers of a request that say what its body is.
#[derive(Debug, Clone)]
pub struct SentMediaType {
    content_type: Option<String>,
    content_encoding: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for SentMediaType {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let text = |name: HeaderName| joined(&parts.headers, name.as_str());
        Ok(Self {
            content_type: text(header::CONTENT_TYPE),
            content_encoding: text(header::CONTENT_ENCODING),
        })
    }
}

impl SentMediaType {
    /// Accepts a body of one of these media types or ranges of them, such as `image/*`. Without
    /// `Content-Type` it counts as such a body, and an operation without a body takes any.
    ///
    /// # Errors
    /// The media type is another one, the charset is not UTF-8, or the body is compressed.
    pub fn check(&self, accepted: &[&str]) -> Result<()> {
        if accepted.is_empty() {
            return Ok(());
        }
        // Files to be imported are recognised by their content, compressed or not.
        let is_file = accepted.contains(&"*/*");
        let coding = self.content_encoding.as_deref().unwrap_or("identity");
        if !coding.eq_ignore_ascii_case("identity") && !is_file {
            return Err(Error::new(
                ErrorKind::MediaType,
                message!(
                    "« Content-Encoding » vaut « {coding} » ; le corps ne doit pas être compressé.",
                    "'Content-Encoding' is '{coding}'; the body must not be compressed."
                ),
            ));
        }
        let Some(sent) = self.content_type.as_deref() else { return Ok(()) };
        if fits(sent, accepted) {
            return Ok(());
        }
        let list = accepted.join(", ");
        Err(Error::new(
            ErrorKind::MediaType,
            message!(
                "« Content-Type » vaut « {sent} » ; le corps doit être en UTF-8, du type {list}.",
                "'Content-Type' is '{sent}'; the body must be in UTF-8, of type {list}."
            ),
        ))
    }
}

/// Is a `Content-Type` one of these media types?
fn fits(sent: &str, accepted: &[&str]) -> bool {
    let mut parts = sent.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_accepted = accepted.iter().any(|accepted| match accepted.strip_suffix('*') {
        Some("*/") => name.contains('/'),
        Some(start) => name.starts_with(start),
        None => name == *accepted || *accepted == NDJSON && OF_NDJSON.contains(&name.as_str()),
    });
    let is_binary = accepted.contains(&"*/*") || name.starts_with("image/");
    is_accepted
        && parts.all(|parameter| match parameter.trim().split_once('=') {
            Some((key, value)) if key.trim().eq_ignore_ascii_case("charset") => {
                let charset = value.trim().trim_matches('"').to_ascii_lowercase();
                is_binary || ["utf-8", "utf8", "us-ascii"].contains(&charset.as_str())
            }
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_compared_without_case_and_parameters() {
        let json = ["application/json", "application/geo+json"];
        for sent in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/geo+json;charset=\"utf-8\"",
            "application/json; profile=x",
            "application/json;",
        ] {
            assert!(fits(sent, &json), "{sent}");
        }
        for sent in [
            "",
            "json",
            "text/json",
            "application/jsonp",
            "application/x-www-form-urlencoded",
            "application/json; charset=iso-8859-1",
            "application/json, application/json",
            "multipart/form-data; boundary=x",
        ] {
            assert!(!fits(sent, &json), "{sent}");
        }
        assert!(fits("application/jsonl", &[NDJSON]) && fits("application/json", &[NDJSON]));
        assert!(!fits("text/csv", &[NDJSON]));
        assert!(fits("image/heic", &["image/*"]) && !fits("text/html", &["image/*"]));
        assert!(fits("text/csv; charset=windows-1252", &["*/*"]) && !fits("csv", &["*/*"]));
    }

    #[test]
    fn an_absent_media_type_is_the_operations_own() {
        let sent = |text: Option<&str>| SentMediaType {
            content_type: text.map(str::to_owned),
            content_encoding: None,
        };
        assert!(sent(None).check(&["application/json"]).is_ok());
        assert!(sent(Some("text/plain")).check(&[]).is_ok());
        let error = sent(Some("text/plain")).check(&["application/json"]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::MediaType);
        assert!(error.message.en.contains("text/plain"), "{}", error.message.en);
        let packed = SentMediaType { content_encoding: Some("gzip".into()), ..sent(None) };
        assert!(packed.check(&["application/json"]).is_err() && packed.check(&["*/*"]).is_ok());
        let plain = SentMediaType { content_encoding: Some("Identity".into()), ..sent(None) };
        assert!(plain.check(&["application/json"]).is_ok());
    }
}
