//! How many requests of each class one client may send in a minute.
//!
//! A client is a crew key where the request has one, else a network address; of IPv6 the network
//! of 64 bits, which is what one subscriber has. Programs of this machine have no limit unless a
//! trusted proxy speaks for them, so that measurements and first trials need no set-up.
//!
//! The rates are those of the generic cell rate algorithm: a client that was quiet may send a whole
//! minute's number at once, and then one request each time the minute's share of one has passed.
//! Each class has a table of a fixed number of cells of 8 bytes, so that no number of addresses
//! makes it grow; two clients may come to share a cell, which for 10,000 clients at a time concerns
//! one in 25.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::io::Write as _;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Once;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

use crate::config::Limits;
use crate::error::{Error, ErrorKind};
use crate::http::request::forwarded;
use crate::http::request::head::RequestHead;
use crate::http::request::origin::names_a_client;
use crate::message;

/// The present quota of a client (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The quotas that apply, by the same draft.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// RateCells of each class.
const CELLS: usize = 1 << 18;
/// The time in which a client may send its number of requests, in seconds.
const WINDOW_S: u64 = 60;

/// A class of operations with a rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateClass {
    /// Cheap reads: pages, lists, single reports.
    Reads,
    /// Map tiles.
    Tiles,
    /// Searches and statistics.
    Searches,
    /// New reports and photos.
    Filings,
    /// Changes, imports and other work of crews.
    Changes,
    /// Exports and batches.
    Exports,
}

/// Every class, in the order of its number.
const CLASSES: [RateClass; 6] = [
    RateClass::Reads,
    RateClass::Tiles,
    RateClass::Searches,
    RateClass::Filings,
    RateClass::Changes,
    RateClass::Exports,
];

impl RateClass {
    /// Its name in the headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Tiles => "tiles",
            Self::Searches => "searches",
            Self::Filings => "filings",
            Self::Changes => "changes",
            Self::Exports => "exports",
        }
    }

    fn limit(self, limits: &Limits) -> u32 {
        match self {
            Self::Reads => limits.rate_reads,
            Self::Tiles => limits.rate_tiles,
            Self::Searches => limits.rate_searches,
            Self::Filings => limits.rate_filings,
            Self::Changes => limits.rate_changes,
            Self::Exports => limits.rate_exports,
        }
    }

    /// The class of an operation by its method and its id in the OpenAPI document, which is empty
    /// for pages. `None` for what watches the service, which has no limit.
    pub fn of(method: &str, id: &str, is_public: bool) -> Option<Self> {
        Some(match id {
            "healthz" | "readyz" | "metrics" => return None,
            "tile" | "ogc_tile" => Self::Tiles,
            "hexes" | "hotspots" | "hotspot" | "dbscan" | "hdbscan" | "alerts" | "recurrences"
            | "stats" | "within" | "within_polygon" | "duplicates" | "ogc_items" | "ogc_search" => {
                Self::Searches
            }
            "create_report" | "create_media" | "open311_post" => Self::Filings,
            "create_reports" | "duplicates_batch" | "audit_csv" => Self::Exports,
            id if id.starts_with("export") => Self::Exports,
            _ if !is_public => Self::Changes,
            _ if method == "get" => Self::Reads,
            _ => Self::Filings,
        })
    }

    /// Does each operation of this class need much memory? Of other classes, those operations that
    /// do are refused where their work begins.
    pub fn needs_memory(self) -> bool {
        self == Self::Exports
    }
}

/// The cells of a class: one for each client, by the hash of who it is.
struct RateCells(Box<[InMemoryState]>);

impl StateStore for RateCells {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let at = usize::try_from(*key).unwrap_or_default() % CELLS;
        match self.0.get(at) {
            Some(cell) => cell.measure_and_replace(&NotKeyed::NonKey, decide),
            None => decide(None).map(|(decision, _)| decision),
        }
    }
}

/// The rate of one class.
struct Rate {
    limiter: RateLimiter<u64, RateCells, MonotonicClock, StateInformationMiddleware>,
    policy: HeaderValue,
    class: RateClass,
    seconds_per_request: f64,
    per_minute: u32,
}

impl Rate {
    /// `None` for a class without a limit.
    fn new(class: RateClass, limits: &Limits) -> Option<Self> {
        let per_minute = NonZeroU32::new(class.limit(limits))?;
        let quota = Quota::per_minute(per_minute);
        let cells = std::iter::repeat_with(InMemoryState::default).take(CELLS).collect();
        let policy = format!("\"{}\";q={per_minute};w={WINDOW_S}", class.name());
        Some(Self {
            limiter: RateLimiter::new(quota, RateCells(cells), MonotonicClock),
            policy: HeaderValue::from_str(&policy).ok()?,
            class,
            seconds_per_request: WINDOW_S as f64 / f64::from(per_minute.get()),
            per_minute: per_minute.get(),
        })
    }
}

/// The classes of the methods of one path.
type MethodClasses = Vec<(&'static str, Option<RateClass>)>;

/// The rates of all classes.
pub struct Rates {
    of_classes: [Option<Rate>; CLASSES.len()],
    routes: HashMap<&'static str, MethodClasses>,
    /// Keyed by a random number of this process, so that nobody can choose to share a cell.
    hasher: RandomState,
}

/// What the rates say of a request.
#[derive(Debug, Default)]
pub struct RateVerdict {
    /// The present quota and the policy; `None` where there is no limit.
    headers: Option<(HeaderValue, HeaderValue)>,
    /// Seconds after which a refused request may come again.
    pub retry_after_s: Option<u64>,
}

impl RateVerdict {
    /// The refusal, if the request is one too many.
    pub fn refusal(&self) -> Option<Error> {
        let seconds = self.retry_after_s?;
        let message = message!(
            "Trop de requêtes de ce genre en peu de temps ; réessayez dans {seconds} s.",
            "Too many requests of this kind in a short time; try again in {seconds} s."
        );
        Some(Error::new(ErrorKind::TooMany(seconds), message))
    }

    /// Adds the headers of the rates to a response.
    pub fn mark(self, headers: &mut HeaderMap) {
        if let Some((present, policy)) = self.headers {
            headers.insert(RATE_LIMIT, present);
            headers.insert(RATE_LIMIT_POLICY, policy);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl Rates {
    /// The rates of operations, each with the pattern of its path, its method in lower case and its
    /// class.
    pub fn new(
        limits: &Limits,
        operations: impl Iterator<Item = (&'static str, &'static str, Option<RateClass>)>,
    ) -> Self {
        let mut routes: HashMap<&'static str, MethodClasses> = HashMap::new();
        for (path, method, class) in operations {
            routes.entry(path).or_default().push((method, class));
        }
        let of_classes = CLASSES.map(|class| Rate::new(class, limits));
        Self { of_classes, routes, hasher: RandomState::new() }
    }

    /// The class of a request for a pattern of the router. What no route fits is a cheap read;
    /// questions about methods (`OPTIONS`) have no class.
    pub fn class(&self, method: &Method, route: Option<&str>) -> Option<RateClass> {
        let name = match *method {
            Method::GET | Method::HEAD => "get",
            Method::POST => "post",
            Method::PUT => "put",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => return None,
        };
        let Some(methods) = route.and_then(|route| self.routes.get(route)) else {
            return Some(RateClass::Reads);
        };
        let known = methods.iter().find(|(known, _)| *known == name);
        known.map_or(Some(RateClass::Reads), |(_, class)| *class)
    }

    /// May everybody call some operation of this route?
    pub fn is_public(&self, route: Option<&str>) -> bool {
        let methods = route.and_then(|route| self.routes.get(route));
        methods.is_some_and(|methods| {
            methods.iter().any(|(_, class)| *class != Some(RateClass::Changes))
        })
    }

    /// Counts a request of a class. `key` is a name of the key that the request was found to have;
    /// only a key that is right stands for a client: with each wrong one, anybody could be another
    /// client.
    pub fn check<K: Hash>(
        &self,
        class: Option<RateClass>,
        key: impl FnOnce() -> Option<K>,
        head: &RequestHead<'_>,
    ) -> RateVerdict {
        let counted = || {
            let rate = self.of_classes.get(class? as usize)?.as_ref()?;
            Some((rate, self.client(key, head)?))
        };
        match counted() {
            None => RateVerdict::default(),
            Some((rate, client)) => rate.check(client),
        }
    }

    /// Counts `wanted` more of a class that one request brings, such as the rows of a batch that
    /// anybody may send. Returns how many of them may pass, and after how many seconds the next one
    /// may.
    pub fn take(&self, class: RateClass, wanted: usize, head: &RequestHead<'_>) -> (usize, u64) {
        let rate = self.of_classes.get(class as usize).and_then(Option::as_ref);
        let nobody = || None::<()>;
        let Some((rate, client)) = rate.zip(self.client(nobody, head)) else { return (wanted, 0) };
        for passed in 0..wanted {
            if let Some(seconds) = rate.check(client).retry_after_s {
                return (passed, seconds);
            }
        }
        (wanted, 0)
    }

    /// The hash of who sends a request; `None` where there is no limit for it.
    fn client<K: Hash>(
        &self,
        key: impl FnOnce() -> Option<K>,
        head: &RequestHead<'_>,
    ) -> Option<u64> {
        let mut address = head.address()?;
        let is_proxied = head.passage().is_some_and(|passage| passage.is_proxied);
        if address.is_loopback() && !is_proxied {
            // A proxy of this machine that is not configured: what it says decides only who is
            // counted.
            address = unconfigured_proxy_client(head.headers)?;
        }
        if let Some(key) = key() {
            return Some(self.hasher.hash_one((1_u8, key)));
        }
        Some(match address {
            IpAddr::V4(address) => self.hasher.hash_one((4_u8, address.to_bits())),
            IpAddr::V6(address) => self.hasher.hash_one((6_u8, address.to_bits() >> 64)),
        })
    }
}

/// The client that a proxy names which `--trusted-proxy` does not: the last address, which the
/// proxy itself has added. `None` where no proxy speaks.
fn unconfigured_proxy_client(headers: &HeaderMap) -> Option<IpAddr> {
    static WARNING: Once = Once::new();
    if !names_a_client(headers) {
        return None;
    }
    WARNING.call_once(|| {
        tracing::warn!(
            "a proxy of this machine passes requests on, but is not configured: name it with \
             --trusted-proxy 127.0.0.1"
        );
    });
    let hops = [forwarded::of_x_forwarded(headers), forwarded::of_forwarded(headers)];
    let named = hops.iter().find_map(|hops| hops.last().and_then(|hop| hop.address));
    Some(named.or_else(|| forwarded::real_ip(headers)).unwrap_or(IpAddr::from([127, 0, 0, 1])))
}

impl Rate {
    fn check(&self, client: u64) -> RateVerdict {
        let decision = self.limiter.check_key(&client);
        let (left, retry_after_s) = match &decision {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                (0, Some(wait.as_secs() + 1))
            }
        };
        let full_in = f64::from(self.per_minute - left.min(self.per_minute));
        let seconds = match retry_after_s {
            Some(seconds) => seconds,
            None => (full_in * self.seconds_per_request).ceil() as u64,
        };
        // On the stack: this is part of every answer.
        let mut text = [0_u8; 64];
        let mut rest = text.as_mut_slice();
        let written = write!(rest, "\"{}\";r={left};t={seconds}", self.class.name());
        let unused = rest.len();
        let present = text.get(..text.len() - unused).unwrap_or_default();
        let present = HeaderValue::from_bytes(present).ok().filter(|_| written.is_ok());
        RateVerdict {
            headers: present.map(|present| (present, self.policy.clone())),
            retry_after_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;
    use std::time::{Duration, Instant};

    use axum::http::{Extensions, Uri, Version};

    use super::*;
    use crate::http::request::client_address::{ClientAddress, Passage};

    fn head_of<'a>(
        uri: &'a Uri,
        headers: &'a HeaderMap,
        extensions: &'a Extensions,
    ) -> RequestHead<'a> {
        RequestHead { uri, version: Version::HTTP_11, headers, extensions }
    }

    fn rates(per_minute: u32) -> Rates {
        let limits = Limits { rate_reads: per_minute, rate_tiles: 0, ..Limits::default() };
        Rates::new(&limits, std::iter::empty())
    }

    fn verdict(rates: &Rates, from: &str, passage: Option<Passage>, key: &str) -> RateVerdict {
        let mut extensions = Extensions::new();
        extensions.insert(ClientAddress(from.parse().unwrap()));
        passage.into_iter().for_each(|passage| drop(extensions.insert(passage)));
        let key = || (!key.is_empty()).then_some(key);
        let (uri, headers) = (Uri::from_static("/"), HeaderMap::new());
        let head = head_of(&uri, &headers, &extensions);
        rates.check(Some(RateClass::Reads), key, &head)
    }

    #[test]
    fn a_proxy_that_is_not_configured_is_counted_by_the_last_client_it_names() {
        let rates = rates(2);
        let passes = |sent: &str| {
            let mut extensions = Extensions::new();
            extensions.insert(ClientAddress("127.0.0.1".parse().unwrap()));
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", sent.parse().unwrap());
            let uri = Uri::from_static("/");
            let head = head_of(&uri, &headers, &extensions);
            rates.take(RateClass::Reads, 1, &head).0 == 1
        };
        assert!(passes("203.0.113.7") && passes("198.51.100.1, 203.0.113.7"));
        assert!(!passes("198.51.100.2, 203.0.113.7") && passes("203.0.113.8"));
    }

    fn passes(rates: &Rates, from: &str) -> bool {
        verdict(rates, from, None, "").refusal().is_none()
    }

    #[test]
    fn a_client_has_its_number_and_others_have_theirs() {
        let rates = rates(5);
        for _ in 0..5 {
            assert!(passes(&rates, "203.0.113.7"));
        }
        assert!(!passes(&rates, "203.0.113.7") && passes(&rates, "203.0.113.8"));
        let refused = verdict(&rates, "203.0.113.7", None, "");
        assert!((1..=13).contains(&refused.retry_after_s.unwrap()));
        let mut headers = HeaderMap::new();
        refused.mark(&mut headers);
        let text = |name| headers[name].to_str().unwrap();
        assert_eq!(text("ratelimit-policy"), "\"reads\";q=5;w=60");
        assert!(text("ratelimit").starts_with("\"reads\";r=0;t="), "{}", text("ratelimit"));
        let mut headers = HeaderMap::new();
        verdict(&rates, "203.0.113.9", None, "").mark(&mut headers);
        assert_eq!(headers["ratelimit"], "\"reads\";r=4;t=12");
        assert!(!headers.contains_key(header::RETRY_AFTER));
    }

    #[test]
    fn an_ipv6_client_is_its_network_of_64_bits() {
        let rates = rates(2);
        assert!(passes(&rates, "2001:db8::1") && passes(&rates, "2001:db8::ffff:2"));
        assert!(!passes(&rates, "2001:db8::3:4:5:6") && passes(&rates, "2001:db8:0:1::1"));
    }

    #[test]
    fn a_key_is_a_client_of_its_own_wherever_it_comes_from() {
        let rates = rates(2);
        for from in ["203.0.113.7", "203.0.113.8"] {
            assert!(verdict(&rates, from, None, "crew").refusal().is_none());
        }
        assert!(verdict(&rates, "203.0.113.9", None, "crew").refusal().is_some());
        assert!(verdict(&rates, "203.0.113.9", None, "other").refusal().is_none());
        assert!(passes(&rates, "203.0.113.7"));
    }

    #[test]
    fn this_machine_has_no_limit_unless_a_proxy_speaks_for_it() {
        let rates = rates(1);
        for _ in 0..5 {
            assert!(passes(&rates, "127.0.0.1") && passes(&rates, "::1"));
        }
        let proxied = || Some(Passage { is_proxied: true, ..Passage::default() });
        assert!(verdict(&rates, "127.0.0.1", proxied(), "").refusal().is_none());
        assert!(verdict(&rates, "127.0.0.1", proxied(), "").refusal().is_some());
    }

    #[test]
    fn ten_million_addresses_cost_no_more_than_one_and_a_check_is_cheap() {
        let rates = rates(100);
        let began = Instant::now();
        for n in 0..10_000_000_u128 {
            let network = Ipv6Addr::from_bits(n << 64);
            let rate = rates.of_classes[0].as_ref().unwrap();
            let hash = rates.hasher.hash_one((6_u8, network.to_bits() >> 64));
            let decision = rate.limiter.check_key(&hash);
            std::hint::black_box(decision.is_ok());
        }
        // Not a measurement: the table would be a thousand times slower if it grew or were walked.
        assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
        let bytes = size_of::<InMemoryState>() * CELLS * CLASSES.len();
        assert!(bytes <= 16 << 20, "{bytes}");
    }

    #[test]
    fn every_operation_has_a_class_and_what_costs_much_has_a_strict_one() {
        let rates = crate::http::rates(&Limits::default(), &crate::http::operations());
        let class = |method: Method, path: &str| rates.class(&method, Some(path));
        assert_eq!(class(Method::GET, "/healthz"), None);
        assert_eq!(class(Method::GET, "/"), Some(RateClass::Reads));
        assert_eq!(class(Method::HEAD, "/api/v1/reports/{id}"), Some(RateClass::Reads));
        assert_eq!(class(Method::GET, "/tiles/{layer}/{z}/{x}/{y}"), Some(RateClass::Tiles));
        assert_eq!(class(Method::GET, "/api/v1/dbscan"), Some(RateClass::Searches));
        assert_eq!(class(Method::POST, "/api/v1/reports"), Some(RateClass::Filings));
        assert_eq!(class(Method::POST, "/api/v1/reports/batch"), Some(RateClass::Exports));
        assert_eq!(class(Method::GET, "/api/v1/export.csv"), Some(RateClass::Exports));
        assert_eq!(class(Method::PATCH, "/api/v1/reports/{id}"), Some(RateClass::Changes));
        assert_eq!(class(Method::POST, "/api/v1/imports"), Some(RateClass::Changes));
        assert_eq!(class(Method::OPTIONS, "/api/v1/imports"), None);
        assert_eq!(rates.class(&Method::GET, None), Some(RateClass::Reads));
    }
}
