//! Counts under a filter.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Catalogue, Filter, Vocabulary};
use crate::export::geojson::instant;
use crate::http::openapi::content::json;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, ResponseInputs, to_json};
use crate::http::reply::counts::Counts;
use crate::http::request::call::Call;
use crate::http::request::parameter::{query, request};
use crate::http::request::params::{BOXED_FILTER, text};
use crate::http::request::words::words;
use crate::i18n::Language;
use crate::query::{Count, Stats, StatsPart};
use crate::usecase::stats::CityStats;
use crate::usecase::watch::WatchCounts;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/stats", "stats", Tag::Places, stats)
            .described(
                "Nombres de demandes par service, état, secteur et jour ; délais de fermeture.",
                "Numbers of reports by service, status, area and day; times to close.",
            )
            .responds_with(&[json::<StatsOut<'_>>()]),
    ]
}

/// A member of the response that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsField {
    /// `total`.
    Total,
    /// `open`.
    Open,
    /// `exact`.
    Exact,
    /// `approximate`.
    Approximate,
    /// `unlocated`.
    Unlocated,
    /// `oldest_open_datetime`.
    OldestOpen,
    /// `hours_to_close`.
    HoursToClose,
    /// `status`.
    Status,
    /// `closed_reason`.
    ClosedReason,
    /// `nature`.
    Nature,
    /// `channel`.
    Channel,
    /// `service`.
    Service,
    /// `area`.
    Area,
    /// `day`.
    Day,
    /// `hotspots`.
    Hotspots,
    /// `alerts`.
    Alerts,
}

impl Vocabulary for StatsField {
    const VALUES: &'static [Self] = &[
        Self::Total,
        Self::Open,
        Self::Exact,
        Self::Approximate,
        Self::Unlocated,
        Self::OldestOpen,
        Self::HoursToClose,
        Self::Status,
        Self::ClosedReason,
        Self::Nature,
        Self::Channel,
        Self::Service,
        Self::Area,
        Self::Day,
        Self::Hotspots,
        Self::Alerts,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Open => "open",
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::Unlocated => "unlocated",
            Self::OldestOpen => "oldest_open_datetime",
            Self::HoursToClose => "hours_to_close",
            Self::Status => "status",
            Self::ClosedReason => "closed_reason",
            Self::Nature => "nature",
            Self::Channel => "channel",
            Self::Service => "service",
            Self::Area => "area",
            Self::Day => "day",
            Self::Hotspots => "hotspots",
            Self::Alerts => "alerts",
        }
    }
}

impl StatsField {
    /// What has to be counted for it; none for what is known without a scan.
    fn part(self) -> Option<StatsPart> {
        match self {
            Self::Total | Self::Hotspots | Self::Alerts => None,
            Self::Open | Self::Status | Self::ClosedReason | Self::Nature | Self::Channel => {
                Some(StatsPart::States)
            }
            Self::Exact | Self::Approximate | Self::Unlocated => Some(StatsPart::Positions),
            Self::OldestOpen => Some(StatsPart::OldestOpen),
            Self::HoursToClose => Some(StatsPart::TimesToClose),
            Self::Service => Some(StatsPart::Services),
            Self::Area => Some(StatsPart::Areas),
            Self::Day => Some(StatsPart::Days),
        }
    }
}

request! {
    /// Counts under a filter.
    pub struct StatsRequest {
        filter: Filter = BOXED_FILTER,
        fields: Option<Vec<StatsField>> = query("fields", words()).optional()
            .example("day,status").described(
            "Les membres voulus de la réponse, séparés par des virgules ; sans ce paramètre, tous. \
             Seul ce qui est voulu est compté.",
            "The wanted members of the response, separated by commas; without it, all. Only what \
             is wanted is counted.",
        ),
        areas: Option<String> = text("areas").described(
            "Le découpage par lequel compter ; voir /api/v1/boundaries.",
            "The boundary set to count by; see /api/v1/boundaries.",
        ),
    }
}

async fn stats(mut call: Call<StatsRequest>) -> HandlerResult {
    let watched = call.state.watch.city(&call.state.app, &call.city)?;
    call.context.variant.examinations = Some(watched.examinations());
    call.context.view = call.context.view.counted();
    call.respond(JSON, CostClass::Long, move |inputs, StatsRequest { filter, fields, areas }| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let days_max = state.app.limits.days_max;
        let asked = (&filter, areas.as_deref());
        let fields = fields.unwrap_or_else(|| StatsField::VALUES.to_vec());
        let wanted = |part: &&StatsPart| fields.iter().any(|field| field.part() == Some(**part));
        let parts: Vec<StatsPart> = StatsPart::ALL.iter().filter(wanted).copied().collect();
        let counted = CityStats::count(snapshot, city, asked, &parts, days_max)?;
        let (catalogue, revision) = (city.catalogue(), snapshot.revision());
        let all = AllStats {
            counted: &counted,
            watched: watched.counts(&filter),
            catalogue: &catalogue,
            language: context.language,
        };
        to_json(&StatsOut::new(revision, &all, &fields))
    })
    .await
}

/// Counts under a filter.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Stats")]
struct StatsOut<'a> {
    /// The revision of the city that the counts reflect.
    as_of: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<u64>,
    /// Reports with an exact position.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<u64>,
    /// Reports at a default position of their source, such as a city hall.
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate: Option<u64>,
    /// Reports without a position.
    #[serde(skip_serializing_if = "Option::is_none")]
    unlocated: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<Option<String>>,
    /// Quartiles and 90th percentile of the time from creation to closing, in hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours_to_close: Option<Option<HoursToClose>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Counts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_reason: Option<Counts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nature: Option<Counts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Counts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Vec<ServiceCount<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<Vec<AreaCount<'a>>>,
    /// From the first to the last day with a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-fr" = "Du premier au dernier jour qui a une demande."))]
    day: Option<Vec<DayCount>>,
    /// Number of standing hotspots of these services; null where the filter restricts anything
    /// else, because they are found in the whole city.
    #[serde(skip_serializing_if = "Option::is_none")]
    hotspots: Option<Option<usize>>,
    /// Number of alerts of these services; null before the first scan, and where the number of
    /// hotspots is.
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<Option<usize>>,
}

/// What the members of the response are taken from.
struct AllStats<'a> {
    counted: &'a CityStats,
    watched: WatchCounts,
    catalogue: &'a Catalogue,
    language: Language,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct HoursToClose {
    p25: f64,
    p50: f64,
    p75: f64,
    p90: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ServiceCount<'a> {
    code: &'a str,
    name: &'a str,
    group: &'a str,
    count: u64,
    open: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct AreaCount<'a> {
    name: &'a str,
    count: u64,
    open: u64,
    /// Longitude and latitude of the mean position of its reports.
    center: Option<[f64; 2]>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct DayCount {
    #[schemars(extend("format" = "date"))]
    date: String,
    count: u64,
}

impl<'a> StatsOut<'a> {
    /// The wanted members.
    fn new(as_of: u64, all: &AllStats<'a>, fields: &[StatsField]) -> Self {
        let mut out = Self { as_of, ..Self::default() };
        let counts: &'a Stats = &all.counted.counts;
        for field in fields {
            match field {
                StatsField::Total => out.total = Some(counts.total),
                StatsField::Open => out.open = Some(counts.open),
                StatsField::Exact => out.exact = Some(counts.exact),
                StatsField::Approximate => out.approximate = Some(counts.approximate),
                StatsField::Unlocated => out.unlocated = Some(counts.unlocated),
                StatsField::OldestOpen => {
                    out.oldest_open_datetime = Some(counts.oldest_open.map(instant));
                }
                StatsField::HoursToClose => {
                    out.hours_to_close = Some(counts.seconds_to_close.map(HoursToClose::new));
                }
                StatsField::Status => out.status = Some(counts_by_word(&counts.statuses)),
                StatsField::ClosedReason => {
                    out.closed_reason = Some(counts_by_word(&counts.reasons));
                }
                StatsField::Nature => out.nature = Some(counts_by_word(&counts.natures)),
                StatsField::Channel => out.channel = Some(counts_by_word(&counts.channels)),
                StatsField::Service => out.service = Some(all.services()),
                StatsField::Area => out.area = Some(all.areas()),
                StatsField::Day => out.day = Some(all.days()),
                StatsField::Hotspots => out.hotspots = Some(all.watched.hotspots),
                StatsField::Alerts => out.alerts = Some(all.watched.alerts),
            }
        }
        out
    }
}

impl<'a> AllStats<'a> {
    fn services(&self) -> Vec<ServiceCount<'a>> {
        let service = |count: &'a Count| {
            let service = self.catalogue.get(&count.name);
            ServiceCount {
                code: &count.name,
                name: service.map_or(&*count.name, |service| self.language.pick(&service.names)),
                group: service.map_or("", |service| &service.group),
                count: count.count,
                open: count.open,
            }
        };
        self.counted.counts.services.iter().map(service).collect()
    }

    fn areas(&self) -> Vec<AreaCount<'a>> {
        let area = |count: &'a Count| AreaCount {
            name: &count.name,
            count: count.count,
            open: count.open,
            center: count.center.map(|(lon, lat)| [label_degrees(lon), label_degrees(lat)]),
        };
        self.counted.counts.areas.iter().map(area).collect()
    }

    fn days(&self) -> Vec<DayCount> {
        let days = self.counted.days.iter().zip(&self.counted.counts.days);
        days.map(|(day, n)| DayCount { date: day.to_string(), count: *n }).collect()
    }
}

impl HoursToClose {
    fn new([p25, p50, p75, p90]: [i64; 4]) -> Self {
        let hours = |seconds: i64| (seconds as f64 / 360.0).round() / 10.0;
        Self { p25: hours(p25), p50: hours(p50), p75: hours(p75), p90: hours(p90) }
    }
}

fn counts_by_word<V: Vocabulary>(list: &[(V, u64)]) -> Counts<'static> {
    Counts(list.iter().map(|(value, n)| (value.word(), *n)).collect())
}

/// A coordinate rounded to about one metre, for placing labels.
fn label_degrees(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}
