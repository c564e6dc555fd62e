//! What the commands of a transaction say for the audit, until their lines are written.

use jiff::Timestamp;

use crate::domain::{AuditField, AuditSubject, JurisdictionId, ReportId};

/// What a command says that it did.
pub struct NotedAction {
    /// The city; `None` for the whole service.
    pub jurisdiction: Option<JurisdictionId>,
    /// What it is about.
    pub subject: AuditSubject,
    /// Which one.
    pub subject_id: Option<String>,
    /// Fields with values that are nobody's private data.
    pub fields: Vec<AuditField>,
    /// The command did nothing unless it took a revision.
    pub only_with_revision: bool,
}

impl NotedAction {
    /// A change of one report, or of several.
    pub fn of_report(id: Option<&ReportId>) -> Self {
        Self {
            jurisdiction: None,
            subject: AuditSubject::Report,
            subject_id: id.map(ReportId::to_string),
            fields: Vec::new(),
            only_with_revision: true,
        }
    }

    /// A change of the settings of a city.
    pub fn of_city(id: &JurisdictionId, fields: Vec<AuditField>) -> Self {
        let jurisdiction = Some(id.clone());
        Self { jurisdiction, ..Self::of_service(AuditSubject::City, id.as_str(), fields) }
    }

    /// A change that concerns the whole service.
    pub fn of_service(subject: AuditSubject, id: &str, fields: Vec<AuditField>) -> Self {
        let subject_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        Self { jurisdiction: None, subject, subject_id, fields, only_with_revision: false }
    }
}

/// The audit of a transaction.
pub struct AuditState {
    /// Lines are written at this time, in milliseconds, or at that of the last line if it is later:
    /// the clock may have been set back.
    pub now: i64,
    /// Whether the time of the last line was read.
    pub is_time_read: bool,
    /// What the command under way has noted.
    pub noted: Option<NotedAction>,
}

impl AuditState {
    /// Nothing is noted yet.
    pub fn new(now: Timestamp) -> Self {
        Self { now: now.as_millisecond(), is_time_read: false, noted: None }
    }
}
