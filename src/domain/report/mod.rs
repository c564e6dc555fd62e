//! One citizen request: what it holds, how it is checked, and what is known of it.

pub(crate) mod attribute;
pub(crate) mod change;
pub(crate) mod contact;
pub(crate) mod details;
pub(crate) mod gate;
pub(crate) mod id;
pub(crate) mod stored;
pub(crate) mod text_sketch;

use crate::domain::{
    Accuracy, Channel, ClosedReason, Details, IndexedFields, Nature, ReportId, ReportTime,
    ServiceCode, Status, TextSketch,
};
use crate::place::Position;

/// One citizen request (Open311: a service request). Made only by [`Gate`](crate::domain::Gate)
/// and, from rows that the gate once passed, by the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Tracking number, or the source's id.
    pub id: ReportId,
    /// What it is about.
    pub service: ServiceCode,
    /// Where it stands.
    pub status: Status,
    /// How it ended; present exactly when `status` is closed.
    pub reason: Option<ClosedReason>,
    /// The source's own word for its status.
    pub source_status: Option<String>,
    /// What is wanted.
    pub nature: Nature,
    /// How it came.
    pub channel: Channel,
    /// When it was made.
    pub requested: ReportTime,
    /// When its source last touched it.
    pub updated: Option<ReportTime>,
    /// When it was closed, if the source says.
    pub closed: Option<ReportTime>,
    /// Where; a report without a place is kept and counted, never placed by guess.
    pub position: Option<Position>,
    /// How well `position` says it.
    pub accuracy: Accuracy,
    /// Address or place as the source wrote it.
    pub address: Option<String>,
    /// Neighbourhood or borough as the source wrote it.
    pub area: Option<String>,
    /// What the citizen said.
    pub description: Option<String>,
    /// The report of which this is a duplicate, by the source's or a crew's word.
    pub parent: Option<ReportId>,
    /// The crew or person it is given to.
    pub assignee: Option<String>,
    /// What is known of it beside; never empty.
    pub details: Option<Box<Details>>,
}

impl Report {
    /// Names of the fields of [`Report::fields`].
    pub const FIELDS: [&'static str; 24] = [
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
        "address_id",
        "zipcode",
        "service_notice",
        "expected_datetime",
        "attributes",
        "media_url",
    ];

    /// Every field as text, in the order of [`Report::FIELDS`]: what histories compare, digests
    /// hash and tables hold. Coordinates are the shortest decimals that read back exactly.
    pub fn fields(&self) -> [Option<String>; 24] {
        let text = |t: &Option<String>| t.clone();
        let details = self.details.as_ref().map_or_else(Default::default, |known| known.fields());
        let [address_id, zipcode, notice, expected, answers, media] = details;
        [
            Some(self.id.to_string()),
            Some(self.service.to_string()),
            Some(self.status.to_string()),
            self.reason.map(|reason| reason.to_string()),
            text(&self.source_status),
            Some(self.nature.to_string()),
            Some(self.channel.to_string()),
            Some(self.requested.to_string()),
            self.updated.map(|when| when.to_string()),
            self.closed.map(|when| when.to_string()),
            self.position.map(|position| position.lon().to_string()),
            self.position.map(|position| position.lat().to_string()),
            Some(self.accuracy.to_string()),
            text(&self.address),
            text(&self.area),
            text(&self.description),
            self.parent.as_ref().map(|parent| parent.to_string()),
            text(&self.assignee),
            address_id,
            zipcode,
            notice,
            expected,
            answers,
            media,
        ]
    }

    /// Feeds every field to `sink`, each so that no two reports run into the same bytes: a tag of
    /// presence, then a fixed number of bytes, or a length and a text.
    pub fn bytes(&self, sink: &mut Vec<u8>) {
        let mut text = |text: Option<&str>| match text {
            None => sink.push(0),
            Some(text) => {
                sink.push(1);
                sink.extend_from_slice(&(text.len() as u32).to_le_bytes());
                sink.extend_from_slice(text.as_bytes());
            }
        };
        let parent = self.parent.as_ref().map(ReportId::as_str);
        text(Some(self.id.as_str()));
        text(Some(self.service.as_str()));
        let texts = [
            self.source_status.as_deref(),
            self.address.as_deref(),
            self.area.as_deref(),
            self.description.as_deref(),
            parent,
            self.assignee.as_deref(),
        ];
        texts.into_iter().for_each(text);
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
        // Reports without details have the bytes they had before there were any.
        let details = self.details.iter().flat_map(|details| details.fields());
        details.for_each(|field| match field {
            None => sink.push(0),
            Some(field) => {
                sink.push(1);
                sink.extend_from_slice(&(field.len() as u32).to_le_bytes());
                sink.extend_from_slice(field.as_bytes());
            }
        });
    }

    /// What the index needs to know.
    pub fn facts(&self) -> IndexedFields {
        IndexedFields {
            id: self.id.clone(),
            service: self.service.clone(),
            status: self.status,
            reason: self.reason,
            nature: self.nature,
            channel: self.channel,
            requested: self.requested.second(),
            day_only: self.requested.day_only().is_some(),
            closed: self.closed.map(|when| when.second()),
            position: self.position,
            accuracy: self.accuracy,
            area: self.area.as_deref().map(Into::into),
            parent: self.parent.clone(),
            sketch: TextSketch::of(
                self.address.as_deref(),
                self.description.as_deref(),
                self.service.as_str(),
            ),
        }
    }
}
