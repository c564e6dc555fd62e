//! Incidents as GeoJSON: the original first, then its duplicates, and how they came together.

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{IncidentChange, ReportId, Status};
use crate::export::geojson::{Feature, ReportOut};
use crate::usecase::reports::StoredIncident;

/// An incident.
#[derive(Debug, Serialize)]
pub struct IncidentOut {
    r#type: &'static str,
    incident_id: String,
    /// Reports in it, the original among them.
    reports: usize,
    /// There are more than are listed: the last by their ids.
    truncated: bool,
    /// Of those listed, how many are not closed.
    open: usize,
    /// What changed who belongs to it, oldest first.
    changes: Vec<Value>,
    features: Vec<Feature<'static, ReportOut>>,
}

/// The answer of an incident; `features` are those of its members, in their order.
pub fn incident(found: &StoredIncident, features: Vec<Feature<'static, ReportOut>>) -> IncidentOut {
    let StoredIncident { members, reports, changes } = found;
    let reports = *reports;
    let id = members.first().map_or_else(String::new, |root| root.report.id.to_string());
    IncidentOut {
        r#type: "FeatureCollection",
        incident_id: id,
        reports,
        truncated: members.len() < reports,
        open: members.iter().filter(|one| one.report.status != Status::Closed).count(),
        changes: changes.iter().map(change).collect(),
        features,
    }
}

fn text(id: &Option<ReportId>) -> Option<&str> {
    id.as_ref().map(ReportId::as_str)
}

fn change(change: &IncidentChange) -> Value {
    let members = change.members.iter().map(|member| {
        json!({
            "service_request_id": member.id.as_str(),
            "before": text(&member.before),
            "after": text(&member.after),
        })
    });
    json!({
        "change_id": change.change,
        "kind": change.kind.as_str(),
        "incident_id": change.incident.as_str(),
        "author": change.author,
        "at": change.at,
        "undoes": change.undoes,
        "undone_by": change.undone_by,
        "members": members.collect::<Vec<_>>(),
    })
}
