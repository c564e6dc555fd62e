//! Exports: every report that passes a filter, as one file.
//!
//! The reports are chosen from one snapshot and read from the store a few at a time. Each step
//! takes its turn in the bounded query pool, so that an export waits for a slow client without
//! keeping a place in the pool, and ends with the step during which its client goes away. Texts are
//! sent as they are written; the other formats are complete only at their end and are first written
//! to a temporary file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use schemars::JsonSchema;

use crate::domain::{Accuracy, Filter, Permission, StoredReport, View};
use crate::error::{Error, ErrorKind, Result};
use crate::export::geojson::{Feature, ReportOut};
use crate::export::{Export, ExportFormat, TemporaryExport};
use crate::http::openapi::content::{Content, binary, geojson, text};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{not_modified, response_with_etag};
use crate::http::reply::file_body::file_body;
use crate::http::reply::streamed::streamed;
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::params::BOXED_FILTER;
use crate::http::state::AppState;
use crate::http::v1::reports::answer::labels;
use crate::i18n::Language;
use crate::i18n::format::grouped;
use crate::index::{DocAddress, Snapshot};
use crate::message;
use crate::query::{RowOrder, StatsQuery, ordered, stats};
use crate::usecase::reports::check_areas;
use crate::usecase::{City, for_client, present_client};

/// Reports that are read and written in one step: some milliseconds of work.
const STEP_ROWS: usize = 1_000;
/// Bytes that wait for the client: those of some steps.
const AHEAD_BYTES: usize = 2 << 20;
/// Bytes that are collected before they are put into the buffer of a step.
const ROOM: usize = 64 << 10;

/// An export: its format and file ending, its path, the id of its operation, and what it is in
/// French and English.
struct ExportOperation {
    format: ExportFormat,
    ending: &'static str,
    path: &'static str,
    id: &'static str,
    fr: &'static str,
    en: &'static str,
}

static EXPORTS: [ExportOperation; 5] = [
    ExportOperation {
        format: ExportFormat::Csv,
        ending: "csv",
        path: "/api/v1/export.csv",
        id: "export_csv",
        fr: "Toutes les demandes qui répondent au filtre, en CSV, les plus récentes d’abord.",
        en: "Every report that passes the filter as CSV, newest first.",
    },
    ExportOperation {
        format: ExportFormat::GeoJson,
        ending: "geojson",
        path: "/api/v1/export.geojson",
        id: "export_geojson",
        fr: "Toutes les demandes qui répondent au filtre, en GeoJSON, les plus récentes d’abord.",
        en: "Every report that passes the filter as GeoJSON, newest first.",
    },
    ExportOperation {
        format: ExportFormat::GeoPackage,
        ending: "gpkg",
        path: "/api/v1/export.gpkg",
        id: "export_gpkg",
        fr: "Toutes les demandes qui répondent au filtre, en GeoPackage avec index spatial.",
        en: "Every report that passes the filter as a GeoPackage with a spatial index.",
    },
    ExportOperation {
        format: ExportFormat::GeoParquet,
        ending: "parquet",
        path: "/api/v1/export.parquet",
        id: "export_parquet",
        fr: "Toutes les demandes qui répondent au filtre, en GeoParquet, par endroits.",
        en: "Every report that passes the filter as GeoParquet, by place.",
    },
    ExportOperation {
        format: ExportFormat::FlatGeobuf,
        ending: "fgb",
        path: "/api/v1/export.fgb",
        id: "export_fgb",
        fr: "Toutes les demandes qui répondent au filtre, en FlatGeobuf avec index spatial.",
        en: "Every report that passes the filter as FlatGeobuf with a spatial index.",
    },
];

/// The features of an export.
#[derive(JsonSchema)]
#[schemars(rename = "ReportExport", extend("x-fr" = "Les demandes d’un export."))]
#[allow(dead_code)]
struct ExportedReports {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    features: Vec<Feature<'static, ReportOut>>,
}

/// The content of the successful response.
fn content(export: &ExportOperation) -> Content {
    match export.format {
        ExportFormat::GeoJson => geojson::<ExportedReports>(),
        ExportFormat::Csv => text("text/csv"),
        format => binary(format.media_type()),
    }
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let operation = |one: &'static ExportOperation| {
        let handler = move |call: Call<ExportRequest>, request: Request| export(one, call, request);
        Operation::get(one.path, one.id, Tag::Reports, handler)
            .described(one.fr, one.en)
            .responds_with(&[content(one)])
    };
    EXPORTS.iter().map(operation).collect()
}

request! {
    /// An export.
    pub struct ExportRequest {
        filter: Filter = BOXED_FILTER,
    }
}

async fn export(
    one: &'static ExportOperation,
    call: Call<ExportRequest>,
    request: Request,
) -> HandlerResult {
    let Call { state, city, context, request: ExportRequest { filter } } = call;
    let (view, snapshot) = (context.view, state.app.snapshot(&city, context.view)?);
    let tag = context.etag(&state, snapshot.revision());
    if context.has_if_none_match_tags() && context.has_etag(&tag) {
        return Ok(not_modified(tag));
    }
    let may_all = context.caller.may(Permission::ExportAll, city.id());
    let rows_max = if may_all { usize::MAX } else { state.app.limits.export_rows_max };
    let order = if one.format.is_text() { RowOrder::Newest } else { RowOrder::Place };
    let (whole, wanted) = (snapshot.clone(), filter.clone());
    let rows = state.app.compute_heavy(move |interrupt| {
        check_rows(&whole, &wanted, rows_max)?;
        interrupt.check()?;
        Ok(ordered(&whole, &whole.compiled(&wanted), order))
    });
    let rows = rows.await?;
    // `*` holds for every response but for an error, which is known only now.
    if context.has_etag(&tag) {
        return Ok(not_modified(tag));
    }
    let mut response = response_with_etag(one.format.media_type(), &tag, Vec::new());
    let day = city.now().to_zoned_datetime(city.zone().clone()).date();
    let name = format!("attachment; filename=\"{}-{day}.{}\"", city.id(), one.ending);
    let name = HeaderValue::try_from(name).map_err(Error::internal)?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    if request.method() == Method::HEAD {
        // A body of unknown length: an empty one would be announced as `Content-Length: 0`.
        (_, *response.body_mut()) = streamed(&state.stream_room, AHEAD_BYTES);
        return Ok(response);
    }
    let (app, language, room) = (state.app.clone(), context.language, state.stream_room.clone());
    let work = app.compute(move || {
        let target = ExportTarget::begin(one.format)?;
        Ok(ExportWork { state, city, view, language, snapshot, filter, rows, done: 0, target })
    });
    let work = work.await?;
    *response.body_mut() = match one.format.is_text() {
        true => text_body(work),
        false => file_body(&room, written(work).await?),
    };
    Ok(response)
}

/// Refuses an unknown area and, before any report is read, a filter that too many reports pass.
fn check_rows(snapshot: &Snapshot, filter: &Filter, rows_max: usize) -> Result<()> {
    check_areas(snapshot, filter)?;
    let query = StatsQuery { parts: &[], day_starts: &[], areas: None };
    let count = stats(snapshot, &snapshot.compiled(filter), query).total;
    if count <= rows_max as u64 {
        return Ok(());
    }
    let figures =
        |language| [count, rows_max as u64].map(|figure| grouped(&figure.to_string(), language));
    let [fr_count, fr_max] = figures(Language::French);
    let [en_count, en_max] = figures(Language::English);
    let message = message!(
        "{fr_count} demandes répondent au filtre ; sans clé d’équipe, un export en a {fr_max} au \
         plus. Précisez « from » et « to », « service », « status », « area » ou « bbox ».",
        "{en_count} reports pass the filter; without the crew key an export has {en_max} at most. \
         Narrow it by 'from' and 'to', 'service', 'status', 'area' or 'bbox'."
    );
    Err(Error::new(ErrorKind::Invalid, message))
}

/// Bytes that one step has written and that are to be sent.
#[derive(Clone, Default)]
struct StepBuffer(Arc<Mutex<Vec<u8>>>);

impl StepBuffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for StepBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the reports of an export are written.
enum ExportTarget {
    Text { export: Box<Export<BufWriter<StepBuffer>>>, written: StepBuffer },
    File(Box<TemporaryExport>),
}

impl ExportTarget {
    fn begin(format: ExportFormat) -> Result<Self> {
        if !format.is_text() {
            return Ok(Self::File(Box::new(TemporaryExport::begin(format)?)));
        }
        let written = StepBuffer::default();
        let output = BufWriter::with_capacity(ROOM, written.clone());
        Ok(Self::Text { export: Box::new(Export::begin(format, output)?), written })
    }
}

/// An export under way.
struct ExportWork {
    state: Arc<AppState>,
    city: Arc<City>,
    view: View,
    language: Language,
    /// The state of the city in which the reports were chosen.
    snapshot: Arc<Snapshot>,
    filter: Filter,
    rows: Vec<DocAddress>,
    /// How many of the rows are written.
    done: usize,
    target: ExportTarget,
}

impl ExportWork {
    fn is_done(&self) -> bool {
        self.done == self.rows.len()
    }

    /// Writes the next reports.
    fn step(mut self) -> Result<Self> {
        let end = self.rows.len().min(self.done + STEP_ROWS);
        let rows = self.rows.get(self.done..end).unwrap_or_default();
        let ids: Vec<&str> = rows.iter().map(|row| self.snapshot.id(*row)).collect();
        let mut stored = self.state.app.stored(&self.city, self.view, &ids)?;
        stored.retain(|one| self.passes(one));
        let (city, catalogue) = (self.city.clone(), self.city.catalogue());
        for one in &stored {
            let labels = labels(one, &city, &catalogue, self.language);
            match &mut self.target {
                ExportTarget::Text { export, .. } => export.write(one, &labels)?,
                ExportTarget::File(export) => export.write(one, &labels)?,
            }
        }
        self.done = end;
        Ok(self)
    }

    /// Does a report pass the filter in the state in which it is written? One that was changed
    /// since it was chosen is looked up again.
    fn passes(&self, stored: &StoredReport) -> bool {
        if stored.revision <= self.snapshot.revision() {
            return true;
        }
        let now = self.city.snapshots(self.view).load();
        let compiled = now.compiled(&self.filter);
        let is_placed = self.filter.bbox.is_none()
            || self.filter.approximate
            || stored.report.accuracy == Accuracy::Exact;
        let address = now.find(stored.report.id.as_str());
        is_placed && address.is_some_and(|address| now.matches(address, &compiled))
    }

    /// The next bytes of a text, and the work that is left after them.
    fn next_bytes(self) -> Result<(Vec<u8>, Option<Self>)> {
        if !self.is_done() {
            let work = self.step()?;
            let bytes = match &work.target {
                ExportTarget::Text { written, .. } => written.take(),
                ExportTarget::File(_) => Vec::new(),
            };
            return Ok((bytes, Some(work)));
        }
        let ExportTarget::Text { export, written } = self.target else {
            return Err(Error::internal("the export is a file"));
        };
        export.finish()?;
        Ok((written.take(), None))
    }

    /// The complete file.
    fn finish(self) -> Result<File> {
        match self.target {
            ExportTarget::File(export) => export.finish(),
            ExportTarget::Text { .. } => Err(Error::internal("the export is a text")),
        }
    }
}

/// A body whose bytes are written while it is sent.
fn text_body(work: ExportWork) -> Body {
    let (sender, body) = streamed(&work.state.stream_room, AHEAD_BYTES);
    let app = work.state.app.clone();
    let written = async move {
        let mut left = Some(work);
        while let Some(work) = left {
            match app.compute(move || work.next_bytes()).await {
                Ok((bytes, rest)) => {
                    left = rest;
                    if !bytes.is_empty() && sender.send(bytes.into()).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(cause = ?error.cause, "an export was cut short: {error}");
                    // Aborting shows the client that the response is incomplete.
                    return sender.abort(io::Error::other("unavailable")).await;
                }
            }
        }
    };
    tokio::spawn(for_client(present_client(), written));
    body
}

/// Writes everything to the temporary file. Where the client goes away meanwhile, the future is
/// dropped, and the file with the step that is under way.
async fn written(mut work: ExportWork) -> Result<File> {
    let app = work.state.app.clone();
    while !work.is_done() {
        work = app.compute(move || work.step()).await?;
    }
    app.compute(move || work.finish()).await
}
