//! Reading the parameters of a request. What is wrong does not stop the reading: every value that
//! is malformed, out of range, missing, given twice or not known is refused by name, all at once.

use std::fmt::Display;

use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::message;
use crate::usecase::City;

/// Where a parameter stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the query string.
    Query,
    /// In the path.
    Path,
}

impl Location {
    /// The word for it in OpenAPI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Path => "path",
        }
    }
}

/// Name and value pairs of one request, taken one by one.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// The pairs of a path.
    pub fn of_path(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The pairs of a query string. A parameter with an empty value counts as absent; one that is
    /// given twice is refused.
    pub fn of_query(query: &str, refused: &mut Vec<Refusal>) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            if pairs.iter().any(|(known, _)| *known == name) {
                let message = message!("est donné deux fois", "is given twice");
                refused.push(Refusal::new(name, value, message));
            } else {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Self(pairs)
    }

    /// Removes a pair and gives its value.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Refuses what is left, after `refused`.
    ///
    /// # Errors
    /// All refusals together.
    pub fn finish(self, mut refused: Vec<Refusal>) -> Result<()> {
        refused.extend(self.0.iter().map(|(name, value)| unknown(name, value)));
        if refused.is_empty() { Ok(()) } else { Err(Error::refused(refused)) }
    }

    /// The value of a pair.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The refusal of a parameter that no operation of this path declares.
pub fn unknown(name: &str, value: &str) -> Refusal {
    Refusal::new(name, value, message!("n’est pas un paramètre connu", "is not a known parameter"))
}

/// Proof that something was refused: only readers make it, where they refuse.
#[derive(Debug, Clone, Copy)]
pub struct Refused(());

impl Refused {
    /// For readers alone, which have refused something.
    pub(super) fn new() -> Self {
        Self(())
    }
}

/// A value that was read, or the proof that it was refused.
pub type Read<T> = std::result::Result<T, Refused>;

/// Reads the parameters of one request to one city.
pub struct Reader<'a> {
    query: Pairs,
    path: Pairs,
    city: &'a City,
    refused: Vec<Refusal>,
    failed: Option<Error>,
}

impl<'a> Reader<'a> {
    /// A reader of these pairs. `refused` is what was refused while they were parsed.
    pub fn new(query: Pairs, path: Pairs, city: &'a City, refused: Vec<Refusal>) -> Self {
        Self { query, path, city, refused, failed: None }
    }

    /// The city that the request is about.
    pub fn city(&self) -> &'a City {
        self.city
    }

    /// Removes a parameter and gives its text.
    pub fn take(&mut self, location: Location, name: &str) -> Option<String> {
        match location {
            Location::Query => self.query.take(name),
            Location::Path => self.path.take(name),
        }
    }

    /// Refuses a value.
    pub fn refuse(&mut self, name: &str, value: impl Display, message: Message) -> Refused {
        self.refused.push(Refusal::new(name, value, message));
        Refused::new()
    }

    /// Refuses the absence of a parameter.
    pub fn refuse_absence(&mut self, name: &str) -> Refused {
        self.refuse(name, "", message!("manque", "is missing"))
    }

    /// Refuses what a reader of another kind refused.
    pub fn refuse_as(&mut self, refusal: Refusal) -> Refused {
        self.refused.push(refusal);
        Refused::new()
    }

    /// Gives the request up: it is answered with this error, whatever else is wrong.
    pub fn fail(&mut self, error: Error) -> Refused {
        self.failed = self.failed.take().or(Some(error));
        Refused::new()
    }

    /// Text of a parameter of the path, which stays to be taken.
    pub fn path_text(&self, name: &str) -> &str {
        self.path.get(name).unwrap_or_default()
    }

    /// Text of a parameter of the query string, which stays to be taken.
    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// Removes everything that is left in the query string, unread.
    pub fn ignore_rest(&mut self) {
        self.query = Pairs::default();
    }

    /// Takes all that is left in the query string: for parameters whose names depend on data that
    /// is not at hand yet. Whoever takes them must refuse those that are [`unknown`].
    pub fn take_rest(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.query).0
    }

    /// Ends the reading of a request: refuses what is left in the query string.
    ///
    /// # Errors
    /// What the request was given up for; else all refusals together.
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
