//! Parameters that several operations take.

use crate::domain::{
    Channel, Filter, Nature, PlaceCondition, ReportTime, ServiceCode, Status, end_of_day,
};
use crate::export::geojson::instant;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{
    Defaulted, Optional, Parameter, ParameterGroup, Required, group, path, query,
};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Flag, Number, PathSegment, Text, number};
use crate::http::request::values::{Bounds, CursorKey, CursorType, Time, cursor};
use crate::http::request::words::{Choice, Services, Texts, WordsOf, words};
use crate::message;
use crate::place::{BBox, CIRCUMFERENCE_M, LAT_MAX, LON_MAX, Position};
use crate::query::Cursor;

/// Limit of the number of items in a page.
pub const ROWS_MAX: usize = 1_000;

/// How many items a page has at most.
pub const LIMIT: Parameter<Number<usize>, Defaulted<usize>> = query("limit", number(1, ROWS_MAX))
    .default(100)
    .example("10")
    .described("Nombre maximal de résultats.", "Maximum number of results.");

/// The cursor of a page in a list that is sorted by an `N`.
pub const fn cursor_by<N: CursorKey>() -> Parameter<CursorType<N>, Optional> {
    query("cursor", cursor()).optional().described(
        "Fin de la page précédente, reprise de son lien « next ».",
        "End of the previous page, as in its link 'next'.",
    )
}

/// The cursor of a page of reports, newest first; its sort key is a Unix time.
pub type NewestAfter = Option<Cursor<i64>>;

/// A bounding box.
pub const BBOX: Parameter<Bounds, Optional> =
    query("bbox", Bounds).optional().example("-71.4,46.7,-71.1,46.9").described(
        "Rectangle : ouest,sud,est,nord en degrés ; si l’ouest dépasse l’est, il traverse \
         l’antiméridien.",
        "Bounding box: west,south,east,north in degrees; if west is greater than east, it crosses \
         the antimeridian.",
    );

/// The id of a report, or its tracking number in any spelling (spaces, hyphens, letter case).
pub const REPORT_ID: Parameter<PathSegment> = path("id", PathSegment, "4RX-7KM-PH")
    .described("Numéro de suivi de la demande.", "Tracking number of the report.");

const LON: Parameter<Number<f64>> = query("lon", number(-LON_MAX, LON_MAX))
    .example("-71.21")
    .described("Longitude en degrés.", "Longitude in degrees.");

const LAT: Parameter<Number<f64>> = query("lat", number(-LAT_MAX, LAT_MAX))
    .example("46.81")
    .described("Latitude en degrés.", "Latitude in degrees.");

request! {
    /// The parameters of a position.
    pub struct PositionParameters {
        lon: f64 = LON,
        lat: f64 = LAT,
    }
}

impl PositionParameters {
    fn position(self, reader: &mut ParameterReader<'_>) -> Read<Position> {
        Position::new(self.lon, self.lat).map_err(|out| {
            let (axis, value, limit) = (out.axis, out.value, out.limit);
            let message = message!(
                "{axis} {value} n’est pas entre -{limit} et {limit}",
                "{axis} {value} is not between -{limit} and {limit}"
            );
            reader.refuse("lon", self.lon, message)
        })
    }
}

/// The position that a request is about.
pub const POSITION: ParameterGroup<PositionParameters, Position> =
    group(PositionParameters::position);

/// A radius, in metres.
pub const RADIUS_M: Parameter<Number<f64>> = query("radius_m", number(0.0, CIRCUMFERENCE_M))
    .example("500")
    .described("Rayon en mètres.", "Radius in metres.");

/// Whether reports or incidents are counted; `true` means incidents.
pub const COUNT: Parameter<Choice<bool>, Required> =
    query("count", Choice(&[("reports", false), ("incidents", true)]))
        .example("incidents")
        .described(
            "reports compte chaque demande ; incidents, chaque problème une fois, sans ses \
             doublons.",
            "reports counts each report; incidents counts each problem once, without its \
             duplicates.",
        );

/// Codes of services and groups of services.
pub const SERVICE: Parameter<Services, Optional> =
    query("service", Services).optional().example("nid-de-poule,neige").described(
        "Codes de services ou de groupes, séparés par des virgules ; voir /api/v1/services.",
        "Codes of services or groups, separated by commas; see /api/v1/services.",
    );

const FROM: Parameter<Time, Optional> =
    query("from", Time).optional().example("2026-01-01").described(
        "Demandes faites à partir de cet instant (RFC 3339 ; sans décalage, à l’heure de la \
         ville) ou de cette date.",
        "Reports made at or after this instant (RFC 3339; without an offset in the city’s time \
         zone) or date.",
    );

const TO: Parameter<Time, Optional> = query("to", Time).optional().example("2026-12-31").described(
    "Demandes faites jusqu’à cet instant ou jusqu’à la fin de cette date.",
    "Reports made at or before this instant or the end of this date.",
);

request! {
    /// The parameters of a time range.
    pub struct SpanParameters {
        from: Option<ReportTime> = FROM,
        to: Option<ReportTime> = TO,
    }
}

/// A half-open range of Unix time, in seconds: first second, and the second after the last.
type Span = (Option<i64>, Option<i64>);

impl SpanParameters {
    fn span(self, reader: &mut ParameterReader<'_>) -> Read<Span> {
        let zone = reader.zone();
        let from = self.from.map(|when| when.second());
        let before = self.to.map(|when| match when.day_only() {
            Some(_) => end_of_day(when.second(), zone),
            None => when.second() + 1,
        });
        match (from, before) {
            (Some(first), Some(end)) if first >= end => {
                let message = message!("est avant « from »", "is before 'from'");
                let written = self.to.map(|when| match when.day_only() {
                    Some(day) => day.to_string(),
                    None => instant(when.second()),
                });
                Err(reader.refuse("to", written.unwrap_or_default(), message))
            }
            span => Ok(span),
        }
    }
}

const STATUS: Parameter<WordsOf<Status>, Optional> =
    query("status", words()).optional().example("open,in_progress").described(
        "open, in_progress ou closed ; plusieurs, séparés par des virgules.",
        "open, in_progress or closed; several are separated by commas.",
    );

const NATURE: Parameter<WordsOf<Nature>, Optional> =
    query("nature", words()).optional().example("intervention").described(
        "intervention, information, complaint ou comment ; plusieurs, séparés par des virgules.",
        "intervention, information, complaint or comment; several are separated by commas.",
    );

const CHANNEL: Parameter<WordsOf<Channel>, Optional> =
    query("channel", words()).optional().example("web,app").described(
        "phone, email, web, app, counter ou import ; plusieurs, séparés par des virgules.",
        "phone, email, web, app, counter or import; several are separated by commas.",
    );

const AREA: Parameter<Texts, Optional> = query("area", Texts).optional().described(
    "Noms de secteurs, séparés par des virgules ; un nom qui contient une virgule se met entre \
     guillemets droits, ou « area » est répété, un nom à chaque fois. Voir « area » dans \
     /api/v1/stats.",
    "Names of areas, separated by commas; a name that holds a comma is put in double quotes, or \
     'area' is repeated, a name each time. See 'area' in /api/v1/stats.",
);

const APPROXIMATE: Parameter<Flag, Defaulted<bool>> =
    query("approximate", Flag).default(false).example("true").described(
        "Inclure les demandes dont la position est approximative.",
        "Include reports with an approximate position.",
    );

const PLACE: Parameter<Choice<PlaceCondition>, Optional> = query(
    "place",
    Choice(&[("exact", PlaceCondition::Exact), ("none", PlaceCondition::None)]),
)
.optional()
.example("exact")
.described(
    "exact : seulement les demandes dont la position est exacte ; none : seulement celles qui n’en \
     ont pas.",
    "exact: only reports with an exact position; none: only those without a position.",
);

request! {
    /// The parameters of a filter, except `count` and `bbox`.
    pub struct FilterParameters {
        services: Option<Vec<ServiceCode>> = SERVICE,
        span: Span = group(SpanParameters::span),
        statuses: Option<Vec<Status>> = STATUS,
        natures: Option<Vec<Nature>> = NATURE,
        channels: Option<Vec<Channel>> = CHANNEL,
        areas: Option<Vec<String>> = AREA,
        place: Option<PlaceCondition> = PLACE,
        approximate: bool = APPROXIMATE,
    }
}

impl FilterParameters {
    fn filter(self, _: &mut ParameterReader<'_>) -> Read<Filter> {
        let Self { services, span, statuses, natures, channels, areas, place, approximate } = self;
        let (from, before) = span;
        Ok(Filter {
            services,
            statuses,
            natures,
            channels,
            areas,
            from,
            before,
            bbox: None,
            place,
            approximate,
            incidents: false,
        })
    }
}

request! {
    /// The parameters of a filter that counts reports by default.
    pub struct ReportFilterParameters {
        filter: Filter = group(FilterParameters::filter),
        incidents: bool = COUNT.default(false),
    }
}

request! {
    /// The parameters of a filter that counts incidents by default.
    pub struct IncidentFilterParameters {
        filter: Filter = group(FilterParameters::filter),
        incidents: bool = COUNT.default(true),
    }
}

request! {
    /// The parameters of a filter with a bounding box.
    pub struct BoxedFilterParameters {
        filter: Filter = FILTER,
        bbox: Option<BBox> = BBOX,
    }
}

impl ReportFilterParameters {
    fn filter(self, _: &mut ParameterReader<'_>) -> Read<Filter> {
        Ok(Filter { incidents: self.incidents, ..self.filter })
    }
}

impl IncidentFilterParameters {
    fn filter(self, _: &mut ParameterReader<'_>) -> Read<Filter> {
        Ok(Filter { incidents: self.incidents, ..self.filter })
    }
}

impl BoxedFilterParameters {
    fn filter(self, _: &mut ParameterReader<'_>) -> Read<Filter> {
        Ok(Filter { bbox: self.bbox, ..self.filter })
    }
}

/// The filter of most operations; it counts reports by default.
pub const FILTER: ParameterGroup<ReportFilterParameters, Filter> =
    group(ReportFilterParameters::filter);

/// The same filter, but it counts incidents by default.
pub const INCIDENT_FILTER: ParameterGroup<IncidentFilterParameters, Filter> =
    group(IncidentFilterParameters::filter);

/// [`FILTER`] with a bounding box.
pub const BOXED_FILTER: ParameterGroup<BoxedFilterParameters, Filter> =
    group(BoxedFilterParameters::filter);

/// An optional string parameter of the query string.
pub const fn text(name: &'static str) -> Parameter<Text, Optional> {
    query(name, Text).optional()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;
    use crate::domain::Vocabulary;
    use crate::domain::fields::ALL;
    use crate::http::request::parameter::Extract as _;
    use crate::http::request::reader::{EmptyValue, Pairs};
    use crate::i18n::Language;

    /// A parameter's own description and the words that it takes.
    fn described<V: Vocabulary>(parameter: &Parameter<WordsOf<V>, Optional>) -> [String; 2] {
        let mut declared = Vec::new();
        parameter.declare(&mut declared);
        [Language::French, Language::English]
            .map(|language| declared[0].document(language)["description"].to_string())
    }

    #[test]
    fn a_parameter_of_words_names_each_of_them() {
        let names_all = |texts: [String; 2], words: Vec<&'static str>| {
            for (text, word) in texts.iter().flat_map(|text| words.iter().map(move |w| (text, w))) {
                assert!(text.contains(word), "'{word}' is not in '{text}'");
            }
        };
        names_all(described(&STATUS), Status::ALL.iter().map(|one| one.as_str()).collect());
        names_all(described(&NATURE), Nature::ALL.iter().map(|one| one.as_str()).collect());
        names_all(described(&CHANNEL), Channel::ALL.iter().map(|one| one.as_str()).collect());
    }

    #[test]
    fn a_description_of_a_filter_parses_to_the_same_filter() {
        let filter = Filter {
            statuses: Some(vec![Status::Open, Status::InProgress]),
            natures: Some(vec![Nature::Complaint]),
            channels: Some(vec![Channel::App, Channel::Phone]),
            from: Some(1_790_000_000),
            before: Some(1_790_086_400),
            place: Some(PlaceCondition::None),
            approximate: true,
            incidents: true,
            ..Filter::default()
        };
        let pairs = filter.query_pairs().into_iter();
        let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        let mut refused = Vec::new();
        let query = query.join("&").replace('+', "%2B");
        let query = Pairs::of_query(&query, EmptyValue::Refused, &mut refused);
        let headers = HeaderMap::new();
        let mut reader = ParameterReader::new((query, Pairs::default()), &headers, None, refused);
        let parsed = FILTER.extract(&mut reader);
        assert_eq!(reader.finish(parsed).unwrap(), filter);
    }

    #[test]
    fn every_filter_of_a_field_is_a_parameter() {
        let mut declared = Vec::new();
        BOXED_FILTER.declare(&mut declared);
        let filters = ALL.iter().filter_map(|field| field.filter);
        assert!(filters.clone().count() > 7);
        for filter in filters {
            assert!(declared.iter().any(|one| one.name == filter), "{filter}");
        }
    }
}
