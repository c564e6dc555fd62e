//! The network address of the client that sends a request, and what a trusted proxy says of it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::error::{Refusal, Result};
use crate::http::request::forwarded;
use crate::message;

/// The network address of the client that sends a request: the peer of its connection or, where
/// that is a trusted proxy, the address that the proxy names. The listener puts it among the
/// extensions of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// How a request reached the service, where that is not plain HTTP from its client. The listener
/// puts it among the extensions of such requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passage {
    /// It came through this service's own TLS.
    pub is_tls: bool,
    /// A trusted proxy passed it on, or is its client.
    pub is_proxied: bool,
    /// The client's scheme, `http` or `https`, as a trusted proxy names it.
    pub scheme: Option<&'static str>,
    /// The host that the client asked for, as a trusted proxy names it.
    pub host: Option<String>,
}

impl Passage {
    /// The scheme of the client's request: what a trusted proxy names, else that of the connection.
    pub fn scheme(&self) -> &'static str {
        self.scheme.unwrap_or(if self.is_tls { "https" } else { "http" })
    }
}

/// The proxies whose forwarding headers are believed. None by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Reads addresses and networks in CIDR notation, such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// A text is neither, or is the network of all addresses.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let network = |text: &String| -> Result<IpNet> {
            let address = text.parse::<IpAddr>().map(|address| address.to_canonical().into());
            address.or_else(|_| text.parse()).map_err(|_| {
                let message = message!(
                    "doit être une adresse IP ou un réseau tel que 10.0.0.0/8",
                    "must be an IP address or a network such as 10.0.0.0/8"
                );
                Refusal::new("--trusted-proxy", text, message).into()
            })
        };
        let networks: Vec<IpNet> = texts.iter().map(network).collect::<Result<_>>()?;
        if let Some(all) = networks.iter().find(|network| network.prefix_len() == 0) {
            let message = message!(
                "croirait n’importe qui ; nommez votre mandataire",
                "would believe anybody; name your proxy"
            );
            return Err(Refusal::new("--trusted-proxy", all, message).into());
        }
        Ok(Self(networks.into()))
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is this the address of a trusted proxy?
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request with these headers from `peer`, and how it reached the service. From
    /// a peer that is no trusted proxy the headers say nothing.
    ///
    /// The client is the rightmost address in `Forwarded` (RFC 7239), `X-Forwarded-For` or
    /// `X-Real-IP` that is not a trusted proxy: what is left of it was written by the client or by
    /// strangers. Where that entry is malformed, the client counts as the proxy that wrote it.
    /// Where two of the headers name different clients, one of them came from the client and was
    /// passed on as it was, so neither is believed and the client counts as the peer.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> (ClientAddress, Option<Passage>) {
        let peer = peer.to_canonical();
        if self.is_empty() || !self.trusts(peer) {
            return (ClientAddress(peer), None);
        }
        let hops = [forwarded::of_forwarded(headers), forwarded::of_x_forwarded(headers)];
        let chains = hops.iter().map(|hops| self.client_hop(peer, hops));
        let mut named: Vec<(IpAddr, Option<usize>)> =
            chains.filter(|(_, at)| at.is_some()).collect();
        if let Some(real) = forwarded::real_ip(headers).filter(|real| !self.trusts(*real)) {
            named.push((real, None));
        }
        let agreed = named.first().map(|(address, _)| *address);
        let client = agreed.filter(|agreed| named.iter().all(|(address, _)| address == agreed));
        let (scheme, host) = match client.or_else(|| named.is_empty().then_some(peer)) {
            None => (None, None),
            Some(_) => {
                let at = self.client_hop(peer, &hops[0]).1;
                let hop = at.and_then(|at| hops[0].get(at));
                let scheme = hop.and_then(|hop| hop.scheme);
                let host = hop.and_then(|hop| hop.host.clone());
                let (x_scheme, x_host) = forwarded::x_scheme_and_host(headers);
                (scheme.or(x_scheme), host.or(x_host))
            }
        };
        let passage = Passage { is_tls: false, is_proxied: true, scheme, host };
        (ClientAddress(client.unwrap_or(peer)), Some(passage))
    }

    /// The client that a list of hops names, and the hop that names it: the rightmost address that
    /// is not a trusted proxy, or the last proxy whose neighbour is not known. Without hops, the
    /// peer.
    fn client_hop(&self, peer: IpAddr, hops: &[forwarded::Hop]) -> (IpAddr, Option<usize>) {
        let mut last = (peer, None);
        for (at, hop) in hops.iter().enumerate().rev() {
            match hop.address {
                None => return (last.0, Some(at)),
                Some(address) if self.trusts(address) => last = (address, Some(at)),
                Some(address) => return (address, Some(at)),
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn client(trusted: &[&str], peer: &str, headers: &[(&str, &str)]) -> (String, Option<Passage>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let trusted: Vec<String> = trusted.iter().map(|one| (*one).to_owned()).collect();
        let trusted = TrustedProxies::parse(&trusted).unwrap();
        let (ClientAddress(address), passage) = trusted.client(peer.parse().unwrap(), &map);
        (address.to_string(), passage)
    }

    const PROXIES: &[&str] = &["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"];

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_trusted_proxy() {
        for (value, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
            ("127.0.0.1, 203.0.113.7", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("203.0.113.7,10.1.2.3,10.9.9.9", "203.0.113.7"),
            ("203.0.113.7:5123", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:443, 2001:db8:1::9", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            // Malformed: the proxy that wrote it.
            ("203.0.113.7, nonsense", "127.0.0.1"),
            ("203.0.113.7, ", "127.0.0.1"),
            ("203.0.113.7, unknown, 10.1.2.3", "10.1.2.3"),
            ("203.0.113.7, 10.1.2.300, 10.1.2.3", "10.1.2.3"),
            // Proxies alone: the one that is farthest away.
            ("10.1.2.3", "10.1.2.3"),
        ] {
            let found = client(PROXIES, "127.0.0.1", &[("x-forwarded-for", value)]);
            assert_eq!(found.0, expected, "{value}");
            assert!(found.1.unwrap().is_proxied);
        }
        let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(client(PROXIES, "127.0.0.1", &lines).0, "203.0.113.7");
        assert_eq!(client(PROXIES, "::ffff:127.0.0.1", &lines).0, "203.0.113.7");
        assert_eq!(client(PROXIES, "127.0.0.1", &[("x-real-ip", "203.0.113.7")]).0, "203.0.113.7");
        assert_eq!(client(PROXIES, "127.0.0.1", &[("x-real-ip", "none")]).0, "127.0.0.1");
        assert_eq!(client(PROXIES, "127.0.0.1", &[]).0, "127.0.0.1");
    }

    #[test]
    fn forwarded_of_rfc_7239_is_read() {
        for (value, expected) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"[2001:db8::7]:4711\";proto=https", "2001:db8::7"),
            ("for=1.2.3.4, for=203.0.113.7;by=10.1.1.1, for=10.1.1.1", "203.0.113.7"),
            ("for=203.0.113.7, for=_hidden", "127.0.0.1"),
            ("for=203.0.113.7, proto=https", "127.0.0.1"),
            ("for=\"203.0.113.7\\", "127.0.0.1"),
            // A comma within quotes ends no element.
            ("for=1.2.3.4;host=\"a,for=6.6.6.6\", for=203.0.113.7", "203.0.113.7"),
        ] {
            let found = client(PROXIES, "127.0.0.1", &[("forwarded", value)]);
            assert_eq!(found.0, expected, "{value}");
        }
        let value =
            "for=203.0.113.7;proto=HTTPS;host=\"city.example:8443\", for=10.0.0.1;proto=http";
        let passage = client(PROXIES, "127.0.0.1", &[("forwarded", value)]).1.unwrap();
        assert_eq!(passage.scheme, Some("https"));
        assert_eq!(passage.host.as_deref(), Some("city.example:8443"));
    }

    #[test]
    fn headers_of_others_than_trusted_proxies_say_nothing() {
        let spoofed = [
            ("x-forwarded-for", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4;host=evil.example"),
            ("x-real-ip", "1.2.3.4"),
            ("x-forwarded-host", "evil.example"),
        ];
        assert_eq!(client(PROXIES, "198.51.100.9", &spoofed), ("198.51.100.9".into(), None));
        assert_eq!(client(&[], "127.0.0.1", &spoofed), ("127.0.0.1".into(), None));
    }

    #[test]
    fn headers_that_contradict_each_other_are_not_believed() {
        // The proxy appends to one header and passes the client's other one on as it is.
        let both = [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=1.2.3.4;host=evil")];
        let (address, passage) = client(PROXIES, "127.0.0.1", &both);
        assert_eq!((address.as_str(), passage.unwrap().host), ("127.0.0.1", None));
        let both = [("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "1.2.3.4")];
        assert_eq!(client(PROXIES, "127.0.0.1", &both).0, "127.0.0.1");
        let same = [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")];
        assert_eq!(client(PROXIES, "127.0.0.1", &same).0, "203.0.113.7");
    }

    #[test]
    fn scheme_and_host_are_those_of_the_last_proxy() {
        let of = |headers: &[(&str, &str)]| client(PROXIES, "127.0.0.1", headers).1.unwrap();
        let x = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "http, https"),
            ("x-forwarded-host", "evil.example, city.example"),
        ];
        assert_eq!(of(&x).scheme, Some("https"));
        assert_eq!(of(&x).host.as_deref(), Some("city.example"));
        let bad = [("x-forwarded-proto", "javascript"), ("x-forwarded-host", "a/<b>")];
        assert_eq!((of(&bad).scheme, of(&bad).host), (None, None));
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0", "*"] {
            let error = TrustedProxies::parse(&[bad.to_owned()]).unwrap_err();
            assert_eq!(error.refusals[0].field, "--trusted-proxy", "{bad}");
        }
    }
}
