//! The audit: who changed what, and who read private data. For supervisors.

use std::io;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{
    AuditField, AuditFilter, AuditLine, Permission, ReportId, ReportTime, TrackingText, end_of_day,
    read_tracking,
};
use crate::error::{Error, Result};
use crate::export::{audit_header, audit_rows};
use crate::http::openapi::content::{json, text as text_content};
use crate::http::openapi::description::{Codes, Tag};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, response_without_etag, to_json};
use crate::http::reply::streamed::{StreamSender, streamed};
use crate::http::request::call::Call;
use crate::http::request::caller::Caller;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::{Optional, Parameter, ParameterGroup, group, query, request};
use crate::http::request::params::{LIMIT, text};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Number, Text, number};
use crate::http::request::values::Time;
use crate::http::state::AppState;
use crate::message;
use crate::usecase::City;

/// Lines that are read and sent in one step: some milliseconds of work.
const STEP_LINES: usize = 1_000;
/// Bytes that wait for the client: those of some steps.
const AHEAD_BYTES: usize = 2 << 20;

const CODES: Codes = &[(200, "ok"), (400, "refused"), (403, "forbidden"), (404, "not found")];

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/audit", "audit", Tag::Service, list)
            .described(
                "Le journal, les lignes les plus récentes d’abord : qui a changé quoi, et qui a lu \
                 des données privées.",
                "The audit, newest lines first: who changed what, and who read private data.",
            )
            .responds_with(&[json::<AuditPageOut<'_>>()])
            .status_codes(CODES)
            .needs(Permission::ReadAudit),
        Operation::get("/api/v1/audit.csv", "audit_csv", Tag::Service, csv)
            .described(
                "Les lignes du journal qui répondent au filtre, en CSV, une rangée par champ.",
                "The lines of the audit that pass the filter as CSV, a row for each field.",
            )
            .responds_with(&[text_content("text/csv")])
            .status_codes(CODES)
            .needs(Permission::ReadAudit),
    ]
}

const ACTOR: Parameter<Text, Optional> = text("actor").described(
    "Nom de la clé ; public, this machine, ou pointchaud suivi d’une commande.",
    "Name of the key; public, this machine, or pointchaud followed by a command.",
);

const OPERATION: Parameter<Text, Optional> = text("operation").example("create_report").described(
    "Identifiant de l’opération dans le document OpenAPI, ou commande.",
    "Id of the operation in the OpenAPI document, or command.",
);

const REPORT: Parameter<Text, Optional> = text("report").described(
    "Demande concernée, seule ou parmi d’autres.",
    "Report concerned, alone or among others.",
);

const FROM: Parameter<Time, Optional> = query("from", Time)
    .optional()
    .example("2026-01-01")
    .described("Lignes à partir de cet instant ou de cette date.", "Lines from this time on.");

const TO: Parameter<Time, Optional> = query("to", Time).optional().example("2099-12-31").described(
    "Lignes jusqu’à cet instant ou jusqu’à la fin de cette date.",
    "Lines up to this time or the end of this date.",
);

const CURSOR: Parameter<Number<u64>, Optional> =
    query("cursor", number(1, i64::MAX as u64)).optional().described(
        "Numéro de la dernière ligne de la page précédente, repris de son lien « next ».",
        "Number of the last line of the previous page, as in its link 'next'.",
    );

request! {
    /// The parameters of a filter of the audit.
    pub struct AuditParameters {
        actor: Option<String> = ACTOR,
        operation: Option<String> = OPERATION,
        report: Option<String> = REPORT,
        from: Option<ReportTime> = FROM,
        to: Option<ReportTime> = TO,
    }
}

/// The filter, for the city of the request.
const FILTER: ParameterGroup<AuditParameters, AuditFilter> = group(AuditParameters::filter);

impl AuditParameters {
    fn filter(self, reader: &mut ParameterReader<'_>) -> Read<AuditFilter> {
        let zone = reader.zone();
        let instant = |second: i64| Timestamp::from_second(second).ok();
        let from = self.from.and_then(|when| instant(when.second()));
        let before = self.to.and_then(|when| match when.day_only() {
            Some(_) => instant(end_of_day(when.second(), zone)),
            None => instant(when.second() + 1),
        });
        if let (Some(first), Some(end)) = (from, before)
            && first >= end
        {
            let message = message!("est avant « from »", "is before 'from'");
            let to = self.to.map(|when| when.to_string()).unwrap_or_default();
            return Err(reader.refuse("to", to, message));
        }
        let report = match self.report {
            None => None,
            Some(text) => Some(report_id(text, reader)?),
        };
        let Self { actor, operation, .. } = self;
        Ok(AuditFilter { actor, operation, report, from, before, ..AuditFilter::default() })
    }
}

/// The id of a report, or its tracking number in any spelling.
fn report_id(text: String, reader: &mut ParameterReader<'_>) -> Read<ReportId> {
    match read_tracking(&text) {
        TrackingText::Valid(number) => Ok(number),
        TrackingText::Other | TrackingText::Mistyped => {
            ReportId::new(&text).map_err(|message| reader.refuse("report", text, message))
        }
    }
}

request! {
    /// A page of the audit.
    pub struct AuditRequest {
        limit: usize = LIMIT,
        cursor: Option<u64> = CURSOR,
        filter: AuditFilter = FILTER,
    }
}

request! {
    /// The audit as a file.
    pub struct AuditFileRequest {
        filter: AuditFilter = FILTER,
    }
}

/// A line of the audit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLine", extend("x-fr" = "Une ligne du journal."))]
struct AuditLineOut<'a> {
    number: u64,
    /// With milliseconds.
    #[schemars(extend("format" = "date-time", "x-fr" = "Aux millisecondes."))]
    at: String,
    actor: &'a str,
    /// The role of its key at that time.
    #[schemars(extend("x-fr" = "Le rôle de sa clé à ce moment."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Its network address; absent for the public.
    #[schemars(extend("x-fr" = "Son adresse sur le réseau ; absente pour le public."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    operation: &'a str,
    /// Absent for what concerns the whole service.
    #[schemars(extend("x-fr" = "Absent pour ce qui concerne tout le service."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction_id: Option<&'a str>,
    subject: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<&'a str>,
    /// The city's revision after the change; absent for a read.
    #[schemars(extend("x-fr" = "La révision de la ville après le changement ; absente pour une \
                                lecture."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// How many revisions the change took, one for each report.
    #[schemars(extend("x-fr" = "Combien de révisions le changement a prises, une par demande."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    revisions: Option<u64>,
    fields: Vec<AuditFieldOut<'a>>,
}

/// A field that changed. Values that were erased, and those of contacts, are null.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    rename = "AuditField",
    extend("x-fr" = "Un champ modifié. Les valeurs effacées et celles des coordonnées sont null.")
)]
struct AuditFieldOut<'a> {
    /// For an incident: the report.
    #[schemars(extend("x-fr" = "Pour un incident : la demande."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    service_request_id: Option<&'a str>,
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

/// A page of the audit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditPage", extend("x-fr" = "Une page du journal."))]
struct AuditPageOut<'a> {
    lines: Vec<AuditLineOut<'a>>,
    /// The address of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<'a> AuditLineOut<'a> {
    fn new(line: &'a AuditLine) -> Self {
        let field = |one: &'a AuditField| AuditFieldOut {
            service_request_id: one.report.as_deref(),
            field: &one.field,
            before: one.before.as_deref(),
            after: one.after.as_deref(),
        };
        Self {
            number: line.number,
            at: line.at.to_string(),
            actor: &line.actor,
            role: line.role.map(|role| role.as_str()),
            address: line.address.as_deref(),
            operation: &line.operation,
            jurisdiction_id: line.jurisdiction.as_deref(),
            subject: line.subject.as_str(),
            subject_id: line.subject_id.as_deref(),
            revision: line.revisions.map(|(_, last)| last),
            revisions: line.revisions.map(|(first, last)| last - first + 1),
            fields: line.fields.iter().map(field).collect(),
        }
    }
}

/// The filter for the city of a request. A key for all cities also reads what concerns the whole
/// service.
fn of_city(filter: AuditFilter, city: &City, context: &RequestContext) -> AuditFilter {
    let with_service = match &context.caller {
        Caller::Holder(key) => key.cities.is_none(),
        Caller::ThisMachine => true,
        Caller::Public => false,
    };
    AuditFilter { jurisdiction: Some(city.id().clone()), with_service, ..filter }
}

async fn list(call: Call<AuditRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let AuditRequest { limit, cursor, filter } = request;
    let (filter, reader) = (of_city(filter, &city, &context), state.app.reader().clone());
    let page = state.app.compute(move || {
        // One more than the page has says whether there is another.
        let mut lines = reader.audit(&filter, cursor, limit + 1)?;
        let has_more = lines.len() > limit;
        lines.truncate(limit);
        let last = lines.last().filter(|_| has_more);
        let next = last.map(|line| context.next_page(&line.number.to_string()));
        to_json(&AuditPageOut { lines: lines.iter().map(AuditLineOut::new).collect(), next })
    });
    Ok(private(response_without_etag(JSON, page.await?)))
}

/// The response is for its reader alone.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn csv(call: Call<AuditFileRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let filter = of_city(request.filter, &city, &context);
    let (sender, body) = streamed(&state.stream_room, AHEAD_BYTES);
    let day = city.now().to_zoned_datetime(city.zone().clone()).date();
    let name = format!("attachment; filename=\"{}-audit-{day}.csv\"", city.id());
    tokio::spawn(async move {
        if let Err(error) = send(&state, filter, &sender).await {
            tracing::error!(cause = ?error.cause, "an export of the audit was cut short: {error}");
            sender.abort(io::Error::other("unavailable")).await;
        }
    });
    let mut response = private(Response::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::try_from(name).map_err(Error::internal)?;
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Sends the lines of a filter, some at a time, until the client has gone.
async fn send(state: &AppState, filter: AuditFilter, sender: &StreamSender) -> Result<()> {
    let mut bytes = audit_header().map_err(Error::internal)?;
    let mut before = None;
    loop {
        if sender.send(bytes.into()).await.is_err() {
            return Ok(());
        }
        let (reader, wanted) = (state.app.reader().clone(), filter.clone());
        let step = state.app.compute(move || {
            let lines = reader.audit(&wanted, before, STEP_LINES)?;
            let rows = audit_rows(&lines).map_err(Error::internal)?;
            Ok((rows, lines.last().map(|line| line.number)))
        });
        (bytes, before) = match step.await? {
            (_, None) => return Ok(()),
            (rows, last) => (rows, last),
        };
    }
}
