//! Incidents: a report and its duplicates, and how they came together.

use crate::domain::ReportId;

/// A change of who belongs to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentCommand {
    /// These reports, each with its own duplicates, become duplicates of one.
    Merge {
        /// Any report of the incident that they go to.
        into: ReportId,
        /// The reports.
        reports: Vec<ReportId>,
    },
    /// These duplicates stand for themselves again.
    Split {
        /// Any report of the incident that they leave.
        from: ReportId,
        /// The reports.
        reports: Vec<ReportId>,
    },
    /// A change is taken back.
    Undo {
        /// Any report that is or was in the incident concerned.
        of: ReportId,
        /// Its number.
        change: u64,
    },
}

crate::domain::vocabulary::vocabulary!(
    /// What a change of an incident was.
    IncidentCommandKind {
        /// A new report was found to be a duplicate when it came.
        Attach = "attach",
        /// Somebody brought reports together.
        Merge = "merge",
        /// Somebody parted them.
        Split = "split",
        /// Another change was taken back.
        Undo = "undo",
    }
);

/// A report whose parent changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentMember {
    /// The report.
    pub id: ReportId,
    /// Whose duplicate it was.
    pub before: Option<ReportId>,
    /// Whose duplicate it is from then on.
    pub after: Option<ReportId>,
}

/// A change of an incident as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentChange {
    /// Its number: the revision of the first report that it changed.
    pub change: u64,
    /// What it was.
    pub kind: IncidentCommandKind,
    /// The original of the incident concerned.
    pub incident: ReportId,
    /// Who made it.
    pub author: String,
    /// When, RFC 3339.
    pub at: String,
    /// The change that it takes back.
    pub undoes: Option<u64>,
    /// The change that took it back.
    pub undone_by: Option<u64>,
    /// Whose parent changed.
    pub members: Vec<IncidentMember>,
}
