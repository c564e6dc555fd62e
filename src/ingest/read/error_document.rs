//! A document by which a server says that it has no data: saved in place of them.

use std::io::Read;

use serde_json::{Map, Value};

use crate::i18n::Message;
use crate::message;

/// Longest document that may be one, in bytes.
const BYTES_MAX: u64 = 1 << 16;
/// Longest text of it that is shown, in characters.
const CHARS_MAX: usize = 200;

/// Members that say what went wrong, the plainest words first.
const WORDS: [&str; 10] = [
    "message",
    "error_description",
    "description",
    "detail",
    "details",
    "msg",
    "faultstring",
    "title",
    "error",
    "reason",
];

/// Members that only documents about an error have.
const ERRORS: [&str; 6] = ["error", "errors", "fault", "exception", "errorcode", "error_code"];

/// Further members of such documents.
const OTHERS: [&str; 19] = [
    "code",
    "status",
    "statuscode",
    "status_code",
    "success",
    "type",
    "instance",
    "path",
    "timestamp",
    "requestid",
    "request_id",
    "help",
    "data",
    "result",
    "trace",
    "ok",
    "name",
    "__type",
    "jsonrpc",
];

/// What is said of a document about an error; `None` where the text is none.
pub fn found(text: impl Read) -> Option<Message> {
    let mut bytes = Vec::new();
    text.take(BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > BYTES_MAX {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let document: Value = serde_json::from_slice(bytes).ok()?;
    // Open311 answers a list of errors.
    let only = match &document {
        Value::Array(list) if list.len() == 1 => list.first()?,
        other => other,
    };
    let members = only.as_object()?;
    if !is_error(members, document.is_array()) {
        return None;
    }
    let words = words(only).unwrap_or_default();
    let shown: String = words.chars().take(CHARS_MAX).collect();
    Some(match shown.is_empty() {
        true => message!(
            "est un message d’erreur d’un serveur, pas les données",
            "is an error message of a server, not the data"
        ),
        false => message!(
            "est un message d’erreur d’un serveur, pas les données : « {shown} »",
            "is an error message of a server, not the data: '{shown}'"
        ),
    })
}

/// Do the members say that it is about an error? One of an error that is none is no error; a
/// record has other members beside its words.
fn is_error(members: &Map<String, Value>, is_listed: bool) -> bool {
    let is_one_of = |name: &str, list: &[&str]| list.contains(&name.to_ascii_lowercase().as_str());
    let is_record_member =
        |name: &String| !is_one_of(name, &WORDS) && !is_one_of(name, &ERRORS) && name != "trace";
    let holds = |(name, value): (&String, &Value)| is_record_member(name) && has_records(value);
    if !is_listed && members.iter().any(holds) {
        return false;
    }
    let is_said = members.iter().any(|(name, value)| is_one_of(name, &ERRORS) && says(value));
    let are_usual = members.keys().all(|name| {
        is_one_of(name, &WORDS) || is_one_of(name, &ERRORS) || is_one_of(name, &OTHERS)
    });
    let has_words = members.iter().any(|(name, value)| is_one_of(name, &WORDS) && says(value));
    let has_code = members.keys().any(|name| is_one_of(name, &["code", "status"]));
    match is_listed {
        true => are_usual && has_words && has_code,
        false => is_said || (are_usual && has_words),
    }
}

/// Does the value of a member say that something went wrong? `{}`, `[]`, 0 and `"none"` do not.
fn says(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !["", "0", "none", "ok", "null", "false", "success", "no error"]
            .contains(&text.trim().to_ascii_lowercase().as_str()),
        Value::Array(list) => list.iter().any(says),
        Value::Object(members) => members.values().any(says),
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Bool(true) => true,
    }
}

/// Does a value hold a list of objects, itself or in its members? Those are data, whatever stands
/// beside them.
fn has_records(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(Value::is_object),
        Value::Object(members) => members.values().any(has_records),
        _ => false,
    }
}

/// The first text of a member that says what went wrong, also in members of members.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(list) => list.iter().find_map(words),
        Value::Object(members) => {
            let of = |name: &str| {
                let found = members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                found.and_then(|(_, value)| words(value))
            };
            WORDS.iter().chain(&ERRORS).find_map(|name| of(name)).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_usual_servers_are_named_with_their_words() {
        for (text, word) in [
            (r#"{"error":{"code":400,"message":"Invalid query","details":[]}}"#, "Invalid query"),
            (r#"{"message":"No such dataset","errorCode":"not_found","data":{}}"#, "No such"),
            (r#"{"success":false,"error":{"__type":"Not Found","message":"gone"}}"#, "'gone'"),
            (r#"{"errors":[{"status":"404","title":"Not Found"}]}"#, "Not Found"),
            (r#"[{"code":404,"description":"jurisdiction not found"}]"#, "jurisdiction"),
            (r#"{"detail":"Authentication credentials were not provided."}"#, "credentials"),
            (r#"{"error":"rate limit"}"#, "rate limit"),
            (r#"{"error":true}"#, "error message of a server"),
            ("\u{feff}{\"status\":500,\"message\":\"oops\\n later\"}", "oops later"),
        ] {
            let found = found(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert!(found.en.contains(word), "{text}: {}", found.en);
        }
    }

    #[test]
    fn data_are_no_errors() {
        for text in [
            r#"{"id":1,"created":"2026-10-01","message":"a hole"}"#,
            r#"[{"message":"a hole","detail":"deep"}]"#,
            r#"[{"code":1,"description":"a"},{"code":2,"description":"b"}]"#,
            r#"{"success":true,"error":null,"result":{"records":[{"id":1}]}}"#,
            r#"{"type":"FeatureCollection","features":[]}"#,
            r#"{"metadata":{"page":1},"issues":[{"id":1}],"errors":{}}"#,
            r#"{"issues":[{"id":1},{"id":2}],"errors":{"place":["is too far"]}}"#,
            r#"{"data":{"requests":[{"id":1}]},"errors":[{"message":"one is missing"}]}"#,
            r#"{"error":{"code":0,"message":""},"count":0}"#,
            r#"{"error":"none","items":[]}"#,
            "{",
            "",
            "id,message",
        ] {
            assert_eq!(found(text.as_bytes()), None, "{text}");
        }
    }
}
