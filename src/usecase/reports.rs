//! Reading reports and incidents of a city.

use crate::domain::{
    Filter, IncidentChange, Report, Status, StoredReport, TrackingText, View, read_tracking,
    streets,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::index::Snapshot;
use crate::message;
use crate::usecase::{App, City};

/// Most addresses that are read to name the streets of a hotspot.
const ADDRESSES_MAX: usize = 30;

/// Refuses a filter that names an area in which the city has no report.
///
/// # Errors
/// The first unknown area.
pub fn check_areas(snapshot: &Snapshot, filter: &Filter) -> Result<()> {
    let names = snapshot.area_names(filter.areas.as_deref().unwrap_or_default());
    match names.iter().find(|area| !snapshot.knows_area(area)) {
        None => Ok(()),
        Some(area) => {
            let message = message!(
                "n’est pas un secteur de cette ville ; voir « area » dans /api/v1/stats",
                "is not an area of this city; see 'area' in /api/v1/stats"
            );
            Err(Refusal::new("area", area, message).into())
        }
    }
}

/// An incident as it is stored.
pub struct StoredIncident {
    /// The original, then its duplicates by id, at most [`crate::store::CHILDREN_MAX`] of them.
    pub members: Vec<StoredReport>,
    /// Number of all its reports.
    pub reports: usize,
    /// Changes of its membership, oldest first.
    pub changes: Vec<IncidentChange>,
}

impl StoredIncident {
    /// The newest revision of a member or of the membership.
    pub fn revision(&self) -> u64 {
        let newest = self.members.iter().map(|one| one.revision).max().unwrap_or(0);
        newest.max(self.changes.last().map_or(0, |change| change.change))
    }

    /// Number of [`Self::members`] that are not closed.
    pub fn open(&self) -> usize {
        self.members.iter().filter(|one| one.report.status != Status::Closed).count()
    }
}

/// The error of an id that is of no report that the reader sees. It depends on the text alone:
/// where it says more, it would tell whether there is a report that the reader does not see.
fn unknown_report(id: &str) -> Error {
    match read_tracking(id) {
        TrackingText::Valid(_) | TrackingText::Other => Error::not_found(id),
        TrackingText::Mistyped => Error::new(
            ErrorKind::NotFound,
            message!(
                "Le numéro de suivi « {id} » est mal copié : son caractère de contrôle ne \
                 correspond pas.",
                "The tracking number '{id}' was copied wrongly: its check character does not match."
            ),
        ),
    }
}

impl App {
    /// The report with this id, or with this tracking number however it was typed, as a view reads
    /// it.
    ///
    /// # Errors
    /// Not found; the message says so if the check character of a tracking number is wrong.
    pub async fn find_report(&self, city: &City, view: View, id: &str) -> Result<StoredReport> {
        let (reader, key, asked) = (self.reader().clone(), city.id().clone(), id.to_owned());
        let found = self.compute(move || {
            if let Some(stored) = reader.get(&key, &asked)? {
                return Ok(Some(stored));
            }
            match read_tracking(&asked) {
                TrackingText::Valid(number) => reader.get(&key, number.as_str()),
                TrackingText::Other | TrackingText::Mistyped => Ok(None),
            }
        });
        let seen = found.await?.and_then(|stored| city.seen(view, stored));
        seen.ok_or_else(|| unknown_report(id))
    }

    /// Was a request with this idempotency key carried out before? Without a key, no.
    ///
    /// # Errors
    /// The store.
    pub async fn is_remembered(&self, city: &City, key: Option<&str>) -> Result<bool> {
        let Some(key) = key.map(str::to_owned) else { return Ok(false) };
        let (reader, id) = (self.reader().clone(), city.id().clone());
        self.compute(move || reader.is_remembered(&id, &key)).await
    }

    /// The incident that a report belongs to, as a view reads it.
    ///
    /// # Errors
    /// The store.
    pub fn incident_of(
        &self,
        city: &City,
        view: View,
        member: StoredReport,
    ) -> Result<StoredIncident> {
        let reader = self.reader();
        // The view may not see the parent.
        let id = member.report.id.as_str();
        let stored = reader.get(city.id(), id)?.ok_or_else(|| Error::not_found(id))?;
        let original = reader.original(city.id(), stored)?;
        let (children, count) = reader.children(city.id(), original.report.id.as_str())?;
        let members: Vec<StoredReport> = std::iter::once(original).chain(children).collect();
        let ids: Vec<&str> = members.iter().map(|one| one.report.id.as_str()).collect();
        let changes = reader.incident_changes(city.id(), &ids)?;
        let found = StoredIncident { members, reports: count + 1, changes };
        Ok(city.seen_incident(view, member, found))
    }

    /// Ids of the duplicates of a closed report that are not closed; none while the report itself
    /// is not closed.
    ///
    /// # Errors
    /// The store.
    pub async fn open_children(&self, city: &City, report: &Report) -> Result<Vec<String>> {
        if report.status != Status::Closed {
            return Ok(Vec::new());
        }
        let (reader, key, id) = (self.reader().clone(), city.id().clone(), report.id.clone());
        let (children, _) = self.compute(move || reader.children(&key, id.as_str())).await?;
        let open = children.into_iter().filter(|child| child.report.status != Status::Closed);
        Ok(open.map(|child| child.report.id.to_string()).collect())
    }

    /// The streets in which most of these reports are, from the addresses of a sample of them.
    ///
    /// # Errors
    /// The store.
    pub fn streets_of(&self, city: &City, members: &[&str]) -> Result<Vec<String>> {
        let step = members.len().div_ceil(ADDRESSES_MAX).max(1);
        let ids: Vec<&str> = members.iter().step_by(step).copied().collect();
        let stored = self.stored(city, View::Listed, &ids)?;
        Ok(streets(stored.iter().filter_map(|stored| stored.report.address.as_deref())))
    }
}
