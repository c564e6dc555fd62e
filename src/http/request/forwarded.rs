//! The headers by which proxies say for whom they speak: `Forwarded` (RFC 7239) and its older
//! relatives. Here they are only read; whether to believe them is decided by
//! [`TrustedProxies`](crate::http::request::client_address::TrustedProxies).

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::http::request::host::is_host;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// What one proxy says of the one before it, in the order of the way.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// Its address; `None` where it is hidden or malformed.
    pub address: Option<IpAddr>,
    /// The scheme of its request, `http` or `https`.
    pub scheme: Option<&'static str>,
    /// The host that it asked for.
    pub host: Option<String>,
}

/// The parts of a text between `separator`s that are not within quotes.
fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => {
                found.push(text.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    found.push(text.get(start..).unwrap_or_default());
    found
}

/// A value without its quotes.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return text.to_owned() };
    let mut value = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        value.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    value
}

/// An address with or without a port; IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bracketed.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|known| text.trim().eq_ignore_ascii_case(known))
}

fn host(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| is_host(text))
}

/// The values of a header that is a list, over all its lines; a line that is no text is one value.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| parts(line, ',')).collect()
}

/// The hops of `Forwarded`.
pub fn of_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let elements = list(headers, &header::FORWARDED).into_iter();
    let hop = |element: &str| {
        let mut hop = Hop::default();
        for pair in parts(element, ';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = unquoted(value.trim());
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = address(&value),
                "proto" => hop.scheme = scheme(&value),
                "host" => hop.host = host(&value),
                _ => {}
            }
        }
        hop
    };
    elements.map(hop).collect()
}

/// The hops of `X-Forwarded-For`.
pub fn of_x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let entries = list(headers, &X_FORWARDED_FOR).into_iter();
    entries.map(|entry| Hop { address: address(entry), ..Hop::default() }).collect()
}

/// The address in `X-Real-IP`, where there is one.
pub fn real_ip(headers: &HeaderMap) -> Option<IpAddr> {
    list(headers, &X_REAL_IP).last().and_then(|text| address(text))
}

/// Scheme and host in `X-Forwarded-Proto` and `X-Forwarded-Host`: the rightmost ones, which the
/// last proxy wrote.
pub fn x_scheme_and_host(headers: &HeaderMap) -> (Option<&'static str>, Option<String>) {
    let last = |name: &HeaderName| list(headers, name).last().copied();
    let scheme = last(&X_FORWARDED_PROTO).and_then(scheme);
    (scheme, last(&X_FORWARDED_HOST).and_then(host))
}
