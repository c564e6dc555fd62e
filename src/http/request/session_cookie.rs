//! The cookie of sessions: its name and attributes, and the token that a request sends in it.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::error::{Error, ErrorKind, Result};
use crate::http::request::head::RequestHead;
use crate::http::request::origin::Foreign;
use crate::message;
use crate::usecase::sessions::SessionToken;

/// The cookie of sessions, by how a request reached the service. A request is asked only for the
/// cookie that its response would set, so that no cookie that was set without TLS counts with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCookie {
    /// Of browsers that speak HTTPS. By its name they take it from this host alone, with TLS alone
    /// and for all paths (RFC 6265bis, section 4.1.3.2).
    Secure,
    /// Of browsers of this machine that speak HTTP without TLS.
    Local,
}

impl SessionCookie {
    /// The cookie for a request. `public_origin`: the origin of the public address, if one is set.
    ///
    /// # Errors
    /// Forbidden: the request came without TLS from elsewhere than this machine, so that others may
    /// have read what it has.
    pub fn of(head: &RequestHead<'_>, public_origin: Option<&str>) -> Result<Self> {
        let passage = head.passage();
        let is_public_https = || public_origin.is_some_and(|url| url.starts_with("https://"));
        match passage.and_then(|passage| passage.scheme) {
            Some("https") => return Ok(Self::Secure),
            // A trusted proxy says that its client spoke without TLS.
            Some(_) => return Err(not_secure()),
            None if passage.is_some_and(|passage| passage.is_tls) => return Ok(Self::Secure),
            None if is_public_https() => return Ok(Self::Secure),
            None => {}
        }
        let is_proxied = passage.is_some_and(|passage| passage.is_proxied);
        let foreign = Foreign::of(head);
        let is_of_elsewhere = is_proxied || foreign.is_some_and(|foreign| !foreign.is_page());
        match head.address() {
            Some(address) if address.is_loopback() && !is_of_elsewhere => Ok(Self::Local),
            _ => Err(not_secure()),
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-pointchaud",
            Self::Local => "pointchaud",
        }
    }

    /// The token that a request sends. `None` without the cookie, where it is malformed, and where
    /// it comes twice: then one of the two was set by somebody else.
    pub fn token(self, headers: &HeaderMap) -> Option<SessionToken> {
        let lines = headers.get_all(header::COOKIE).iter();
        let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        let own = pairs.filter_map(|pair| {
            let pair = pair.trim_ascii();
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = pair.split_at_checked(at)?;
            (name == self.name().as_bytes()).then_some(value.strip_prefix(b"=")?)
        });
        let mut own = own.fuse();
        match (own.next(), own.next()) {
            (Some(value), None) => SessionToken::parse(value),
            _ => None,
        }
    }

    /// The value of `Set-Cookie` that gives a token to the browser, until it is closed.
    pub fn set(self, token: &SessionToken) -> Option<HeaderValue> {
        self.header(&token.text(), "")
    }

    /// The value of `Set-Cookie` that takes the token from the browser.
    pub fn removed(self) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0")
    }

    fn header(self, value: &str, more: &str) -> Option<HeaderValue> {
        let name = self.name();
        let secure = if self == Self::Secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn not_secure() -> Error {
    Error::new(
        ErrorKind::Forbidden,
        message!(
            "Une session ne s’ouvre que par HTTPS : cette requête est venue en clair d’ailleurs \
             que de cette machine, et d’autres ont pu lire la clé. Donnez au service un \
             certificat (--tls-cert, --tls-key), ou l’adresse https://… de son mandataire \
             (--public-url).",
            "A session is opened by HTTPS only: this request came in the clear from elsewhere than \
             this machine, and others may have read the key. Give the service a certificate \
             (--tls-cert, --tls-key), or the address https://… of its proxy (--public-url)."
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{Extensions, HeaderName, Uri, Version};

    use crate::http::request::client_address::{ClientAddress, Passage};

    use super::*;

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        list.iter().map(pair).collect()
    }

    fn of(
        from: &str,
        passage: Option<Passage>,
        list: &[(&str, &str)],
        public: Option<&str>,
    ) -> Option<SessionCookie> {
        let mut extensions = Extensions::new();
        extensions.insert(ClientAddress(from.parse::<IpAddr>().unwrap()));
        passage.into_iter().for_each(|passage| drop(extensions.insert(passage)));
        let (uri, headers) = (Uri::from_static("/api/v1/session"), headers(list));
        let version = Version::HTTP_11;
        let head = RequestHead { uri: &uri, version, headers: &headers, extensions: &extensions };
        SessionCookie::of(&head, public).ok()
    }

    #[test]
    fn a_session_needs_tls_except_on_this_machine() {
        let (secure, local) = (Some(SessionCookie::Secure), Some(SessionCookie::Local));
        let tls = || Some(Passage { is_tls: true, ..Passage::default() });
        let proxied = |scheme| Some(Passage { is_proxied: true, scheme, ..Passage::default() });
        let network = "203.0.113.7";
        assert_eq!(of(network, tls(), &[], None), secure);
        assert_eq!(of(network, proxied(Some("https")), &[], None), secure);
        assert_eq!(of(network, None, &[], Some("https://city.example")), secure);
        assert_eq!(of("127.0.0.1", None, &[], Some("https://city.example")), secure);
        assert_eq!(of("127.0.0.1", None, &[("host", "localhost:8311")], None), local);
        assert_eq!(of("::1", None, &[("host", "[::1]:8311")], None), local);
        let page = [("host", "localhost"), ("origin", "http://evil.example")];
        assert_eq!(of("127.0.0.1", None, &page, None), local, "its cookie is not believed later");
        assert_eq!(of(network, None, &[], None), None);
        assert_eq!(of(network, None, &[], Some("http://city.example")), None);
        assert_eq!(of(network, proxied(Some("http")), &[], Some("https://city.example")), None);
        assert_eq!(of("127.0.0.1", proxied(None), &[], None), None);
        assert_eq!(of("127.0.0.1", None, &[("host", "city.example")], None), None);
        let forwarded = [("host", "localhost"), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(of("127.0.0.1", None, &forwarded, None), None);
    }

    #[test]
    fn the_token_is_found_among_cookies_and_must_come_once() {
        let token = SessionToken::parse("0f".repeat(32).as_bytes()).unwrap();
        let text = token.text();
        let own = format!("__Host-pointchaud={text}");
        let plain = format!("pointchaud={text}");
        let find = |lines: &[&str]| {
            let mut map = HeaderMap::new();
            for line in lines {
                map.append("cookie", line.parse().unwrap());
            }
            SessionCookie::Secure.token(&map)
        };
        assert_eq!(find(&[&own]), Some(token.clone()));
        assert_eq!(find(&[&format!("a=b;{own} ; c")]), Some(token.clone()));
        assert_eq!(find(&["a=b", &own]), Some(token));
        for lines in [
            &[][..],
            &[&*plain],
            &[&*own, &*own],
            &[&*format!("{own};{own}")],
            &[&*format!("x{own}")],
            &[&*own.replace('=', "")],
            &[&*own.replace('0', "g")],
            &["__Host-pointchaud="],
        ] {
            assert_eq!(find(lines), None, "{lines:?}");
        }
        assert_eq!(SessionCookie::Local.token(&headers(&[("cookie", &own)])), None);
        assert!(SessionCookie::Local.token(&headers(&[("cookie", &plain)])).is_some());
    }

    #[test]
    fn no_script_and_no_other_site_gets_the_cookie() {
        let token = SessionToken::parse("0f".repeat(32).as_bytes()).unwrap();
        let text = |value: Option<HeaderValue>| value.unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            text(SessionCookie::Secure.set(&token)),
            format!(
                "__Host-pointchaud={}; Path=/; HttpOnly; SameSite=Strict; Secure",
                token.text()
            )
        );
        assert_eq!(
            text(SessionCookie::Local.removed()),
            "pointchaud=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }
}
