//! What an import knows from the store before it begins: its city, and the order of day and month
//! that earlier imports decided. A file of the same columns whose own dates fit both orders is read
//! as they were.

use crate::domain::{Jurisdiction, JurisdictionId};
use crate::error::{Refusal, Result};
use crate::ingest::{DateOrder, SourceFile};
use crate::store::{Checkpoint, Reader};

/// The name under which the store keeps that files of these columns were read in an order.
fn name(order: DateOrder, layout: &str) -> String {
    format!("date order {} of columns {layout}", order.word())
}

/// Lets a source fall back to the order that earlier imports of the city had for files of its
/// columns. Where these had several orders, it has none to fall back to.
///
/// # Errors
/// The file or the store cannot be read.
pub fn recall_date_order(
    source: &SourceFile,
    city: &JurisdictionId,
    reader: &Reader,
) -> Result<()> {
    let layout = source.layout_digest()?;
    let mut known = Vec::new();
    for order in DateOrder::ALL {
        if reader.checkpoint(city, &name(order, &layout))?.is_some() {
            known.push(order);
        }
    }
    source.recall_date_order(match known.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    Ok(())
}

/// What the store keeps of how the dates of a source were read; `None` where no date needed an
/// order.
///
/// # Errors
/// The file cannot be read.
pub(super) fn noted_date_order(source: &SourceFile) -> Result<Option<Checkpoint>> {
    let order = source.in_force("date_order").and_then(|word| DateOrder::parse(&word));
    let Some(order) = order else { return Ok(None) };
    let file_digest = name(order, &source.layout_digest()?);
    Ok(Some(Checkpoint { file_digest, rows_done: 0, finished: true }))
}

/// Refuses a jurisdiction whose time zone is not known.
///
/// # Errors
/// The refusal.
pub(super) fn check_zone(jurisdiction: &Jurisdiction) -> Result<()> {
    let zone = jurisdiction.zone();
    zone.map_err(|message| Refusal::new("--time-zone", &jurisdiction.time_zone, message))?;
    Ok(())
}

/// The jurisdiction as the store knows it; `None` where it does not.
///
/// # Errors
/// The store cannot be read.
pub(super) fn known_as(reader: &Reader, id: &JurisdictionId) -> Result<Option<Jurisdiction>> {
    let known = reader.jurisdictions()?.into_iter().map(|(known, _)| known);
    Ok(known.into_iter().find(|known| known.id == *id))
}
