//! The byte sequence of a report from which its digest is computed.

use std::sync::LazyLock;

use crate::domain::report::fields::{Field, FieldList, FieldValue, STORED};
use crate::domain::report::id::ReportId;
use crate::domain::report::record::Report;

/// Stored fields of the first layout; [`Report::bytes`] gives their order in the bytes, which must
/// not change, because stores and people keep digests that were computed with it.
const FIRST_LAYOUT: [&str; 18] = [
    "service_request_id",
    "service_code",
    "status",
    "closed_reason",
    "source_status",
    "nature",
    "channel",
    "requested_datetime",
    "updated_datetime",
    "closed_datetime",
    "lon",
    "lat",
    "accuracy",
    "address",
    "area",
    "description",
    "parent_service_request_id",
    "assignee",
];
/// Fields of the second layout. A report that has any of them has all of them in its bytes, after
/// those of the first layout.
const SECOND_LAYOUT: [&str; 6] =
    ["address_id", "zipcode", "service_notice", "expected_datetime", "attributes", "media_url"];

/// The byte in front of a field of neither layout. Presence is marked by 0 and 1.
const LATER_MARK: u8 = 2;

fn fields(is_in: impl Fn(&Field) -> bool) -> Vec<&'static Field> {
    STORED.iter().copied().filter(|field| is_in(field)).collect()
}

static SECOND: FieldList = LazyLock::new(|| fields(|field| SECOND_LAYOUT.contains(&field.name)));

/// Stored fields of neither layout. Each is appended with its name where it has a value, so that a
/// new field does not change the digests of reports without it.
static LATER: FieldList = LazyLock::new(|| {
    fields(|field| !FIRST_LAYOUT.contains(&field.name) && !SECOND_LAYOUT.contains(&field.name))
});

/// Appends the length of a text and the text.
fn push_text(sink: &mut Vec<u8>, text: &str) {
    sink.extend_from_slice(&(text.len() as u32).to_le_bytes());
    sink.extend_from_slice(text.as_bytes());
}

/// Appends a mark of presence, then the text if there is one.
fn push_maybe(sink: &mut Vec<u8>, text: Option<&str>) {
    sink.push(u8::from(text.is_some()));
    text.into_iter().for_each(|text| push_text(sink, text));
}

impl Report {
    /// Appends every stored field to `sink`. Different reports have different bytes: each field is
    /// a mark of presence, then a fixed number of bytes or a length and a text.
    pub fn bytes(&self, sink: &mut Vec<u8>) {
        push_maybe(sink, Some(self.id.as_str()));
        push_maybe(sink, Some(self.service.as_str()));
        push_maybe(sink, self.source_status.as_deref());
        push_maybe(sink, self.address.as_deref());
        push_maybe(sink, self.area.as_deref());
        push_maybe(sink, self.description.as_deref());
        push_maybe(sink, self.parent.as_ref().map(ReportId::as_str));
        push_maybe(sink, self.assignee.as_deref());
        let reason = self.reason.map_or(u8::MAX, |reason| reason as u8);
        let (nature, channel) = (self.nature as u8, self.channel as u8);
        sink.extend([self.status as u8, reason, nature, channel, self.accuracy as u8]);
        for when in [Some(self.requested), self.updated, self.closed] {
            let day = when.is_some_and(|when| when.day_only().is_some());
            sink.push(u8::from(when.is_some()) + u8::from(day));
            sink.extend_from_slice(&when.map_or(0, |when| when.second()).to_le_bytes());
        }
        let degrees = self.position.map_or([f64::NAN; 2], |place| [place.lon(), place.lat()]);
        degrees.iter().for_each(|n| sink.extend_from_slice(&n.to_bits().to_le_bytes()));
        for field in SECOND.iter().filter(|_| self.details.is_some()) {
            push_maybe(sink, field.of(self).map(FieldValue::into_text).as_deref());
        }
        for field in LATER.iter() {
            if let Some(value) = field.of(self) {
                sink.push(LATER_MARK);
                push_text(sink, field.name);
                push_text(sink, &value.into_text());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::report::fields::{FieldAccess, Kind};
    use crate::place::Position;

    fn bytes(report: &Report) -> Vec<u8> {
        let mut bytes = Vec::new();
        report.bytes(&mut bytes);
        bytes
    }

    #[test]
    fn every_stored_field_is_in_the_digest() {
        let plain = Report::blank();
        for field in STORED.iter() {
            let mut other = plain.clone();
            let text = match field.kind {
                Kind::Word(words) => words[words.len() - 1],
                Kind::Time => "2026-03-01T13:30:00Z",
                Kind::Attributes => "code=value",
                Kind::Degrees => "",
                _ => "another",
            };
            // The last channel is the blank report's own.
            let text = if field.name == "channel" { "phone" } else { text };
            match field.access {
                FieldAccess::Position(_) => other.position = Position::new(-71.2, 46.8).ok(),
                _ => assert!(field.set(&mut other, text, &TimeZone::UTC), "{}", field.name),
            }
            assert_ne!(bytes(&other), bytes(&plain), "{}", field.name);
        }
    }

    #[test]
    fn the_layouts_name_stored_fields() {
        for name in FIRST_LAYOUT.iter().chain(&SECOND_LAYOUT) {
            assert!(STORED.iter().any(|field| field.name == *name), "{name}");
        }
        assert_eq!(FIRST_LAYOUT.len() + SECOND_LAYOUT.len() + LATER.len(), STORED.len());
    }
}
