//! Responses about reports: features, history, contact.

use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Catalogue, Contact, FieldChange, ReportLabels, StoredReport, author_shown};
use crate::error::Result;
use crate::export::geojson::{self, Collection, Feature, MEDIA_TYPE, ReportOut};
use crate::http::reply::answer::{ResponseInputs, response_with_etag, to_json};
use crate::http::reply::etag;
use crate::http::request::context::RequestContext;
use crate::http::request::values::cursor_after;
use crate::http::state::AppState;
use crate::http::v1::duplicates::answer::DuplicateSummary;
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::query::Page;
use crate::usecase::City;

/// The feature of a report with all its public fields.
pub fn feature(
    stored: &StoredReport,
    city: &City,
    language: Language,
) -> Feature<'static, ReportOut> {
    let catalogue = city.catalogue();
    geojson::report(stored, &labels(stored, city, &catalogue, language))
}

/// The texts in a report's feature that are not fields of the report: city, service name, group.
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

/// A page of reports, newest first, with all their public fields, which are read from the store.
///
/// # Errors
/// The store.
pub fn report_page(
    inputs: &ResponseInputs<'_>,
    page: &Page<DocAddress>,
) -> Result<Collection<'static, ReportOut>> {
    let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
    let ids: Vec<&str> = page.items.iter().map(|address| snapshot.id(*address)).collect();
    let stored = state.app.stored(city, context.view, &ids)?;
    let features = stored.iter().map(|stored| feature(stored, city, context.language)).collect();
    let mut collection = Collection::new(snapshot.revision(), features);
    collection.truncated = page.more;
    collection.next = next_newest(snapshot, page, context);
    Ok(collection)
}

/// The address of the next page in a list sorted by time, newest first; `None` after the last page.
pub fn next_newest(
    snapshot: &Snapshot,
    page: &Page<DocAddress>,
    context: &RequestContext,
) -> Option<String> {
    let last = page.items.last().filter(|_| page.more)?;
    let cursor = cursor_after(snapshot.requested(*last), snapshot.id(*last));
    Some(context.next_page(&cursor))
}

/// The strong ETag of a report.
pub fn report_tag(state: &AppState, stored: &StoredReport, language: Language) -> String {
    etag::report_tag(&state.app.epoch, stored.revision, language)
}

/// A report that was created or changed, with related reports.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenReport {
    #[serde(flatten)]
    report: ReportOut,
    /// For a new report, if the request asks for them: reports that it may duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<DuplicateSummary>>,
    /// For a closed report: the ids of its duplicates that are still open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_children: Vec<String>,
}

/// The response to a request that created or changed a report.
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
    Ok(response_with_etag(MEDIA_TYPE, &report_tag(state, stored, language), to_json(&out)?))
}

/// The history of a report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct History<'a> {
    service_request_id: &'a str,
    /// Its steps, oldest first.
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

/// The kind of a step.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum HistoryEvent {
    Created,
    Changed,
}

/// A changed field with both values.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ChangedField<'a> {
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> History<'a> {
    /// The history of a report; `changes` are sorted oldest first. The names of their authors are
    /// shown or not.
    pub fn new(stored: &'a StoredReport, changes: &'a [FieldChange], shows_names: bool) -> Self {
        let created = HistoryStep {
            revision: stored.created_revision,
            at: &stored.recorded,
            author: stored.report.channel.as_str(),
            event: HistoryEvent::Created,
            fields: None,
        };
        let groups = changes.chunk_by(|a, b| a.revision == b.revision);
        let changed =
            groups.filter_map(|group| Some((group.first()?, group))).map(|(first, group)| {
                let field = |change: &'a FieldChange| ChangedField {
                    field: &change.field,
                    before: change.before.as_deref(),
                    after: change.after.as_deref(),
                };
                HistoryStep {
                    revision: first.revision,
                    at: &first.at,
                    author: author_shown(&first.author, shows_names),
                    event: HistoryEvent::Changed,
                    fields: Some(group.iter().map(field).collect()),
                }
            });
        let history = std::iter::once(created).chain(changed).collect();
        Self { service_request_id: stored.report.id.as_str(), history }
    }
}

/// Name and contact details of the sender of a report, as far as given.
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
