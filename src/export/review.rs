//! What `dedupe` found, as a table that people look through.

use crate::domain::{Catalogue, defused};
use crate::export::reasons::sentence;
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::query::{Decision, DuplicateReport};

/// Repeats as CSV, most probable first. The column `usable` says whether a pair is a duplicate; it
/// is empty where somebody should look, and with it filled in the table is one of labelled pairs.
///
/// # Errors
/// None that a table in memory knows.
pub fn write(
    snapshot: &Snapshot,
    repeats: &[DuplicateReport],
    catalogue: &Catalogue,
) -> Result<Vec<u8>, csv::Error> {
    let mut order: Vec<&DuplicateReport> = repeats.iter().collect();
    order.sort_by(|a, b| {
        let by_id = || snapshot.id(a.child).cmp(snapshot.id(b.child));
        b.probability.total_cmp(&a.probability).then_with(by_id)
    });
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record([
        "child_id",
        "parent_id",
        "usable",
        "decision",
        "probability",
        "resembles_id",
        "distance_m",
        "hours",
        "service",
        "raison",
        "reason",
    ])?;
    for repeat in order {
        let service = snapshot.service_code(snapshot.service(repeat.child));
        let name = catalogue.get(service).map_or(service, |known| &known.names.fr);
        let is_certain = repeat.decision == Decision::Duplicate;
        let described = &repeat.facts;
        let cells = [
            snapshot.id(repeat.child),
            snapshot.id(repeat.original),
            if is_certain { "true" } else { "" },
            repeat.decision.as_str(),
            &format!("{:.4}", repeat.probability),
            snapshot.id(repeat.resembles),
            &format!("{:.1}", described.distance.0),
            &format!("{:.1}", described.hours),
            name,
            &sentence(described, 0.0, Language::French),
            &sentence(described, 0.0, Language::English),
        ];
        table.write_record(cells.map(|cell| defused(cell).into_owned()))?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}
