//! A first look over a file's rows for what no single row can tell: the order of day and month, the
//! order of the two numbers of a place, columns whose times are days, and the projection.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::error::{Error, ErrorKind, Result};
use crate::i18n::Message;
use crate::ingest::mapping::{Mapping, RowCells};
use crate::ingest::numbers::{degrees, east_west, grouped, is_absent};
use crate::ingest::place_reader::{PairOrder, PairVotes};
use crate::ingest::place_text::{PlaceText, place_text};
use crate::ingest::projection::{Evidence, Projection, recognise};
use crate::ingest::time_text::written;
use crate::ingest::times::{DateOrder, DateVotes, OrderFound};
use crate::message;
use crate::place::{BBox, Position};

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
/// How far from the middle of its known places a file's pairs may lie, in degrees.
const AROUND_DEGREES: f64 = 1.5;

/// The times of a report's columns. What was asked for the future is no evidence of an order.
const PAST: [&str; 3] = ["requested", "updated", "closed"];
pub const TIMES: [&str; 4] = ["requested", "updated", "closed", "expected"];

/// What the rows of a file do not tell.
#[derive(Debug, Clone, PartialEq)]
pub enum OpenQuestion {
    /// The order of day and month in dates such as this one.
    DateOrder(String),
    /// The projection of coordinates such as these.
    Projection(f64, f64),
}

/// The survey under way.
pub struct Survey {
    rows: u64,
    today: Date,
    dates: DateVotes,
    ambiguous: Option<String>,
    pairs: Vec<(f64, f64)>,
    places: Vec<Position>,
    /// Places whose east or west is said by `O`, read as west.
    with_o: Vec<Position>,
    /// Some text says east by `E`, some text says west by `W`.
    with_e_w: [bool; 2],
    /// `x`, `y` and the place beside them, where there is one.
    projected: Vec<(f64, f64, Option<Position>)>,
    /// For each of [`TIMES`]: values at midnight, and others.
    midnights: [[u64; 2]; 4],
    /// What was decided, in the words of [`SourceReading`](crate::ingest::refused_rows).
    decided: Vec<String>,
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
            projected: Vec::new(),
            midnights: [[0; 2]; 4],
            decided: Vec::new(),
        }
    }

    /// Looks at a row; answers whether further rows are wanted: 5,000, and the whole file where
    /// these leave the order of day and month open.
    pub fn row(&mut self, mapping: &Mapping, row: &impl RowCells) -> bool {
        self.rows += 1;
        for (number, field) in TIMES.iter().enumerate() {
            for text in mapping.cells(row, field) {
                self.time(number, text);
            }
        }
        self.place(mapping, row);
        self.rows < ROWS || self.dates.found() == OrderFound::Open
    }

    fn time(&mut self, field: usize, text: &str) {
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
        if let Some(time) = written(text).and_then(|parts| parts.time) {
            let is_midnight = time == jiff::civil::Time::midnight();
            self.midnights[field][usize::from(!is_midnight)] += 1;
        }
    }

    fn place(&mut self, mapping: &Mapping, row: &impl RowCells) {
        let first = |field, read: fn(&str) -> Option<f64>| {
            mapping.cells(row, field).into_iter().find_map(read)
        };
        let on_earth = |lon, lat| Position::new(lon, lat).ok().filter(|_| (lon, lat) != (0.0, 0.0));
        let mut place = match (first("lon", degrees), first("lat", degrees)) {
            (Some(lon), Some(lat)) => on_earth(lon, lat),
            _ => None,
        };
        let says_side = mapping.cells(row, "lon").into_iter().chain(mapping.cells(row, "point"));
        let side = says_side.into_iter().find_map(east_west);
        self.with_e_w[0] |= side == Some('E');
        self.with_e_w[1] |= side == Some('W');
        for text in mapping.cells(row, "point") {
            match place_text(text) {
                Some(PlaceText::LonLat(lon, lat)) => place = place.or(on_earth(lon, lat)),
                Some(PlaceText::Pair(first, second))
                    if self.pairs.len() < KEPT && (first, second) != (0.0, 0.0) =>
                {
                    self.pairs.push((first, second));
                }
                _ => {}
            }
        }
        if let (Some(x), Some(y)) = (first("x", grouped), first("y", grouped))
            && (x, y) != (0.0, 0.0)
            && self.projected.len() < KEPT
        {
            self.projected.push((x, y, place));
        }
        let kept = if side == Some('O') { &mut self.with_o } else { &mut self.places };
        kept.extend(place.filter(|_| kept.len() < KEPT));
    }

    /// What nobody but the owner of the file can tell.
    pub fn question(&self, mapping: &Mapping) -> Option<OpenQuestion> {
        if mapping.wants_date_order() && self.dates.found() == OrderFound::Open {
            let sample = self.ambiguous.clone().unwrap_or_default();
            return Some(OpenQuestion::DateOrder(sample));
        }
        let has_place = !self.places.is_empty() || !self.pairs.is_empty();
        let (x, y, _) =
            self.projected.first().filter(|_| !has_place && !has_projection(mapping))?;
        let is_found = self.projections(mapping).len() == 1;
        (!is_found).then_some(OpenQuestion::Projection(*x, *y))
    }

    /// Tells the mapping what was found. Returns what all rows together decided, as `key=value`.
    ///
    /// # Errors
    /// The order of day and month, or the projection, is needed and cannot be told; says which
    /// option or key declares it.
    pub fn settle(mut self, mapping: &mut Mapping) -> Result<Vec<String>> {
        if mapping.wants_date_order() {
            self.settle_dates(mapping)?;
        }
        for (number, field) in TIMES.iter().enumerate() {
            let [midnights, others] = self.midnights[number];
            if midnights >= MIDNIGHTS && others == 0 {
                mapping.take_as_days(field);
                self.decided.push(format!("days={field}"));
                mapping.tell(message!(
                    "{field} : toutes les heures sont minuit ; lues comme des jours sans heure",
                    "{field}: every time is midnight; read as days without a time"
                ));
            }
        }
        self.settle_o(mapping);
        self.settle_pairs(mapping);
        self.settle_projection(mapping)?;
        Ok(self.decided)
    }

    fn settle_dates(&mut self, mapping: &mut Mapping) -> Result<()> {
        match self.dates.found() {
            OrderFound::NotNeeded => Ok(()),
            OrderFound::Found(order) => {
                mapping.set_date_order(order);
                self.decided.push(format!("date_order={}", order.word()));
                let (fr, en) = match order {
                    DateOrder::DayFirst => ("jour/mois", "day/month"),
                    DateOrder::MonthFirst => ("mois/jour", "month/day"),
                };
                mapping.tell(Message {
                    fr: format!("dates lues {fr}, d’après l’ensemble des lignes"),
                    en: format!("dates read {en}, as all rows together say"),
                });
                Ok(())
            }
            OrderFound::Open => {
                let sample = self.ambiguous.as_deref().unwrap_or_default();
                let message = message!(
                    "Les dates comme « {sample} » peuvent être jour/mois ou mois/jour, et aucune \
                     ligne ne le tranche : --date-order dmy ou --date-order mdy",
                    "Dates such as '{sample}' may be day/month or month/day, and the rows do not \
                     decide it: --date-order dmy or --date-order mdy"
                );
                Err(Error::new(ErrorKind::Invalid, message))
            }
        }
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
        let order = votes.found();
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

    /// The projections that agree with the rows.
    fn projections(&self, mapping: &Mapping) -> Vec<Projection> {
        let known: Vec<(f64, f64, Position)> =
            self.projected.iter().filter_map(|(x, y, at)| Some((*x, *y, (*at)?))).collect();
        let points: Vec<(f64, f64)> = self.projected.iter().map(|(x, y, _)| (*x, *y)).collect();
        match (known.len(), mapping.extent()) {
            (3.., _) => recognise(&Evidence::Known(&known)),
            (_, Some(extent)) => recognise(&Evidence::Inside(&points, &extent)),
            _ => Vec::new(),
        }
    }

    fn settle_projection(&mut self, mapping: &mut Mapping) -> Result<()> {
        if has_projection(mapping) || self.projected.is_empty() {
            return Ok(());
        }
        let mut found = self.projections(mapping);
        if found.len() == 1
            && let Some(projection) = found.pop()
        {
            let name = projection.name().to_owned();
            mapping.set_projection(projection);
            self.decided.push(format!("projection={name}"));
            mapping.tell(message!(
                "coordonnées projetées reconnues : {name}",
                "projected coordinates recognised: {name}"
            ));
            return Ok(());
        }
        let (x, y, _) = self.projected[0];
        let choices: Vec<&str> = found.iter().take(5).map(|one| one.name()).collect();
        let choices = choices.join(", ");
        // Where the rows have another place, the projected one is not needed.
        if !self.places.is_empty() || !self.pairs.is_empty() {
            mapping.tell(message!(
                "x, y comme {x}, {y} laissés de côté : projection inconnue ({choices})",
                "x, y such as {x}, {y} left aside: projection not known ({choices})"
            ));
            return Ok(());
        }
        let message = message!(
            "La projection des coordonnées comme {x}, {y} n’est pas connue ({choices}) : \
             indiquez --projection EPSG:CODE, ou « projection » ou « extent » dans le fichier \
             de --mapping",
            "The projection of coordinates such as {x}, {y} is not known ({choices}): \
             give --projection EPSG:CODE, or 'projection' or 'extent' in the --mapping file"
        );
        Err(Error::new(ErrorKind::Invalid, message))
    }
}

/// Is the projection of `x` and `y` known?
fn has_projection(mapping: &Mapping) -> bool {
    mapping.places().is_some_and(|places| places.projection.is_some())
}

/// The surroundings of the middle of places; `None` without any.
fn around(places: &[Position]) -> Option<BBox> {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let lon = median(places.iter().map(|at| at.lon()).collect())?;
    let lat = median(places.iter().map(|at| at.lat()).collect())?;
    let d = AROUND_DEGREES;
    BBox::new(
        (lon - d).max(-180.0),
        (lat - d).max(-90.0),
        (lon + d).min(180.0),
        (lat + d).min(90.0),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::ingest::profile::Profile;

    struct Line<'a>(Vec<&'a str>);
    impl RowCells for Line<'_> {
        fn cell(&self, column: usize) -> Option<&str> {
            self.0.get(column).copied()
        }
    }

    const NOW: i64 = 1_795_000_000;

    /// The drafts of rows whose cells are separated by bars, after a survey of all of them.
    fn read(profile: &str, rows: &[&str]) -> Result<Vec<String>> {
        let profile = format!(
            "name = 't'\n{profile}\n[columns]\nid = ['sr']\nrequested = ['opened']\n\
             closed = ['closed']\npoint = ['where']\nlon = ['lon']\nlat = ['lat']\nx = ['x']\n\
             y = ['y']\n[defaults]\ncategory = 'Trou'"
        );
        let profile = Profile::parse(&profile).unwrap();
        let header = ["sr", "opened", "closed", "where", "lon", "lat", "x", "y"];
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        let extent = profile.extent.map(|[w, s, e, n]| BBox::new(w, s, e, n).unwrap());
        let zone = TimeZone::get("America/Toronto").unwrap();
        let mut mapping = Mapping::new(profile, zone, extent, false, &header).unwrap();
        let mut survey = Survey::new(NOW);
        for row in rows {
            survey.row(&mapping, &Line(row.split('|').collect()));
        }
        survey.settle(&mut mapping)?;
        let shown = |row: &&str| match mapping.draft(&Line(row.split('|').collect())) {
            Ok((draft, _)) => {
                let place = draft.lon_lat.map(|(lon, lat)| format!(" {lon:.4} {lat:.4}"));
                let closed = draft.closed.map(|at| format!(" to {at}")).unwrap_or_default();
                format!("{}{closed}{}", draft.requested.unwrap(), place.unwrap_or_default())
            }
            Err(refused) => refused[0].field.clone(),
        };
        Ok(rows.iter().map(shown).collect())
    }

    #[test]
    fn all_rows_decide_day_and_month() {
        let rows = ["e1|13/02/2026", "e2|05/02/2026"];
        assert_eq!(read("", &rows).unwrap(), ["2026-02-13", "2026-02-05"]);
        let rows = ["e1|02/13/2026", "e2|02/05/2026"];
        assert_eq!(read("", &rows).unwrap(), ["2026-02-13", "2026-02-05"]);
        let said = read("", &["e1|05/02/2026", "e2|04/03/2026"]).unwrap_err().to_string();
        assert!(said.contains("--date-order dmy"), "{said}");
        let rows = ["e1|05/02/2026", "e2|04/03/2026"];
        assert_eq!(read("date_order = 'mdy'", &rows).unwrap(), ["2026-05-02", "2026-04-03"]);
        let rows = [
            "a|2014-Jul-01 00:01:48",
            "b|27.05.2026 14:05",
            "c|2026/05/27 02:08:51+00",
            "d|20260527",
        ];
        assert_eq!(
            read("", &rows).unwrap(),
            ["2014-07-01T04:01:48Z", "2026-05-27T18:05:00Z", "2026-05-27T02:08:51Z", "2026-05-27"]
        );
    }

    #[test]
    fn all_rows_and_the_extent_decide_the_order_of_pairs() {
        let rows = ["a|2026-02-13||46.81, -71.21", "b|2026-02-13||POINT Z (-71.21 46.81 12.5)"];
        let here = "2026-02-13 -71.2100 46.8100";
        assert_eq!(read("", &rows).unwrap(), [here, here]);
        let rows = ["a|2026-02-13||-71.21, 46.81", "b|2026-02-13||{'lon': -71.21, 'lat': 46.81}"];
        assert_eq!(read("", &rows).unwrap(), [here, here]);
        let extent = "extent = [-71.6, 46.7, -71.1, 47.0]";
        assert_eq!(read(extent, &["a|2026-02-13||-71.21 46.81"]).unwrap(), [here]);
        let far = "2026-02-13 46.8100 -71.2100";
        assert_eq!(
            read("point_order = 'lon, lat'", &["a|2026-02-13||46.81 -71.21"]).unwrap(),
            [far]
        );
        assert_eq!(read("", &["a|2026-02-13||over there"]).unwrap(), ["point"]);
    }

    #[test]
    fn all_rows_and_the_city_decide_what_o_is() {
        let row = ["a|2026-02-13||48°48'36\"N 9°12'36\"O"];
        let (west, east) = ("2026-02-13 -9.2100 48.8100", "2026-02-13 9.2100 48.8100");
        assert_eq!(read("", &row).unwrap(), [west]);
        assert_eq!(read("extent = [9.0, 48.6, 9.4, 48.9]", &row).unwrap(), [east]);
        let beside = [row[0], "b|2026-02-13||48°48'36\"N 9°12'36\"W"];
        assert_eq!(read("", &beside).unwrap(), [east, west]);
        let beside = [row[0], "b|2026-02-13||48°48'36\"N 9°12'36\"E"];
        assert_eq!(read("", &beside).unwrap(), [west, east]);
        let columns = ["a|2026-02-13|||9°12'36\"O|48°48'36\"N", "b|2026-02-13|||9.3|48.8"];
        assert_eq!(read("", &columns).unwrap()[0], east);
    }

    #[test]
    fn the_projection_is_recognised_or_asked_for() {
        let paris = "extent = [2.22, 48.81, 2.47, 48.91]";
        let row = "a|2026-02-13|||||648237|6862272";
        let found = read(paris, &[row]).unwrap();
        assert!(found[0].starts_with("2026-02-13 2.294"), "{found:?}");
        let said = read("", &[row]).unwrap_err().to_string();
        assert!(said.contains("--projection EPSG:CODE"), "{said}");
        let both = ["a|2026-02-13|||-73.6335135|45.4265142|294352.32|5031850.88"; 3];
        let alone = "b|2026-02-13|||||303947.060773187|5050719.35770835";
        let found = read("", &[both[0], both[1], both[2], alone]).unwrap();
        assert_eq!(found[3], "2026-02-13 -73.5109 45.5964");
    }

    #[test]
    fn times_that_are_all_midnight_are_days() {
        let row = "a|2026-11-10 15:00:00|2026-11-10 00:00:00";
        let found = read("", &[row; 12]).unwrap();
        assert_eq!(found[0], "2026-11-10T20:00:00Z to 2026-11-10");
        let found = read("", &["a|2026-11-10 15:00:00|2026-11-11 00:00:00"]).unwrap();
        assert_eq!(found[0], "2026-11-10T20:00:00Z to 2026-11-11T05:00:00Z");
    }

    #[test]
    fn a_closing_in_the_repeated_hour_is_after_its_opening() {
        let found = read("", &["a|2025-11-02 01:50:00|2025-11-02 01:10:00"]).unwrap();
        assert_eq!(found[0], "2025-11-02T05:50:00Z to 2025-11-02T06:10:00Z");
        let found = read("", &["a|2025-11-02T05:50:00Z|2025-11-02T05:10:00Z"]).unwrap();
        assert_eq!(found[0], "2025-11-02T05:50:00Z to 2025-11-02T05:10:00Z");
    }
}
