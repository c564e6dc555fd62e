//! Erasures: parts of reports that are removed for good, and the list of what was removed. No
//! answer holds a value that was erased.

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::domain::{
    AuditSubject, ErasableField, ErasureCounts, ErasureKind, Idempotency, Interrupt, Permission,
    ReportTime,
};
use crate::error::{Error, Result};
use crate::export::word::Word;
use crate::http::openapi::content::json as json_of;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, response_without_etag, to_json};
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::request::idempotency::{IDEMPOTENCY_KEY, fingerprint};
use crate::http::request::members::{Body, CustomMember, Member, TEXT, TextMember, body, member};
use crate::http::request::parameter::{Optional, Parameter, query, request};
use crate::http::request::params::{LIMIT, NewestAfter, cursor_by, text};
use crate::http::request::types::Text;
use crate::http::request::values::{Time, cursor_after};
use crate::message;
use crate::usecase::erasure_request::{
    CarriedOutErasure, ErasurePage, ErasureRequest, SentErasure, StoredErasure,
};

/// Numbers of reports in an answer, at most.
const NUMBERS_MAX: usize = 1_000;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let new = json_of::<NewErasure>().example(|| {
        json!({ "contact": "marie.tremblay@exemple.ca", "fields": ["contact", "photos"],
                "dry_run": true })
    });
    let all = vec![
        Operation::get("/api/v1/erasures", "erasures", Tag::Reports, list)
            .described(
                "Ce qui a été effacé de quelles demandes, du plus récent au plus ancien ; aucune \
                 valeur effacée.",
                "What was erased of which reports, newest first; no value that was erased.",
            )
            .responds_with(&[json_of::<ErasuresOut>()])
            .status_codes(&[(200, "ok"), (400, "refused"), (403, "forbidden"), (404, "not found")]),
        Operation::post("/api/v1/erasures", "create_erasure", Tag::Reports, create)
            .described(
                "Efface des parties d’une demande, des demandes d’une personne ou des demandes \
                 anciennes. Où « complete » est faux, le temps d’une requête n’a pas suffi : \
                 renvoyez la même pour continuer.",
                "Erases parts of a report, of the reports of a person or of old reports. Where \
                 'complete' is false, the time of one request was not enough: send the same one \
                 again to go on.",
            )
            .body(&[new])
            .responds_with(&[json_of::<ErasureOut>()])
            .status_codes(&[
                (200, "ok"),
                (400, "refused"),
                (403, "forbidden"),
                (404, "not found"),
                (409, "conflict"),
                (413, "too large"),
                (503, "unavailable"),
            ]),
    ];
    all.into_iter().map(|one| one.needs(Permission::Erase)).collect()
}

/// Names of fields, each once.
const FIELDS: CustomMember<Vec<ErasableField>> = CustomMember::new(
    |name, value, reader| {
        let texts = value.as_array().map(|list| list.iter().map(Value::as_str));
        let read = |text: Option<&str>| text.and_then(ErasableField::parse);
        let fields: Option<Vec<ErasableField>> = texts.and_then(|mut texts| {
            texts.try_fold(Vec::new(), |mut fields, text| {
                fields.push(read(text)?);
                Some(fields)
            })
        });
        let mut fields = fields.filter(|fields| !fields.is_empty()).ok_or_else(|| {
            let known = ErasableField::spellings();
            let message = message!(
                "doit être une liste de noms parmi : {known}",
                "must be a list of names among: {known}"
            );
            reader.refuse(name, &value, message)
        })?;
        fields.sort_unstable();
        fields.dedup();
        Ok(fields)
    },
    || {
        json!({ "type": "array", "minItems": 1, "uniqueItems": true,
                "items": { "type": "string", "enum": ErasableField::WORDS } })
    },
);

/// True or false.
const FLAG: CustomMember<bool> = CustomMember::new(
    |name, value, reader| {
        value.as_bool().ok_or_else(|| {
            let message = message!("doit être true ou false", "must be true or false");
            reader.refuse(name, &value, message)
        })
    },
    || json!({ "type": "boolean", "default": false }),
);

const fn words(name: &'static str) -> Member<TextMember, Optional> {
    member(name, TEXT).optional()
}

body! {
    /// What is erased: of one report, of the reports of a contact, or of those older than a time.
    pub struct NewErasure {
        report: Option<String> = words("report"),
        contact: Option<String> = words("contact"),
        older_than: Option<String> = words("older_than"),
        fields: Option<Vec<ErasableField>> = member("fields", FIELDS).optional(),
        is_trial: bool = member("dry_run", FLAG).default(false),
    }
}

/// How much was removed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ErasureCounts", extend("x-fr" = "Combien a été retiré."))]
struct CountsOut {
    /// Contacts of senders.
    #[schemars(extend("x-fr" = "Coordonnées de personnes."))]
    contacts: u64,
    /// Addresses of photos, those of updates too.
    #[schemars(extend("x-fr" = "Adresses de photos, celles des mises à jour aussi."))]
    photos: u64,
    descriptions: u64,
    /// Answers in free text.
    #[schemars(extend("x-fr" = "Réponses en texte libre."))]
    answers: u64,
    /// Changes in histories that lost their values, and updates that lost their text.
    #[schemars(extend("x-fr" = "Changements d’historiques sans leurs valeurs, et mises à jour \
                                    sans leur texte."))]
    history: u64,
}

impl From<ErasureCounts> for CountsOut {
    fn from(counts: ErasureCounts) -> Self {
        let ErasureCounts { contacts, photos, descriptions, answers, history } = counts;
        Self { contacts, photos, descriptions, answers, history }
    }
}

/// What an erasure did, or would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Erasure", extend("x-fr" = "Ce qu’un effacement a fait, ou ferait."))]
struct ErasureOut {
    kind: Word<ErasureKind>,
    fields: Vec<Word<ErasableField>>,
    dry_run: bool,
    /// False: time ran out before the end; the same request goes on there.
    #[schemars(extend("x-fr" = "Faux : le temps n’a pas suffi ; la même requête continue là."))]
    complete: bool,
    /// Number of reports that lost something; in a trial, of those that would be looked at.
    #[schemars(extend("x-fr" = "Nombre de demandes qui ont perdu quelque chose ; à l’essai, de \
                                    celles qui seraient examinées."))]
    reports: usize,
    /// Their numbers, the first thousand of them.
    #[schemars(extend("x-fr" = "Leurs numéros, les mille premiers."))]
    service_request_ids: Vec<String>,
    removed: CountsOut,
    /// Files of photos that were removed, each with its thumbnail.
    #[schemars(extend("x-fr" = "Fichiers de photos retirés, chacun avec sa vignette."))]
    photo_files: u64,
    /// True: no unused part of the store's file holds a copy. False: the file is written anew
    /// within a day.
    #[schemars(extend("x-fr" = "Vrai : aucune partie inutilisée du fichier n’en garde de copie. \
                                    Faux : le fichier est réécrit d’ici un jour."))]
    rewritten: bool,
}

impl ErasureOut {
    fn new(request: &ErasureRequest, done: CarriedOutErasure) -> Self {
        let CarriedOutErasure { outcome, photo_files, is_rewritten } = done;
        let numbers = outcome.reports.iter().take(NUMBERS_MAX).map(ToString::to_string);
        Self {
            kind: Word(request.kind),
            fields: request.fields.iter().copied().map(Word).collect(),
            dry_run: request.is_trial,
            complete: !outcome.is_partial,
            reports: outcome.reports.len(),
            service_request_ids: numbers.collect(),
            removed: outcome.counts.into(),
            photo_files,
            rewritten: is_rewritten,
        }
    }
}

request! {
    /// An erasure.
    pub struct CreateErasureRequest {
        key: Option<String> = IDEMPOTENCY_KEY,
    }
}

/// The key and the fingerprint of an erasure. The body may name a person: only a digest keyed by
/// the client's key is stored, and of that key a digest too, so that nobody who reads the store can
/// try names, where the client's key is random.
fn idempotency(key: &str, body: &[u8]) -> Idempotency {
    let secret = blake3::derive_key("pointchaud erasure idempotency 1", key.as_bytes());
    Idempotency {
        key: format!("erasure {}", fingerprint(&secret)),
        fingerprint: blake3::keyed_hash(&secret, body).to_hex().to_string(),
    }
}

async fn create(call: Call<CreateErasureRequest>, body: Bytes) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let NewErasure { report, contact, older_than, fields, is_trial } =
        NewErasure::read(&body, &TimeZone::UTC)?;
    let sent = SentErasure { report, contact, older_than, fields, is_trial };
    let erasure = sent.check(city.zone(), city.now(), context.caller.author())?;
    let idempotency = request.key.filter(|_| !is_trial).map(|key| idempotency(&key, &body));
    let (photos, app) = (state.public_config.photo_store.clone(), state.app.clone());
    let by = context.actor();
    if is_trial {
        // It says which reports are of a person, and writes nothing by which that is known.
        app.note(by.clone(), Some(city.id()), AuditSubject::City, city.id().as_str()).await?;
    }
    let run = move |interrupt: &Interrupt| -> Result<(String, bool)> {
        if let Some(sent) = &idempotency
            && let Some(answer) = app.remembered_erasure(&city, sent)?
        {
            return Ok((answer, true));
        }
        // The erasure runs on a thread of its own, which may wait for the photos.
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::internal)?;
        let mut remove = |name: &str| runtime.block_on(photos.erase(name));
        let done = app.erase((&city, by), &erasure, &mut remove, interrupt)?;
        let is_complete = !done.outcome.is_partial;
        let answer = to_json(&ErasureOut::new(&erasure, done))?;
        let answer = String::from_utf8(answer).map_err(Error::internal)?;
        if let Some(sent) = idempotency.filter(|_| is_complete) {
            app.remember_erasure(&city, sent, &answer)?;
        }
        Ok((answer, false))
    };
    let (answer, is_replayed) = state.app.compute_heavy(run).await?;
    let mut response = private(answer.into_bytes());
    if is_replayed {
        let name = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A response that nobody keeps.
fn private(body: Vec<u8>) -> Response {
    let mut response = response_without_etag(JSON, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const OF_REPORT: Parameter<Text, Optional> = text("service_request_id")
    .described("Effacements de cette seule demande.", "Erasures of this report alone.");

const FROM: Parameter<Time, Optional> =
    query("from", Time).optional().example("2026-01-01").described(
        "Effacements à partir de cet instant (RFC 3339 ; sans décalage, à l’heure de la ville) ou \
         de cette date.",
        "Erasures at or after this instant (RFC 3339; without an offset in the city’s time zone) \
         or date.",
    );

request! {
    /// A list of erasures.
    pub struct ErasureListRequest {
        limit: usize = LIMIT,
        after: NewestAfter = cursor_by(),
        report: Option<String> = OF_REPORT,
        from: Option<ReportTime> = FROM,
    }
}

/// What was erased of one report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ErasedReport", extend("x-fr" = "Ce qui a été effacé d’une demande."))]
struct ErasedReportOut {
    /// The revision that the report received by it.
    #[schemars(extend("x-fr" = "La révision que la demande en a reçue."))]
    erasure_id: u64,
    service_request_id: String,
    #[schemars(extend("format" = "date-time"))]
    erased_datetime: String,
    /// Name of the key, or of what erased by itself.
    #[schemars(extend("x-fr" = "Nom de la clé, ou de ce qui a effacé de soi-même."))]
    author: String,
    /// What it was asked for; null in those of older versions.
    #[schemars(extend("x-fr" = "Ce qui l’a demandé ; null pour ceux d’anciennes versions."))]
    kind: Option<Word<ErasureKind>>,
    fields: Vec<Word<ErasableField>>,
    /// How much was removed; null in those of older versions.
    #[schemars(extend("x-fr" = "Combien a été retiré ; null pour ceux d’anciennes versions."))]
    removed: Option<CountsOut>,
}

impl From<StoredErasure> for ErasedReportOut {
    fn from(stored: StoredErasure) -> Self {
        let fields = stored.fields.split(',').filter_map(ErasableField::parse);
        Self {
            erasure_id: stored.revision,
            service_request_id: stored.report,
            erased_datetime: stored.at,
            author: stored.author,
            kind: stored.kind.map(Word),
            fields: fields.map(Word).collect(),
            removed: stored.counts.map(CountsOut::from),
        }
    }
}

/// Erasures, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Erasures", extend("x-fr" = "Les effacements, du plus récent au plus ancien."))]
struct ErasuresOut {
    erasures: Vec<ErasedReportOut>,
    /// Address of the next page; null on the last one.
    #[schemars(extend("x-fr" = "Adresse de la page suivante ; null sur la dernière."))]
    next: Option<String>,
}

async fn list(call: Call<ErasureListRequest>) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let ErasureListRequest { limit, after, report, from } = request;
    let page = ErasurePage {
        report,
        since: from.map(|when| when.as_instant().to_string()).unwrap_or_default(),
        below: after.map(|cursor| cursor.key.try_into().unwrap_or(0)),
        limit,
    };
    let app = state.app.clone();
    let found = state.app.compute(move || app.erasures(&city, &page)).await?;
    Ok(private(to_json(&page_of(found, &context))?))
}

fn page_of((found, has_more): (Vec<StoredErasure>, bool), context: &RequestContext) -> ErasuresOut {
    let last = found.last().filter(|_| has_more);
    let next = last.map(|last| context.next_page(&cursor_after(last.revision, &last.report)));
    ErasuresOut { erasures: found.into_iter().map(ErasedReportOut::from).collect(), next }
}
