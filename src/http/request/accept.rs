//! `Accept`, and the grammar that it shares with `Accept-Language`: a list of choices with weights
//! (RFC 9110, sections 12.4.2 and 12.5).

use axum::http::{HeaderMap, header};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::request::reader::joined;
use crate::message;

/// An element of a list with weights.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedItem<'a> {
    /// What is chosen: a media range or a language range.
    pub name: &'a str,
    /// Its parameters besides the weight.
    parameters: Vec<(&'a str, &'a str)>,
    /// Its weight, from 0 (not acceptable) to 1.
    pub weight: f32,
}

/// The parts of a text between separators that are outside of quotes, without the white space
/// around them.
fn split_unquoted(text: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if byte == separator && !is_quoted => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

/// A weight: 0 to 1 with at most three decimals.
fn weight(text: &str) -> Option<f32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_weight = ["0", "1"].contains(&whole)
        && decimals.len() <= 3
        && decimals.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|weight| is_weight && *weight <= 1.0)
}

/// The elements of a list with their weights, in its order. An element whose weight is malformed is
/// left out; one without a weight has the weight 1.
pub fn weighted(list: &str) -> Vec<WeightedItem<'_>> {
    let item = |text| {
        let mut parts = split_unquoted(text, b';').into_iter();
        let name = parts.next().filter(|name| !name.is_empty())?;
        let mut item = WeightedItem { name, parameters: Vec::new(), weight: 1.0 };
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let (key, value) = (key.trim(), value.trim());
            match key.eq_ignore_ascii_case("q") {
                true => item.weight = weight(value)?,
                false => item.parameters.push((key, value.trim_matches('"'))),
            }
        }
        Some(item)
    };
    split_unquoted(list, b',').into_iter().filter_map(item).collect()
}

impl WeightedItem<'_> {
    /// How exactly this media range names a media type: 0 for `*/*`, 1 for `text/*`, 2 and more for
    /// the type itself and each of its parameters. `None` where it does not match.
    fn specificity(&self, media_type: &str) -> Option<usize> {
        let mut parts = media_type.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let own: Vec<&str> = parts.collect();
        let has = |(key, value): &(&str, &str)| {
            own.iter().any(|one| one.eq_ignore_ascii_case(&format!("{key}={value}")))
        };
        if !self.parameters.iter().all(has) {
            return None;
        }
        let (kind, _) = name.split_once('/').unwrap_or((name, ""));
        match self.name.split_once('/')? {
            ("*", "*") => Some(0),
            (range, "*") if range.eq_ignore_ascii_case(kind) => Some(1),
            _ if self.name.eq_ignore_ascii_case(name) => Some(2 + self.parameters.len()),
            _ => None,
        }
    }
}

/// How much a media type is wanted: its weight, how exactly the range names it that decides, and
/// the place of that range in the list, counted backwards. The most exact range decides.
fn quality(ranges: &[WeightedItem<'_>], media_type: &str) -> Option<(f32, usize, usize)> {
    let of = |(at, range): (usize, &WeightedItem<'_>)| {
        Some((range.specificity(media_type)?, ranges.len() - at, range.weight))
    };
    let best = ranges.iter().enumerate().filter_map(of).max_by_key(|(exact, at, _)| (*exact, *at));
    best.map(|(exact, at, weight)| (weight, exact, at))
}

/// The number of the representation that `Accept` prefers. Each representation is offered under its
/// media type, the first of its list, and under further names by which clients ask for it; these
/// count where `Accept` does not name the media type itself. Without `Accept` it is the first.
fn preferred(accept: Option<&str>, offers: &[&[&str]]) -> Option<usize> {
    let Some(accept) = accept.filter(|list| !list.trim().is_empty()) else { return Some(0) };
    let ranges = weighted(accept);
    let mut best: Option<((f32, usize, usize), usize)> = None;
    for (n, names) in offers.iter().enumerate() {
        let own = names.first().and_then(|name| quality(&ranges, name));
        let is_named = own.is_some_and(|(_, exact, _)| exact >= 2);
        let others = names.iter().skip(1).filter(|_| !is_named);
        let all = others.filter_map(|name| quality(&ranges, name)).chain(own);
        let Some(most) = all.reduce(|a, b| if b > a { b } else { a }) else { continue };
        if most.0 > 0.0 && best.is_none_or(|(known, _)| most > known) {
            best = Some((most, n));
        }
    }
    best.map(|(_, n)| n)
}

/// The number of the representation that a request prefers by its `Accept`; see `preferred`.
///
/// # Errors
/// Not acceptable: the request accepts none of them. The message lists their media types.
pub fn chosen(headers: &HeaderMap, offers: &[&[&str]]) -> Result<usize> {
    let accept = joined(headers, header::ACCEPT.as_str());
    preferred(accept.as_deref(), offers).ok_or_else(|| {
        let list: Vec<&str> = offers.iter().filter_map(|names| names.first().copied()).collect();
        let list = list.join(", ");
        let message = message!(
            "n’accepte rien de ce qui existe ici : {list}",
            "accepts nothing of what there is here: {list}"
        );
        let refusal = Refusal::new("Accept", accept.unwrap_or_default(), message);
        Error { kind: ErrorKind::NotAcceptable, ..Error::from(refusal) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERS: [&[&str]; 2] = [&["application/geo+json", "application/json"], &["text/html"]];

    #[test]
    fn the_greatest_weight_wins_and_then_the_most_exact_range() {
        for (accept, known) in [
            ("", Some(0)),
            ("*/*", Some(0)),
            ("application/*", Some(0)),
            ("text/*", Some(1)),
            ("text/html", Some(1)),
            ("TEXT/HTML; Q=1", Some(1)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(1)),
            ("application/json;q=0.4, text/html;q=0.5", Some(1)),
            ("application/json;q=0.5, text/html;q=0.4", Some(0)),
            ("text/html;q=0.5, application/geo+json", Some(0)),
            // A range that names the type decides over one that only covers it.
            ("*/*, text/html;q=0.1", Some(0)),
            ("*/*;q=0.1, text/html", Some(1)),
            ("*/*, application/geo+json;q=0", Some(1)),
            ("application/*, application/geo+json;q=0, text/html;q=0.1", Some(1)),
            ("application/*;q=0, */*", Some(1)),
            ("text/*, text/html;q=0", None),
            ("*/*;q=0", None),
            ("text/html;q=0", None),
            ("image/png, application/xml;q=0.9", None),
            // Equal weights: the more exact range, then the earlier one.
            ("*/*, text/html", Some(1)),
            ("text/html, application/geo+json", Some(1)),
            ("application/geo+json, text/html", Some(0)),
            // Malformed weights are no weights.
            ("text/html;q=2, application/json;q=0.1", Some(0)),
            ("text/html;q=x", None),
            ("text/html;q=0.1234", None),
            // Parameters and quotes.
            ("text/html;level=1", None),
            ("image/png;note=\"a,text/html\", application/json;q=0.3, text/html;q=0.2", Some(0)),
            (",, text/html ,", Some(1)),
            ("json", None),
        ] {
            assert_eq!(preferred(Some(accept), &OFFERS), known, "{accept}");
        }
        assert_eq!(preferred(None, &OFFERS), Some(0));
    }

    #[test]
    fn parameters_of_a_media_type_may_be_named() {
        let offers: [&[&str]; 1] =
            [&["application/vnd.oai.openapi+json;version=3.0", "application/json"]];
        let takes = |accept| preferred(Some(accept), &offers).is_some();
        assert!(takes("application/vnd.oai.openapi+json"));
        assert!(takes("application/vnd.oai.openapi+json; Version=\"3.0\""));
        assert!(takes("application/json"));
        assert!(!takes("application/vnd.oai.openapi+json;version=3.1"));
    }
}
