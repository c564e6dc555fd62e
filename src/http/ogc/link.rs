//! Links of OGC API documents.

use schemars::JsonSchema;
use serde::Serialize;

/// Longitude and latitude on WGS 84.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// A link (OGC API – Common).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Link {
    /// How what is linked relates to the document.
    pub rel: String,
    /// Media type of what is linked.
    pub r#type: String,
    /// Its address.
    pub href: String,
    /// Its name.
    pub title: String,
    /// Are there parts in braces to fill in?
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
