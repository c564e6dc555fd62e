//! Incidents: an original report with its duplicates, and the changes of its membership.

use crate::domain::ReportId;
use crate::i18n::Message;
use crate::message;

/// Limit of the length of an author's name, in characters.
pub const AUTHOR_CHARS_MAX: usize = 80;
/// Limit of the number of reports in one merge or split.
pub const MOVED_REPORTS_MAX: usize = 1_000;
/// The author of a change that names none.
pub const AUTHOR_DEFAULT: &str = "crew";

/// An author's name without surrounding spaces.
///
/// # Errors
/// It is blank or longer than [`AUTHOR_CHARS_MAX`].
///
/// ```
/// use pointchaud::domain::author_name;
///
/// assert_eq!(author_name(" Marie ").unwrap(), "Marie");
/// assert!(author_name(" ").is_err() && author_name(&"é".repeat(81)).is_err());
/// ```
pub fn author_name(text: &str) -> Result<String, Message> {
    let author = text.trim();
    if author.is_empty() || text.chars().count() > AUTHOR_CHARS_MAX {
        let max = AUTHOR_CHARS_MAX;
        let message =
            message!("doit avoir de 1 à {max} caractères", "must have 1 to {max} characters");
        return Err(message);
    }
    Ok(author.to_owned())
}

/// Authors of changes that name no person: how a change was made.
pub const AUTHORS_OF_NOBODY: [&str; 5] = [AUTHOR_DEFAULT, "api", "import", "open311", "public"];

/// The author of a change as it is shown. Names of employees are not for everybody: where they are
/// not shown, their changes are those of the crew.
///
/// ```
/// use pointchaud::domain::author_shown;
///
/// assert_eq!(author_shown("Marie", true), "Marie");
/// assert_eq!(author_shown("Marie", false), "crew");
/// assert_eq!(author_shown("import", false), "import");
/// ```
pub fn author_shown(author: &str, shows_names: bool) -> &str {
    let is_nobody = AUTHORS_OF_NOBODY.contains(&author);
    if shows_names || is_nobody { author } else { AUTHOR_DEFAULT }
}

/// A change of which reports are duplicates of which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentCommand {
    /// These reports, each with its own duplicates, become duplicates of one.
    Merge {
        /// Any report of the incident that receives them.
        into: ReportId,
        /// The reports.
        reports: Vec<ReportId>,
    },
    /// These duplicates are no longer duplicates.
    Split {
        /// Any report of the incident that they leave.
        from: ReportId,
        /// The reports.
        reports: Vec<ReportId>,
    },
    /// An earlier change is undone.
    Undo {
        /// Any report that is or was in the incident.
        of: ReportId,
        /// Number of the change.
        change: u64,
    },
}

crate::domain::vocabulary::vocabulary!(
    /// The kind of a change of an incident.
    IncidentCommandKind {
        /// A new report was attached as a duplicate when it was submitted.
        Attach = "attach",
        /// Reports were merged into an incident.
        Merge = "merge",
        /// Reports were taken out of an incident.
        Split = "split",
        /// An earlier change was undone.
        Undo = "undo",
    }
);

/// A report whose parent changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentMember {
    /// The report.
    pub id: ReportId,
    /// The report of which it was a duplicate before.
    pub before: Option<ReportId>,
    /// The report of which it is a duplicate afterwards.
    pub after: Option<ReportId>,
}

/// A change of an incident as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentChange {
    /// Its number: the revision of the first report that it changed.
    pub change: u64,
    /// Its kind.
    pub kind: IncidentCommandKind,
    /// The original of the incident concerned.
    pub incident: ReportId,
    /// Who made it.
    pub author: String,
    /// When it was made, RFC 3339.
    pub at: String,
    /// Number of the change that it undoes.
    pub undoes: Option<u64>,
    /// Number of the change that undid it.
    pub undone_by: Option<u64>,
    /// The reports whose parent changed.
    pub members: Vec<IncidentMember>,
}
