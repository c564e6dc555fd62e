//! Updates of a report: public notes with photos, and changes of its status, in the words by which
//! FixMyStreet and its adapters extend Open311 GeoReport v2.

use crate::domain::report::draft::{DESCRIPTION_CHARS_MAX, Patch};
use crate::domain::report::gate::Gate;
use crate::domain::report::id::ReportId;
use crate::domain::report::text_limit::{line, visible};
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{ClosedReason, Status};
use crate::error::Refusal;

crate::domain::vocabulary::vocabulary!(
    /// The status of a report in an update.
    ExtendedStatus {
        /// Received; no work has begun.
        Open = "open",
        /// Work has begun.
        InProgress = "in_progress",
        /// Work is planned.
        ActionScheduled = "action_scheduled",
        /// Somebody looks into it.
        Investigating = "investigating",
        /// Ended, the work done.
        Fixed = "fixed",
        /// Ended.
        Closed = "closed",
        /// Ended: another report covers the same problem.
        Duplicate = "duplicate",
        /// Ended: it is the task of others.
        NotCouncilsResponsibility = "not_councils_responsibility",
        /// Ended without work.
        NoFurtherAction = "no_further_action",
        /// Passed on within the city.
        InternalReferral = "internal_referral",
        /// Open again.
        Reopen = "reopen",
        /// To be sorted.
        ForTriage = "for_triage",
    }
);

impl ExtendedStatus {
    /// The word for the status of a report and how it ended.
    ///
    /// ```
    /// use pointchaud::domain::{ClosedReason, ExtendedStatus, Status};
    ///
    /// let of = ExtendedStatus::of;
    /// assert_eq!(of(Status::Closed, Some(ClosedReason::Done)), ExtendedStatus::Fixed);
    /// assert_eq!(of(Status::InProgress, None), ExtendedStatus::InProgress);
    /// ```
    pub fn of(status: Status, reason: Option<ClosedReason>) -> Self {
        match (status, reason) {
            (Status::Open, _) => Self::Open,
            (Status::InProgress, _) => Self::InProgress,
            (Status::Closed, Some(ClosedReason::Done)) => Self::Fixed,
            (Status::Closed, Some(ClosedReason::Duplicate)) => Self::Duplicate,
            (Status::Closed, Some(ClosedReason::Refused)) => Self::NoFurtherAction,
            (Status::Closed, Some(ClosedReason::Cancelled) | None) => Self::Closed,
        }
    }

    /// The change of a report of this status that follows from an update with this word; `None`
    /// where the report stays as it is. `open` does not take back the beginning of work, and
    /// `internal_referral` and `for_triage` say nothing about the work.
    ///
    /// ```
    /// use pointchaud::domain::{ExtendedStatus, Status};
    ///
    /// let patch = |word: ExtendedStatus, status| word.patch(status);
    /// let reopened = patch(ExtendedStatus::Open, Status::Closed).unwrap();
    /// assert_eq!(reopened.status, Some(Status::Open));
    /// assert_eq!(patch(ExtendedStatus::Open, Status::InProgress), None);
    /// assert_eq!(patch(ExtendedStatus::Closed, Status::Closed), None);
    /// ```
    pub fn patch(self, status: Status) -> Option<Patch> {
        let (wanted, reason) = match self {
            Self::Open | Self::Reopen => (Status::Open, None),
            Self::InProgress | Self::ActionScheduled | Self::Investigating => {
                (Status::InProgress, None)
            }
            Self::Closed => (Status::Closed, None),
            Self::Fixed => (Status::Closed, Some(ClosedReason::Done)),
            Self::Duplicate => (Status::Closed, Some(ClosedReason::Duplicate)),
            Self::NotCouncilsResponsibility | Self::NoFurtherAction => {
                (Status::Closed, Some(ClosedReason::Refused))
            }
            Self::InternalReferral | Self::ForTriage => return None,
        };
        let stays = match wanted {
            Status::Open => status != Status::Closed,
            other => other == status && reason.is_none(),
        };
        (!stays).then(|| Patch { status: Some(wanted), reason, ..Patch::default() })
    }
}

/// An update as its sender wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateDraft {
    /// The status that the sender gives.
    pub status: ExtendedStatus,
    /// When it was written; default: now.
    pub updated: Option<ReportTime>,
    /// What it says.
    pub description: Option<String>,
    /// Photos, as in [`Details`](crate::domain::Details).
    pub media: Vec<String>,
}

/// An update that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportUpdate {
    /// The status that it gives.
    pub status: ExtendedStatus,
    /// When it was written.
    pub updated: ReportTime,
    /// What it says.
    pub description: Option<String>,
    /// Photos.
    pub media: Vec<String>,
}

/// An update as it is stored, or a change of the status of a report as an update.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredUpdate {
    /// Its number: the revision of the jurisdiction that it made.
    pub revision: u64,
    /// The report.
    pub report: ReportId,
    /// What it says.
    pub update: ReportUpdate,
    /// When it was recorded here, RFC 3339.
    pub recorded: String,
    /// Who sent it: `open311`, or the author of the change.
    pub author: String,
}

impl Gate<'_> {
    /// Checks an update.
    ///
    /// # Errors
    /// Every value refused, each with its field and reason.
    pub fn admit_update(&self, draft: UpdateDraft) -> Result<ReportUpdate, Vec<Refusal>> {
        let UpdateDraft { status, updated, description, media } = draft;
        let mut refused = Vec::new();
        let now = jiff::Timestamp::from_second(self.now).ok().map(ReportTime::instant);
        self.times(None, updated, None, &mut refused);
        line("description", &description, DESCRIPTION_CHARS_MAX, &mut refused);
        visible("description", &description, &mut refused);
        super::gate::photos(&media, &mut refused);
        match updated.or(now) {
            Some(updated) if refused.is_empty() => {
                let description = super::gate::filled(description);
                Ok(ReportUpdate { status, updated: updated.as_instant(), description, media })
            }
            _ => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_status_leads_to_that_status() {
        for status in Status::ALL {
            let reasons = ClosedReason::ALL.iter().map(|reason| Some(*reason)).chain([None]);
            for reason in reasons.filter(|_| *status == Status::Closed).chain([None]) {
                let word = ExtendedStatus::of(*status, reason);
                assert_eq!(ExtendedStatus::parse(word.as_str()), Some(word));
                // From every other status the word leads there, but `open` only from closed.
                for before in Status::ALL.iter().filter(|before| *before != status) {
                    let next = word.patch(*before).and_then(|patch| patch.status);
                    let stays = (*before, *status) == (Status::InProgress, Status::Open);
                    assert_eq!(next, (!stays).then_some(*status), "{word} from {before}");
                }
            }
        }
    }
}
