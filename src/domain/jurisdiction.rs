//! A jurisdiction: one city. It is the tenant of the service and part of every key.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::i18n::Message;
use crate::message;
use crate::place::BBox;

/// The key of a jurisdiction (Open311's `jurisdiction_id`): by convention the domain name of the
/// city without `www`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JurisdictionId(Arc<str>);

impl JurisdictionId {
    /// Checks an id: 1 to 80 lower-case ASCII letters, digits, dots, hyphens or underscores.
    ///
    /// # Errors
    /// Says what is allowed.
    pub fn new(text: &str) -> Result<Self, Message> {
        let sign_ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
        if (1..=80).contains(&text.len()) && text.bytes().all(sign_ok) {
            return Ok(Self(text.into()));
        }
        Err(message!(
            "doit avoir de 1 à 80 caractères : lettres minuscules, chiffres, points ou tirets (« \
             boston.gov »)",
            "must have 1 to 80 characters: lower-case letters, digits, dots or hyphens \
             ('boston.gov')"
        ))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JurisdictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A city and what is needed to read its data.
#[derive(Debug, Clone, PartialEq)]
pub struct Jurisdiction {
    /// The key.
    pub id: JurisdictionId,
    /// Its name for people.
    pub name: String,
    /// IANA name of its time zone: times without an offset are read in it.
    pub time_zone: String,
    /// The box in which its reports usually lie, if known. The map opens on it, and imports use it
    /// to detect exchanged coordinates.
    pub extent: Option<BBox>,
    /// The extent was learned from the reports, and is learned again as they come; false where
    /// people or a profile set it.
    pub is_extent_learned: bool,
}

impl Jurisdiction {
    /// Its time zone with the rules of the IANA database.
    ///
    /// # Errors
    /// The name is not in the IANA database.
    pub fn zone(&self) -> Result<TimeZone, Message> {
        let name = &self.time_zone;
        TimeZone::get(name).map_err(|_| {
            message!(
                "n’est pas un fuseau horaire IANA (America/Toronto)",
                "is not an IANA time zone (America/Toronto)"
            )
        })
    }
}
