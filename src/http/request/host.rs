//! The header `Host`, of which every HTTP/1.1 request has exactly one (RFC 9112, section 3.2).

use std::net::Ipv6Addr;

use axum::http::{HeaderMap, Version, header};

use crate::error::{Refusal, Result};
use crate::message;

/// Checks that a request has one `Host`, with a name or address and perhaps a port. HTTP/1.0 knows
/// requests without one.
///
/// # Errors
/// It is missing, comes twice or is malformed.
pub fn check(version: Version, headers: &HeaderMap) -> Result<()> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (value, message) = match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => return Ok(()),
        (None, _) => ("".into(), message!("manque", "is missing")),
        (Some(_), Some(second)) => (
            String::from_utf8_lossy(second.as_bytes()),
            message!("est donné deux fois", "is given twice"),
        ),
        (Some(host), None) => {
            let text = String::from_utf8_lossy(host.as_bytes());
            if is_host(&text) {
                return Ok(());
            }
            let message = message!(
                "n’est pas un nom ou une adresse d’hôte avec ou sans port",
                "is not a host name or address with or without a port"
            );
            (text, message)
        }
    };
    Err(Refusal::new("Host", value, message).into())
}

/// Is this a host name or address with an optional port?
pub fn is_host(text: &str) -> bool {
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && (port.is_empty() || port.parse::<u16>().is_ok())
    };
    if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let port = if port.is_empty() { Some(port) } else { port.strip_prefix(':') };
        return address.parse::<Ipv6Addr>().is_ok() && port.is_some_and(is_port);
    }
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !host.is_empty() && host.bytes().all(fits) && is_port(port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn hosts_are_names_or_addresses_with_ports() {
        for host in [
            "a",
            "A.example",
            "a_b.example:80",
            "a:",
            "127.0.0.1:65535",
            "[::1]",
            "[::1]:8311",
            "[2001:db8::7]:",
            "xn--qubec-csa.example.",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "a b",
            "a/b",
            "u@a",
            "a:b",
            "a:80:80",
            "a:65536",
            "a:-1",
            "a:+1",
            "a,b",
            "::1",
            "[::1",
            "[::1]80",
            "[a]",
            "[a",
            "[]",
            "http://a",
            "a#b",
            "a?b",
            "a\\b",
            "<a>",
            "qu\u{e9}bec",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn a_request_has_one_host_unless_it_is_of_http_1_0() {
        let of = |hosts: &[&'static str], version: Version| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            check(version, &headers).is_ok()
        };
        assert!(of(&["a"], Version::HTTP_11) && of(&["a"], Version::HTTP_10));
        assert!(!of(&[], Version::HTTP_11) && of(&[], Version::HTTP_10));
        assert!(!of(&["a", "a"], Version::HTTP_11) && !of(&["a", "b"], Version::HTTP_10));
        assert!(!of(&["a b"], Version::HTTP_11) && !of(&["a b"], Version::HTTP_10));
    }
}
