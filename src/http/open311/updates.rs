//! Updates of service requests: `/open311/v2/servicerequestupdates`, as FixMyStreet and
//! open311-adapter send and read them.

use axum::extract::Request;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{ExtendedStatus, Idempotency, Permission, ReportTime, UpdateDraft, View};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::open311::answer::{Open311CreatedUpdate, Open311Update};
use crate::http::open311::document;
use crate::http::open311::form::Form;
use crate::http::open311::format::{EXTENSIONS, ResponseFormat};
use crate::http::open311::list::{END, PAGE, PAGE_SIZE, START, range_of};
use crate::http::open311::sent::{SentParts, SubmitRequest, receive, sender};
use crate::http::operation::HandlerResult;
use crate::http::reply::answer::{CostClass, ResponseInputs, response_without_etag};
use crate::http::request::audience::Audience;
use crate::http::request::auth::Authorization;
use crate::http::request::call::Call;
use crate::http::request::caller::Caller;
use crate::http::request::head::RequestHead;
use crate::http::request::idempotency::fingerprint;
use crate::http::request::parameter::{Optional, Parameter, group, request};
use crate::http::request::params::text;
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::Text;
use crate::http::request::words::{not_one_of, spellings, value_of};
use crate::http::v1::media;
use crate::message;
use crate::usecase::updates::{NewUpdate, check_order};

/// The name of the list in paths.
pub const UPDATES: &str = "servicerequestupdates";

request! {
    /// The parameters of the time range of updates.
    pub struct UpdateTimes {
        start: Option<ReportTime> = START,
        end: Option<ReportTime> = END,
    }
}

/// First instant, and the instant after the last.
type InstantRange = (ReportTime, ReportTime);

impl UpdateTimes {
    fn range(self, reader: &mut ParameterReader<'_>) -> Read<InstantRange> {
        let (from, before) = range_of(self.start, self.end, reader)?;
        let instant = |second: Option<i64>, otherwise: Timestamp| {
            let at = second.and_then(|second| Timestamp::from_second(second).ok());
            ReportTime::instant(at.unwrap_or(otherwise))
        };
        Ok((instant(from, Timestamp::MIN), instant(before, Timestamp::MAX)))
    }
}

/// The service request whose updates are listed.
const UPDATES_OF: Parameter<Text, Optional> = text("service_request_id")
    .described("Mises à jour de cette seule demande.", "Updates of this service request alone.");

request! {
    /// A list of updates.
    pub struct UpdateListParameters {
        report: Option<String> = UPDATES_OF,
        range: InstantRange = group(UpdateTimes::range),
        page: usize = PAGE,
        size: usize = PAGE_SIZE,
        is_extended: bool = EXTENSIONS,
    }
}

/// Responds with a list of updates, oldest first.
///
/// # Errors
/// The store; unavailable.
pub async fn updates<R: Send + 'static>(
    mut call: Call<R>,
    request: UpdateListParameters,
    format: ResponseFormat,
) -> HandlerResult {
    // Without dates the list starts 90 days before the current minute.
    call.context.variant.minute = Some(call.city.now().as_second() / 60);
    call.respond(format.media_type(), CostClass::Long, move |inputs, _| {
        let ResponseInputs { state, city, context, .. } = *inputs;
        let UpdateListParameters { report, range, page, size, is_extended } = request;
        let page = ((page - 1) * size, size);
        let of = report.as_deref();
        let stored = state.app.updates((city, context.view), of, range, page)?;
        let base = context.base(state);
        let shows_names = context.caller.may(Permission::ReadPrivate, city.id());
        let update = |one| document::update(one, &base, is_extended, shows_names);
        let list: Vec<Open311Update> = stored.iter().map(update).collect();
        format.write(&list)
    })
    .await
}

/// The form of an update.
struct SentUpdate {
    /// The id of the service request.
    report: String,
    /// The application's number of the update.
    number: Option<String>,
    draft: UpdateDraft,
    account: Option<String>,
}

impl SentUpdate {
    /// Reads the form. `photos` are the paths of the photos that came with it.
    fn read(mut form: Form, photos: Vec<String>, zone: &TimeZone) -> Result<Self> {
        let [report, status] = ["service_request_id", "status"].map(|name| {
            form.take(name).unwrap_or_else(|| {
                form.refuse(name, "", message!("manque", "is missing"));
                String::new()
            })
        });
        // FixMyStreet writes its statuses in capitals.
        let word = status.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        let known: Option<ExtendedStatus> = value_of(&word);
        if known.is_none() && !status.is_empty() {
            form.refuse("status", &status, not_one_of(&spellings::<ExtendedStatus>()));
        }
        let updated = form.take("updated_datetime").and_then(|text| {
            let read = ReportTime::parse(&text, zone);
            read.map_err(|message| form.refuse("updated_datetime", &text, message)).ok()
        });
        // Both names are in use; a form has one of them.
        let numbers = ["update_id", "update_id_ext"].map(|name| form.take(name));
        let mut media = photos;
        media.extend(form.media_urls());
        let (description, account) = (form.take("description"), form.take("account_id"));
        form.finish()?;
        let status = known.unwrap_or(ExtendedStatus::Open);
        let draft = UpdateDraft { status, updated, description, media };
        Ok(Self { report, number: numbers.into_iter().flatten().next(), draft, account })
    }

    /// The key by which the update is recognised when it is sent again: the application, which its
    /// API key identifies, the service request and the application's number of the update. Its
    /// fingerprint is what it says; its status and time may differ.
    fn idempotency(&self, api_key: &str) -> Option<Idempotency> {
        let number = self.number.as_deref()?;
        let parts = [api_key, &self.report, number].map(|part| format!("{}:{part}", part.len()));
        let UpdateDraft { description, media, .. } = &self.draft;
        let says = format!("{} {}", media.join(" "), description.as_deref().unwrap_or_default());
        Some(Idempotency {
            key: format!("update {}", fingerprint(parts.concat().as_bytes())),
            fingerprint: fingerprint(says.as_bytes()),
        })
    }
}

/// Records an update. Its status changes the service request if a crew sends it; the status of
/// another sender is only kept with the update.
///
/// # Errors
/// A missing or wrong key, also in `Authorization`; everything that is missing or of the wrong
/// type; not found; a time before the request was made; a number that was used for another update;
/// the store.
pub async fn submit_update(
    call: Call<SubmitRequest>,
    sent: Request,
    format: ResponseFormat,
) -> HandlerResult {
    let Call { state, context, request, .. } = call;
    // A crew whose key is wrong would wait in vain for the status to change.
    let shown = Authorization::of(&RequestHead::from(&sent), &state.access);
    if shown.is_given() {
        shown.authorize(Audience::Holders(Permission::FileReports), &state.access)?;
    }
    let base = context.base(&state);
    let parts = receive(&state, sent, (request.api_key, context.jurisdiction.clone())).await?;
    let paths = parts.paths();
    let SentParts { city, form, photos, api_key, holder } = parts;
    let sent = SentUpdate::read(form, paths.clone(), city.zone())?;
    let may_change = |caller: &Caller| caller.may(Permission::ChangeReports, city.id());
    // A proxy of this machine may lend its place to anybody.
    let is_proxy = || context.caller == Caller::ThisMachine && shown.is_of_other_user();
    let is_crew = may_change(&holder) || may_change(&context.caller) && !is_proxy();
    let view = if is_crew { View::Crew } else { context.view };
    let found = state.app.find_report(&city, view, &sent.report).await?;
    check_order(&found.report, &sent.draft)?;
    let linked = sent.draft.media.iter().filter(|url| !paths.contains(url));
    let idempotency = sent.idempotency(&api_key).or_else(|| {
        let key = request.key?;
        Some(Idempotency { key, fingerprint: fingerprint(format!("{:?}", sent.draft).as_bytes()) })
    });
    let key = idempotency.as_ref().map(|sent| sent.key.as_str());
    let is_repeated = state.app.is_remembered(&city, key).await?;
    let mut claimed = media::claim(&state, &base, linked, is_repeated).await?;
    if !photos.is_empty() {
        // Check the update before storing photos: those of a refused update are not stored.
        let catalogue = city.catalogue();
        let admitted = city.gate(&catalogue).admit_update(sent.draft.clone());
        admitted.map_err(Error::refused)?;
    }
    claimed.add(photos).await?;
    let new = NewUpdate {
        report: found.report.id,
        draft: sent.draft,
        idempotency,
        changes_status: is_crew,
        by: context.actor_of(sender(&context.caller, &holder)),
    };
    let recorded = state.app.add_update(&city, new).await.map_err(|error| match sent.number {
        Some(number) if error.kind == ErrorKind::Conflict => {
            let message =
                message!("a servi à une autre mise à jour", "was used for another update");
            Refusal::new("update_id", number, message).into()
        }
        _ => error,
    })?;
    claimed.keep().await;
    let created =
        Open311CreatedUpdate { update_id: recorded.to_string(), account_id: sent.account };
    Ok(response_without_etag(format.media_type(), format.write(&vec![created])?))
}
