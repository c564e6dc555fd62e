//! Types of parameters with a value of the domain: a time, a bounding box, a cursor.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::domain::ReportTime;
use crate::http::request::parameter::ParameterType;
use crate::http::request::reader::{ParameterReader, Read};
use crate::i18n::Message;
use crate::message;
use crate::place::BBox;
use crate::query::Cursor;

/// An instant (RFC 3339) or a date; a time without offset is in the city's time zone.
#[derive(Debug, Clone, Copy)]
pub struct Time;

impl ParameterType for Time {
    type Value = ReportTime;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<ReportTime> {
        let read = ReportTime::parse(&text, reader.zone());
        read.map_err(|message| reader.refuse(name, text, message))
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}

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
        json!({ "type": "string" })
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
    /// Can it be the key of an item?
    fn is_key(&self) -> bool {
        true
    }
}

impl CursorKey for i64 {}

impl CursorKey for f64 {
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
        json!({ "type": "string" })
    }
}

/// The cursor of the page that starts after the item with this sort key and id.
pub fn cursor_after(key: impl Display, id: &str) -> String {
    format!("{key}~{id}")
}
