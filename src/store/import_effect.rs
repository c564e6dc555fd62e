//! What an imported report does to the report that a store has of its id. Every store keeps to it.

use crate::domain::{ErasableField, Report, ReportTime, StoredReport};
use crate::store::command::{ImportedReport, WriteCounts};
use crate::store::reply::Step;

/// What an imported report would do to the store.
pub enum ImportEffect {
    /// The store has none of its id.
    New,
    /// The store has it as it is, or has removed it.
    Unchanged,
    /// It is older than the stored report, or than a crew's last change of it.
    Older,
    /// It replaces the stored report.
    Changed(Box<StoredReport>, Box<Report>),
}

impl ImportEffect {
    /// Adds it to the counts of an import.
    pub fn count(&self, counts: &mut WriteCounts) {
        *match self {
            Self::New => &mut counts.added,
            Self::Unchanged => &mut counts.unchanged,
            Self::Older => &mut counts.older,
            Self::Changed(..) => &mut counts.updated,
        } += 1;
    }
}

/// Compares an imported report with the stored one of its id, which was not removed and was last
/// imported from another row. The source says nothing of the fields `unsaid`; the fields `erased`
/// were erased here. `changed_here` looks up when a crew last changed the report: not its source,
/// and not its incident alone.
///
/// # Errors
/// Those of `changed_here`.
pub fn import_effect(
    imported: &ImportedReport,
    stored: StoredReport,
    unsaid: &[&str],
    erased: &[ErasableField],
    changed_here: impl FnOnce() -> Step<Option<ReportTime>>,
) -> Step<ImportEffect> {
    let ImportedReport { report, as_of, .. } = imported;
    // A duplicate found here stays one where its source names no parent.
    let parent = report.parent.clone().or_else(|| stored.report.parent.clone());
    let report = Report { parent, ..report.clone() }.keeping(&stored.report, unsaid);
    // What was erased here does not come back with its source.
    let stays = |code: &str| {
        let details = stored.report.details.as_ref();
        details.is_some_and(|all| all.answers.iter().any(|answer| answer.code == code))
    };
    let report = if erased.is_empty() { report } else { report.without(erased, &stays) };
    if stored.report == report {
        return Ok(ImportEffect::Unchanged);
    }
    if let Some(as_of) = *as_of {
        let is_before = |at: Option<ReportTime>| at.is_some_and(|at| as_of < at.second());
        if is_before(stored.report.updated)
            || (stored.changed.is_some() && is_before(changed_here()?))
        {
            return Ok(ImportEffect::Older);
        }
    }
    Ok(ImportEffect::Changed(Box::new(stored), Box::new(report)))
}
