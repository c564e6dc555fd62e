//! The city that a source is filed under.

use crate::config::DEFAULT_JURISDICTION;
use crate::domain::Jurisdiction;
use crate::error::{Refusal, Result};
use crate::ingest::{RECOGNISED, SourceFile};
use crate::message;
use crate::store::Reader;
use crate::usecase::quebec;

/// The city of a source: the one named, else the profile's. The time zone is the one named, else
/// the profile's; the importer keeps that of a city which the store knows.
///
/// # Errors
/// Nobody named the city of a file of unknown layout; its times have no offset and nobody named the
/// time zone; the id is malformed.
pub fn city_of(
    source: &SourceFile,
    named: Option<&str>,
    time_zone: Option<&str>,
    reader: &Reader,
) -> Result<Jurisdiction> {
    wants_jurisdiction(source, named)?;
    let named = named.or(source.profile().jurisdiction.as_deref());
    let mut jurisdiction = source.jurisdiction(named.unwrap_or(DEFAULT_JURISDICTION))?;
    let is_home = jurisdiction.id.as_str() == DEFAULT_JURISDICTION;
    if is_home {
        jurisdiction = quebec();
    }
    let is_known = time_zone.is_some()
        || is_home
        || source.time_zone(jurisdiction.id.as_str()).is_some()
        || reader.jurisdictions()?.iter().any(|(known, _)| known.id == jurisdiction.id);
    wants_time_zone(source, is_known)?;
    if let Some(zone) = time_zone {
        zone.clone_into(&mut jurisdiction.time_zone);
    }
    Ok(jurisdiction)
}

/// Refuses a file of unknown layout for which nobody named the city: it would be filed under the
/// default one.
fn wants_jurisdiction(source: &SourceFile, named: Option<&str>) -> Result<()> {
    let profile = source.profile();
    if profile.name != RECOGNISED || named.is_some() || profile.jurisdiction.is_some() {
        return Ok(());
    }
    let message = message!(
        "manque : le fichier ne dit pas de quelle ville il vient (--jurisdiction ville.example)",
        "is missing: the file does not say which city it is from (--jurisdiction city.example)"
    );
    Err(Refusal::new("--jurisdiction", "", message).into())
}

/// Refuses times without an offset for a city whose time zone nobody knows.
fn wants_time_zone(source: &SourceFile, is_known: bool) -> Result<()> {
    let found = source.recognition().is_some_and(|found| found.needs_time_zone);
    if !found || is_known {
        return Ok(());
    }
    let message = message!(
        "manque : les heures du fichier n’ont pas de décalage et la ville est nouvelle \
         (--time-zone America/Toronto)",
        "is missing: the times of the file have no offset and the city is new \
         (--time-zone America/Toronto)"
    );
    Err(Refusal::new("--time-zone", "", message).into())
}
