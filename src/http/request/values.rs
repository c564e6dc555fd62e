//! Types of parameters with a value of the domain: a time, a bounding box, a cursor.

use std::fmt::Display;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::domain::ReportTime;
use crate::http::request::parameter::ParameterType;
use crate::http::request::reader::{ParameterReader, Read};
use crate::i18n::Message;
use crate::message;
use crate::place::BBox;
use crate::query::Cursor;

/// The form of times in requests: a date, or an instant by RFC 3339, whose seconds and offset may
/// be left out.
pub const TIME_PATTERN: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}\
                                (:[0-9]{2}([.,][0-9]+)?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?)?$";

/// The rest of a text whose form is checked from its start.
struct UncheckedRest<'a>(&'a [u8]);

impl UncheckedRest<'_> {
    /// Takes `count` digits off; false if there are fewer.
    fn digits(&mut self, count: usize) -> bool {
        let Some((digits, rest)) = self.0.split_at_checked(count) else { return false };
        let are_digits = digits.iter().all(u8::is_ascii_digit);
        if are_digits {
            self.0 = rest;
        }
        are_digits
    }

    /// Takes one of these characters off, if it is there.
    fn one_of(&mut self, characters: &[u8]) -> bool {
        let found = self.0.first().is_some_and(|first| characters.contains(first));
        if found {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
        found
    }
}

/// Has a text the form of [`TIME_PATTERN`]?
fn has_time_form(text: &str) -> bool {
    let mut rest = UncheckedRest(text.as_bytes());
    let minus = b"-";
    let is_date = rest.digits(4)
        && rest.one_of(minus)
        && rest.digits(2)
        && rest.one_of(minus)
        && rest.digits(2);
    if !is_date || rest.0.is_empty() {
        return is_date;
    }
    if !(rest.one_of(b"Tt ") && rest.digits(2) && rest.one_of(b":") && rest.digits(2)) {
        return false;
    }
    if rest.one_of(b":") {
        if !rest.digits(2) || rest.one_of(b".,") && !rest.digits(1) {
            return false;
        }
        while rest.digits(1) {}
    }
    if rest.one_of(b"+-") {
        if !rest.digits(2) || (rest.one_of(b":") || !rest.0.is_empty()) && !rest.digits(2) {
            return false;
        }
    } else {
        rest.one_of(b"Zz");
    }
    rest.0.is_empty()
}

/// Reads a time of a request; without an offset it is in `zone`.
///
/// # Errors
/// Why the text is no time.
pub fn time_of(text: &str, zone: &TimeZone) -> Result<ReportTime, Message> {
    if has_time_form(text) {
        return ReportTime::parse(text, zone);
    }
    Err(message!(
        "n’est ni une date (2026-03-01) ni une heure (2026-03-01T08:30:00-05:00 ; sans décalage, à \
         l’heure de la ville)",
        "is neither a date (2026-03-01) nor a time (2026-03-01T08:30:00-05:00; without an offset \
         in the city’s time zone)"
    ))
}

/// An instant (RFC 3339) or a date; a time without offset is in the city's time zone.
#[derive(Debug, Clone, Copy)]
pub struct Time;

impl ParameterType for Time {
    type Value = ReportTime;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<ReportTime> {
        let read = time_of(&text, reader.zone());
        read.map_err(|message| reader.refuse(name, text, message))
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": TIME_PATTERN })
    }
}

/// A decimal number in a pattern.
const NUMBER_PATTERN: &str = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?";

/// A bounding box: west, south, east, north in degrees (WGS 84). If west is greater than east, the
/// box crosses the antimeridian.
#[derive(Debug, Clone, Copy)]
pub struct Bounds;

impl ParameterType for Bounds {
    type Value = BBox;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<BBox> {
        let read = bounds(&text);
        read.map_err(|message| reader.refuse(name, text, message))
    }

    fn schema(&self) -> Value {
        let number = NUMBER_PATTERN;
        json!({ "type": "string", "pattern": format!(r"^\s*{number}\s*(,\s*{number}\s*){{3}}$") })
    }
}

/// Parses a bounding box.
///
/// # Errors
/// Why the text is not a bounding box.
pub fn bounds(text: &str) -> Result<BBox, Message> {
    let edges: Option<Vec<f64>> = text.split(',').map(|edge| edge.trim().parse().ok()).collect();
    match edges.as_deref() {
        Some([west, south, east, north]) => match BBox::new(*west, *south, *east, *north) {
            Ok(bbox) if bbox.is_upright() => Ok(bbox),
            Ok(_) => Err(message!(
                "sa limite sud est au nord de sa limite nord",
                "its south edge is north of its north edge"
            )),
            Err(out) => {
                let (axis, value, limit) = (out.axis, out.value, out.limit);
                Err(message!(
                    "{axis} {value} n’est pas entre -{limit} et {limit}",
                    "{axis} {value} is not between -{limit} and {limit}"
                ))
            }
        },
        _ => Err(message!(
            "doit être ouest,sud,est,nord en degrés",
            "must be west,south,east,north in degrees"
        )),
    }
}

/// The end of the previous page: sort key (an `N`) and id of its last item, written `KEY~ID`.
#[derive(Debug)]
pub struct CursorType<N>(std::marker::PhantomData<N>);

impl<N> Clone for CursorType<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for CursorType<N> {}

/// A cursor in a list that is sorted by an `N`.
pub const fn cursor<N: CursorKey>() -> CursorType<N> {
    CursorType(std::marker::PhantomData)
}

/// A sort key of a list.
pub trait CursorKey: FromStr {
    /// The form of its text.
    const PATTERN: &'static str;

    /// Can it be the key of an item?
    fn is_key(&self) -> bool {
        true
    }
}

impl CursorKey for i64 {
    const PATTERN: &'static str = "[-+]?[0-9]+";
}

impl CursorKey for f64 {
    const PATTERN: &'static str = NUMBER_PATTERN;

    fn is_key(&self) -> bool {
        self.is_finite() && *self >= 0.0
    }
}

impl<N: CursorKey> ParameterType for CursorType<N> {
    type Value = Cursor<N>;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<Cursor<N>> {
        let read = text
            .split_once('~')
            .and_then(|(key, id)| Some((key.parse().ok().filter(N::is_key)?, id.to_owned())));
        let read = read.map(|(key, id)| Cursor { key, id });
        read.ok_or_else(|| {
            let message =
                message!("n’est pas un curseur de ce service", "is not a cursor of this service");
            reader.refuse(name, text, message)
        })
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": format!("^{}~", N::PATTERN) })
    }
}

/// The cursor of the page that starts after the item with this sort key and id.
pub fn cursor_after(key: impl Display, id: &str) -> String {
    format!("{key}~{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_form_of_the_document() {
        for text in [
            "2026-03-01",
            "2026-03-01T08:30:00Z",
            "2026-03-01T08:30:00-05:00",
            "2026-03-01t08:30:00.125z",
            "2026-03-01 08:30",
            "2026-03-01T08:30:00+0530",
            "2026-03-01T08:30-05",
        ] {
            assert!(has_time_form(text), "{text}");
            assert!(time_of(text, &TimeZone::UTC).is_ok(), "{text}");
        }
        for text in [
            "",
            "hier",
            "20260301",
            "2026-3-1",
            "2026-03-01T",
            "2026-03-01T08",
            "2026-03-01T08:30:",
            "2026-03-01T08:30:00.",
            "2026-03-01T08:30:00+",
            "2026-03-01T08:30:00+05:",
            "2026-03-01T08:30:00ZZ",
            "2026-03-01T08:30:00Z ",
            " 2026-03-01",
            "2026-03-01Z",
            "2026-03-01T08:30:00[America/Toronto]",
            "+002026-03-01",
        ] {
            assert!(!has_time_form(text), "{text}");
            let message = time_of(text, &TimeZone::UTC).unwrap_err();
            assert!(message.en.starts_with("is neither a date"), "{text}: {}", message.en);
        }
        // The form alone makes no date.
        assert!(has_time_form("2026-02-30") && time_of("2026-02-30", &TimeZone::UTC).is_err());
    }
}
