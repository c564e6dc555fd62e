//! The domain: reports, the catalogue of services, boundaries, incidents, hotspot tracks, filters,
//! and the gate that checks every report.

mod access;
mod audit;
mod boundary;
mod catalogue;
mod clock;
mod erasure;
mod filter;
mod group_words;
mod hotspot_track;
mod incident;
mod interrupt;
mod jurisdiction;
mod personal_words;
pub mod report;
mod spreadsheet;
mod street;
mod time;
mod utc;
mod visibility;
mod vocabulary;

pub use access::{
    AccessKey, KEY_NAME_CHARS_MAX, KeySecret, KeyState, Permission, Role, SecretDigest, Session,
    key_name,
};
pub use audit::{
    ACTOR_PUBLIC, ACTOR_THIS_MACHINE, Actor, AuditField, AuditFilter, AuditLine, AuditSubject,
};
pub use boundary::{Boundary, BoundarySet};
pub use catalogue::{Catalogue, Group, Service, ServiceCode, fold, name_key};
pub use clock::{Clock, FixedClock, SystemClock};
pub use erasure::{ErasableField, ErasureCounts, ErasureKind, RetentionPeriod};
pub use filter::Filter;
pub use group_words::GroupWords;
pub use hotspot_track::{HotspotTrack, HotspotTrackEvent, HotspotTrackStep};
pub use incident::{
    AUTHOR_CHARS_MAX, AUTHOR_DEFAULT, AUTHORS_OF_NOBODY, IncidentChange, IncidentCommand,
    IncidentCommandKind, IncidentMember, MOVED_REPORTS_MAX, author_name, author_shown,
};
pub use interrupt::{Interrupt, InterruptGuard, Interrupted};
pub use jurisdiction::{Jurisdiction, JurisdictionId};
pub use personal_words::{
    Certainty, PersonalKind, PersonalSpan, has_personal_words, personal_spans, without_parts,
};
pub use report::attribute::{Attribute, Datatype};
pub use report::change::{Change, Event, IndexedFields, ReportView};
pub use report::columns::StoredRow;
pub use report::contact::Contact;
pub use report::details::{AttributeValue, Details, answers_text, read_answers, read_media};
pub use report::draft::{DESCRIPTION_CHARS_MAX, Draft, Patch};
pub use report::fields;
pub use report::fields::{Field, ReportLabels};
pub use report::gate::{AHEAD_SECONDS_MAX, Gate, MEDIA_MAX, position};
pub use report::id::{
    BEGINNINGS, ReportId, TrackingText, read_tracking, tracking_number, tracking_number_beginning,
};
pub use report::record::Report;
pub use report::stored::{FieldChange, Idempotency, StoredReport};
pub use report::text_limit::line;
pub use report::text_sketch::TextSketch;
pub use report::update::{ExtendedStatus, ReportUpdate, StoredUpdate, UpdateDraft};
pub use spreadsheet::{defused, restored};
pub use street::{street, streets};
pub use time::{ReportTime, days_between, end_of_day};
pub use utc::format_utc;
pub use visibility::{
    ContentPolicy, HeldText, MergedCells, PhotoChoice, PhotoPolicy, PublicRules, ReviewChoice,
    ShownTexts, TextDecision, TextPolicy, View, Visibility, VisibilityTable, is_counted_id,
};
pub use vocabulary::{
    Accuracy, Channel, ClosedReason, Nature, PlaceCondition, RepeatRule, Status, Vocabulary,
};
