//! Which addresses a download may reach. A published URL must not lead into the network of the
//! machine that reads it: a redirect, or a name, that leads to a private address is refused.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// Is the address one of the public internet?
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_benchmark = a == 198 && (18..20).contains(&b);
            let is_protocol = (a, b, c) == (192, 0, 0);
            let is_special = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast();
            !(is_special || is_shared || is_benchmark || is_protocol || a == 0 || a >= 240)
        }
        IpAddr::V6(v6) => {
            // Addresses that hold an IPv4 address lead where that one does.
            let segments = v6.segments();
            let is_translated = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
            let inner = v6.to_ipv4_mapped().or_else(|| {
                let [.., a, b] = segments;
                let [[a, b], [c, d]] = [a.to_be_bytes(), b.to_be_bytes()];
                is_translated.then(|| [a, b, c, d].into())
            });
            if let Some(inner) = inner {
                return is_public(IpAddr::V4(inner));
            }
            let is_special = v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local();
            let is_documentation = segments[..2] == [0x2001, 0x0db8];
            // 6to4 and the retired IPv4-compatible addresses.
            let is_tunnel = segments[0] == 0x2002 || segments[..6] == [0; 6];
            !(is_special || is_documentation || is_tunnel)
        }
    }
}

/// The host of a URL where it names a private address by itself: a literal address, or `localhost`.
pub fn private_host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_local = bare == "localhost" || bare.ends_with(".localhost");
    let is_private = bare.parse().is_ok_and(|address| !is_public(address));
    (is_local || is_private).then_some(host)
}

/// What a download may reach.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The user allowed every address.
    pub allow_private: bool,
    /// The private host that the user's own URL names.
    pub own_host: Option<String>,
}

/// A place that is refused.
#[derive(Debug)]
pub struct PrivateAddress(String);

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(place) = self;
        write!(f, "it leads to a private address ({place}); --allow-private allows it")
    }
}

impl StdError for PrivateAddress {}

impl Reach {
    fn allows_host(&self, host: &str) -> bool {
        self.allow_private || self.own_host.as_deref() == Some(&host.to_ascii_lowercase())
    }

    /// At most five redirects, none to a private address that the user did not name.
    pub fn redirects(&self) -> Policy {
        let reach = self.clone();
        Policy::custom(move |attempt| {
            if attempt.previous().len() > REDIRECTS_MAX {
                return attempt.error(format!("more than {REDIRECTS_MAX} redirects"));
            }
            match private_host(attempt.url()) {
                Some(host) if !reach.allows_host(&host) => attempt.error(PrivateAddress(host)),
                _ => attempt.follow(),
            }
        })
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let refused = found.iter().find(|address| !is_public(address.ip()));
            if let Some(address) = refused.filter(|_| !reach.allows_host(&name)) {
                let refused = PrivateAddress(format!("{name} is {}", address.ip()));
                return Err(Box::new(refused) as Box<dyn StdError + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_of_every_spelling() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn hosts_that_name_a_private_address() {
        let private = |url: &str| private_host(&Url::parse(url).unwrap());
        assert_eq!(private("http://127.0.0.1:8080/a").unwrap(), "127.0.0.1");
        // Other spellings of the same address are the same host to a URL.
        assert_eq!(private("http://2130706433/").unwrap(), "127.0.0.1");
        assert_eq!(private("http://0x7f.1/").unwrap(), "127.0.0.1");
        assert!(private("http://[::1]/").is_some());
        assert!(private("https://LOCALHOST./x").is_some());
        assert!(private("https://data.example.org/").is_none());
        assert!(private("https://93.184.216.34/").is_none());
    }
}
