//! Reading the parameters of a request. Reading continues after an error, so that the response
//! lists every parameter that is malformed, out of range, missing, repeated or unknown.

use std::fmt::Display;
use std::sync::Arc;

use axum::http::HeaderMap;
use jiff::tz::TimeZone;

use crate::domain::Catalogue;
use crate::error::{Error, Refusal, Result};
use crate::http::request::urlencoded;
use crate::i18n::Message;
use crate::message;
use crate::usecase::City;

/// The location of a parameter in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the query string.
    Query,
    /// In the path.
    Path,
    /// In a header field.
    Header,
}

impl Location {
    /// Its name in OpenAPI (`in`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Path => "path",
            Self::Header => "header",
        }
    }
}

/// Limit of the parameters of a query string that are read.
pub const PARAMETERS_MAX: usize = 128;

/// Parameters that may be repeated: each of their values is then one item of a list.
const REPEATABLE: [&str; 1] = ["area"];

/// A text as an item of a comma-separated list: in quotes where it holds a comma.
fn as_list_item(text: &str) -> String {
    let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    match text.contains(',') && !is_quoted {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// What a parameter with an empty value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyValue {
    /// Refused: a filter that is left empty by mistake would select everything.
    Refused,
    /// Absent: clients of Open311 send the empty fields of their forms.
    Absent,
}

/// The refusal of a parameter that is empty.
pub fn empty_value(name: &str) -> Refusal {
    let message = message!(
        "est vide ; donnez une valeur ou omettez ce paramètre",
        "is empty; give a value or leave it out"
    );
    Refusal::new(name, "", message)
}

/// Name–value pairs of a request. Reading a parameter removes its pair; what remains is unknown.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// The pairs of a path.
    pub fn of_path(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The pairs of a body, each of another name.
    pub fn of_body(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The pairs of a query string. A parameter that is repeated is refused unless it is a list
    /// such as `area`, and so is one that is not UTF-8. Of a query string with more than
    /// [`PARAMETERS_MAX`] parameters, which no client of ours sends, the others are not read.
    pub fn of_query(query: &str, empty: EmptyValue, refused: &mut Vec<Refusal>) -> Self {
        let count = query.split('&').filter(|pair| !pair.is_empty()).count();
        if count > PARAMETERS_MAX {
            let message = message!(
                "paramètres, {PARAMETERS_MAX} au plus",
                "parameters, {PARAMETERS_MAX} at most"
            );
            refused.push(Refusal::new("query", count, message));
        }
        let query = match query.match_indices('&').nth(PARAMETERS_MAX) {
            Some((end, _)) => query.get(..end).unwrap_or_default(),
            None => query,
        };
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut repeated: Vec<String> = Vec::new();
        for (name, value) in urlencoded::pairs(query.as_bytes(), refused) {
            if value.is_empty() {
                if empty == EmptyValue::Refused {
                    refused.push(empty_value(&name));
                }
                continue;
            }
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                None => pairs.push((name, value)),
                Some((_, names)) if REPEATABLE.contains(&name.as_str()) => {
                    if !repeated.contains(&name) {
                        *names = as_list_item(names);
                        repeated.push(name);
                    }
                    names.push(',');
                    names.push_str(&as_list_item(&value));
                }
                Some(_) => {
                    let message = message!("est donné deux fois", "is given twice");
                    refused.push(Refusal::new(name, value, message));
                }
            }
        }
        Self(pairs)
    }

    /// Removes a pair and returns its value.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Refuses the remaining pairs, in addition to `refused`.
    ///
    /// # Errors
    /// All refusals together.
    pub fn finish(self, mut refused: Vec<Refusal>) -> Result<()> {
        refused.extend(self.0.iter().map(|(name, value)| unknown(name, value)));
        if refused.is_empty() { Ok(()) } else { Err(Error::refused(refused)) }
    }

    /// The value of a pair, which stays.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The values of all lines of a header field, joined by commas; `None` if there is none. Bytes that
/// are not UTF-8 are replaced by U+FFFD.
pub fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The refusal of an unknown parameter.
pub fn unknown(name: &str, value: &str) -> Refusal {
    Refusal::new(name, value, message!("n’est pas un paramètre connu", "is not a known parameter"))
}

/// Proof that a refusal was recorded: only readers can create it, and only when they record one.
#[derive(Debug, Clone, Copy)]
pub struct Refused(());

impl Refused {
    /// For readers that have just recorded a refusal.
    pub(super) fn new() -> Self {
        Self(())
    }
}

/// A parsed value, or the proof that its refusal was recorded.
pub type Read<T> = std::result::Result<T, Refused>;

/// Reads the parameters of one request, to one city or to the whole service.
pub struct ParameterReader<'a> {
    query: Pairs,
    path: Pairs,
    headers: &'a HeaderMap,
    city: Option<&'a City>,
    refused: Vec<Refusal>,
    failed: Option<Error>,
}

impl<'a> ParameterReader<'a> {
    /// A reader of these parameters. `refused` has the refusals from parsing the query string.
    pub fn new(
        (query, path): (Pairs, Pairs),
        headers: &'a HeaderMap,
        city: Option<&'a City>,
        refused: Vec<Refusal>,
    ) -> Self {
        Self { query, path, headers, city, refused, failed: None }
    }

    /// The city that the request is about; `None` for the whole service.
    pub fn city(&self) -> Option<&'a City> {
        self.city
    }

    /// The services of that city; none for the whole service.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.city.map(City::catalogue).unwrap_or_default()
    }

    /// The time zone of that city; UTC for the whole service.
    pub fn zone(&self) -> &'a TimeZone {
        const UTC: &TimeZone = &TimeZone::UTC;
        self.city.map_or(UTC, City::zone)
    }

    /// Removes a parameter and returns its text; of a header that of all its lines.
    pub fn take(&mut self, location: Location, name: &str) -> Option<String> {
        match location {
            Location::Query => self.query.take(name),
            Location::Path => self.path.take(name),
            Location::Header => joined(self.headers, name),
        }
    }

    /// Records the refusal of a value.
    pub fn refuse(&mut self, name: &str, value: impl Display, message: Message) -> Refused {
        self.refused.push(Refusal::new(name, value, message));
        Refused::new()
    }

    /// Records that a required parameter is absent.
    pub fn refuse_absence(&mut self, name: &str) -> Refused {
        self.refuse(name, "", message!("manque", "is missing"))
    }

    /// Records a refusal that another parser made.
    pub fn refuse_as(&mut self, refusal: Refusal) -> Refused {
        self.refused.push(refusal);
        Refused::new()
    }

    /// Fails the whole request with this error, which takes precedence over all refusals.
    pub fn fail(&mut self, error: Error) -> Refused {
        self.failed = self.failed.take().or(Some(error));
        Refused::new()
    }

    /// The text of a path parameter, which is not removed.
    pub fn path_text(&self, name: &str) -> &str {
        self.path.get(name).unwrap_or_default()
    }

    /// The text of a query parameter, which is not removed.
    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// Drops the remaining query parameters without refusing them.
    pub fn ignore_rest(&mut self) {
        self.query = Pairs::default();
    }

    /// Drops the remaining query parameters, and the refusals of parameters that are not `known`
    /// but for those that are not UTF-8: what they mean is not known.
    pub fn ignore_unknown(&mut self, known: impl Fn(&str) -> bool) {
        self.ignore_rest();
        let no_utf8 = urlencoded::not_utf8("", "").message;
        self.refused.retain(|refusal| known(&refusal.field) || refusal.message == no_utf8);
    }

    /// Removes and returns the remaining query parameters, for parameters whose names depend on the
    /// data. The caller must refuse those that are [`unknown`].
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.query).0
    }

    /// Refuses the remaining query parameters and returns the request.
    ///
    /// # Errors
    /// The error given to [`Self::fail`]; otherwise all refusals together.
    pub fn finish<R>(mut self, request: Read<R>) -> Result<R> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.refused.extend(self.query.0.iter().map(|(name, value)| unknown(name, value)));
        match request {
            Ok(request) if self.refused.is_empty() => Ok(request),
            _ => Err(Error::refused(self.refused)),
        }
    }
}
