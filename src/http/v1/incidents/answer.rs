//! Incidents as GeoJSON: the original first, then its duplicates; and the changes of its
//! membership.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{IncidentChange, IncidentCommandKind, IncidentMember, ReportId, author_shown};
use crate::export::geojson::{Feature, ReportOut};
use crate::export::word::Word;
use crate::usecase::reports::StoredIncident;

/// An incident: a report with its duplicates.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IncidentCollection")]
pub struct IncidentOut<'a> {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    /// Id of the original.
    incident_id: &'a str,
    /// Number of its reports, including the original.
    reports: usize,
    /// True if some reports are left out; those with the greatest ids are.
    truncated: bool,
    /// Number of listed reports that are not closed.
    open: usize,
    /// Changes of its membership, oldest first.
    changes: Vec<ChangeOut<'a>>,
    features: Vec<Feature<'static, ReportOut>>,
}

/// A change of an incident's membership.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ChangeOut<'a> {
    change_id: u64,
    kind: Word<IncidentCommandKind>,
    incident_id: &'a str,
    author: &'a str,
    /// RFC 3339.
    at: &'a str,
    /// The change that this one undoes.
    undoes: Option<u64>,
    /// The change that undid this one.
    undone_by: Option<u64>,
    members: Vec<MemberOut<'a>>,
}

/// A report that this change moved.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct MemberOut<'a> {
    service_request_id: &'a str,
    /// Its original before the change; null if it was not a duplicate.
    before: Option<&'a str>,
    /// Its original after the change; null if it is no longer a duplicate.
    after: Option<&'a str>,
}

/// The response for an incident. `features` are those of its members, in the same order; the names
/// of the authors of its changes are shown or not.
pub fn incident<'a>(
    found: &'a StoredIncident,
    features: Vec<Feature<'static, ReportOut>>,
    shows_names: bool,
) -> IncidentOut<'a> {
    let StoredIncident { members, reports, changes } = found;
    IncidentOut {
        r#type: "FeatureCollection",
        incident_id: members.first().map_or("", |original| original.report.id.as_str()),
        reports: *reports,
        truncated: members.len() < *reports,
        open: found.open(),
        changes: changes.iter().map(|one| change(one, shows_names)).collect(),
        features,
    }
}

fn change(change: &IncidentChange, shows_names: bool) -> ChangeOut<'_> {
    ChangeOut {
        change_id: change.change,
        kind: Word(change.kind),
        incident_id: change.incident.as_str(),
        author: author_shown(&change.author, shows_names),
        at: &change.at,
        undoes: change.undoes,
        undone_by: change.undone_by,
        members: change.members.iter().map(member).collect(),
    }
}

fn member(member: &IncidentMember) -> MemberOut<'_> {
    MemberOut {
        service_request_id: member.id.as_str(),
        before: member.before.as_ref().map(ReportId::as_str),
        after: member.after.as_ref().map(ReportId::as_str),
    }
}
