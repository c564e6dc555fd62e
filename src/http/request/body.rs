//! JSON bodies in, member by member: whatever is wrong is named. And problem documents out
//! (RFC 9457).

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::domain::{
    Channel, ClosedReason, Details, Draft, Nature, Patch, ReportId, ReportTime, Status,
};
use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::attributes::answers;
use crate::message;
use crate::usecase::duplicates::DuplicateQuestion;

/// Members of an object, each to be taken once; what is left over is unknown.
struct Members {
    object: Map<String, Value>,
    refused: Vec<Refusal>,
}

impl Members {
    fn of(bytes: &[u8]) -> Result<Self> {
        match any(bytes)? {
            Value::Object(object) => Ok(Self { object, refused: Vec::new() }),
            other => {
                let message = message!("n’est pas un objet JSON", "is not a JSON object");
                Err(Refusal::new("body", other, message).into())
            }
        }
    }

    fn refuse(&mut self, field: &str, value: &Value, message: Message) {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.refused.push(Refusal::new(field, shown, message));
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.object.remove(field)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => {
                self.refuse(field, &other, message!("n’est pas un texte", "is not a text"));
                None
            }
        }
    }

    fn number(&mut self, field: &str) -> Option<f64> {
        match self.object.remove(field)? {
            Value::Null => None,
            Value::Number(number) => number.as_f64(),
            other => {
                self.refuse(field, &other, message!("n’est pas un nombre", "is not a number"));
                None
            }
        }
    }

    fn word<T>(
        &mut self,
        field: &str,
        parse: impl Fn(&str) -> Option<T>,
        all: impl Fn() -> String,
    ) -> Option<T> {
        let text = self.text(field)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            let known = all();
            let message = message!("n’est pas l’un de {known}", "is not one of {known}");
            self.refuse(field, &Value::String(text), message);
        }
        parsed
    }

    fn lon_lat(&mut self) -> Option<(f64, f64)> {
        match (self.number("lon"), self.number("lat")) {
            (Some(lon), Some(lat)) => Some((lon, lat)),
            (None, None) => None,
            (lon, _) => {
                let missing = if lon.is_none() { "lon" } else { "lat" };
                if !self.refused.iter().any(|refusal| refusal.field == missing) {
                    self.refuse(missing, &Value::Null, message!("manque", "is missing"));
                }
                None
            }
        }
    }

    fn finish(mut self) -> Result<()> {
        for (field, value) in std::mem::take(&mut self.object) {
            self.refuse(
                &field,
                &value,
                message!("n’est pas un champ connu", "is not a known field"),
            );
        }
        if self.refused.is_empty() { Ok(()) } else { Err(Error::refused(self.refused)) }
    }
}

impl Members {
    /// Answers to the service's questions, and photos.
    fn details(&mut self) -> Details {
        let mut details = Details::default();
        match self.object.remove("attributes") {
            None | Some(Value::Null) => {}
            Some(Value::Object(object)) => details.answers = answers(object),
            Some(other) => {
                let message = message!("n’est pas un objet JSON", "is not a JSON object");
                self.refuse("attributes", &other, message);
            }
        }
        let media = match self.object.remove("media_url") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::String(url)) => Some(vec![url]),
            Some(other) => {
                let list = serde_json::from_value(other.clone()).ok();
                if list.is_none() {
                    let message =
                        message!("n’est pas une liste de textes", "is not a list of texts");
                    self.refuse("media_url", &other, message);
                }
                list
            }
        };
        details.media = media.unwrap_or_default();
        details
    }
}

/// Reads the body of a new report.
///
/// # Errors
/// Every member that is unknown or of the wrong type.
pub fn draft(bytes: &[u8], zone: &TimeZone) -> Result<Draft> {
    let mut body = Members::of(bytes)?;
    let requested = body.text("requested_datetime").and_then(|text| {
        let read = ReportTime::parse(&text, zone);
        read.map_err(|message| body.refuse("requested_datetime", &Value::String(text), message))
            .ok()
    });
    let service = body.text("service_code");
    if service.is_none() && !body.refused.iter().any(|refusal| refusal.field == "service_code") {
        body.refuse("service_code", &Value::Null, message!("manque", "is missing"));
    }
    let draft = Draft {
        service: service.unwrap_or_default(),
        nature: body.word("nature", Nature::parse, Nature::spellings),
        channel: body.word("channel", Channel::parse, Channel::spellings).or(Some(Channel::Web)),
        requested,
        lon_lat: body.lon_lat(),
        address: body.text("address"),
        area: body.text("area"),
        description: body.text("description"),
        asked: body.object.contains_key("attributes"),
        details: body.details(),
        ..Draft::default()
    };
    body.finish()?;
    Ok(draft)
}

/// Reads the body of a change.
///
/// # Errors
/// Every member that is unknown or of the wrong type; a body that changes nothing. Beside the
/// change stands the one for the report's duplicates, with `"children":"close"`.
pub fn patch(bytes: &[u8]) -> Result<(Patch, Option<Patch>)> {
    let mut body = Members::of(bytes)?;
    if body.object.is_empty() {
        let message = message!("ne change rien", "changes nothing");
        body.refuse("body", &json!({}), message);
    }
    let patch = Patch {
        status: body.word("status", Status::parse, Status::spellings),
        reason: body.word("closed_reason", ClosedReason::parse, ClosedReason::spellings),
        service: body.text("service_code"),
        lon_lat: body.lon_lat(),
        address: body.text("address"),
        assignee: body.text("assignee"),
    };
    let closes = |word: &str| ["close", "leave"].contains(&word).then(|| word == "close");
    let children = body.word("children", closes, || "close | leave".into()).unwrap_or(false);
    if children && patch.status != Some(Status::Closed) {
        let message = message!(
            "n’a de sens qu’avec « status » « closed »",
            "makes sense with 'status' 'closed' only"
        );
        body.refuse("children", &json!("close"), message);
    }
    body.finish()?;
    let status = Some(Status::Closed);
    let close = Patch { status, reason: Some(ClosedReason::Duplicate), ..Patch::default() };
    Ok((patch, children.then_some(close)))
}

/// Reads a line of a batch of questions.
///
/// # Errors
/// Every member that is unknown or of the wrong type.
pub fn duplicate_question(bytes: &[u8], zone: &TimeZone) -> Result<DuplicateQuestion> {
    let mut body = Members::of(bytes)?;
    let when = body.text("at").and_then(|text| {
        let read = ReportTime::parse(&text, zone);
        read.map_err(|message| body.refuse("at", &Value::String(text), message)).ok()
    });
    let question = DuplicateQuestion {
        lon_lat: body.lon_lat(),
        service: body.text("service"),
        when,
        text: body.text("text"),
        address: body.text("address"),
        accuracy_m: body.number("accuracy_m"),
        exclude: body.text("exclude"),
    };
    body.finish()?;
    Ok(question)
}

/// Longest name of an author, in characters.
const AUTHOR_CHARS_MAX: usize = 80;
/// Reports that are merged or split at a time, at most.
const MEMBERS_MAX: usize = 1_000;

impl Members {
    /// Who changes an incident: `crew` where nobody is named.
    fn author(&mut self) -> String {
        let author = self.text("author").unwrap_or_else(|| "crew".into());
        let chars = author.chars().count();
        if author.trim().is_empty() || chars > AUTHOR_CHARS_MAX {
            let max = AUTHOR_CHARS_MAX;
            let message =
                message!("doit avoir de 1 à {max} caractères", "must have 1 to {max} characters");
            self.refuse("author", &json!(author), message);
        }
        author.trim().to_owned()
    }
}

/// Reads which reports are to be merged or split, and who wants it.
///
/// # Errors
/// No report, too many, one named twice; every member that is unknown or of the wrong type.
pub fn members(bytes: &[u8]) -> Result<(Vec<ReportId>, String)> {
    let mut body = Members::of(bytes)?;
    let listed = body.object.remove("reports").unwrap_or(Value::Null);
    let texts: Option<Vec<&str>> =
        listed.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
    let texts = texts.filter(|texts| (1..=MEMBERS_MAX).contains(&texts.len()));
    let mut reports: Vec<ReportId> = Vec::new();
    if texts.is_none() {
        let max = MEMBERS_MAX;
        let message = message!(
            "doit être une liste de 1 à {max} numéros de suivi",
            "must be a list of 1 to {max} tracking numbers"
        );
        body.refuse("reports", &listed, message);
    }
    for text in texts.into_iter().flatten() {
        match ReportId::new(text) {
            Ok(id) if reports.contains(&id) => {
                body.refuse(
                    "reports",
                    &json!(text),
                    message!("est nommé deux fois", "is named twice"),
                );
            }
            Ok(id) => reports.push(id),
            Err(message) => body.refuse("reports", &json!(text), message),
        }
    }
    let author = body.author();
    body.finish()?;
    Ok((reports, author))
}

/// Reads which change is to be undone, and who wants it.
///
/// # Errors
/// No number; every member that is unknown or of the wrong type.
pub fn undo(bytes: &[u8]) -> Result<(u64, String)> {
    let mut body = Members::of(bytes)?;
    let change = body.object.remove("change_id").unwrap_or(Value::Null);
    let number = change.as_u64();
    if number.is_none() {
        let message =
            message!("doit être le numéro d’un changement", "must be the number of a change");
        body.refuse("change_id", &change, message);
    }
    let author = body.author();
    body.finish()?;
    Ok((number.unwrap_or(0), author))
}

/// How a sender who was asked chooses.
pub fn how_to_confirm() -> Value {
    json!({
        "same": "POST the same body with the same Idempotency-Key and \
                 ?confirm={service_request_id} of the incident that it repeats",
        "new": "POST the same body with the same Idempotency-Key and ?confirm=new",
    })
}

/// The problem document of one line of many.
pub fn problem_of_row(row: usize, problem: Value) -> Value {
    let mut line = json!({ "row": row });
    if let (Some(line), Value::Object(problem)) = (line.as_object_mut(), problem) {
        line.extend(problem);
    }
    line
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Reads any JSON body.
///
/// # Errors
/// The bytes are not JSON.
pub fn any(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = message!(
            "n’est pas du JSON (ligne {line}, colonne {column})",
            "is not JSON (line {line}, column {column})"
        );
        Refusal::new("body", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]), message)
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(result: Result<impl Sized>) -> Vec<String> {
        let refusals = result.err().map(|error| error.refusals).unwrap_or_default();
        refusals.into_iter().map(|refusal| refusal.field).collect()
    }

    #[test]
    fn every_member_at_fault_is_named() {
        for (body, at_fault) in [
            (r#"{"service_code":"x"}"#, vec![]),
            (r#"{"service_code":3,"lon":"a"}"#, vec!["service_code", "lon"]),
            (r#"{"service_code":"x","lon":1}"#, vec!["lat"]),
            (r#"{"service_code":"x","colour":1,"nature":"?"}"#, vec!["nature", "colour"]),
            (r#"{"service_code":"x","requested_datetime":"hier"}"#, vec!["requested_datetime"]),
            ("{", vec!["body"]),
            ("[]", vec!["body"]),
            ("", vec!["body"]),
            ("{}", vec!["service_code"]),
        ] {
            let mut named = fields(draft(body.as_bytes(), &TimeZone::UTC));
            named.sort();
            let mut at_fault = at_fault;
            at_fault.sort();
            assert_eq!(named, at_fault, "{body}");
        }
        assert_eq!(fields(patch(b"{}")), ["body"]);
        assert_eq!(fields(patch(br#"{"status":"open","lat":2}"#)), ["lon"]);
    }
}
