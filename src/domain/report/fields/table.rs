//! The table of fields.

use jiff::tz::TimeZone;

use crate::domain::catalogue::ServiceCode;
use crate::domain::report::details::{read_answers, read_media};
use crate::domain::report::draft::{DESCRIPTION_CHARS_MAX, LINE_CHARS_MAX};
use crate::domain::report::fields::field::Open311::{Extended, Member};
use crate::domain::report::fields::field::{Field, FieldAccess, FieldValue, Kind};
use crate::domain::report::id::ReportId;
use crate::domain::report::record::Report;
use crate::domain::time::ReportTime;
use crate::domain::vocabulary::{Accuracy, Channel, ClosedReason, Nature, Status};

/// Every field, in the order of the properties of GeoJSON.
pub static ALL: &[Field] = &[
    typed(
        "service_request_id",
        Kind::Id,
        |report| text(report.id.as_str()),
        |report, text, _| put(&mut report.id, ReportId::new(text).ok()),
    )
    .described("Numéro de suivi", "Tracking number")
    .required()
    .indexed()
    .exported()
    .in_tiles()
    .open311(Member("service_request_id"))
    .imported("id"),
    Field::new(
        "jurisdiction_id",
        Kind::Id,
        FieldAccess::Label(|_, labels| FieldValue::Text(labels.jurisdiction.into())),
    )
    .described("Ville", "City")
    .required()
    .exported(),
    typed(
        "service_code",
        Kind::Code,
        |report| text(report.service.as_str()),
        |report, text, _| put(&mut report.service, ServiceCode::new(text)),
    )
    .described("Code du service", "Code of the service")
    .required()
    .indexed()
    .filtered_by("service")
    .exported()
    .in_tiles()
    .open311(Member("service_code"))
    .imported("service")
    .created()
    .changed(),
    Field::new(
        "service_name",
        Kind::Text { chars_max: LINE_CHARS_MAX, verbatim: false },
        FieldAccess::Label(|_, labels| FieldValue::Text(labels.service.into())),
    )
    .described("Nom du service", "Name of the service")
    .required()
    .exported()
    .open311(Member("service_name")),
    Field::new(
        "group",
        Kind::Code,
        FieldAccess::Label(|_, labels| FieldValue::Text(labels.group.into())),
    )
    .described("Code du groupe de services", "Code of the group of services")
    .required()
    .exported(),
    typed(
        "status",
        Kind::Word(Status::WORDS),
        |report| text(report.status.as_str()),
        |report, text, _| put(&mut report.status, Status::parse(text)),
    )
    .described("État", "Status")
    .required()
    .indexed()
    .filtered_by("status")
    .exported()
    .in_tiles()
    .open311(Member("status"))
    .imported("status")
    .changed(),
    typed(
        "closed_reason",
        Kind::Word(ClosedReason::WORDS),
        |report| report.reason.and_then(|reason| text(reason.as_str())),
        |report, text, _| put_some(&mut report.reason, ClosedReason::parse(text)),
    )
    .described("Motif de fermeture", "Why it was closed")
    .indexed()
    .exported()
    .open311(Extended("closed_reason"))
    .imported("reason")
    .changed(),
    Field::new(
        "source_status",
        prose(LINE_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.source_status.as_deref(),
            report: |report| &mut report.source_status,
            draft: |draft| &mut draft.source_status,
        },
    )
    .described("État dans les mots de la source", "Status in the source's own words")
    .exported()
    .open311(Extended("source_status"))
    .imported("source_status"),
    typed(
        "nature",
        Kind::Word(Nature::WORDS),
        |report| text(report.nature.as_str()),
        |report, text, _| put(&mut report.nature, Nature::parse(text)),
    )
    .described("Nature de la demande", "What the citizen wants")
    .required()
    .indexed()
    .filtered_by("nature")
    .exported()
    .in_tiles()
    .open311(Extended("nature"))
    .imported("nature")
    .created(),
    typed(
        "channel",
        Kind::Word(Channel::WORDS),
        |report| text(report.channel.as_str()),
        |report, text, _| put(&mut report.channel, Channel::parse(text)),
    )
    .described("Canal de réception", "How the report reached the city")
    .required()
    .indexed()
    .filtered_by("channel")
    .exported()
    .in_tiles()
    .open311(Extended("channel"))
    .imported("channel")
    .created(),
    typed(
        "requested_datetime",
        Kind::Time,
        |report| time(Some(report.requested)),
        |report, text, zone| put(&mut report.requested, ReportTime::parse(text, zone).ok()),
    )
    .described("Date de la demande", "When the report was made")
    .required()
    .indexed()
    .filtered_by("from")
    .exported()
    .in_tiles()
    .open311(Member("requested_datetime"))
    .imported("requested")
    .created()
    .sortable(),
    typed(
        "updated_datetime",
        Kind::Time,
        |report| time(report.updated),
        |report, text, zone| put_some(&mut report.updated, ReportTime::parse(text, zone).ok()),
    )
    .described("Dernière mise à jour à la source", "When its source last changed it")
    .exported()
    .open311(Member("updated_datetime"))
    .imported("updated"),
    typed(
        "closed_datetime",
        Kind::Time,
        |report| time(report.closed),
        |report, text, zone| put_some(&mut report.closed, ReportTime::parse(text, zone).ok()),
    )
    .described("Date de fermeture", "When it was closed")
    .indexed()
    .exported()
    .open311(Extended("closed"))
    .imported("closed"),
    Field::new(
        "lon",
        Kind::Degrees,
        FieldAccess::Position(|report| report.position.map(|at| FieldValue::Degrees(at.lon()))),
    )
    .described("Longitude", "Longitude")
    .indexed()
    .filtered_by("bbox")
    .in_csv_and_ogc()
    .open311(Member("long"))
    .imported("lon")
    .created()
    .changed(),
    Field::new(
        "lat",
        Kind::Degrees,
        FieldAccess::Position(|report| report.position.map(|at| FieldValue::Degrees(at.lat()))),
    )
    .described("Latitude", "Latitude")
    .indexed()
    .filtered_by("bbox")
    .in_csv_and_ogc()
    .open311(Member("lat"))
    .imported("lat")
    .created()
    .changed(),
    typed(
        "accuracy",
        Kind::Word(Accuracy::WORDS),
        |report| text(report.accuracy.as_str()),
        |report, text, _| put(&mut report.accuracy, Accuracy::parse(text)),
    )
    .described("Précision de la position", "How well the position is known")
    .required()
    .indexed()
    .filtered_by("approximate")
    .exported()
    .null_in_geojson()
    .in_tiles()
    .open311(Extended("accuracy"))
    .imported("accuracy"),
    Field::new(
        "address",
        prose(LINE_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.address.as_deref(),
            report: |report| &mut report.address,
            draft: |draft| &mut draft.address,
        },
    )
    .described("Adresse ou lieu", "Address or place")
    .exported()
    .null_in_geojson()
    .open311(Member("address"))
    .imported("address")
    .created()
    .changed(),
    Field::new(
        "area",
        line(LINE_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.area.as_deref(),
            report: |report| &mut report.area,
            draft: |draft| &mut draft.area,
        },
    )
    .described("Quartier, tel que la source le nomme", "Neighbourhood as the source names it")
    .indexed()
    .filtered_by("area")
    .exported()
    .null_in_geojson()
    .open311(Extended("area"))
    .imported("area")
    .created(),
    Field::new(
        "description",
        prose(DESCRIPTION_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.description.as_deref(),
            report: |report| &mut report.description,
            draft: |draft| &mut draft.description,
        },
    )
    .described("Ce que dit le citoyen", "What the citizen says")
    .exported()
    .null_in_geojson()
    .open311(Member("description"))
    .imported("description")
    .created(),
    typed(
        "parent_service_request_id",
        Kind::Id,
        |report| report.parent.as_ref().and_then(|parent| text(parent.as_str())),
        |report, text, _| put_some(&mut report.parent, ReportId::new(text).ok()),
    )
    .described("L’original d’un doublon", "The original of a duplicate")
    .indexed()
    .exported()
    .in_tiles()
    .open311(Extended("parent_service_request_id"))
    .imported("parent"),
    Field::new(
        "assignee",
        prose(LINE_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.assignee.as_deref(),
            report: |report| &mut report.assignee,
            draft: |draft| &mut draft.assignee,
        },
    )
    .described("Équipe ou personne chargée", "Crew or person in charge")
    .exported()
    .open311(Member("agency_responsible"))
    .imported("assignee")
    .changed(),
    Field::new(
        "address_id",
        line(LINE_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.details.as_ref()?.address_id.as_deref(),
            report: |report| &mut report.details_mut().address_id,
            draft: |draft| &mut draft.details.address_id,
        },
    )
    .described("Identifiant de l’adresse", "Identifier of the address")
    .part_of("address")
    .exported()
    .open311(Member("address_id"))
    .imported("address_id"),
    Field::new(
        "zipcode",
        line(LINE_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.details.as_ref()?.zipcode.as_deref(),
            report: |report| &mut report.details_mut().zipcode,
            draft: |draft| &mut draft.details.zipcode,
        },
    )
    .described("Code postal", "Postal code")
    .part_of("address")
    .exported()
    .open311(Member("zipcode"))
    .imported("zipcode"),
    Field::new(
        "service_notice",
        line(DESCRIPTION_CHARS_MAX),
        FieldAccess::Text {
            get: |report| report.details.as_ref()?.notice.as_deref(),
            report: |report| &mut report.details_mut().notice,
            draft: |draft| &mut draft.details.notice,
        },
    )
    .described("Message de la ville au demandeur", "Message of the city to the sender")
    .exported()
    .open311(Member("service_notice"))
    .imported("notice"),
    typed(
        "expected_datetime",
        Kind::Time,
        |report| time(report.details.as_ref()?.expected),
        |report, text, zone| {
            put_some(&mut report.details_mut().expected, ReportTime::parse(text, zone).ok())
        },
    )
    .described("Date prévue", "When it is expected to be done")
    .exported()
    .open311(Member("expected_datetime"))
    .imported("expected"),
    typed(
        "attributes",
        Kind::Attributes,
        |report| {
            let answers = &report.details.as_ref()?.answers;
            (!answers.is_empty()).then_some(FieldValue::Attributes(answers))
        },
        |report, text, _| put(&mut report.details_mut().answers, Some(read_answers(text))),
    )
    .described("Réponses aux questions du service", "Answers to the service’s questions")
    .exported()
    .open311(Extended("attributes"))
    .imported("attributes")
    .created(),
    typed(
        "media_url",
        Kind::Addresses,
        |report| {
            let media = &report.details.as_ref()?.media;
            (!media.is_empty()).then_some(FieldValue::Addresses(media))
        },
        |report, text, _| put(&mut report.details_mut().media, Some(read_media(text))),
    )
    .described("Photos", "Photos")
    .exported()
    .open311(Member("media_url"))
    .imported("media")
    .created(),
    Field::new(
        "revision",
        Kind::Count,
        FieldAccess::Label(|stored, _| FieldValue::Count(stored.revision)),
    )
    .described("Révision de la dernière modification", "Revision of the last change")
    .required()
    .exported(),
];

/// A text that people write freely: it is kept as it is.
const fn prose(chars_max: usize) -> Kind {
    Kind::Text { chars_max, verbatim: true }
}

/// A text of a register or form, in which placeholders such as `N/A` mean that there is no value.
const fn line(chars_max: usize) -> Kind {
    Kind::Text { chars_max, verbatim: false }
}

const fn typed(
    name: &'static str,
    kind: Kind,
    get: fn(&Report) -> Option<FieldValue<'_>>,
    set: fn(&mut Report, &str, &TimeZone) -> bool,
) -> Field {
    Field::new(name, kind, FieldAccess::Typed { get, set })
}

fn text(text: &str) -> Option<FieldValue<'_>> {
    Some(FieldValue::Text(text.into()))
}

fn time(when: Option<ReportTime>) -> Option<FieldValue<'static>> {
    when.map(|when| FieldValue::Text(when.to_string().into()))
}

/// Stores a value if it could be read. Returns whether it could.
fn put<T>(slot: &mut T, read: Option<T>) -> bool {
    let is_read = read.is_some();
    read.into_iter().for_each(|value| *slot = value);
    is_read
}

fn put_some<T>(slot: &mut Option<T>, read: Option<T>) -> bool {
    *slot = read;
    slot.is_some()
}
