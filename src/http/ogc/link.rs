//! Links of OGC API documents.

use axum::http::HeaderValue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The coordinate reference system of longitude and latitude on WGS 84.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// A link (OGC API – Common).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Link {
    /// The link relation.
    pub rel: String,
    /// The media type of the target; omitted if it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub r#type: String,
    /// The address of the target, or a URI template.
    pub href: String,
    /// The title of the target.
    pub title: String,
    /// True if the address is a URI template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templated: Option<bool>,
}

/// A link.
pub fn link(rel: &str, media_type: &str, href: &str, title: &str) -> Link {
    Link {
        rel: rel.to_owned(),
        r#type: media_type.to_owned(),
        href: href.to_owned(),
        title: title.to_owned(),
        templated: None,
    }
}

/// Limit of the length of a `Link` header in bytes: common clients refuse responses with larger
/// headers. Longer ones are left out; the body has the links.
const HEADER_BYTES_MAX: usize = 8 << 10;

/// Links as the value of a `Link` header (RFC 8288); `None` without any, or where they are too
/// long. Templates and titles are left out.
pub fn link_header(links: &[Link]) -> Option<HeaderValue> {
    let is_quotable = |text: &str| !text.contains(['"', '\\', '<', '>']);
    let whole = links.iter().filter(|link| link.templated.is_none() && is_quotable(&link.href));
    let list: Vec<String> = whole
        .map(|Link { rel, r#type: kind, href, .. }| match kind.is_empty() {
            true => format!("<{href}>; rel=\"{rel}\""),
            false => format!("<{href}>; rel=\"{rel}\"; type=\"{kind}\""),
        })
        .collect();
    let text = list.join(", ");
    let fits = !text.is_empty() && text.len() <= HEADER_BYTES_MAX;
    HeaderValue::from_str(&text).ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_one_header_unless_they_are_too_long() {
        let links = [
            link("self", "application/json", "http://a/?x=1,2", "Ici"),
            link("license", "", "https://b/c;d", "Licence"),
            Link { templated: Some(true), ..link("item", "x/y", "http://a/{z}", "") },
        ];
        let header = link_header(&links).unwrap();
        assert_eq!(
            header.to_str().unwrap(),
            "<http://a/?x=1,2>; rel=\"self\"; type=\"application/json\", <https://b/c;d>; \
             rel=\"license\""
        );
        assert!(link_header(&[]).is_none());
        assert!(link_header(&[link("self", "", &"a".repeat(9_000), "")]).is_none());
        assert!(link_header(&[link("self", "", "http://a/>; rel=x", "")]).is_none());
    }
}
