//! A first look over a file's rows for what no single row can show: the order of day and month, the
//! order of the two numbers of a place, columns whose times are days, and the projection.

#![expect(clippy::indexing_slicing, reason = "arrays of one entry for each field of times")]

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::error::{Error, ErrorKind, Result};
use crate::i18n::Message;
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::numbers::{east_west, grouped, is_absent, is_rounded};
use crate::ingest::place::exchanged::{Surroundings, around, surroundings};
use crate::ingest::place::markers::is_marker;
use crate::ingest::place::negation::Negation;
use crate::ingest::place::parted_degrees::column_degrees;
use crate::ingest::place::reader::{PairOrder, PairVotes};
use crate::ingest::place::text::{PlaceText, place_text};
use crate::ingest::reference_system::sample::ProjectedSample;
use crate::ingest::time::date_order::{DateOrder, DateVotes, OrderFound, orders_in_words};
use crate::ingest::time::exchanged_dates::ExchangedDates;
use crate::ingest::time::no_time::is_filler_date;
use crate::ingest::time::text::written;
use crate::message;
use crate::place::Position;

/// Rows after which the survey ends where nothing is in doubt.
const ROWS: u64 = 5_000;
/// Places and pairs that are kept.
const KEPT: usize = 1_000;
/// Times at midnight that make a column one of days, where no other time is among them.
const MIDNIGHTS: u64 = 10;
/// Zones of countries that lie in the east and say Ost, Oost, øst or öst.
const O_IS_EAST: [&str; 11] = [
    "Europe/Berlin",
    "Europe/Busingen",
    "Europe/Vienna",
    "Europe/Zurich",
    "Europe/Vaduz",
    "Europe/Luxembourg",
    "Europe/Brussels",
    "Europe/Amsterdam",
    "Europe/Copenhagen",
    "Europe/Oslo",
    "Europe/Stockholm",
];
/// The times of a report's columns. What was asked for the future is no evidence of an order.
const PAST: [&str; 3] = ["requested", "updated", "closed"];
pub const TIMES: [&str; 4] = ["requested", "updated", "closed", "expected"];

/// What the rows of a file do not show.
#[derive(Debug, Clone, PartialEq)]
pub enum OpenQuestion {
    /// The order of day and month in dates such as this one, and the orders that may be meant.
    DateOrder(String, Vec<DateOrder>),
    /// The projection of coordinates such as these, with the EPSG codes that may be meant.
    Projection(f64, f64, Vec<String>),
    /// Whether a minus sign is missing before the coordinates of this kind.
    Negate(Negation),
    /// The zone of an abbreviation in times, or in the name of their column: what is not known.
    Zone(Message),
}

/// The survey under way.
pub struct Survey {
    rows: u64,
    pub(in crate::ingest) today: Date,
    dates: DateVotes,
    ambiguous: Option<String>,
    pub(in crate::ingest) pairs: Vec<(f64, f64)>,
    pub(in crate::ingest) places: Vec<Position>,
    /// Places whose east or west is said by `O`, read as west.
    with_o: Vec<Position>,
    /// Some text says east by `E`, some text says west by `W`.
    with_e_w: [bool; 2],
    /// `x`, `y` and the place beside them, where there is one.
    pub(in crate::ingest) projected: ProjectedSample,
    /// What the rows name as the system of their coordinates: one value, or two that differ.
    pub(in crate::ingest) systems: Vec<String>,
    /// For each of [`TIMES`]: values at midnight, and others.
    midnights: [[u64; 2]; 4],
    /// For each of [`TIMES`]: dates whose day and month a spreadsheet may have exchanged.
    exchanged_dates: [ExchangedDates; 4],
    /// Some time of day has a point between the hour and the minutes.
    has_dotted_clocks: bool,
    has_digit_clocks: bool,
    /// The first id that a spreadsheet has rounded.
    rounded_id: Option<String>,
    /// The first text that was read in the wrong encoding, what it is likely to be, and in which.
    pub(in crate::ingest) garbled: Option<(String, String, &'static str)>,
    /// Abbreviations of zones that the city's does not use and others share.
    pub(in crate::ingest) zone_words: Vec<&'static str>,
    /// Cells of the column of zones that say one, and others.
    pub(in crate::ingest) zone_cells: [u64; 2],
    /// What was decided, in the words of [`SourceReading`](crate::ingest::notes::refused_rows).
    pub(in crate::ingest) decided: Vec<String>,
}

impl Survey {
    /// A survey of a file that is read at this second of 1970.
    pub fn new(now: i64) -> Self {
        let today = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
        // Somewhere it is tomorrow already.
        let today = today.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().saturating_add(1.day());
        Self {
            rows: 0,
            today,
            dates: DateVotes::default(),
            ambiguous: None,
            pairs: Vec::new(),
            places: Vec::new(),
            with_o: Vec::new(),
            with_e_w: [false; 2],
            projected: ProjectedSample::default(),
            systems: Vec::new(),
            midnights: [[0; 2]; 4],
            exchanged_dates: Default::default(),
            has_dotted_clocks: false,
            has_digit_clocks: false,
            rounded_id: None,
            garbled: None,
            zone_words: Vec::new(),
            zone_cells: [0; 2],
            decided: Vec::new(),
        }
    }

    /// Looks at a row; answers whether further rows are wanted: 5,000, and the whole file where
    /// these leave the order of day and month open or have no coordinates in the columns for them.
    pub fn row(&mut self, mapping: &Mapping, row: &impl RowCells) -> bool {
        self.rows += 1;
        for (number, field) in TIMES.iter().enumerate() {
            self.has_dotted_clocks |= mapping.has_dotted_clock(row, field);
            self.has_digit_clocks |= mapping.has_digit_clock(row, field);
            for text in mapping.cells(row, field) {
                self.time(mapping, number, text);
            }
        }
        self.zone_of_row(mapping, row);
        self.place(mapping, row);
        self.texts(mapping, row);
        if self.systems.len() < 2
            && let Some(system) = mapping.system_of(row)
            && !self.systems.contains(&system)
        {
            self.systems.push(system);
        }
        if self.rounded_id.is_none() {
            let ids = mapping.cells(row, "id");
            self.rounded_id = ids.into_iter().find(|id| is_rounded(id)).map(str::to_owned);
        }
        self.rows < ROWS
            || self.dates.found() == OrderFound::Open
            || self.lacks_coordinates(mapping)
    }

    fn time(&mut self, mapping: &Mapping, field: usize, text: &str) {
        if is_absent(text) {
            return;
        }
        if PAST.contains(&TIMES[field]) {
            let before = self.dates;
            self.dates.add(text, self.today);
            if self.ambiguous.is_none() && self.dates != before {
                self.ambiguous = Some(text.to_owned());
            }
        }
        if is_filler_date(text) {
            return;
        }
        self.exchanged_dates[field].add(text);
        let Some(parts) = written(text) else { return };
        self.zone_of_time(mapping, &parts);
        if let Some(time) = parts.time {
            let is_midnight = time == jiff::civil::Time::midnight();
            self.midnights[field][usize::from(!is_midnight)] += 1;
        }
    }

    fn place(&mut self, mapping: &Mapping, row: &impl RowCells) {
        let first = |field, read: fn(&str) -> Option<f64>| {
            mapping.cells(row, field).into_iter().find_map(read)
        };
        // A coordinate of 0 is mostly a missing one: it does not show where the places lie.
        let on_earth = |lon, lat| {
            Position::new(lon, lat)
                .ok()
                .filter(|_| lon != 0.0 && lat != 0.0 && !is_marker(lon, lat))
        };
        let mut place = match (first("lon", column_degrees), first("lat", column_degrees)) {
            (Some(lon), Some(lat)) => on_earth(lon, lat),
            _ => None,
        };
        let says_side = mapping.cells(row, "lon").into_iter().chain(mapping.cells(row, "point"));
        let side = says_side.into_iter().find_map(east_west);
        self.with_e_w[0] |= side == Some('E');
        self.with_e_w[1] |= side == Some('W');
        let mut projected = None;
        for text in mapping.cells(row, "point") {
            match place_text(text) {
                Some(PlaceText::LonLat(lon, lat)) => place = place.or(on_earth(lon, lat)),
                Some(PlaceText::Pair(x, y)) if x.abs().max(y.abs()) > 360.0 => {
                    projected = projected.or(Some((x, y)));
                }
                Some(PlaceText::Pair(first, second))
                    if self.pairs.len() < KEPT
                        && first != 0.0
                        && second != 0.0
                        && !is_marker(first, second) =>
                {
                    self.pairs.push((first, second));
                }
                _ => {}
            }
        }
        let number = |field| mapping.cells(row, field).into_iter().find(|t| grouped(t).is_some());
        match (number("x"), number("y"), projected) {
            (Some(x), Some(y), _) => self.projected.add([x, y], place),
            (_, _, Some((x, y))) => self.projected.add_pair(x, y, place),
            _ => {}
        }
        let kept = if side == Some('O') { &mut self.with_o } else { &mut self.places };
        kept.extend(place.filter(|_| kept.len() < KEPT));
    }

    /// What nobody but the owner of the file can say.
    pub fn questions(&self, mapping: &Mapping) -> Vec<OpenQuestion> {
        let mut questions = Vec::new();
        let is_open = mapping.wants_date_order() && self.dates.found() == OrderFound::Open;
        if is_open && self.order_of_earlier(mapping).is_none() {
            let sample = self.ambiguous.clone().unwrap_or_default();
            questions.push(OpenQuestion::DateOrder(sample, self.possible_orders()));
        }
        let projection = self.projection_not_known(mapping);
        questions.extend(projection.map(|(x, y, may_be)| OpenQuestion::Projection(x, y, may_be)));
        questions.extend(self.missing_sign(mapping).map(OpenQuestion::Negate));
        questions.extend(self.zone_not_known(mapping).map(OpenQuestion::Zone));
        questions
    }

    /// Gives the mapping what was found. Returns what all rows together decided, as `key=value`.
    ///
    /// # Errors
    /// The order of day and month, or the projection, is needed and cannot be decided; says which
    /// option or key declares it.
    pub fn settle(mut self, mapping: &mut Mapping) -> Result<Vec<String>> {
        let dates = match mapping.wants_date_order() {
            true => self.settle_dates(mapping),
            false => Ok(()),
        };
        for (number, field) in TIMES.iter().enumerate() {
            let [midnights, others] = self.midnights[number];
            if midnights >= MIDNIGHTS && others == 0 && !mapping.has_clock(field) {
                mapping.take_as_days(field);
                self.decided.push(format!("days={field}"));
                mapping.tell(message!(
                    "{field} : toutes les heures sont minuit ; lues comme des jours sans heure",
                    "{field}: every time is midnight; read as days without a time"
                ));
            }
        }
        self.tell_garbled(mapping);
        if self.has_dotted_clocks {
            mapping.take_points_of_clocks();
        }
        if self.has_digit_clocks {
            mapping.take_digits_as_minutes();
        }
        if let Some(id) = self.rounded_id.take() {
            mapping.tell(message!(
                "id : des valeurs comme « {id} » ont été arrondies par un tableur ; des demandes \
                 différentes peuvent avoir le même identifiant",
                "id: values such as '{id}' were rounded by a spreadsheet; different requests may \
                 have the same id"
            ));
        }
        self.settle_o(mapping);
        self.settle_pairs(mapping);
        let projection = self.settle_projection(mapping);
        if let (Err(dates), Err(projection)) = (&dates, &projection) {
            let ([fr, en], other) = ([&dates.message.fr, &dates.message.en], &projection.message);
            let (other_fr, other_en) = (&other.fr, &other.en);
            let message = message!("{fr}. {other_fr}", "{en}. {other_en}");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        dates.and(projection)?;
        self.settle_zones(mapping)?;
        self.decide_zeros(mapping);
        self.refuse_missing_sign(mapping)?;
        self.tell_mirrored(mapping);
        self.decide_surroundings(mapping)?;
        Ok(self.decided)
    }

    fn settle_dates(&mut self, mapping: &mut Mapping) -> Result<()> {
        let mut fields = TIMES.iter().zip(&self.exchanged_dates);
        if let Some(doubt) = fields.find_map(|(field, dates)| dates.doubt(field)) {
            return Err(Error::new(ErrorKind::Invalid, doubt));
        }
        match self.dates.found() {
            OrderFound::NotNeeded => Ok(()),
            OrderFound::Found(order) => {
                mapping.set_date_order(order);
                self.decided.push(format!("date_order={}", order.word()));
                let Message { fr, en } = order.shown();
                mapping.tell(Message {
                    fr: format!("dates lues {fr}, d’après l’ensemble des lignes"),
                    en: format!("dates read {en}, as all rows together say"),
                });
                Ok(())
            }
            OrderFound::Open => {
                let sample = self.ambiguous.as_deref().unwrap_or_default();
                if let Some(order) = self.order_of_earlier(mapping) {
                    let Message { fr, en } = order.shown();
                    let sentence = message!(
                        "dates comme « {sample} » lues {fr}, comme les imports précédents de la \
                         ville qui ont les mêmes colonnes",
                        "dates such as '{sample}' read {en}, as earlier imports of the city that \
                         have the same columns"
                    );
                    mapping.set_date_order(order);
                    self.decided.push(format!("date_order={}", order.word()));
                    mapping.tell(sentence);
                    return Ok(());
                }
                let Message { fr, en } = orders_in_words(&self.possible_orders());
                let message = message!(
                    "Les dates comme « {sample} » peuvent être {fr}, et aucune ligne ne le tranche",
                    "Dates such as '{sample}' may be {en}, and the rows do not decide it"
                );
                Err(Error::new(ErrorKind::Invalid, message))
            }
        }
    }

    /// The order of earlier imports, where the dates fit it as well as another.
    fn order_of_earlier(&self, mapping: &Mapping) -> Option<DateOrder> {
        let known = mapping.order_of_earlier?;
        let may_be = self.dates.fit_several() && self.possible_orders().contains(&known);
        may_be.then_some(known)
    }

    /// The orders that its dates may be in.
    fn possible_orders(&self) -> Vec<DateOrder> {
        let mut orders = vec![DateOrder::DayFirst, DateOrder::MonthFirst];
        orders.extend(self.dates.may_have_years_first().then_some(DateOrder::YearFirst));
        orders
    }

    /// Is `O` the west (ouest, oeste, ovest) or the east (Ost, Oost)? A file that also says `W` has
    /// it for the east, one that says `E` for the west; else the city's extent, the file's other
    /// places and the country of its time zone decide.
    fn settle_o(&self, mapping: &mut Mapping) {
        if self.with_o.is_empty() {
            return;
        }
        let extent = mapping.extent().or_else(|| around(&self.places));
        let by_extent = extent.and_then(|extent| {
            let inside = |east: bool| {
                let at = |at: &&Position| {
                    let lon = if east { -at.lon() } else { at.lon() };
                    Position::new(lon, at.lat()).is_ok_and(|at| extent.contains(at))
                };
                self.with_o.iter().filter(at).count()
            };
            let (west, east) = (inside(false), inside(true));
            (west != east).then_some(east > west)
        });
        let by_letters = match self.with_e_w {
            [false, true] => Some(true),
            [true, false] => Some(false),
            _ => None,
        };
        let by_zone = || O_IS_EAST.contains(&mapping.zone_name()).then_some(true);
        let decided = by_letters.or(by_extent).or_else(by_zone);
        let is_east = decided.unwrap_or(false);
        if is_east {
            mapping.take_o_as_east();
        }
        let (fr, en) = if is_east { ("est", "east") } else { ("ouest", "west") };
        let (why_fr, why_en) = match decided {
            Some(_) => {
                ("d’après l’ensemble du fichier et la ville", "as the file and its city say")
            }
            None => ("le sens habituel ; extent le change", "the usual one; extent changes it"),
        };
        mapping.tell(message!(
            "« O » des degrés lu {fr}, {why_fr}",
            "'O' of degrees read as {en}, {why_en}"
        ));
    }

    fn settle_pairs(&mut self, mapping: &mut Mapping) {
        if self.pairs.is_empty() || mapping.declares_point_order() {
            return;
        }
        let extent = mapping.extent().or_else(|| around(&self.places));
        let mut votes = PairVotes::default();
        self.pairs.iter().for_each(|(a, b)| votes.add(*a, *b, extent.as_ref()));
        let order = votes.found().or_else(|| {
            // The usual order, unless it puts the places far from the city's time zone.
            let usual: Vec<Position> =
                self.pairs.iter().filter_map(|(lat, lon)| Position::new(*lon, *lat).ok()).collect();
            let found = surroundings(&usual, mapping.zone_name());
            matches!(found, Surroundings::Exchanged(_)).then_some(PairOrder::LonLat)
        });
        mapping.set_point_order(order.unwrap_or(PairOrder::LatLon));
        let (first, second) = self.pairs[0];
        let word = order.unwrap_or(PairOrder::LatLon).word();
        self.decided.push(format!("point_order={word}"));
        mapping.tell(match order {
            Some(_) => message!(
                "lieux comme « {first}, {second} » lus {word}, d’après l’ensemble des lignes",
                "places such as '{first}, {second}' read {word}, as all rows together say"
            ),
            None => message!(
                "lieux comme « {first}, {second} » lus {word}, l’ordre habituel ; point_order le \
                 change",
                "places such as '{first}, {second}' read {word}, the usual order; point_order \
                 changes it"
            ),
        });
    }
}
