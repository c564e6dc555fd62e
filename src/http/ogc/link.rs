//! Links of OGC API documents.

use schemars::JsonSchema;
use serde::Serialize;

/// The coordinate reference system of longitude and latitude on WGS 84.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// A link (OGC API – Common).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Link {
    /// The link relation.
    pub rel: String,
    /// The media type of the target.
    pub r#type: String,
    /// The address of the target, or a URI template.
    pub href: String,
    /// The title of the target.
    pub title: String,
    /// True if the address is a URI template.
    #[serde(skip_serializing_if = "Option::is_none")]
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
