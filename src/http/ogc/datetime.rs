//! The parameter `datetime` by the grammar of OGC API – Features (7.15.4) and RFC 3339 (5.6).

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::json;

use crate::domain::{ReportTime, end_of_day};
use crate::http::request::parameter::{Optional, Parameter, query};
use crate::http::request::types::Custom;
use crate::i18n::Message;
use crate::message;

/// A half-open range of Unix time, in seconds: first second, and the second after the last.
pub type Interval = (Option<i64>, Option<i64>);

/// The parameter.
pub const DATETIME: Parameter<Custom<Interval>, Optional> = query(
    "datetime",
    Custom {
        read: |text, reader| interval(text, reader.zone()),
        schema: || json!({ "type": "string" }),
        example: |text| json!(text),
    },
)
.optional()
.example("2026-01-01T00:00:00Z/..")
.described(
    "Un instant RFC 3339 avec son décalage (Z ou -05:00), ou un intervalle de deux instants, \
     bornes comprises. Une des bornes peut être ouverte (.. ou rien), la seconde une durée (P10D). \
     Une date est le jour entier dans le fuseau de la ville. Les fractions de seconde sont \
     ignorées.",
    "An RFC 3339 instant with its offset (Z or -05:00), or an interval of two instants, ends \
     included. One of the ends may be open (.. or nothing), the second a duration (P10D). A date \
     is the whole day in the city’s time zone. Fractions of a second are ignored.",
);

/// Parses the parameter. Dates are days of `zone`.
///
/// # Errors
/// Why the text is neither an instant nor an interval.
fn interval(text: &str, zone: &TimeZone) -> Result<Interval, Message> {
    let is_open = |end: &str| end.is_empty() || end == "..";
    let ends: Vec<&str> = text.split('/').collect();
    let (from, to) = match ends.as_slice() {
        [one] => {
            let (first, last) = seconds(one, zone)?;
            return Ok((Some(first), Some(last + 1)));
        }
        [from, to] => (*from, *to),
        _ => {
            return Err(message!(
                "a plus d’une barre oblique ; un intervalle a deux bornes",
                "has more than one slash; an interval has two ends"
            ));
        }
    };
    match (is_open(from), is_open(to)) {
        (true, true) => Err(message!(
            "est ouvert des deux côtés ; au moins une borne doit être un instant",
            "is open at both ends; at least one end must be an instant"
        )),
        (true, false) => Ok((None, Some(seconds(to, zone)?.1 + 1))),
        (false, true) => Ok((Some(seconds(from, zone)?.0), None)),
        (false, false) => {
            let (start, _) = seconds(from, zone)?;
            let end = match to.starts_with('P') {
                true => later(start, to)?,
                false => seconds(to, zone)?.1,
            };
            if end < start {
                return Err(message!("finit avant de commencer", "ends before it begins"));
            }
            Ok((Some(start), Some(end + 1)))
        }
    }
}

/// The first and the last second of an instant or a date, in Unix time.
fn seconds(text: &str, zone: &TimeZone) -> Result<(i64, i64), Message> {
    if text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        let first = ReportTime::parse(text, zone).map_err(|_| no_time(text))?.second();
        return Ok((first, end_of_day(first, zone) - 1));
    }
    let whole = date_time(text).ok_or_else(|| no_time(text))?;
    if whole.is_local {
        return Err(message!(
            "contient « {text} », sans décalage horaire ; ajoutez Z ou un décalage comme -05:00",
            "holds '{text}' without an offset; add Z or an offset such as -05:00"
        ));
    }
    let at: Timestamp = whole.text.parse().map_err(|_| no_time(text))?;
    Ok((at.as_second(), at.as_second()))
}

/// A time of the form of RFC 3339.
struct WholeSecond {
    /// The time in capitals without its fraction of a second.
    text: String,
    /// It lacks the offset.
    is_local: bool,
}

/// Reads `date-time` of RFC 3339, whose letters may be small; the offset may be absent. `None` for
/// any other form.
fn date_time(text: &str) -> Option<WholeSecond> {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let (whole, rest) = text.split_at_checked(FORM.len())?;
    let has_form = whole.bytes().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte.to_ascii_uppercase() == *form,
    });
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if offset.len() == fraction.len() {
                return None;
            }
            offset
        }
    };
    let is_offset = match offset.as_bytes() {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', hours @ .., b':', m, n] => {
            let number = |digits: &[u8]| match digits {
                [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + b - b'0'),
                _ => None,
            };
            number(hours).is_some_and(|hours| hours < 24)
                && number(&[*m, *n]).is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    };
    (has_form && is_offset).then(|| WholeSecond {
        text: format!("{whole}{offset}").to_ascii_uppercase(),
        is_local: offset.is_empty(),
    })
}

/// The second at which a duration (ISO 8601) from `start` ends, in Unix time.
fn later(start: i64, duration: &str) -> Result<i64, Message> {
    let end = || {
        let span: Span = duration.parse().ok()?;
        let at = Timestamp::from_second(start).ok()?.to_zoned_datetime(TimeZone::UTC);
        Some(at.checked_add(span).ok()?.timestamp().as_second())
    };
    end().ok_or_else(|| {
        message!(
            "contient « {duration} », qui n’est pas une durée comme P10D ou PT6H",
            "holds '{duration}', which is not a duration such as P10D or PT6H"
        )
    })
}

fn no_time(text: &str) -> Message {
    message!(
        "contient « {text} », qui n’est ni un instant comme 2026-03-01T08:30:00Z ni une date",
        "holds '{text}', which is neither an instant such as 2026-03-01T08:30:00Z nor a date"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Interval, Message> {
        interval(text, &TimeZone::get("America/Toronto").unwrap())
    }

    /// 2026-03-01T00:00:00Z.
    const MARCH: i64 = 1_772_323_200;

    #[test]
    fn instants_dates_and_intervals_are_read() {
        let (hour, day) = (3_600, 86_400);
        for (text, from, before) in [
            ("2026-03-01T00:00:00Z", Some(MARCH), Some(MARCH + 1)),
            ("2026-03-01t00:00:00z", Some(MARCH), Some(MARCH + 1)),
            ("2026-02-28T19:00:00-05:00", Some(MARCH), Some(MARCH + 1)),
            ("2026-03-01T05:30:00+05:30", Some(MARCH), Some(MARCH + 1)),
            ("2026-03-01T00:00:00-00:00", Some(MARCH), Some(MARCH + 1)),
            ("2026-03-01T00:00:00.999999999999Z", Some(MARCH), Some(MARCH + 1)),
            ("2026-03-01", Some(MARCH + 5 * hour), Some(MARCH + 5 * hour + day)),
            // The days on which clocks change have 23 and 25 hours.
            ("2026-03-08", Some(MARCH + 7 * day + 5 * hour), Some(MARCH + 8 * day + 4 * hour)),
            ("2026-11-01", Some(MARCH + 245 * day + 4 * hour), Some(MARCH + 246 * day + 5 * hour)),
            ("2026-03-01T00:00:00Z/..", Some(MARCH), None),
            ("2026-03-01T00:00:00Z/", Some(MARCH), None),
            ("../2026-03-01T00:00:00Z", None, Some(MARCH + 1)),
            ("/2026-03-01T00:00:00Z", None, Some(MARCH + 1)),
            ("2026-03-01T00:00:00Z/2026-03-01T00:00:00Z", Some(MARCH), Some(MARCH + 1)),
            ("2026-03-01T00:00:00Z/P10D", Some(MARCH), Some(MARCH + 10 * day + 1)),
            ("2026-03-01T00:00:00Z/PT6H", Some(MARCH), Some(MARCH + 6 * hour + 1)),
            ("2026-03-01/2026-03-01", Some(MARCH + 5 * hour), Some(MARCH + 5 * hour + day)),
        ] {
            assert_eq!(read(text).ok(), Some((from, before)), "{text}");
        }
        // A leap second is read as the second before it.
        assert!(read("2016-12-31T23:59:60Z").is_ok());
    }

    #[test]
    fn what_the_grammar_does_not_allow_is_refused_with_its_reason() {
        for (text, reason) in [
            ("2026-03-01T00:00:00", "without an offset"),
            ("2026-03-01T00:00:00/..", "without an offset"),
            ("../2026-03-01T00:00:00.5", "without an offset"),
            ("/", "open at both ends"),
            ("../..", "open at both ends"),
            ("/..", "open at both ends"),
            ("../", "open at both ends"),
            ("//", "more than one slash"),
            ("2026-03-01/2026-03-02/2026-03-03", "more than one slash"),
            ("2026-03-02/2026-03-01", "ends before it begins"),
            ("2026-03-01T00:00:01Z/2026-03-01T00:00:00Z", "ends before it begins"),
            ("2026-03-01/-P1D", "neither an instant"),
            ("2026-03-01/Pnever", "not a duration"),
            ("2026-03-01/P", "not a duration"),
            ("P1D/2026-03-01", "neither an instant"),
            ("..", "neither an instant"),
            (".", "neither an instant"),
            ("../x", "neither an instant"),
            (" /2026-03-01", "neither an instant"),
            ("2026-03-01 00:00:00Z", "neither an instant"),
            ("2026-03-01T00:00Z", "neither an instant"),
            ("2026-03-01T00:00:00.Z", "neither an instant"),
            ("2026-03-01T00:00:00,5Z", "neither an instant"),
            ("2026-03-01T00:00:00+0500", "neither an instant"),
            ("2026-03-01T00:00:00+24:00", "neither an instant"),
            ("2026-03-01T00:00:00+05:60", "neither an instant"),
            ("2026-03-01T00:00:00ZZ", "neither an instant"),
            ("2026-03-01T24:00:00Z", "neither an instant"),
            ("2026-02-30T00:00:00Z", "neither an instant"),
            ("2026-02-30", "neither an instant"),
            ("2026-3-1", "neither an instant"),
            ("26-03-01", "neither an instant"),
            ("----------", "neither an instant"),
            ("2026-03-01T00:00:00Z[UTC]", "neither an instant"),
            ("\u{661}026-03-01T00:00:00Z", "neither an instant"),
        ] {
            let message = read(text).expect_err(text);
            assert!(message.en.contains(reason), "{text}: {}", message.en);
        }
    }
}
