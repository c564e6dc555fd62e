//! Whether a request comes from a program of this machine or from a page that the service itself
//! served, as far as its headers show. A service without a crew key trusts only such requests:
//! listening on the loopback address alone keeps out neither a reverse proxy of this machine, nor
//! pages of other sites in a browser of this machine, nor names that resolve to this machine.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, Version, header};

use crate::http::request::head::RequestHead;
use crate::i18n::Message;
use crate::message;

/// How the names of headers begin by which proxies name the client they speak for, or themselves.
const FORWARDING: [&str; 17] = [
    "forwarded",
    "via",
    "x-forwarded",
    "x-real-",
    "x-client-",
    "x-cluster-client",
    "x-original-",
    "x-envoy-",
    "x-proxy",
    "x-azure-",
    "x-amzn-",
    "x-appengine-",
    "true-client-ip",
    "client-ip",
    "cf-",
    "fastly-",
    "cdn-loop",
];

/// The header by which a proxy shows itself, if there is one.
fn forwarding_header(headers: &HeaderMap) -> Option<&HeaderName> {
    headers.keys().find(|name| FORWARDING.iter().any(|start| name.as_str().starts_with(start)))
}

/// Does a header show that a proxy passed a request on?
pub fn names_a_client(headers: &HeaderMap) -> bool {
    forwarding_header(headers).is_some()
}

/// By this header a browser says how the page that sends a request relates to its target.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request that reaches the loopback address may come from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// A proxy passed it on, as this header shows.
    Forwarded(HeaderName),
    /// It names a host that is not this machine: a browser sends it where a name of somebody
    /// else's resolves to the loopback address (DNS rebinding).
    Host(String),
    /// A page sends it that this service did not serve.
    Page(String),
    /// It speaks HTTP/1.0, as proxies do that were configured with a single line. Programs that
    /// people use have spoken HTTP/1.1 for twenty years.
    OldVersion,
    /// The program that sends it belongs to another user of this machine, as a proxy does.
    OtherUser,
}

impl Foreign {
    /// The reason why a request may come from elsewhere, if there is one.
    pub fn of(head: &RequestHead<'_>) -> Option<Self> {
        let RequestHead { uri, headers, .. } = *head;
        let text = |name: &HeaderName| texts(headers, name);
        if let Some(name) = forwarding_header(headers) {
            return Some(Self::Forwarded(name.clone()));
        }
        let mut hosts = text(&header::HOST);
        hosts.extend(uri.authority().map(|authority| authority.as_str().to_owned()));
        if let Some(other) = hosts.iter().find(|host| !is_this_machine(host)) {
            return Some(Self::Host(other.clone()));
        }
        let is_own = |origin: &String| {
            let host = origin.strip_prefix("http://");
            host.is_some_and(|host| hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
        };
        if let Some(other) = text(&header::ORIGIN).into_iter().find(|origin| !is_own(origin)) {
            return Some(Self::Page(other));
        }
        let other = |site: &String| !["same-origin", "none"].contains(&site.as_str());
        if let Some(other) = text(&SEC_FETCH_SITE).into_iter().find(other) {
            return Some(Self::Page(other));
        }
        (head.version < Version::HTTP_11).then_some(Self::OldVersion)
    }

    /// Is it a page of another site, in a browser that may be of this machine?
    pub fn is_page(&self) -> bool {
        matches!(self, Self::Page(_))
    }

    /// The reason, as the end of a sentence about the request.
    pub fn reason(&self) -> Message {
        match self {
            Self::Forwarded(name) => message!(
                "elle est passée par un mandataire (en-tête « {name} »)",
                "it came through a proxy (header '{name}')"
            ),
            Self::Host(host) => message!(
                "elle nomme un hôte qui n’est pas cette machine (« {host} »)",
                "it names a host that is not this machine ('{host}')"
            ),
            Self::Page(page) => message!(
                "elle vient d’une page d’un autre site (« {page} »)",
                "it comes from a page of another site ('{page}')"
            ),
            Self::OldVersion => message!(
                "elle est en HTTP/1.0, comme celles de mandataires",
                "it is in HTTP/1.0, as those of proxies are"
            ),
            Self::OtherUser => message!(
                "le programme qui l’envoie est d’un autre utilisateur de cette machine",
                "the program that sends it belongs to another user of this machine"
            ),
        }
    }
}

/// The values of all lines of a header.
fn texts(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// The page of another site that sends a request, as its headers show it: by `Sec-Fetch-Site` or,
/// where the browser is too old for that, by `Origin`. `None` for a page of this service and for a
/// program. `public_origin`: the origin of the public address, if one is set.
pub fn foreign_page(head: &RequestHead<'_>, public_origin: Option<&str>) -> Option<String> {
    let sites = texts(head.headers, &SEC_FETCH_SITE);
    if !sites.is_empty() {
        let other = |site: &String| !["same-origin", "none"].contains(&site.as_str());
        return sites.into_iter().find(other);
    }
    let mut hosts = texts(head.headers, &header::HOST);
    hosts.extend(head.uri.authority().map(|authority| authority.as_str().to_owned()));
    hosts.extend(head.passage().and_then(|passage| passage.host.clone()));
    let is_own = |origin: &String| {
        let host = origin.split_once("://").map(|(_, host)| host);
        public_origin.is_some_and(|own| own.eq_ignore_ascii_case(origin))
            || host.is_some_and(|host| hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    };
    texts(head.headers, &header::ORIGIN).into_iter().find(|origin| !is_own(origin))
}

/// The origin of an address: its scheme, host and port.
pub fn origin_of(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

/// Is a host, with or without a port, a name or an address of the loopback interface?
fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Extensions;

    use super::*;

    fn of(headers: &[(&str, &str)]) -> Option<Foreign> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        foreign(&Uri::from_static("/api/v1/imports"), Version::HTTP_11, &map)
    }

    fn foreign(uri: &Uri, version: Version, headers: &HeaderMap) -> Option<Foreign> {
        let extensions = &Extensions::new();
        Foreign::of(&RequestHead { uri, version, headers, extensions })
    }

    #[test]
    fn an_old_version_of_http_is_that_of_a_proxy() {
        let uri = Uri::from_static("/");
        let of = |version| foreign(&uri, version, &HeaderMap::new());
        assert_eq!(of(Version::HTTP_10), Some(Foreign::OldVersion));
        assert_eq!(of(Version::HTTP_11), None);
    }

    #[test]
    fn programs_and_own_pages_of_this_machine_are_not_foreign() {
        assert_eq!(of(&[]), None, "a client without any header");
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080"] {
            assert_eq!(of(&[("host", host)]), None, "{host}");
            let origin = format!("http://{host}");
            let own = [("host", host), ("origin", &origin), ("sec-fetch-site", "same-origin")];
            assert_eq!(of(&own), None, "{host}");
        }
        for host in ["a.localhost:1", "localhost.", "[::ffff:127.0.0.1]"] {
            assert_eq!(of(&[("host", host), ("sec-fetch-site", "none")]), None, "{host}");
        }
    }

    #[test]
    fn proxies_other_hosts_and_other_pages_are_foreign() {
        let more = ["x-forwarded-for", "x-forwarded-port", "x-real-ip", "cf-connecting-ip"];
        for name in FORWARDING.into_iter().map(|start| start.trim_end_matches('-')).chain(more) {
            let name = if name == "cf" { "cf-ray" } else { name };
            let found = of(&[("host", "localhost"), (name, "192.0.2.7")]);
            let is_whole = !FORWARDING.contains(&format!("{name}-").as_str());
            let is_found = found == Some(Foreign::Forwarded(name.parse().unwrap()));
            assert!(is_found || !is_whole, "{name}");
        }
        let hosts =
            ["evil.example", "127.0.0.1.nip.example", "192.0.2.7:8080", "localhost.evil", ""];
        for host in hosts.into_iter().chain(["notlocalhost", "a@evil", "[2001:db8::1]", "0.0.0.0"])
        {
            assert_eq!(of(&[("host", host)]), Some(Foreign::Host(host.into())), "{host}");
        }
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(of(&two), Some(Foreign::Host("evil.example".into())));
        let pages = ["https://evil.example", "null", "http://localhost:3000", "https://localhost"];
        for origin in pages {
            let found = of(&[("host", "localhost"), ("origin", origin)]);
            assert_eq!(found, Some(Foreign::Page(origin.into())), "{origin}");
        }
        for site in ["cross-site", "same-site", "?"] {
            let found = of(&[("host", "localhost"), ("sec-fetch-site", site)]);
            assert_eq!(found, Some(Foreign::Page(site.into())), "{site}");
        }
        let target = Uri::from_static("http://evil.example/api/v1/imports");
        let found = foreign(&target, Version::HTTP_11, &HeaderMap::new());
        assert_eq!(found, Some(Foreign::Host("evil.example".into())));
    }

    #[test]
    fn pages_of_other_sites_are_seen_by_either_header() {
        let page = |list: &[(&str, &str)], public: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in list {
                headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
            }
            let (uri, extensions) = (Uri::from_static("/"), Extensions::new());
            let version = Version::HTTP_11;
            let head =
                RequestHead { uri: &uri, version, headers: &headers, extensions: &extensions };
            foreign_page(&head, public)
        };
        let (host, public) = (("host", "city.example"), Some("https://311.example"));
        let evil = ("origin", "https://evil.example");
        for (site, is_foreign) in
            [("same-origin", false), ("none", false), ("same-site", true), ("cross-site", true)]
        {
            // The browser knows better than the host, which a proxy may have changed.
            let found = page(&[host, ("sec-fetch-site", site), evil], None);
            assert_eq!(found.is_some(), is_foreign, "{site}");
        }
        for (origin, public, is_foreign) in [
            ("https://city.example", None, false),
            ("http://CITY.example", None, false),
            ("https://311.example", public, false),
            ("https://311.example", None, true),
            ("http://311.example", public, true),
            ("https://city.example:8443", None, true),
            ("https://a.city.example", None, true),
            ("null", public, true),
            ("", public, true),
        ] {
            let found = page(&[host, ("origin", origin)], public);
            assert_eq!(found.is_some(), is_foreign, "{origin} {public:?}");
        }
        assert_eq!(page(&[host], None), None, "a program");
        assert_eq!(
            page(&[host, ("origin", "https://city.example"), evil], None).as_deref(),
            Some("https://evil.example")
        );
    }
}
