//! What the places of a whole file show: where it lies, whether 0 is a coordinate there, and what
//! is wrong with all of its rows.

use crate::error::{Error, ErrorKind, Result};
use crate::ingest::mapping::row_draft::Mapping;
use crate::ingest::place::exchanged::{Surroundings, principal_city, surroundings};
use crate::ingest::place::negation::{Negation, missing_sign};
use crate::ingest::place::reader::{PairOrder, PlaceReader};
use crate::ingest::survey::rows::Survey;
use crate::message;
use crate::place::{Position, distance, mirrored};

/// Farthest that a city lies from the principal one of its time zone, in metres. Kashgar is 4,100
/// km from Shanghai.
const CITY_METERS: f64 = 5_000_000.0;
/// Fewest places that show where a file lies.
const FAR_MIN: usize = 3;

/// How near to 0 a coordinate of other places must be for a 0 to be one, in degrees.
const ZERO_DEGREES: f64 = 1.0;

impl Survey {
    /// The places that were found, pairs in the order that was decided.
    fn all_places(&self, places: &PlaceReader) -> Vec<Position> {
        let (order, negated) = (places.order, places.negated);
        let of_pair = |(first, second): &(f64, f64)| match order {
            PairOrder::LatLon => Position::new(*second, *first).ok(),
            PairOrder::LonLat => Position::new(*first, *second).ok(),
        };
        let pairs = self.pairs.iter().filter_map(of_pair);
        let all = self.places.iter().copied().chain(pairs).chain(self.projected.places());
        all.filter_map(|at| negated.map_or(Some(at), |negation| negation.of(at))).collect()
    }

    /// A coordinate of 0 beside another one is a place only where others are within a degree of it.
    pub fn decide_zeros(&self, mapping: &mut Mapping) {
        let Some(places) = mapping.places().map(|reader| self.all_places(reader)) else { return };
        let near = |of: fn(&Position) -> f64| {
            places.is_empty() || places.iter().any(|at| of(at).abs() < ZERO_DEGREES)
        };
        mapping.set_zeros([near(|at| at.lat()), near(|at| at.lon())]);
    }

    /// Where the city has no extent yet, the file's own places say where rows with exchanged
    /// latitude and longitude belong.
    ///
    /// # Errors
    /// About as many places are exchanged as are not, and the time zone does not decide; the places
    /// lie on another continent than the time zone.
    pub fn decide_surroundings(&self, mapping: &mut Mapping) -> Result<()> {
        let places = match mapping.places() {
            Some(reader) if reader.extent.is_none() && !mapping.declares_point_order() => {
                self.all_places(reader)
            }
            _ => return Ok(()),
        };
        let zone = mapping.zone_name().to_owned();
        let found = surroundings(&places, &zone);
        if !matches!(found, Surroundings::Exchanged(_)) && !mapping.declares_negation() {
            refuse_far(&places, &zone)?;
        }
        match found {
            Surroundings::Unknown => {}
            Surroundings::Usual(around) => mapping.set_surroundings(around),
            Surroundings::Exchanged(around) => {
                mapping.set_surroundings(around);
                mapping.tell(message!(
                    "latitude et longitude interverties : les lieux ne sont près du fuseau {zone} \
                     que dans l’autre ordre",
                    "latitude and longitude are exchanged: only the other way round do the places \
                     lie near the time zone {zone}"
                ));
            }
            Surroundings::Open { one, other } => {
                let message = message!(
                    "La latitude et la longitude sont interverties dans une partie des lignes \
                     ({one} et {other} des premiers lieux), et rien ne dit dans laquelle : \
                     « extent » dans le fichier de --mapping, ou « city add » avec --extent",
                    "Latitude and longitude are exchanged in some of the rows ({one} and {other} \
                     of the first places), and nothing says in which: 'extent' in the --mapping \
                     file, or 'city add' with --extent"
                );
                return Err(Error::new(ErrorKind::Invalid, message));
            }
        }
        Ok(())
    }

    /// The coordinates that lack a minus sign, unless somebody declared which do: all places lie
    /// far from the city, and their mirror image in it.
    pub fn missing_sign(&self, mapping: &Mapping) -> Option<Negation> {
        let reader = mapping.places().filter(|_| !mapping.declares_negation())?;
        missing_sign(&self.all_places(reader), reader.extent.as_ref(), mapping.zone_name())
    }

    /// Fails where a minus sign is missing.
    ///
    /// # Errors
    /// The coordinates that lack it, and what declares it.
    pub fn refuse_missing_sign(&self, mapping: &Mapping) -> Result<()> {
        let Some(negation) = self.missing_sign(mapping) else { return Ok(()) };
        let first = mapping.places().and_then(|reader| self.all_places(reader).first().copied());
        let (lat, lon) = first.map_or((0.0, 0.0), |at| (at.lat(), at.lon()));
        let (word, fr, en) = (negation.word(), negation.shown().fr, negation.shown().en);
        let message = message!(
            "Les lieux comme {lat}, {lon} (latitude, longitude) sont loin de la ville, et leur \
             image en miroir y est : il manque sans doute un signe moins devant {fr}. \
             --negate {word} l’ajoute, --negate none garde les lieux tels quels",
            "Places such as {lat}, {lon} (latitude, longitude) lie far from the city, and their \
             mirror image lies in it: a minus sign is probably missing before {en}. \
             --negate {word} adds it, --negate none keeps the places as they are"
        );
        Err(Error::new(ErrorKind::Invalid, message))
    }
}

impl Survey {
    /// Says that some of the places lie outside the city because a minus sign is missing.
    pub fn tell_mirrored(&self, mapping: &mut Mapping) {
        let Some(reader) = mapping.places().filter(|_| !mapping.declares_negation()) else {
            return;
        };
        let all = self.all_places(reader);
        let outside: Vec<Position> = match &reader.extent {
            Some(extent) => {
                let is_in = |negation: Negation, at: Position| {
                    negation.of(at).is_some_and(|at| extent.contains(at))
                };
                let is_mirrored = |at: &&Position| {
                    let images = [Negation::Lon, Negation::Lat, Negation::Both];
                    !extent.contains(**at) && images.into_iter().any(|one| is_in(one, **at))
                };
                all.iter().filter(is_mirrored).copied().collect()
            }
            None => {
                let found = mirrored(&all, principal_city(mapping.zone_name()));
                found.into_iter().filter_map(|number| all.get(number).copied()).collect()
            }
        };
        let Some(first) = outside.first() else { return };
        let (n, of, lat, lon) = (outside.len(), all.len(), first.lat(), first.lon());
        mapping.tell(message!(
            "{n} des {of} premiers lieux, comme {lat}, {lon} (latitude, longitude), sont hors de \
             la ville, et leur image en miroir y est : il leur manque sans doute un signe moins",
            "{n} of the first {of} places, such as {lat}, {lon} (latitude, longitude), lie outside \
             the city, and their mirror image lies in it: a minus sign is probably missing"
        ));
    }
}

/// Fails where most places, three of four, are far from the time zone.
fn refuse_far(places: &[Position], zone: &str) -> Result<()> {
    let Some(city) = principal_city(zone).filter(|_| places.len() >= FAR_MIN) else {
        return Ok(());
    };
    let mut by_distance: Vec<(f64, Position)> =
        places.iter().map(|at| (distance(*at, city).0, *at)).collect();
    by_distance.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A part of them may have its coordinates exchanged.
    let Some(&(metres, at)) = by_distance.get(by_distance.len() / 4) else { return Ok(()) };
    if metres <= CITY_METERS {
        return Ok(());
    }
    let (km, lat, lon) = ((metres / 1_000.0).round(), at.lat(), at.lon());
    let message = message!(
        "Les lieux comme {lat}, {lon} (latitude, longitude) sont à {km} km de la ville principale \
         du fuseau {zone} : les coordonnées ou le fuseau sont faux. « extent » dans le fichier de \
         --mapping, ou « city add » avec --extent, dit que la ville est là",
        "Places such as {lat}, {lon} (latitude, longitude) lie {km} km from the principal city of \
         the time zone {zone}: the coordinates or the zone are wrong. 'extent' in the --mapping \
         file, or 'city add' with --extent, says that the city lies there"
    );
    Err(Error::new(ErrorKind::Invalid, message))
}
