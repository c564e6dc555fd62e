//! One row of a source becomes a draft, by its profile.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::domain::fields::{ALL, Kind, draft_texts};
use crate::domain::{Channel, Details, Draft, Nature, Status, fold};
use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::attributes::{read_attributes, read_media};
use crate::ingest::column::late::LateColumns;
use crate::ingest::mapping::category_names::with_parent;
use crate::ingest::mapping::note::RowNote;
use crate::ingest::mapping::zones::ZoneCell;
use crate::ingest::notes::noticed::{Notes, channel_word};
use crate::ingest::numbers::is_absent;
use crate::ingest::place::negation::Negation;
use crate::ingest::place::reader::{PLACE_FIELDS, PairOrder, PlaceReader};
use crate::ingest::place::text::address_of;
use crate::ingest::profile::document::{FIELDS, Profile};
use crate::ingest::recognition::guesses::channel_of_words;
use crate::ingest::reference_system::projection::Projection;
use crate::ingest::time::no_time::{is_zero_date, says_closed};
use crate::ingest::time::of_day::{ClockSigns, day_with_clock};
use crate::ingest::time::reader::{DateOrder, TimeReader};
use crate::ingest::time::zone_words::NamedZone;
use crate::place::BBox;

/// A source's own category: the service it names, to be adopted where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// The group or department it belongs to, in the source's words.
    pub hint: Option<String>,
}

/// A row's draft and the category it came with.
pub type MappedRow = (Draft, Option<Category>);

/// A profile made ready for one header.
pub struct Mapping {
    pub(in crate::ingest) profile: Profile,
    pub(in crate::ingest) clock: TimeReader,
    pub(in crate::ingest) places: PlaceReader,
    pub(in crate::ingest) columns: ColumnsByField,
    pub(in crate::ingest) approximate_when: Vec<(usize, String)>,
    /// Some row of the source has columns of places: those of JSON come with the rows.
    pub(in crate::ingest) has_had_places: bool,
    /// Names of the columns of projected coordinates, which may say their system.
    pub(in crate::ingest) names_of_projected: String,
    /// The column that names the reference system of each row.
    pub(in crate::ingest) system_column: Option<usize>,
    /// It has zones of UTM, perhaps by their numbers alone.
    pub(in crate::ingest) system_is_zone: Option<bool>,
    /// Columns that are read both as places and as addresses.
    pub(in crate::ingest) addressed: Vec<usize>,
    /// Columns of the names of sites, which stand before an address.
    pub(in crate::ingest) sites: Vec<usize>,
    /// Fields that have one value, each with a column of it.
    pub(in crate::ingest) one_valued: Vec<(&'static str, usize)>,
    /// Times whose midnights mean days.
    pub(in crate::ingest) midnight_is_day: Vec<&'static str>,
    /// How the columns of times of day are written.
    pub(in crate::ingest) clock_signs: ClockSigns,
    /// The order of day and month that earlier files of the city and of these columns had.
    pub(in crate::ingest) order_of_earlier: Option<DateOrder>,
    /// The zone of times without an offset, where it is not the city's.
    pub(in crate::ingest) zone_of_times: Option<TimeZone>,
    /// Columns of times whose name says their zone, with it.
    pub(in crate::ingest) named_zones: BTreeMap<usize, (String, NamedZone)>,
    /// The column that says the zone of each row's times, with its name.
    pub(in crate::ingest) zone_column: Option<(usize, String)>,
    /// Its cells are no zones.
    pub(in crate::ingest) is_zone_column_left: bool,
    /// The cell of it that was read last, and what it means.
    pub(in crate::ingest) last_zone: RefCell<Option<(String, ZoneCell)>>,
    /// Columns that are left out without a value in the sample.
    late_columns: RefCell<LateColumns>,
    pub(in crate::ingest) notes: RefCell<Notes>,
    /// What was noticed in the row at hand, which counts once the row is admitted.
    pub(in crate::ingest) row_notes: RefCell<Vec<RowNote>>,
}

/// The columns of a field.
pub struct FieldColumns {
    /// The first alternative with a value counts; several columns are joined.
    pub(in crate::ingest) alternatives: Vec<Vec<usize>>,
    /// People wrote it: `N/A` is what they wrote.
    verbatim: bool,
}

/// The columns of each field that has any. Every row asks for each field, and comparing some twenty
/// short names is quicker than hashing one.
#[derive(Default)]
pub struct ColumnsByField(Vec<(&'static str, FieldColumns)>);

impl ColumnsByField {
    /// The columns of a field; `None` where it has none.
    pub(in crate::ingest) fn get(&self, field: &str) -> Option<&FieldColumns> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, columns)| columns)
    }

    /// Has the field a column?
    pub(in crate::ingest) fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }
}

/// A row: its cells by column number.
pub trait RowCells {
    /// The text of a column; `None` where the row does not have it.
    fn cell(&self, column: usize) -> Option<&str>;
}

impl Mapping {
    /// Finds the profile's columns in `header`, whose names are folded. Wall clocks are of `zone`;
    /// `extent` is where swapped coordinates are noticed by.
    ///
    /// # Errors
    /// The projection is not known.
    pub fn new(
        profile: Profile,
        zone: TimeZone,
        extent: Option<BBox>,
        fix_swapped: bool,
        header: &[String],
    ) -> Result<Self, String> {
        let order = profile.point_order.as_deref().and_then(PairOrder::parse);
        let mut places = PlaceReader::new(order.unwrap_or(PairOrder::LatLon));
        places.projection = profile.projection.as_deref().map(Projection::new).transpose()?;
        places.negated = profile.negate.as_deref().and_then(Negation::parse);
        places.extent = extent.map(|extent| extent.grown(0.5));
        places.fix_swapped = fix_swapped;
        let clock = TimeReader {
            utc_suffix_is_local: profile.utc_suffix_is_local,
            order: profile.date_order.as_deref().and_then(DateOrder::parse),
            formats: profile.time_formats.clone(),
            zones: profile.zone_meanings(&zone),
            zone,
        };
        let zone_of_times = profile.zone_of_times();
        let mut mapping = Self {
            profile,
            clock,
            places,
            columns: ColumnsByField::default(),
            approximate_when: Vec::new(),
            has_had_places: false,
            names_of_projected: String::new(),
            system_column: None,
            system_is_zone: None,
            addressed: Vec::new(),
            sites: Vec::new(),
            one_valued: Vec::new(),
            midnight_is_day: Vec::new(),
            clock_signs: ClockSigns::default(),
            order_of_earlier: None,
            zone_of_times,
            named_zones: BTreeMap::new(),
            zone_column: None,
            is_zone_column_left: false,
            last_zone: RefCell::default(),
            late_columns: RefCell::default(),
            notes: RefCell::default(),
            row_notes: RefCell::default(),
        };
        mapping.resolve(header);
        Ok(mapping)
    }

    /// Looks the columns up again: GeoJSON rows may bring new ones.
    pub fn resolve(&mut self, header: &[String]) {
        let at = |name: &str| header.iter().position(|column| column == name);
        let alternatives = |names: &Vec<String>| {
            let joined = |name: &String| name.split('+').map(at).collect::<Option<Vec<usize>>>();
            names.iter().filter_map(joined).collect::<Vec<_>>()
        };
        let found = FIELDS.iter().filter_map(|field| {
            let alternatives = alternatives(self.profile.columns.get(*field)?);
            let known = ALL.iter().find(|known| known.import == Some(*field));
            let verbatim =
                known.is_some_and(|known| matches!(known.kind, Kind::Text { verbatim: true, .. }));
            let columns = FieldColumns { alternatives, verbatim };
            (!columns.alternatives.is_empty()).then_some((*field, columns))
        });
        self.columns = ColumnsByField(found.collect());
        self.find_addressed();
        self.find_sites(header);
        self.find_systems(header);
        self.find_named_zones(header);
        self.find_zone_column(header);
        self.has_had_places = self.has_had_places || self.places().is_some();
        self.find_one_valued();
        let flags = self.profile.approximate_when.iter();
        self.approximate_when =
            flags.filter_map(|(name, value)| Some((at(name)?, value.clone()))).collect();
    }

    /// Fields to which the profile gives columns that the header does not have.
    pub fn missing(&self) -> Vec<&str> {
        let declared = self.profile.columns.keys().map(String::as_str);
        let mut missing: Vec<_> = declared.filter(|field| !self.columns.has(field)).collect();
        missing.sort_unstable();
        missing
    }

    /// Does a date such as 05/06/2026 need an order that nobody declared?
    pub fn wants_date_order(&self) -> bool {
        self.clock.order.is_none() && self.clock.formats.is_empty()
    }

    /// Reads dates in this order.
    pub fn set_date_order(&mut self, order: DateOrder) {
        self.clock.order = Some(order);
    }

    /// Reads the midnights of a field as days.
    pub fn take_as_days(&mut self, field: &'static str) {
        self.midnight_is_day.push(field);
    }

    /// Does the profile say in which order the numbers of a place are?
    pub fn declares_point_order(&self) -> bool {
        self.profile.point_order.is_some()
    }

    /// Does the profile say which degrees lack a minus sign?
    pub fn declares_negation(&self) -> bool {
        self.profile.negate.is_some()
    }

    /// Reads places of two numbers in this order.
    pub fn set_point_order(&mut self, order: PairOrder) {
        self.places.order = order;
    }

    /// Reads `O` after degrees as the east.
    pub fn take_o_as_east(&mut self) {
        self.places.o_is_east = true;
    }

    /// The name of the zone of wall clocks.
    pub fn zone_name(&self) -> &str {
        self.clock.zone.iana_name().unwrap_or_default()
    }

    /// The reader of places; `None` where the source has no column for them.
    pub fn places(&self) -> Option<&PlaceReader> {
        let has = |field: &str| self.columns.has(field);
        PLACE_FIELDS.into_iter().any(has).then_some(&self.places)
    }

    /// May 0 beside another longitude be a latitude, and 0 beside another latitude a longitude?
    pub fn set_zeros(&mut self, zeros: [bool; 2]) {
        self.places.zeros = zeros;
    }

    /// Reads `x` and `y` in this projection.
    pub fn set_projection(&mut self, projection: Projection) {
        self.places.projection = Some(projection);
    }

    /// Reads `x` and `y` as longitude and latitude in degrees.
    pub fn take_xy_as_degrees(&mut self) {
        self.places.xy_are_degrees = true;
    }

    /// Reads points in `x` and `y` as those between groups of digits.
    pub fn take_dots_as_groups(&mut self) {
        self.places.has_dots_in_groups = true;
    }

    /// Where the reports usually lie, with a margin.
    pub fn extent(&self) -> Option<BBox> {
        self.places.extent
    }

    /// Notices exchanged coordinates by this box, where the city has no extent.
    pub fn set_surroundings(&mut self, around: BBox) {
        self.places.extent = Some(around);
    }

    /// Watches columns of which the sample has no value.
    pub fn watch(&mut self, columns: LateColumns) {
        self.late_columns.replace(columns);
    }

    /// Does the source have a column of ids?
    pub fn has_ids(&self) -> bool {
        self.columns.has("id")
    }

    /// Adds a sentence about how the whole file is read.
    pub fn tell(&mut self, sentence: Message) {
        self.notes.borrow_mut().sentences.push(sentence);
    }

    /// What was noticed in the rows so far.
    pub fn notes(&self) -> Notes {
        let exchanged = self.places.exchanged.get();
        let places_at_addresses = self.places.at_addresses.get();
        let noted = self.notes.borrow().clone();
        let late = self.late_columns.borrow();
        let late_columns = late.names();
        let mut notes = Notes { exchanged, places_at_addresses, late_columns, ..noted };
        notes.sentences.extend(late.sentence());
        notes.say_zones(self.zone_name());
        notes.say_accuracies();
        notes
    }

    /// The first alternative with a value; two columns that are joined need both.
    pub(in crate::ingest) fn text(&self, row: &impl RowCells, field: &str) -> Option<String> {
        let FieldColumns { alternatives, verbatim } = self.columns.get(field)?;
        let value = |text| filled(text).filter(|text| *verbatim || !is_absent(text));
        alternatives.iter().find_map(|columns| {
            if let [only] = columns.as_slice() {
                let text = value(row.cell(*only)?)?;
                let is_beside = field == "address" && self.addressed.contains(only);
                return if is_beside { address_of(text) } else { Some(self.plain(text)) };
            }
            let parts: Option<Vec<&str>> =
                columns.iter().map(|column| value(row.cell(*column)?)).collect();
            let is_time = ["requested", "updated", "closed", "expected"].contains(&field);
            let text = match (parts?.as_slice(), is_time) {
                // Year, month and day in columns of their own.
                ([year, month, day], true) if is_year(year) => [*year, *month, *day].join("-"),
                ([year, month, day, clock], true) if is_year(year) => {
                    let day = [*year, *month, *day].join("-");
                    day_with_clock(&day, clock, self.clock_signs)
                }
                ([day, clock], true) => day_with_clock(day, clock, self.clock_signs),
                (parts, true) => parts.join(" "),
                // A site and its address, a street and its house number, or two streets.
                (_, false) if field == "address" => self.address_of_cells(row, columns)?,
                (parts, false) if field == "category" => with_parent(parts),
                (parts, false) if field == "id" => parts.join("-"),
                (parts, false) => parts.join(" / "),
            };
            Some(if is_time { text } else { self.plain(&text) })
        })
    }

    /// The filled cells of a field's columns, in the order in which they are declared.
    pub fn cells<'a>(&self, row: &'a impl RowCells, field: &str) -> Vec<&'a str> {
        let Some(FieldColumns { alternatives, .. }) = self.columns.get(field) else {
            return Vec::new();
        };
        let columns = alternatives.iter().flatten();
        columns.filter_map(|column| filled(row.cell(*column)?)).collect()
    }

    /// Makes the draft.
    ///
    /// # Errors
    /// Every value that cannot be read, with its field and reason.
    pub fn draft(&self, row: &impl RowCells) -> Result<MappedRow, Vec<Refusal>> {
        self.row_notes.borrow_mut().clear();
        self.late_columns.borrow_mut().see(|column| row.cell(column));
        let mut refused = self.lists(row);
        if !refused.is_empty() {
            return Err(refused);
        }
        let mut keep = |refusal: Refusal| refused.push(refusal);
        let category = self.category(row);
        let service = self.service(row, category.as_ref());
        if service.is_empty() {
            keep(self.without_value(row, "service_name", &["category", "service"]));
        }
        category.iter().filter_map(Category::refused_object).for_each(&mut keep);
        let lon_lat = self.place(row).unwrap_or_else(|refusal| {
            keep(refusal);
            None
        });
        let requested = self.time(row, "requested", &mut keep);
        if requested.is_none() && self.text(row, "requested").is_none_or(|t| is_zero_date(&t)) {
            keep(self.without_value(row, "requested_datetime", &["requested"]));
        }
        let closed = self.time(row, "closed", &mut keep);
        let closed = closed.map(|closed| self.later_of_twice(requested.as_ref(), closed));
        let ends = || self.text(row, "closed").is_some_and(|text| says_closed(&text));
        let (status, source_status) = self.status(row, closed.is_some() || ends());
        let (reason, parent) = self.closure(row, status.1, status.0, &mut keep);
        let accuracy = self.accuracy(row, lon_lat, &mut keep);
        let nature = self.text(row, "nature").map(|text| fold(&text)).and_then(|word| {
            Nature::parse(self.profile.nature.get(&word).map_or(&*word, String::as_str))
        });
        let channel = self.channel(row);
        let mut time = |field| self.time(row, field, &mut keep).map(|read| read.time);
        let (updated, expected) = (time("updated"), time("expected"));
        let details = Details {
            expected,
            answers: self.text(row, "attributes").map_or_else(Vec::new, |t| read_attributes(&t)),
            media: self.text(row, "media").map_or_else(Vec::new, |t| read_media(&t)),
            ..Details::default()
        };
        if !refused.is_empty() {
            return Err(refused);
        }
        if closed.is_some() && status.0 != Status::Closed {
            self.row_notes.borrow_mut().push(RowNote::ClosingNotKept(status.0));
        }
        let mut draft = Draft {
            id: self.text(row, "id"),
            service,
            status: Some(status.0),
            reason,
            nature,
            channel,
            requested: requested.map(|read| read.time),
            updated,
            closed,
            lon_lat,
            accuracy,
            parent,
            callers: self.text(row, "callers"),
            details,
            ..Draft::default()
        };
        for (field, _, slot) in draft_texts() {
            *slot(&mut draft) = field.import.and_then(|name| self.text(row, name));
        }
        draft.source_status = source_status;
        draft.area = draft.area.filter(|area| fold(area) != "unspecified");
        Ok((draft, category))
    }

    fn channel(&self, row: &impl RowCells) -> Option<Channel> {
        let default = || self.profile.defaults.channel.as_deref().and_then(Channel::parse);
        let Some(text) = self.text(row, "channel") else { return default() };
        let word = fold(&text);
        let declared = self.profile.channel.get(&word).map_or(&*word, String::as_str);
        if let Some(channel) = Channel::parse(declared) {
            return Some(channel);
        }
        let guessed = channel_of_words(&text);
        let taken = guessed.or_else(default).unwrap_or(Channel::Import);
        let note = RowNote::Channel(text, channel_word(taken), guessed.is_some());
        self.row_notes.borrow_mut().push(note);
        Some(taken)
    }
}

/// The text unless it is blank.
pub fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Four digits.
fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
}
