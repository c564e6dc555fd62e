//! The place of a row, from whichever of its columns can be read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::error::Refusal;
use crate::ingest::numbers::{east_west, grouped, grouped_by_dots, is_exact};
use crate::ingest::place::markers::is_marker;
use crate::ingest::place::negation::Negation;
use crate::ingest::place::os_grid::{BRITISH_GRID, os_grid};
use crate::ingest::place::parted_degrees::column_degrees;
use crate::ingest::place::text::{PlaceText, is_geometry, place_text, text_around_place};
use crate::ingest::place::words::{decimals, is_address, is_no_place};
use crate::ingest::reference_system::projection::Projection;
use crate::message;
use crate::place::{BBox, Position};

/// The order of the two numbers of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairOrder {
    /// `46.81, -71.21`.
    LatLon,
    /// `-71.21, 46.81`.
    LonLat,
}

impl PairOrder {
    /// Its word in profiles.
    pub fn word(self) -> &'static str {
        match self {
            Self::LatLon => "lat,lon",
            Self::LonLat => "lon,lat",
        }
    }

    /// The order of this word, blanks left out.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.replace(' ', "");
        [Self::LatLon, Self::LonLat].into_iter().find(|order| order.word() == word)
    }
}

/// What all pairs of a file say about their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairVotes {
    /// Pairs that only one order puts on the Earth and into the extent: `lat,lon`, `lon,lat`.
    only: [u64; 2],
    /// Pairs that fit both orders.
    either: u64,
}

impl PairVotes {
    /// Counts a pair; `extent` is where the file's places lie, if that is known.
    pub fn add(&mut self, first: f64, second: f64, extent: Option<&BBox>) {
        let fits = |lon: f64, lat: f64| {
            Position::new(lon, lat).is_ok_and(|at| extent.is_none_or(|extent| extent.contains(at)))
        };
        match (fits(second, first), fits(first, second)) {
            (true, false) => self.only[0] += 1,
            (false, true) => self.only[1] += 1,
            (true, true) => self.either += 1,
            (false, false) => {}
        }
    }

    /// The order of the majority; `None` where no pair says it.
    pub fn found(&self) -> Option<PairOrder> {
        match self.only {
            [a, b] if a > b => Some(PairOrder::LatLon),
            [a, b] if b > a => Some(PairOrder::LonLat),
            _ => None,
        }
    }
}

/// The fields of which a row has its place.
pub const PLACE_FIELDS: [&str; 5] = ["lon", "lat", "point", "x", "y"];

/// The texts of a row's place columns, each list in the order in which the profile declares them.
#[derive(Default)]
pub struct PlaceCells<'a> {
    /// Longitudes.
    pub lon: Vec<&'a str>,
    /// Latitudes.
    pub lat: Vec<&'a str>,
    /// Places as one text.
    pub point: Vec<&'a str>,
    /// Places as one text that may have an address around them, or be an address alone.
    pub addressed: Vec<&'a str>,
    /// First projected coordinates.
    pub x: Vec<&'a str>,
    /// Second projected coordinates.
    pub y: Vec<&'a str>,
}

/// Reads places in the way of one file.
pub struct PlaceReader {
    /// Projection of the columns `x` and `y`, and of pairs too large to be degrees.
    pub projection: Option<Projection>,
    /// Where the reports usually lie, with a margin.
    pub extent: Option<BBox>,
    /// Exchange longitude and latitude where they are evidently exchanged.
    pub fix_swapped: bool,
    /// Places whose longitude and latitude were exchanged.
    pub exchanged: Cell<u64>,
    /// Places that were written beside an address.
    pub at_addresses: Cell<u64>,
    /// May a latitude of 0 beside another longitude be one, and a longitude of 0 beside another
    /// latitude? Only where other places of the file are near it, or nothing is known of them.
    pub zeros: [bool; 2],
    /// Order of pairs.
    pub order: PairOrder,
    /// `O` after degrees is the east: Ost, Oost.
    pub o_is_east: bool,
    /// `x` and `y` are longitude and latitude in degrees.
    pub xy_are_degrees: bool,
    /// In `x` and `y`, points that may be are those between groups of digits.
    pub has_dots_in_groups: bool,
    /// Degrees whose sign is changed, as somebody declared.
    pub negated: Option<Negation>,
    /// Projections that single texts name, by EPSG code.
    named: RefCell<HashMap<u32, Option<Projection>>>,
}

/// A place, or that there is none.
type Found = Result<Option<(f64, f64)>, Refusal>;

impl PlaceReader {
    /// A reader without a projection and an extent.
    pub fn new(order: PairOrder) -> Self {
        Self {
            projection: None,
            extent: None,
            fix_swapped: false,
            exchanged: Cell::new(0),
            at_addresses: Cell::new(0),
            zeros: [true; 2],
            order,
            o_is_east: false,
            xy_are_degrees: false,
            has_dots_in_groups: false,
            negated: None,
            named: RefCell::default(),
        }
    }

    /// Longitude and latitude of a row: from their own columns, else from the first text that can
    /// be read, else from projected coordinates. 0/0 is no place, nor is a word such as `N/A`.
    ///
    /// # Errors
    /// The first text that could not be read, where no other column gives a place.
    pub fn place(&self, cells: &PlaceCells<'_>) -> Found {
        let mut fault = None;
        let mut keep = |found: Found| {
            found.unwrap_or_else(|refusal| {
                fault.get_or_insert(refusal);
                None
            })
        };
        let place = keep(self.degrees(cells))
            .or_else(|| cells.point.iter().find_map(|text| keep(self.point(text))))
            .or_else(|| cells.addressed.iter().find_map(|text| keep(self.addressed(text))))
            .or_else(|| keep(self.projected(cells)));
        match (place, fault) {
            (Some(place), _) => self.unswapped(place).map(Some),
            (None, Some(fault)) => Err(fault),
            (None, None) => Ok(None),
        }
    }

    /// The longitude that a text gives, which was read with `O` as west.
    fn side(&self, text: &str, lon: f64) -> f64 {
        if self.o_is_east && east_west(text) == Some('O') { -lon } else { lon }
    }

    fn degrees(&self, cells: &PlaceCells<'_>) -> Found {
        let lat = number("lat", &cells.lat, column_degrees)?;
        let east = |text: &str| column_degrees(text).map(|lon| self.side(text, lon));
        let lon = number("lon", &cells.lon, east)?;
        let missing = |field| Err(Refusal::new(field, "", message!("manque", "is missing")));
        match (lon, lat) {
            (Some(lon), Some(lat)) => Ok(self.somewhere(lon, lat)),
            (None, None) => Ok(None),
            // A zero beside nothing is the zero of a missing pair.
            (Some(0.0), None) | (None, Some(0.0)) => Ok(None),
            (Some(_), None) => missing("lat"),
            (None, Some(_)) => missing("lon"),
        }
    }

    fn point(&self, text: &str) -> Found {
        if is_no_place(text) || text.trim() == "0" {
            return Ok(None);
        }
        let unreadable = || {
            let message = message!(
                "n’est pas un lieu lisible : « 46.81, -71.21 », POINT (-71.21 46.81) ou GeoJSON",
                "cannot be read as a place: '46.81, -71.21', POINT (-71.21 46.81) or GeoJSON"
            );
            Refusal::new("point", text, message)
        };
        let grid = || {
            let (x, y) = os_grid(text)?;
            Some(PlaceText::Projected { epsg: BRITISH_GRID, x, y })
        };
        match place_text(text).or_else(grid).ok_or_else(unreadable)? {
            PlaceText::Nothing => Ok(None),
            PlaceText::LonLat(lon, lat) => Ok(self.somewhere(self.side(text, lon), lat)),
            PlaceText::Pair(first, second) if first.abs().max(second.abs()) > 360.0 => {
                let projection = self.projection.as_ref().ok_or_else(unreadable)?;
                in_projection(projection, first, second)
            }
            PlaceText::Pair(first, second) => Ok(match self.order {
                PairOrder::LatLon => self.somewhere(second, first),
                PairOrder::LonLat => self.somewhere(first, second),
            }),
            PlaceText::Projected { epsg, x, y } => {
                let mut named = self.named.borrow_mut();
                let made = named
                    .entry(epsg)
                    .or_insert_with(|| Projection::new(&format!("EPSG:{epsg}")).ok());
                in_projection(made.as_ref().ok_or_else(unreadable)?, x, y)
            }
        }
    }

    /// The place of a text beside its address. An address alone is no place.
    fn addressed(&self, text: &str) -> Found {
        if is_address_alone(text) {
            return Ok(None);
        }
        let found = self.point(text)?;
        let is_beside = found.is_some() && text_around_place(text).is_some();
        self.at_addresses.set(self.at_addresses.get() + u64::from(is_beside));
        Ok(found)
    }

    /// A place unless it is 0/0 or the marker of an unknown place, or has one 0 that is far from
    /// the city.
    fn somewhere(&self, lon: f64, lat: f64) -> Option<(f64, f64)> {
        if is_marker(lon, lat) {
            return None;
        }
        let (lon, lat) = self.negated.map_or((lon, lat), |negation| negation.apply(lon, lat));
        let may_be = match (lon == 0.0, lat == 0.0) {
            (false, false) => true,
            (true, true) => false,
            (_, is_lat) => {
                let at = Position::new(lon, lat).ok();
                let inside = self.extent.zip(at).map(|(extent, at)| extent.contains(at));
                let [of_lat, of_lon] = self.zeros;
                inside.unwrap_or(if is_lat { of_lat } else { of_lon })
            }
        };
        may_be.then_some((lon, lat))
    }

    fn projected(&self, cells: &PlaceCells<'_>) -> Found {
        let read = if self.has_dots_in_groups { grouped_by_dots } else { grouped };
        let x = number("x", &cells.x, read)?;
        let y = number("y", &cells.y, read)?;
        match (x, y, &self.projection) {
            (Some(x), Some(y), None) if self.xy_are_degrees => Ok(self.somewhere(x, y)),
            (Some(x), Some(y), Some(projection)) => in_projection(projection, x, y),
            _ => Ok(None),
        }
    }

    /// Notices a latitude in the place of the longitude: as given the point is not on the Earth or
    /// far from the city, the other way round it is right.
    fn unswapped(&self, (lon, lat): (f64, f64)) -> Result<(f64, f64), Refusal> {
        let fits = |lon: f64, lat: f64| {
            Position::new(lon, lat)
                .is_ok_and(|at| self.extent.as_ref().is_none_or(|extent| extent.contains(at)))
        };
        if fits(lon, lat) || !fits(lat, lon) {
            return Ok((lon, lat));
        }
        if self.fix_swapped {
            self.exchanged.set(self.exchanged.get() + 1);
            return Ok((lat, lon));
        }
        let message = message!(
            "latitude et longitude semblent interverties ; voir --fix-swapped",
            "latitude and longitude look swapped; see --fix-swapped"
        );
        Err(Refusal::new("lon, lat", format!("{lon}, {lat}"), message))
    }
}

/// Is the text an address without a place? In a column of both that is any text without
/// coordinates, also `M5` and `12`.
pub fn is_address_alone(text: &str) -> bool {
    let may_be = || {
        let is_written = is_geometry(text) || text.starts_with(['{', '[']) || text.contains("://");
        !is_written && !is_no_place(text) && text.trim() != "0" && decimals(text) == 0
    };
    (place_text(text).is_none() || !is_exact(text)) && (is_address(text) || may_be())
}

/// The first of a field's texts that is a number; `None` where all say that there is none.
fn number(
    field: &str,
    texts: &[&str],
    read: impl Fn(&str) -> Option<f64>,
) -> Result<Option<f64>, Refusal> {
    let mut fault = None;
    for text in texts.iter().filter(|text| !is_no_place(text)) {
        match read(text) {
            Some(number) => return Ok(Some(number)),
            None => {
                let message = message!("n’est pas un nombre", "is not a number");
                fault.get_or_insert_with(|| Refusal::new(field, *text, message));
            }
        }
    }
    fault.map_or(Ok(None), Err)
}

fn in_projection(projection: &Projection, x: f64, y: f64) -> Found {
    if (x, y) == (0.0, 0.0) {
        return Ok(None);
    }
    projection.lon_lat(x, y).map(Some).ok_or_else(|| {
        let message = message!("n’est pas dans la projection", "is not in the projection");
        Refusal::new("x, y", format!("{x}, {y}"), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> PlaceReader {
        PlaceReader::new(PairOrder::LatLon)
    }

    #[test]
    fn every_declared_column_is_tried_in_turn() {
        let near = |found: Found| {
            let (lon, lat) = found.unwrap().unwrap();
            assert!((lon + 71.21).abs() < 1e-6 && (lat - 46.81).abs() < 1e-6, "{lon} {lat}");
        };
        let cells = |lon, lat, point: &[&'static str]| PlaceCells {
            lon: vec![lon],
            lat: vec![lat],
            point: point.to_vec(),
            ..PlaceCells::default()
        };
        near(reader().place(&cells("-71,21", "46,81", &[])));
        near(reader().place(&cells("71°12'36\"W", "46°48'36\"N", &[])));
        near(reader().place(&cells("#N/A", "-", &["over there", "(46.81, -71.21)"])));
        near(reader().place(&cells("0", "0", &["POINT (-71.21 46.81)"])));
        near(reader().place(&cells("x", "46.81", &["{'lon': -71.21, 'lat': 46.81}"])));
        near(reader().place(&cells("-71.21", "", &["46.81, -71.21"])));
        assert_eq!(reader().place(&cells("n/a", "NULL", &["-", "0"])), Ok(None));
        assert_eq!(reader().place(&cells("0", "0.0", &["POINT (0 0)"])), Ok(None));
        let refused = reader().place(&cells("", "", &["over there"])).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.value.as_str()), ("point", "over there"));
        assert!(refused.message.en.contains("cannot be read as a place"));
        assert_eq!(reader().place(&cells("-71.21", "", &[])).unwrap_err().field, "lat");
    }

    #[test]
    fn addresses_beside_places_and_alone() {
        let reader = reader();
        let at = |text: &'static str| {
            reader.place(&PlaceCells { addressed: vec![text], ..PlaceCells::default() })
        };
        assert_eq!(at("12 rue X\nQuébec\n(46.81, -71.21)"), Ok(Some((-71.21, 46.81))));
        assert_eq!(at("(46.81, -71.21)"), Ok(Some((-71.21, 46.81))));
        assert_eq!(at("12 rue X\nQuébec"), Ok(None));
        assert_eq!(at("unknown"), Ok(None));
        assert_eq!(at("POLYGON ((0 0, 1 1, 1 0))").unwrap_err().field, "point");
        assert_eq!(reader.at_addresses.get(), 1);
    }

    #[test]
    fn one_coordinate_of_zero_is_a_place_near_the_city_alone() {
        let at = |reader: &PlaceReader, lon, lat| {
            let place = PlaceCells { lon: vec![lon], lat: vec![lat], ..PlaceCells::default() };
            reader.place(&place).unwrap()
        };
        let mut reader = reader();
        reader.extent = Some(BBox::new(-71.6, 46.7, -71.1, 47.0).unwrap());
        assert_eq!(at(&reader, "-71.2", "0"), None);
        assert_eq!(at(&reader, "0.0", "46.8"), None);
        reader.extent = Some(BBox::new(-0.5, 51.3, 0.3, 51.7).unwrap());
        assert_eq!(at(&reader, "0", "51.5"), Some((0.0, 51.5)));
        reader.extent = None;
        reader.zeros = [false, true];
        assert_eq!(at(&reader, "-71.2", "0"), None);
        assert_eq!(at(&reader, "0", "51.5"), Some((0.0, 51.5)));
    }

    #[test]
    fn texts_may_name_their_own_system() {
        let point = vec!["SRID=3857;POINT(-7926000 5910000)"];
        let (lon, lat) =
            reader().place(&PlaceCells { point, ..PlaceCells::default() }).unwrap().unwrap();
        assert!((lon + 71.2005).abs() < 1e-3 && (lat - 46.8031).abs() < 1e-3, "{lon} {lat}");
    }

    #[test]
    fn all_pairs_decide_their_order() {
        let found = |pairs: &[(f64, f64)], extent: Option<&BBox>| {
            let mut votes = PairVotes::default();
            pairs.iter().for_each(|(a, b)| votes.add(*a, *b, extent));
            votes.found()
        };
        let quebec = BBox::new(-71.6, 46.7, -71.1, 47.0).unwrap();
        assert_eq!(found(&[(46.81, -71.21)], None), None);
        assert_eq!(found(&[(46.81, -71.21)], Some(&quebec)), Some(PairOrder::LatLon));
        assert_eq!(found(&[(-71.21, 46.81)], Some(&quebec)), Some(PairOrder::LonLat));
        assert_eq!(found(&[(37.8, -89.0), (37.7, -122.4)], None), Some(PairOrder::LatLon));
        assert_eq!(found(&[(-122.4, 37.7), (-80.0, 37.7)], None), Some(PairOrder::LonLat));
    }
}
