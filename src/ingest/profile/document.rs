//! Profiles: how a source lays its export out, as data. The built-in ones are in `data/profiles/`;
//! `--mapping FILE` reads another, alone or on top of one of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::domain::fields::ALL;
use crate::domain::{
    Accuracy, Channel, ClosedReason, Jurisdiction, JurisdictionId, Nature, RepeatRule, Status, fold,
};
use crate::error::Refusal;
use crate::ingest::mapping::ids::RowIds;
use crate::ingest::place::negation::Negation;
use crate::ingest::place::reader::PairOrder;
use crate::ingest::reference_system::projection::Projection;
use crate::ingest::time::reader::{DateOrder, FORMAT_WORDS};
use crate::ingest::time::zone_words::ZoneMeanings;
use crate::place::BBox;

/// The built-in profiles, in the order in which `auto` tries them: the one that asks for the most
/// particular header first.
const BUILTIN: [&str; 10] = [
    include_str!("../../../data/profiles/montreal.toml"),
    include_str!("../../../data/profiles/boston.toml"),
    include_str!("../../../data/profiles/chicago-legacy.toml"),
    include_str!("../../../data/profiles/chicago.toml"),
    include_str!("../../../data/profiles/baltimore.toml"),
    include_str!("../../../data/profiles/sf.toml"),
    include_str!("../../../data/profiles/nyc.toml"),
    include_str!("../../../data/profiles/zurich.toml"),
    include_str!("../../../data/profiles/open311-bulk.toml"),
    include_str!("../../../data/profiles/geojson.toml"),
];

/// A profile. Names of columns and keys of the word lists are folded (lower case, no accents; in
/// columns other signs become `_`), so one spelling serves portal and API layouts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Its name on the command line.
    pub name: String,
    /// Start from the built-in profile of this name.
    pub extends: Option<String>,
    /// The jurisdiction it fills unless another is named.
    pub jurisdiction: Option<String>,
    /// The city's name.
    pub city: Option<String>,
    /// Zone of wall clocks without an offset.
    pub time_zone: Option<String>,
    /// West, south, east, north in degrees: where reports usually lie.
    pub extent: Option<[f64; 4]>,
    /// `auto` takes the profile where the header has all of these; `a|b` is either.
    pub header: Vec<String>,
    /// Projection of the columns `x` and `y`.
    pub projection: Option<String>,
    /// Times end in " UTC" but are local.
    pub utc_suffix_is_local: bool,
    /// Zone of times without an offset where they are not in the city's own, such as `UTC`; `local`
    /// is the city's.
    pub times_in: Option<String>,
    /// Order of day, month and year in dates such as 05/06/2026 and 26/06/05: `dmy`, `mdy`, `ymd`.
    pub date_order: Option<String>,
    /// Formats of times, as `strptime` patterns or words; where there are any, no other is read.
    pub time_formats: Vec<String>,
    /// Order of the two numbers of a point's text: `lat,lon` or `lon,lat`.
    pub point_order: Option<String>,
    /// Degrees that lack a minus sign: `lon`, `lat`, `lon,lat`, or `none`.
    pub negate: Option<String>,
    /// Longitude and latitude of points that stand for an unknown place.
    pub default_points: Vec<[f64; 2]>,
    /// No place is exact: each is that of an area.
    pub approximate: bool,
    /// Columns whose value says that the place is not exact.
    pub approximate_when: HashMap<String, String>,
    /// Columns of each field; the first with a value counts, `a+b` joins two.
    pub columns: HashMap<String, Vec<String>>,
    /// Fields without columns of their own are read from the column of the field's name, as exports
    /// of this service have them.
    pub own_names: bool,
    /// Which of the rows of one id wins: `newest`, `first`, `last` or `refuse`.
    pub repeats: Option<String>,
    /// How ids are taken: `keep` or `contents`, see [`RowIds`].
    pub ids: Option<String>,
    /// Fields of which somebody has to decide what they are read from. A mapping is complete once
    /// each has columns or a default, or is no longer in this list.
    pub undecided: Vec<String>,
    /// Values where the source has none.
    pub defaults: Defaults,
    /// Abbreviations of zones in times and in names of columns to zones; `local` is the city's.
    pub zones: HashMap<String, String>,
    /// The source's words to `open`, `in_progress`, `closed` or `closed:REASON`.
    pub status: HashMap<String, String>,
    /// The source's words to `exact` or `approximate`.
    pub accuracy: HashMap<String, String>,
    /// The source's words to natures.
    pub nature: HashMap<String, String>,
    /// The source's words to channels.
    pub channel: HashMap<String, String>,
    /// The source's categories to service codes; others are adopted under their own slug.
    pub services: HashMap<String, String>,
}

/// Values where the source has none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Category of every row without one.
    pub category: Option<String>,
    /// Status of a row without one, written as in [`Profile::status`].
    pub status: Option<String>,
    /// Channel of a row without one.
    pub channel: Option<String>,
}

/// The word for the city's own time zone.
const LOCAL: &str = "local";

/// What a source may have in place of a report's own fields: the name of its category and what it
/// belongs to, words about the closure, projected coordinates, a point as text, whether the report
/// is a duplicate, and how many people called about it.
const SOURCES: [&str; 8] =
    ["category", "hint", "closure", "x", "y", "point", "duplicate", "callers"];

/// Names that a profile may give columns to: those of the fields that are imported, and
/// [`SOURCES`].
pub static FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| ALL.iter().filter_map(|field| field.import).chain(SOURCES).collect());

impl Profile {
    /// The built-in profile of this name.
    ///
    /// # Errors
    /// Names the profiles there are.
    pub fn builtin(name: &str) -> Result<Self, String> {
        for profile in Self::all()? {
            if profile.name == name {
                return Ok(profile);
            }
        }
        let names: Vec<_> = Self::all()?.into_iter().map(|profile| profile.name).collect();
        Err(format!("auto | {}", names.join(" | ")))
    }

    /// The built-in profile of a jurisdiction, for its zone and extent.
    pub fn of_jurisdiction(id: &str) -> Option<Self> {
        let mut all = Self::all().ok()?.into_iter();
        all.find(|profile| profile.jurisdiction.as_deref() == Some(id))
    }

    /// The city that the profile describes, under this id.
    ///
    /// # Errors
    /// The id is malformed.
    pub fn city_named(&self, id: &str) -> crate::error::Result<Jurisdiction> {
        let known = JurisdictionId::new(id)
            .map_err(|message| Refusal::new("--jurisdiction", id, message))?;
        // The name and the extent are those of the profile's own city.
        let is_own = self.jurisdiction.as_deref().is_none_or(|own| own == id);
        let extent = self.extent.filter(|_| is_own);
        Ok(Jurisdiction {
            id: known,
            name: self.city.clone().filter(|_| is_own).unwrap_or_else(|| id.to_owned()),
            time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".into()),
            extent: extent.and_then(|[w, s, e, n]| BBox::new(w, s, e, n).ok()),
            is_extent_learned: false,
        })
    }

    pub(super) fn all() -> Result<Vec<Self>, String> {
        BUILTIN.iter().map(|text| Self::parse(text)).collect()
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// What is wrong with it, by name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut profile: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some(base) = profile.extends.take() {
            let known = Self::builtin(&base);
            let known = known.map_err(|names| format!("extends = '{base}': {names}"))?;
            profile = profile.on_top_of(known);
        }
        for field in ALL.iter().filter(|_| profile.own_names) {
            let name = || vec![field.name.to_owned()];
            let import = field.import.map(str::to_owned);
            import.map(|import| profile.columns.entry(import).or_insert_with(name));
        }
        // As the header's names are.
        let folded = |name: &String| name.split('+').map(column_name).collect::<Vec<_>>().join("+");
        for names in profile.columns.values_mut() {
            *names = names.iter().map(folded).collect();
        }
        let flags = profile.approximate_when.drain();
        profile.approximate_when = flags.map(|(name, is)| (column_name(&name), is)).collect();
        for field in profile.columns.keys() {
            if !FIELDS.contains(&field.as_str()) {
                return Err(format!("[columns] {field}: one of {}", FIELDS.join(", ")));
            }
        }
        let message = profile.status.values().chain(&profile.defaults.status);
        for word in message {
            status(word).ok_or_else(|| {
                format!("[status] '{word}': open | in_progress | closed | closed:REASON")
            })?;
        }
        if let Some(word) = profile.accuracy.values().find(|word| Accuracy::parse(word).is_none()) {
            return Err(format!("[accuracy] '{word}': {}", Accuracy::spellings()));
        }
        if let Some(word) = profile.nature.values().find(|word| Nature::parse(word).is_none()) {
            return Err(format!("[nature] '{word}': {}", Nature::spellings()));
        }
        let channels = profile.channel.values().chain(&profile.defaults.channel);
        if let Some(word) = channels.into_iter().find(|word| Channel::parse(word).is_none()) {
            return Err(format!("[channel] '{word}': {}", Channel::spellings()));
        }
        profile.check_formats()?;
        profile.drop_ids();
        profile.check_zones()?;
        let Self { status, nature, channel, services, accuracy, .. } = &mut profile;
        for list in [status, nature, channel, services, accuracy] {
            *list = list.drain().map(|(key, value)| (fold(&key), value)).collect();
        }
        Ok(profile)
    }

    /// Does it name rows by their contents?
    pub(in crate::ingest) fn names_rows_by_contents(&self) -> bool {
        self.ids.as_deref().and_then(RowIds::parse) == Some(RowIds::Contents)
    }

    /// Leaves the columns of ids out where rows are named by their contents.
    pub(in crate::ingest) fn drop_ids(&mut self) {
        if self.names_rows_by_contents() {
            self.columns.remove("id");
        }
    }

    fn check_formats(&self) -> Result<(), String> {
        if let Some(word) = self.date_order.as_deref().filter(|w| DateOrder::parse(w).is_none()) {
            return Err(format!("date_order '{word}': dmy | mdy | ymd"));
        }
        if let Some(word) = self.point_order.as_deref().filter(|w| PairOrder::parse(w).is_none()) {
            return Err(format!("point_order '{word}': lat,lon | lon,lat"));
        }
        if let Some(word) = self.negate.as_deref().filter(|w| Negation::parse(w).is_none()) {
            return Err(format!("negate '{word}': {}", Negation::spellings()));
        }
        if let Some(word) = self.repeats.as_deref().filter(|w| RepeatRule::parse(w).is_none()) {
            return Err(format!("repeats '{word}': {}", RepeatRule::spellings()));
        }
        if let Some(word) = self.ids.as_deref().filter(|w| RowIds::parse(w).is_none()) {
            return Err(format!("ids '{word}': {}", RowIds::WORDS.join(" | ")));
        }
        let is_pattern = |text: &&String| text.contains('%') || FORMAT_WORDS.contains(&&***text);
        if let Some(text) = self.time_formats.iter().find(|text| !is_pattern(text)) {
            let words = FORMAT_WORDS.join(" | ");
            return Err(format!(
                "time_formats '{text}': a pattern such as %d/%m/%Y %H:%M | {words}"
            ));
        }
        match self.projection.as_deref().map(Projection::new) {
            Some(Err(reason)) => Err(reason),
            _ => Ok(()),
        }
    }

    /// The zone of times without an offset, where it is not the city's.
    pub(in crate::ingest) fn zone_of_times(&self) -> Option<TimeZone> {
        let declared = self.times_in.as_deref().filter(|zone| *zone != LOCAL)?;
        TimeZone::get(declared).ok()
    }

    fn check_zones(&mut self) -> Result<(), String> {
        let zones = self.zones.drain().map(|(word, zone)| (word.to_lowercase(), zone));
        let zones: HashMap<String, String> = zones.collect();
        self.zones = zones;
        let is_known = |zone: &str| zone == LOCAL || TimeZone::get(zone).is_ok();
        if let Some(zone) = self.times_in.as_deref().filter(|zone| !is_known(zone)) {
            return Err(format!("times_in '{zone}': local | a zone such as UTC"));
        }
        match self.zones.iter().find(|(_, zone)| !is_known(zone)) {
            Some((word, zone)) => {
                Err(format!("[zones] {word} '{zone}': local | a zone such as America/New_York"))
            }
            None => Ok(()),
        }
    }

    /// What abbreviations of zones mean in a city of this zone.
    pub(in crate::ingest) fn zone_meanings(&self, city: &TimeZone) -> ZoneMeanings {
        let declared = self.zones.iter().filter_map(|(word, zone)| {
            let zone = match zone.as_str() {
                LOCAL => city.clone(),
                name => TimeZone::get(name).ok()?,
            };
            Some((word.clone(), zone))
        });
        ZoneMeanings { declared: declared.collect(), takes_usual: false }
    }

    /// Fails where an undecided field has neither columns nor a default.
    ///
    /// # Errors
    /// The field, and what it wants.
    pub fn check_decided(&self) -> Result<(), String> {
        let has_default = |field: &str| match field {
            "category" => self.defaults.category.is_some(),
            "status" => self.defaults.status.is_some(),
            "id" => self.names_rows_by_contents(),
            _ => false,
        };
        let is_open = |field: &&String| !self.columns.contains_key(*field) && !has_default(field);
        match self.undecided.iter().find(is_open) {
            None => Ok(()),
            Some(field) => Err(format!(
                "the mapping is not complete: give '{field}' columns under [columns], or take it \
                 off the list `undecided`"
            )),
        }
    }

    /// The built-in profile that a header belongs to.
    pub fn recognise(header: &[String]) -> Option<Self> {
        Self::all().ok()?.into_iter().find(|profile| profile.fits(header))
    }

    /// Does the header have a column for the time of the request, which no row may lack? A profile
    /// that fits without one, such as GeoJSON's for properties it does not know, serves nothing.
    pub fn serves(&self, header: &[String]) -> bool {
        let columns = self.columns.get("requested").into_iter().flatten();
        columns.into_iter().any(|name| name.split('+').all(|one| header.iter().any(|h| h == one)))
    }

    /// Does the header have what the profile asks for?
    pub fn fits(&self, header: &[String]) -> bool {
        let has = |name: &str| header.iter().any(|column| column == name);
        self.header.iter().all(|either| either.split('|').any(has))
    }

    fn on_top_of(self, base: Self) -> Self {
        let merge = |mut under: HashMap<String, String>, over: HashMap<String, String>| {
            under.extend(over.into_iter().map(|(key, value)| (fold(&key), value)));
            under
        };
        let mut columns = base.columns;
        columns.extend(self.columns);
        Self {
            name: if self.name.is_empty() { base.name } else { self.name },
            extends: None,
            jurisdiction: self.jurisdiction.or(base.jurisdiction),
            city: self.city.or(base.city),
            time_zone: self.time_zone.or(base.time_zone),
            extent: self.extent.or(base.extent),
            header: if self.header.is_empty() { base.header } else { self.header },
            projection: self.projection.or(base.projection),
            utc_suffix_is_local: self.utc_suffix_is_local || base.utc_suffix_is_local,
            times_in: self.times_in.or(base.times_in),
            date_order: self.date_order.or(base.date_order),
            time_formats: match self.time_formats.is_empty() {
                true => base.time_formats,
                false => self.time_formats,
            },
            point_order: self.point_order.or(base.point_order),
            negate: self.negate.or(base.negate),
            default_points: [base.default_points, self.default_points].concat(),
            approximate: self.approximate || base.approximate,
            approximate_when: merge(base.approximate_when, self.approximate_when),
            columns,
            own_names: self.own_names || base.own_names,
            repeats: self.repeats.or(base.repeats),
            ids: self.ids.or(base.ids),
            undecided: self.undecided,
            defaults: Defaults {
                category: self.defaults.category.or(base.defaults.category),
                status: self.defaults.status.or(base.defaults.status),
                channel: self.defaults.channel.or(base.defaults.channel),
            },
            zones: merge(base.zones, self.zones),
            status: merge(base.status, self.status),
            accuracy: merge(base.accuracy, self.accuracy),
            nature: merge(base.nature, self.nature),
            channel: merge(base.channel, self.channel),
            services: merge(base.services, self.services),
        }
    }
}

/// A status word of a profile: `open`, `in_progress`, `closed`, `closed:duplicate`…
pub fn status(word: &str) -> Option<(Status, Option<ClosedReason>)> {
    match word.split_once(':') {
        None => Some((Status::parse(word)?, None)),
        Some(("closed", reason)) => Some((Status::Closed, Some(ClosedReason::parse(reason)?))),
        Some(_) => None,
    }
}

/// The whole name of a column of numbers, of which no letter remains.
const NUMBER_SIGN: &str = "#";

/// A column's name as profiles write it: `X Coordinate (State Plane)` is
/// `x_coordinate_state_plane`.
pub fn column_name(name: &str) -> String {
    if name.trim() == NUMBER_SIGN {
        return "number_sign".to_owned();
    }
    let mut folded = String::with_capacity(name.len());
    for c in fold(name.trim_start_matches('\u{feff}').trim()).chars() {
        if c.is_alphanumeric() || c == '*' {
            folded.push(c);
        } else if !folded.is_empty() && !folded.ends_with('_') {
            folded.push('_');
        }
    }
    folded.trim_end_matches('_').to_owned()
}
