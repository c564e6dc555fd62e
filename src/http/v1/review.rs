//! Texts and photos that the public does not see before a person has read them: the list of them,
//! and the decisions.

use axum::body::Bytes;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::domain::{
    AuditSubject, Certainty, DESCRIPTION_CHARS_MAX, HeldText, Permission, PersonalKind,
    PersonalSpan, PhotoChoice, ReportId, ReviewChoice,
};
use crate::error::Result;
use crate::export::geojson::instant;
use crate::export::word::Word;
use crate::http::openapi::content::{geojson, json};
use crate::http::openapi::description::{Codes, Tag};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, to_json};
use crate::http::request::call::Call;
use crate::http::request::members::body;
use crate::http::request::members::{Body, CustomMember, member, word_member};
use crate::http::request::parameter::request;
use crate::http::request::params::{LIMIT, NewestAfter, REPORT_ID, cursor_by};
use crate::http::request::values::cursor_after;
use crate::http::v1::reports::answer::{WrittenReport, written};
use crate::i18n::Message;
use crate::message;
use crate::usecase::review::{HeldPage, HeldReport, Review};

const DECIDED: Codes = &[
    (200, "changed"),
    (400, "refused"),
    (403, "forbidden"),
    (404, "not found"),
    (409, "conflict"),
    (412, "stale"),
    (413, "too large"),
];

const LISTED: Codes = &[(200, "ok"), (304, "not modified"), (400, "refused"), (403, "forbidden")];

/// Words to be hidden, at most.
const HIDDEN_MAX: usize = 50;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let decision = json::<ReviewBody>().example(
        || json!({ "decision": "redact", "revision": 345_012, "hide": ["la maison rose"] }),
    );
    vec![
        Operation::get("/api/v1/review", "review", Tag::Reports, list)
            .described(
                "Demandes dont des textes ou des photos attendent qu’une personne les lise avant \
                 que le public les voie ; d’abord celles qui n’ont pas changé depuis longtemps.",
                "Reports with texts or photos that wait for a person to read them before the \
                 public does; those that changed longest ago first.",
            )
            .responds_with(&[json::<HeldList>()])
            .status_codes(LISTED)
            .needs(Permission::ReviewTexts),
        Operation::put("/api/v1/review/{id}", "review_report", Tag::Reports, decide)
            .described(
                "Décide de ce que le public voit des textes et des photos retenus d’une demande. \
                 La décision vaut pour les textes tels qu’ils sont : un texte changé attend de \
                 nouveau.",
                "Decides what the public sees of the held texts and photos of a report. The \
                 decision holds for the texts as they are: one that changes waits again.",
            )
            .body(&[decision])
            .responds_with(&[geojson::<crate::export::geojson::Feature<'_, WrittenReport>>()])
            .status_codes(DECIDED)
            .needs(Permission::ReviewTexts),
    ]
}

request! {
    /// A list of what waits.
    pub struct ReviewListRequest {
        limit: usize = LIMIT,
        after: NewestAfter = cursor_by(),
    }
}

/// Reports with texts or photos that wait for a person.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "Demandes dont des textes ou des photos attendent une lecture."))]
pub struct HeldList {
    /// The revision of the city that the response reflects.
    as_of: u64,
    /// The reports; the one that changed longest ago first.
    #[schemars(extend("x-fr" = "Les demandes, la moins récemment changée d’abord."))]
    reports: Vec<HeldReportOut>,
    /// The address of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A report with what of it waits.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HeldReport", extend("x-fr" = "Une demande et ce qui en est retenu."))]
struct HeldReportOut {
    service_request_id: String,
    service_code: String,
    #[schemars(extend("x-fr" = "RFC 3339."))]
    /// RFC 3339.
    requested_datetime: String,
    /// The revision that a decision about it names.
    #[schemars(extend("x-fr" = "La révision que nomme une décision à son sujet."))]
    revision: u64,
    texts: Vec<HeldTextOut>,
    /// Addresses of photos that wait.
    #[schemars(extend("x-fr" = "Adresses des photos retenues."))]
    photos: Vec<String>,
}

/// A text that waits.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HeldText", extend("x-fr" = "Un texte retenu."))]
struct HeldTextOut {
    /// The field; `update` for that of an update.
    #[schemars(extend("x-fr" = "Le champ ; `update` pour celui d’une mise à jour."))]
    field: &'static str,
    text: String,
    /// The personal words that were found in it.
    #[schemars(extend("x-fr" = "Les mots personnels qui y ont été trouvés."))]
    spans: Vec<SpanOut>,
}

/// Personal words of a text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonalWords", extend("x-fr" = "Des mots personnels d’un texte."))]
struct SpanOut {
    /// The character (Unicode code point) at which they begin, from 0.
    #[schemars(extend("x-fr" = "Leur premier caractère (point de code Unicode), dès 0."))]
    start: usize,
    /// The character after the last one.
    #[schemars(extend("x-fr" = "Le caractère après le dernier."))]
    end: usize,
    kind: Word<PersonalKind>,
    certainty: Word<Certainty>,
}

fn span_out(text: &str, span: &PersonalSpan) -> SpanOut {
    let chars = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
    SpanOut {
        start: chars(span.start),
        end: chars(span.end),
        kind: Word(span.kind),
        certainty: Word(span.certainty),
    }
}

fn text_out(held: HeldText) -> HeldTextOut {
    let spans = held.spans.iter().map(|span| span_out(&held.text, span)).collect();
    HeldTextOut { field: held.field, text: held.text, spans }
}

fn report_out(held: HeldReport) -> HeldReportOut {
    let HeldReport { stored, texts, photos } = held;
    HeldReportOut {
        service_request_id: stored.report.id.to_string(),
        service_code: stored.report.service.as_str().to_owned(),
        requested_datetime: instant(stored.report.requested.second()),
        revision: stored.revision,
        texts: texts.into_iter().map(text_out).collect(),
        photos,
    }
}

async fn list(call: Call<ReviewListRequest>) -> HandlerResult {
    let (id, by) = (call.city.id().clone(), call.context.actor());
    call.state.app.note(by, Some(&id), AuditSubject::City, id.as_str()).await?;
    call.respond(JSON, CostClass::Heavy, |inputs, request| {
        let ReviewListRequest { limit, after } = request;
        let after = after.map_or(0, |after| u64::try_from(after.key).unwrap_or(0));
        let (city, context) = (inputs.city, inputs.context);
        let page = inputs.state.app.held_reports(city, after, limit, inputs.interrupt)?;
        let HeldPage { reports, more } = page;
        let last = reports.last().filter(|_| more);
        let next = last.map(|last| {
            let id = last.stored.report.id.as_str();
            context.next_page(&cursor_after(last.stored.revision, id))
        });
        let reports = reports.into_iter().map(report_out).collect();
        to_json(&HeldList { as_of: inputs.snapshot.revision(), reports, next })
    })
    .await
}

/// The revision of the report that was read.
const REVISION: CustomMember<u64> = CustomMember {
    read: |name, value, reader| {
        value.as_u64().ok_or_else(|| reader.refuse(name, &value, not_a_revision()))
    },
    schema: || json!({ "type": "integer", "minimum": 1 }),
    absent: not_a_revision,
};

fn not_a_revision() -> Message {
    message!(
        "doit être la révision de la demande telle qu’elle a été lue",
        "must be the revision of the report as it was read"
    )
}

/// Words that are left out of the texts besides those that were found.
const HIDE: CustomMember<Vec<String>> = CustomMember::new(
    |name, value, reader| {
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|list| list.iter().map(|one| one.as_str().map(str::to_owned)).collect());
        let fits = |text: &String| (1..=DESCRIPTION_CHARS_MAX).contains(&text.chars().count());
        let texts = texts.filter(|texts| texts.len() <= HIDDEN_MAX && texts.iter().all(fits));
        texts.ok_or_else(|| {
            let message = message!(
                "doit être une liste d’au plus {HIDDEN_MAX} textes qui ne sont pas vides",
                "must be a list of at most {HIDDEN_MAX} texts that are not empty"
            );
            reader.refuse(name, &value, message)
        })
    },
    || {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": DESCRIPTION_CHARS_MAX });
        json!({ "type": "array", "maxItems": HIDDEN_MAX, "items": text })
    },
);

body! {
    /// A decision about what of a report is held.
    pub struct ReviewBody {
        decision: ReviewChoice = member("decision", word_member()),
        revision: u64 = member("revision", REVISION),
        hide: Option<Vec<String>> = member("hide", HIDE).optional(),
        photos: Option<PhotoChoice> = member("photos", word_member()).optional(),
    }
}

/// Reads the body of a decision. Where it does not say what becomes of the photos, they are shown
/// if the texts are.
fn read_review(bytes: &[u8]) -> Result<Review> {
    let ReviewBody { decision, revision, hide, photos } = ReviewBody::read(bytes, &TimeZone::UTC)?;
    let of_texts = match decision {
        ReviewChoice::Publish => PhotoChoice::Publish,
        ReviewChoice::KeepBack | ReviewChoice::Redact => PhotoChoice::KeepBack,
    };
    Ok(Review {
        choice: decision,
        hide: hide.unwrap_or_default(),
        photos: photos.unwrap_or(of_texts),
        revision,
    })
}

request! {
    /// A decision about a report.
    pub struct ReviewRequest {
        id: String = REPORT_ID,
    }
}

async fn decide(call: Call<ReviewRequest>, body: Bytes) -> HandlerResult {
    let Call { state, city, context, request } = call;
    let review = read_review(&body)?;
    let found = state.app.find_report(&city, context.view, &request.id).await?;
    let id: ReportId = found.report.id;
    let author = context.caller.author().to_owned();
    state.app.review(&city, id.clone(), review, (author, context.actor())).await?;
    let stored = state.app.find_report(&city, context.view, id.as_str()).await?;
    written(&state, &city, &stored, context.language, None, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_in_characters() {
        let text = "Été 🙂 : écrire à nom@exemple.org".to_owned();
        let spans = crate::domain::personal_spans(&text);
        let out = text_out(HeldText { field: "description", text, spans });
        let chars: Vec<char> = out.text.chars().collect();
        let words: String = chars[out.spans[0].start..out.spans[0].end].iter().collect();
        assert_eq!(words, "nom@exemple.org");
    }

    #[test]
    fn photos_follow_the_texts_unless_it_says_otherwise() {
        let read = |more: &str| {
            let body = format!("{{\"revision\": 7, {more}}}");
            read_review(body.as_bytes()).map(|review| review.photos)
        };
        assert_eq!(read(r#""decision": "publish""#).unwrap(), PhotoChoice::Publish);
        assert_eq!(read(r#""decision": "redact""#).unwrap(), PhotoChoice::KeepBack);
        let other = r#""decision": "redact", "photos": "publish""#;
        assert_eq!(read(other).unwrap(), PhotoChoice::Publish);
        for wrong in [
            r#""decision": "perhaps""#,
            r#""decision": "redact", "hide": [""]"#,
            r#""decision": "redact", "hide": "x""#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
