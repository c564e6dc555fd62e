//! The security headers of every response. A handler that needs other values sets them itself;
//! here they are added where they are absent.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Nothing may be loaded by what is no page, and nothing may show it in a frame.
const CSP_OF_DATA: &str = "default-src 'none'; frame-ancestors 'none'";
/// Pages without scripts and without a policy of their own.
const CSP_OF_PAGES: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
/// What a page may ask a browser for: the place, for the form of a new report.
const PERMISSIONS: &str =
    "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), interest-cohort=()";
/// A year, which is what lists of browsers ask for.
const HSTS: &str = "max-age=31536000";

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds the headers that a response lacks. `is_shared`: pages of other origins may use the
/// response; `is_tls`: it goes through this service's own TLS.
pub fn add_headers(headers: &mut HeaderMap, is_shared: bool, is_tls: bool) {
    let media_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let begins = |with: &[u8]| media_type.is_some_and(|media_type| media_type.starts_with(with));
    let is_page = begins(b"text/html");
    // A worker of the page obeys the policy of its script: the map's worker loads tiles, also from
    // the basemap's host, which the policy of the page names.
    let is_script = begins(b"text/javascript") || begins(b"application/javascript");
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "same-origin");
    add(CORP, if is_shared { "cross-origin" } else { "same-origin" });
    if is_page {
        add(header::CONTENT_SECURITY_POLICY, CSP_OF_PAGES);
        add(COOP, "same-origin");
        add(PERMISSIONS_POLICY, PERMISSIONS);
    } else if !is_script {
        add(header::CONTENT_SECURITY_POLICY, CSP_OF_DATA);
    }
    if is_tls {
        add(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}
