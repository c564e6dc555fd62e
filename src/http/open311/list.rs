//! Lists of service requests.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use std::ops::ControlFlow;

use crate::domain::{Filter, ReportTime, ServiceCode, Status, StoredReport};
use crate::error::{Error, Refusal, Result};
use crate::export::geojson::instant;
use crate::http::open311::answer::Open311ServiceRequest;
use crate::http::open311::document::{self, RequestRenderer};
use crate::http::open311::format::{API_KEY, EXTENSIONS, LOCALE, ResponseFormat};
use crate::http::operation::HandlerResult;
use crate::http::reply::answer::{CostClass, ResponseInputs};
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{
    Declaration, Defaulted, Extract, Optional, Parameter, Request, group, query,
};
use crate::http::request::params::{BBOX, text};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Number, Text, number};
use crate::http::request::values::Time;
use crate::http::state::AppState;
use crate::index::{DocAddress, Snapshot};
use crate::message;
use crate::place::{BBox, LAT_MAX, LON_MAX, Meters, Position, distance};
use crate::query;
use crate::usecase::City;

/// Limit of the time range of a list, in days (GeoReport v2).
const DAYS_MAX: i64 = 90;
const DAY: i64 = 86_400;
/// Limit of the number of service requests in a page (GeoReport v2).
const PAGE_MAX: usize = 1_000;
/// Limit of the page number.
const PAGES_MAX: usize = 1_000;
/// Limit of the number of ids in one request.
const IDS_MAX: usize = 1_000;

/// Ids of service requests. If given, all other conditions are ignored (GeoReport v2).
const IDS: Parameter<Text, Optional> = text("service_request_id").described(
    "Numéros de demandes, séparés par des virgules ; les autres conditions sont alors ignorées.",
    "Ids of requests, separated by commas; all other conditions are then ignored.",
);

/// Codes of services; an unknown one is an error.
struct KnownServices;

const SERVICE_CODES: Parameter<Text, Optional> =
    text("service_code").example("nid-de-poule,lampadaire").described(
        "Codes de services, séparés par des virgules.",
        "Codes of services, separated by commas.",
    );

impl Extract for KnownServices {
    type Value = Option<Vec<ServiceCode>>;

    fn declare(&self, to: &mut Vec<Declaration>) {
        SERVICE_CODES.declare(to);
    }

    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<Option<Vec<ServiceCode>>> {
        let Some(text) = SERVICE_CODES.extract(reader)? else { return Ok(None) };
        let catalogue = reader.catalogue();
        let known = |code: &str| {
            let found = catalogue.get(code.trim()).map(|service| service.code.clone());
            found.ok_or_else(|| Error::not_found(code))
        };
        let codes: Result<Vec<ServiceCode>> = text.split(',').map(known).collect();
        // GeoReport v2 requires 404 for an unknown service.
        codes.map(Some).map_err(|error| reader.fail(error))
    }
}

/// Statuses in Open311's two words; `open` includes reports in progress.
struct Statuses;

const STATUS: Parameter<Text, Optional> = text("status").example("open").described(
    "open ou closed, ou les deux, séparés par une virgule.",
    "open or closed, or both, separated by a comma.",
);

impl Extract for Statuses {
    type Value = Option<Vec<Status>>;

    fn declare(&self, to: &mut Vec<Declaration>) {
        let at = to.len();
        STATUS.declare(to);
        let words = "open|closed";
        if let Some(own) = to.get_mut(at) {
            own.schema["pattern"] = format!("^({words})(,({words}))*$").into();
        }
    }

    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<Option<Vec<Status>>> {
        let Some(text) = STATUS.extract(reader)? else { return Ok(None) };
        let mut wanted = Ok(Vec::new());
        for word in text.split(',').map(str::trim) {
            let meant: &[Status] = match word {
                "open" => &[Status::Open, Status::InProgress],
                "closed" => &[Status::Closed],
                other => {
                    let message = message!("doit être open ou closed", "must be open or closed");
                    wanted = Err(reader.refuse("status", other, message));
                    continue;
                }
            };
            wanted.iter_mut().for_each(|list| list.extend(meant));
        }
        wanted.map(Some)
    }
}

request! {
    /// The parameters of a circle: either all three or none.
    pub struct CircleParameters {
        lat: Option<f64> = query("lat", number(-LAT_MAX, LAT_MAX))
            .optional()
            .example("46.81")
            .described("Latitude en degrés.", "Latitude in degrees."),
        long: Option<f64> = query("long", number(-LON_MAX, LON_MAX))
            .optional()
            .example("-71.21")
            .described("Longitude en degrés.", "Longitude in degrees."),
        radius: Option<f64> = query("radius", number(0.0, 100_000.0))
            .optional()
            .example("500")
            .described("Rayon en mètres.", "Radius in metres."),
    }
}

/// A centre and a radius.
type Circle = (Position, Meters);

impl CircleParameters {
    fn circle(self, reader: &mut ParameterReader<'_>) -> Read<Option<Circle>> {
        let Self { lat, long, radius } = self;
        let (lat, long, radius) = match (lat, long, radius) {
            (None, None, None) => return Ok(None),
            (Some(lat), Some(long), Some(radius)) => (lat, long, radius),
            _ => {
                let given = [("lat", lat), ("long", long), ("radius", radius)];
                let absent = given.iter().filter(|(_, value)| value.is_none());
                let refused = absent.map(|(name, _)| reader.refuse_absence(name)).last();
                return refused.map_or(Ok(None), Err);
            }
        };
        let at = Position::new(long, lat).map_err(|out| {
            let (axis, value, limit) = (out.axis, out.value, out.limit);
            let message = message!(
                "{axis} {value} n’est pas entre -{limit} et {limit}",
                "{axis} {value} is not between -{limit} and {limit}"
            );
            reader.refuse("long", long, message)
        })?;
        Ok(Some((at, Meters(radius))))
    }
}

/// An optional time.
const fn time(name: &'static str) -> Parameter<Time, Optional> {
    query(name, Time).optional()
}

/// The start of a list.
pub(super) const START: Parameter<Time, Optional> =
    time("start_date").example("2026-10-01T00:00:00Z").described(
        "Demandes faites, ou mises à jour, à partir de cet instant ; 90 jours au plus avant \
         end_date.",
        "Requests made, or updates, at or after this time; at most 90 days before end_date.",
    );

/// The end of a list.
pub(super) const END: Parameter<Time, Optional> =
    time("end_date").example("2026-11-30T00:00:00Z").described(
        "Demandes faites, ou mises à jour, jusqu’à cet instant.",
        "Requests made, or updates, at or before this time.",
    );

/// The number of the page of a list.
pub(super) const PAGE: Parameter<Number<usize>, Defaulted<usize>> =
    query("page", number(1, PAGES_MAX))
        .default(1)
        .example("1")
        .described("Numéro de la page, à partir de 1.", "Number of the page, from 1.");

/// The length of the pages of a list.
pub(super) const PAGE_SIZE: Parameter<Number<usize>, Defaulted<usize>> =
    query("page_size", number(1, PAGE_MAX)).default(PAGE_MAX).example("10").described(
        "Nombre de demandes, ou de mises à jour, par page.",
        "Number of requests, or of updates, in a page.",
    );

/// A half-open range of Unix time, in seconds, without bounds where `None`.
pub(super) type SecondRange = (Option<i64>, Option<i64>);

/// From `start` to the end of `end`, at most 90 days. Without both it is the last 90 days.
pub(super) fn range_of(
    start: Option<ReportTime>,
    end: Option<ReportTime>,
    reader: &mut ParameterReader<'_>,
) -> Read<SecondRange> {
    let length = DAYS_MAX * DAY;
    let minute = reader.city().map_or(0, |city| city.now().as_second()) / 60 * 60;
    match (start.map(|when| when.second()), end.map(|when| when.last_second())) {
        // `end` is the last second of its day, hence one more day.
        (Some(start), Some(end)) if end < start || end - start > length + DAY => {
            let message = message!(
                "doit être entre 0 et 90 jours après start_date",
                "must be between 0 and 90 days after start_date"
            );
            Err(reader.refuse("end_date", instant(end), message))
        }
        (Some(start), Some(end)) => Ok((Some(start), Some(end + 1))),
        (Some(start), None) => Ok((Some(start), Some(start + length))),
        (None, Some(end)) => Ok((Some(end - length), Some(end + 1))),
        (None, None) => Ok((Some(minute - length), None)),
    }
}

request! {
    /// The parameters of the two time ranges.
    pub struct TimeParameters {
        updated_after: Option<ReportTime> =
            time("updated_after").example("2026-11-01T00:00:00Z").described(
                "Demandes modifiées dans ce service à partir de cet instant ; la plus ancienne \
                 modification d’abord.",
                "Requests changed in this service at or after this time; oldest change first.",
            ),
        updated_before: Option<ReportTime> =
            time("updated_before").example("2027-01-01T00:00:00Z").described(
                "Demandes modifiées dans ce service avant cet instant.",
                "Requests changed in this service before this time.",
            ),
        start: Option<ReportTime> = START,
        end: Option<ReportTime> = END,
    }
}

/// The time ranges of a list.
pub struct TimeRanges {
    /// When a request was made, as half-open Unix seconds.
    requested: SecondRange,
    /// When it was changed in this service.
    updated: (Option<ReportTime>, Option<ReportTime>),
}

impl TimeParameters {
    /// The range of [`range_of`], or none if the request limits the time of changes alone.
    fn times(self, reader: &mut ParameterReader<'_>) -> Read<TimeRanges> {
        let Self { updated_after, updated_before, start, end } = self;
        let updated = (updated_after, updated_before);
        let requested = match (start, end) {
            (None, None) if updated != (None, None) => (None, None),
            _ => range_of(start, end, reader)?,
        };
        Ok(TimeRanges { requested, updated })
    }
}

request! {
    /// A list of service requests.
    pub struct ListParameters {
        services: Option<Vec<ServiceCode>> = KnownServices,
        statuses: Option<Vec<Status>> = Statuses,
        bbox: Option<BBox> = BBOX,
        around: Option<Circle> = group(CircleParameters::circle),
        times: TimeRanges = group(TimeParameters::times),
        page: usize = PAGE,
        size: usize = PAGE_SIZE,
        is_extended: bool = EXTENSIONS,
    }
}

/// The service requests that a response contains.
pub enum RequestSelection {
    /// Those with these comma-separated ids; and whether with `extended_attributes`.
    Ids(String, bool),
    /// Those that meet the conditions of a list.
    List(Box<ListParameters>),
}

/// The parameters of `requests`.
pub struct ServiceRequestsRequest {
    /// The selected service requests.
    pub selection: RequestSelection,
    /// The parameter `locale`.
    pub locale: Option<String>,
}

impl Request for ServiceRequestsRequest {
    fn declare(to: &mut Vec<Declaration>) {
        IDS.declare(to);
        ListParameters::declare(to);
        LOCALE.declare(to);
        API_KEY.declare(to);
    }

    fn read(reader: &mut ParameterReader<'_>) -> Read<Self> {
        let locale = LOCALE.extract(reader);
        let key = API_KEY.extract(reader);
        let ids = IDS.extract(reader)?;
        let selection = match ids {
            Some(ids) => {
                let is_extended = reader.query_text("extensions") == Some("true");
                reader.ignore_rest();
                RequestSelection::Ids(ids, is_extended)
            }
            None => RequestSelection::List(Box::new(ListParameters::read(reader)?)),
        };
        key?;
        Ok(Self { selection, locale: locale? })
    }
}

/// Responds with a list of service requests.
///
/// # Errors
/// Too many ids; the store; unavailable.
pub async fn requests<R: Send + 'static>(
    call: Call<R>,
    selection: RequestSelection,
    format: ResponseFormat,
) -> HandlerResult {
    match selection {
        RequestSelection::Ids(ids, is_extended) => by_ids(call, format, &ids, is_extended).await,
        RequestSelection::List(request) => list(call, format, *request).await,
    }
}

async fn list<R: Send + 'static>(
    mut call: Call<R>,
    format: ResponseFormat,
    request: ListParameters,
) -> HandlerResult {
    // Without dates the list starts 90 days before the current minute.
    call.context.variant.minute = Some(call.city.now().as_second() / 60);
    call.respond(format.media_type(), CostClass::Long, move |inputs, _| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let filter = request.filter();
        let stored = if request.times.updated == (None, None) {
            let page = request.page(&filter, snapshot);
            let ids: Vec<&str> = page.iter().map(|address| snapshot.id(*address)).collect();
            state.app.stored(city, context.view, &ids)?
        } else {
            request.changed(&filter, inputs)?
        };
        write((state, city), context, format, &stored, request.is_extended)
    })
    .await
}

async fn by_ids<R: Send + 'static>(
    call: Call<R>,
    format: ResponseFormat,
    ids: &str,
    is_extended: bool,
) -> HandlerResult {
    let ids: Vec<String> = ids.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.len() > IDS_MAX {
        let message = message!("{IDS_MAX} numéros au plus", "{IDS_MAX} ids at most");
        return Err(Refusal::new("service_request_id", ids.len(), message).into());
    }
    call.respond(format.media_type(), CostClass::Long, move |inputs, _| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let known: Vec<&str> =
            ids.iter().map(String::as_str).filter(|id| snapshot.find(id).is_some()).collect();
        let stored = state.app.stored(city, context.view, &known)?;
        write((state, city), context, format, &stored, is_extended)
    })
    .await
}

/// The document of these service requests.
///
/// # Errors
/// Internal.
pub fn write(
    (state, city): (&AppState, &City),
    context: &RequestContext,
    format: ResponseFormat,
    stored: &[StoredReport],
    is_extended: bool,
) -> Result<Vec<u8>> {
    let (catalogue, base) = (city.catalogue(), context.base(state));
    let renderer = RequestRenderer {
        catalogue: &catalogue,
        language: context.language,
        extended: is_extended,
        base: &base,
    };
    let list: Vec<Open311ServiceRequest> =
        stored.iter().map(|stored| document::request(stored, &renderer)).collect();
    format.write(&list)
}

impl ListParameters {
    /// The filter of the list.
    fn filter(&self) -> Filter {
        let (from, before) = self.times.requested;
        Filter {
            services: self.services.clone(),
            statuses: self.statuses.clone(),
            from,
            before,
            bbox: self.bbox,
            approximate: true,
            ..Filter::default()
        }
    }

    /// The addresses of the page's reports, from the index alone.
    fn page(&self, filter: &Filter, snapshot: &Snapshot) -> Vec<DocAddress> {
        let compiled = snapshot.compiled(filter);
        let skip = (self.page - 1) * self.size;
        match self.around {
            Some((at, radius)) => {
                let most = skip + self.size;
                let found = query::within_radius(snapshot, &compiled, at, radius, None, most);
                found.items.into_iter().skip(skip).map(|found| found.address).collect()
            }
            None if skip == 0 => query::newest(snapshot, &compiled, None, self.size).items,
            None => query::newest_page(snapshot, &compiled, skip, self.size),
        }
    }

    /// The page of the reports that were changed in the time range, oldest change first; reads the
    /// store. Only the reports of the page are decoded.
    fn changed(&self, filter: &Filter, inputs: &ResponseInputs<'_>) -> Result<Vec<StoredReport>> {
        let ResponseInputs { state, city, snapshot, context, interrupt } = *inputs;
        let compiled = snapshot.compiled(filter);
        let mut skip = (self.page - 1) * self.size;
        let mut page = Vec::new();
        let passes = |id: &str| {
            let address = snapshot.find(id).filter(|one| snapshot.matches(*one, &compiled))?;
            let Some((at, radius)) = self.around else { return Some(()) };
            let place = snapshot.position(address)?;
            (distance(place, at).0 <= radius.0).then_some(())
        };
        let mut choose = |id: &str| match interrupt.check() {
            Err(_) => ControlFlow::Break(()),
            Ok(()) => {
                let passes = passes(id).is_some();
                let is_before = passes && skip > 0;
                skip -= usize::from(is_before);
                ControlFlow::Continue(passes && !is_before)
            }
        };
        let mut take = |stored| {
            page.extend(city.seen(context.view, stored));
            page.len() < self.size
        };
        let reader = state.app.reader();
        reader.changed_among(city.id(), self.times.updated, &mut choose, &mut take)?;
        interrupt.check()?;
        Ok(page)
    }
}
