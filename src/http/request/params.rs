//! Query parameters, taken one by one: whatever is malformed, out of range, given twice or left
//! over is refused by name.

use std::fmt::Display;
use std::str::FromStr;

use crate::config::Limits;
use crate::domain::{Channel, Filter, Nature, ReportTime, ServiceCode, Status, end_of_day};
use crate::error::{Error, Refusal, Result};
use crate::http::openapi::declares;
use crate::i18n::Message;
use crate::message;
use crate::place::{BBox, Position};
use crate::query::Cursor;
use crate::usecase::City;

/// The parameters of a request.
pub struct Params {
    pairs: Vec<(String, String)>,
    refused: Vec<Refusal>,
    /// Method and route asked for: what is taken must be declared (see `openapi`).
    route: Option<(String, String)>,
}

impl Params {
    /// Reads a query string. An empty value is an absent one.
    pub fn parse(query: &str) -> Self {
        let mut params = Self { pairs: Vec::new(), refused: Vec::new(), route: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            if params.pairs.iter().any(|(known, _)| *known == name) {
                let message = message!("est donné deux fois", "is given twice");
                params.refused.push(Refusal::new(name, value, message));
            } else {
                params.pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        params
    }

    /// Says which method and route are asked for.
    pub fn at(&mut self, method: &str, route: &str) {
        self.route = Some((method.to_ascii_lowercase(), route.to_owned()));
    }

    /// Takes a parameter.
    pub fn take(&mut self, name: &str) -> Option<String> {
        debug_assert!(
            self.route.as_ref().is_none_or(|(method, route)| declares(method, route, name)),
            "{:?} takes '{name}', which its operation does not declare",
            self.route
        );
        self.property(name)
    }

    /// Takes a parameter that is named by the data asked about, not by its operation.
    pub fn property(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.swap_remove(at).1)
    }

    /// Is this parameter given?
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// Gives a parameter another value, before it is taken.
    pub fn put(&mut self, name: &str, value: String) {
        self.pairs.push((name.to_owned(), value));
    }

    /// Passes over whatever has not been taken.
    pub fn pass_over(&mut self) {
        self.pairs.clear();
    }

    /// Refuses a value.
    pub fn refuse(&mut self, name: &str, value: impl Display, message: Message) {
        self.refused.push(Refusal::new(name, value, message));
    }

    /// Refuses what is left over, and everything refused before.
    ///
    /// # Errors
    /// All refusals together.
    pub fn finish(mut self) -> Result<()> {
        for (name, value) in std::mem::take(&mut self.pairs) {
            self.refuse(
                &name,
                value,
                message!("n’est pas un paramètre connu", "is not a known parameter"),
            );
        }
        if self.refused.is_empty() { Ok(()) } else { Err(Error::refused(self.refused)) }
    }

    /// A number in a range, both ends included.
    pub fn number<T>(&mut self, name: &str, min: T, max: T) -> Option<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let text = self.take(name)?;
        match text.parse::<T>() {
            Ok(value) if min <= value && value <= max => Some(value),
            _ => {
                let message = message!(
                    "doit être un nombre entre {min} et {max}",
                    "must be a number between {min} and {max}"
                );
                self.refuse(name, text, message);
                None
            }
        }
    }

    /// Refuses the absence of what is required, unless its value was refused already.
    pub fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.refused.iter().any(|refusal| refusal.field == name) {
            self.refuse(name, "", message!("manque", "is missing"));
        }
        value
    }

    /// `lon` and `lat`, both required.
    pub fn position(&mut self) -> Option<Position> {
        let lon = self.number("lon", -180.0, 180.0);
        let lon = self.required("lon", lon);
        let lat = self.number("lat", -90.0, 90.0);
        let lat = self.required("lat", lat);
        Position::new(lon?, lat?).ok()
    }

    /// A required length in metres, above zero and no longer than `max`.
    pub fn meters(&mut self, name: &str, max: f64) -> Option<f64> {
        let value = self.number(name, 0.0, max);
        self.required(name, value)
    }

    /// An optional length in metres.
    pub fn meters_or(&mut self, name: &str, max: f64) -> f64 {
        self.number(name, 0.0, max).unwrap_or(max)
    }

    /// A whole number with a default.
    pub fn count(&mut self, name: &str, default: usize, max: usize) -> usize {
        self.number(name, 1, max).unwrap_or(default)
    }

    /// `limit`.
    pub fn limit(&mut self, limits: &Limits) -> usize {
        self.count("limit", limits.rows_default, limits.rows_max)
    }

    /// `zoom`, required.
    pub fn zoom(&mut self, max: u8) -> Option<u8> {
        let zoom = self.number("zoom", 0, max);
        self.required("zoom", zoom)
    }

    /// `bbox`: west,south,east,north in degrees; west above east crosses the antimeridian.
    pub fn bbox(&mut self) -> Option<BBox> {
        let text = self.take("bbox")?;
        let edges: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let message = match edges.as_deref() {
            Some([west, south, east, north]) => match BBox::new(*west, *south, *east, *north) {
                Ok(bbox) if bbox.is_upright() => return Some(bbox),
                Ok(_) => {
                    message!("le sud est au nord du nord", "its south lies north of its north")
                }
                Err(out) => {
                    let (axis, value, limit) = (out.axis, out.value, out.limit);
                    message!(
                        "{axis} {value} n’est pas entre -{limit} et {limit}",
                        "{axis} {value} is not between -{limit} and {limit}"
                    )
                }
            },
            _ => message!(
                "doit être ouest,sud,est,nord en degrés",
                "must be west,south,east,north in degrees"
            ),
        };
        self.refuse("bbox", text, message);
        None
    }

    /// `bbox`, required.
    pub fn bbox_required(&mut self) -> Option<BBox> {
        let bbox = self.bbox();
        self.required("bbox", bbox)
    }

    /// One of a few words.
    pub fn word<T>(
        &mut self,
        name: &str,
        known: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.take(name)?;
        let value = parse(&text);
        if value.is_none() {
            let message = message!("n’est pas l’un de {known}", "is not one of {known}");
            self.refuse(name, text, message);
        }
        value
    }

    fn list<T>(
        &mut self,
        name: &str,
        known: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let text = self.take(name)?;
        let mut list = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match parse(word) {
                Some(value) => list.push(value),
                None => {
                    let message = message!("n’est pas l’un de {known}", "is not one of {known}");
                    self.refuse(name, word, message);
                }
            }
        }
        Some(list)
    }

    /// `true` or `false`, which is taken where nothing is given.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.take(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                let other = other.to_owned();
                self.refuse(
                    name,
                    other,
                    message!("doit être true ou false", "must be true or false"),
                );
                false
            }
        }
    }

    /// The filter that every question takes, without `bbox`.
    pub fn filter(&mut self, city: &City) -> Filter {
        let services = self.services(city);
        let day_end = |when: ReportTime| match when.day_only() {
            Some(_) => end_of_day(when.second(), city.zone()),
            None => when.second() + 1,
        };
        let from = self.time("from", city).map(|when| when.second());
        let before = self.time("to", city).map(day_end);
        if let (Some(from), Some(before)) = (from, before)
            && from >= before
        {
            self.refuse("to", "", message!("est avant « from »", "is before 'from'"));
        }
        Filter {
            services,
            statuses: self.list("status", &Status::spellings(), Status::parse),
            natures: self.list("nature", &Nature::spellings(), Nature::parse),
            channels: self.list("channel", &Channel::spellings(), Channel::parse),
            areas: self.list("area", "", |area| Some(area.to_owned())),
            from,
            before,
            bbox: None,
            approximate: self.flag("approximate"),
            incidents: self.counts_incidents().unwrap_or(false),
        }
    }

    /// `count`: `reports` or `incidents`.
    pub fn counts_incidents(&mut self) -> Option<bool> {
        let known =
            |word: &str| ["reports", "incidents"].contains(&word).then(|| word == "incidents");
        self.word("count", "reports, incidents", known)
    }

    /// `service`: codes and groups, mixed.
    pub fn services(&mut self, city: &City) -> Option<Vec<ServiceCode>> {
        let catalogue = city.catalogue();
        let found = self.list("service", "/api/v1/services", |word| {
            if let Some(service) = catalogue.get(word) {
                return Some(vec![service.code.clone()]);
            }
            let is_group = catalogue.groups().iter().any(|group| group.code == word);
            is_group.then(|| catalogue.in_group(word))
        });
        found.map(|lists| lists.concat())
    }

    /// A day or moment, by the city's clock where it names no zone.
    pub fn time(&mut self, name: &str, city: &City) -> Option<ReportTime> {
        let text = self.take(name)?;
        match ReportTime::parse(&text, city.zone()) {
            Ok(when) => Some(when),
            Err(message) => {
                self.refuse(name, text, message);
                None
            }
        }
    }

    /// `cursor`: where the page before ended, as that page told it.
    pub fn cursor<N: FromStr>(&mut self) -> Option<Cursor<N>> {
        let text = self.take("cursor")?;
        let read = text
            .split_once('~')
            .and_then(|(key, id)| Some(Cursor { key: key.parse().ok()?, id: id.to_owned() }));
        if read.is_none() {
            let message =
                message!("n’est pas un curseur de ce service", "is not a cursor of this service");
            self.refuse("cursor", text, message);
        }
        read
    }
}

/// The cursor behind an answer.
pub fn cursor_after(key: impl Display, id: &str) -> String {
    format!("{key}~{id}")
}
