//! Reports as GeoJSON features, and what else is answered of one report.

use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Catalogue, Contact, FieldChange, ReportLabels, StoredReport};
use crate::error::Result;
use crate::export::geojson::{self, Collection, Feature, MEDIA_TYPE, ReportOut};
use crate::http::reply::answer::{tagged, to_json};
use crate::http::reply::etag;
use crate::http::request::context::RequestContext;
use crate::http::request::values::cursor_after;
use crate::http::state::AppState;
use crate::http::v1::duplicates::answer::DuplicateSummary;
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::query::Page;
use crate::usecase::City;

/// The feature of a whole report.
pub fn feature(
    stored: &StoredReport,
    city: &City,
    language: Language,
) -> Feature<'static, ReportOut> {
    let catalogue = city.catalogue();
    geojson::report(stored, &labels(stored, city, &catalogue, language))
}

/// The names that stand in a report's feature.
pub fn labels<'a>(
    stored: &'a StoredReport,
    city: &'a City,
    catalogue: &'a Catalogue,
    language: Language,
) -> ReportLabels<'a> {
    let code = stored.report.service.as_str();
    let service = catalogue.get(code);
    ReportLabels {
        jurisdiction: city.id().as_str(),
        service: service.map_or(code, |service| language.pick(&service.names)),
        group: service.map_or("", |service| &service.group),
    }
}

/// A page of whole reports, their texts read from the store.
///
/// # Errors
/// The store.
pub fn report_page(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    page: &Page<DocAddress>,
    language: Language,
) -> Result<Collection<'static, ReportOut>> {
    let ids: Vec<&str> = page.items.iter().map(|address| snapshot.id(*address)).collect();
    let stored = state.app.reader().get_many(city.id(), &ids)?;
    let features = stored.iter().map(|stored| feature(stored, city, language)).collect();
    let mut collection = Collection::new(snapshot.revision(), features);
    collection.truncated = page.more;
    Ok(collection)
}

/// Address of the page behind one that is sorted by time, the newest first.
pub fn next_newest(
    snapshot: &Snapshot,
    page: &Page<DocAddress>,
    context: &RequestContext,
) -> Option<String> {
    let last = page.items.last().filter(|_| page.more)?;
    let cursor = cursor_after(snapshot.requested(*last), snapshot.id(*last));
    Some(context.next_page(&cursor))
}

/// The strong tag of one report.
pub fn report_tag(state: &AppState, stored: &StoredReport, language: Language) -> String {
    etag::report_tag(&state.app.epoch, stored.revision, language)
}

/// A report that was just made or changed, and what its sender should know beside it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenReport {
    #[serde(flatten)]
    report: ReportOut,
    /// Of a new report, where its sender asked: the reports that it may repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<DuplicateSummary>>,
    /// Of a report that was closed: the ids of its duplicates that are still open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_children: Vec<String>,
}

/// The answer to whoever made or changed a report.
///
/// # Errors
/// Internal.
pub fn written(
    state: &AppState,
    city: &City,
    stored: &StoredReport,
    language: Language,
    duplicates: Option<Vec<DuplicateSummary>>,
    open_children: Vec<String>,
) -> Result<Response> {
    let out = feature(stored, city, language).map(|report| WrittenReport {
        report,
        duplicates,
        open_children,
    });
    Ok(tagged(MEDIA_TYPE, &report_tag(state, stored, language), to_json(&out)?))
}

/// Everything that happened to a report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct History<'a> {
    service_request_id: &'a str,
    /// Oldest first.
    history: Vec<HistoryStep<'a>>,
}

/// One step of a report's history.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct HistoryStep<'a> {
    revision: u64,
    /// RFC 3339.
    at: &'a str,
    author: &'a str,
    event: HistoryEvent,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<ChangedField<'a>>>,
}

/// What happened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum HistoryEvent {
    Created,
    Changed,
}

/// A field that was changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ChangedField<'a> {
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> History<'a> {
    /// The history of a report with these changes, oldest first.
    pub fn new(stored: &'a StoredReport, changes: &'a [FieldChange]) -> Self {
        let created = HistoryStep {
            revision: stored.created_revision,
            at: &stored.recorded,
            author: stored.report.channel.as_str(),
            event: HistoryEvent::Created,
            fields: None,
        };
        let changed = changes.chunk_by(|a, b| a.revision == b.revision).map(|group| {
            let field = |change: &'a FieldChange| ChangedField {
                field: &change.field,
                before: change.before.as_deref(),
                after: change.after.as_deref(),
            };
            HistoryStep {
                revision: group[0].revision,
                at: &group[0].at,
                author: &group[0].author,
                event: HistoryEvent::Changed,
                fields: Some(group.iter().map(field).collect()),
            }
        });
        let history = std::iter::once(created).chain(changed).collect();
        Self { service_request_id: stored.report.id.as_str(), history }
    }
}

/// Who made a report, as far as they said.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Contact")]
pub struct ContactOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
}

impl From<Contact> for ContactOut {
    fn from(contact: Contact) -> Self {
        let Contact { first_name, last_name, email, phone, account_id, device_id } = contact;
        Self { first_name, last_name, email, phone, account_id, device_id }
    }
}
