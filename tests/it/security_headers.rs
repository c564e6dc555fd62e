//! The security headers of every class of responses, as a table.

use crate::common::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What a class of responses must have: the beginning of its content security policy, and who may
/// embed it.
struct Class {
    name: &'static str,
    method: &'static str,
    path: String,
    status: u16,
    policy: &'static str,
    resource_policy: &'static str,
    is_page: bool,
}

fn classes(photo: &str) -> Vec<Class> {
    const DATA: &str = "default-src 'none'; frame-ancestors 'none'";
    const PAGE: &str = "default-src 'none'; script-src 'self';";
    let class =
        |name, (method, path): (&'static str, &str), status, (policy, resource_policy, is_page)| {
            Class { name, method, path: path.to_owned(), status, policy, resource_policy, is_page }
        };
    let data = (DATA, "cross-origin", false);
    vec![
        class("map page", ("GET", "/"), 200, (PAGE, "same-origin", true)),
        class("form", ("GET", "/signaler"), 200, (PAGE, "same-origin", true)),
        class("tracking", ("GET", "/suivi/x"), 200, (PAGE, "same-origin", true)),
        class("API reference", ("GET", "/docs"), 200, (PAGE, "same-origin", true)),
        class(
            "OGC page",
            ("GET", "/ogc?f=html"),
            200,
            ("default-src 'none'", "cross-origin", true),
        ),
        class("list", ("GET", "/api/v1/reports"), 200, data),
        class("tile", ("GET", "/tiles/reports/0/0/0"), 200, data),
        class("export", ("GET", "/api/v1/export.csv"), 200, data),
        class("Open311", ("GET", "/open311/v2/services.xml"), 200, data),
        class("photo", ("GET", photo), 200, ("default-src 'none'; sandbox", "same-origin", false)),
        class("refusal", ("GET", "/api/v1/reports?limit=x"), 400, data),
        class("unknown path", ("GET", "/nothing"), 404, (DATA, "same-origin", false)),
        class("forbidden", ("PATCH", "/api/v1/reports/x"), 401, (DATA, "same-origin", false)),
        class("wrong method", ("DELETE", "/api/v1/reports"), 405, (DATA, "same-origin", false)),
        class("health", ("GET", "/healthz"), 200, (DATA, "same-origin", false)),
    ]
}

#[test]
fn every_class_of_responses_has_its_headers() {
    let folder = demo_city("headers", 500, 3);
    let service = Service::start(&folder, &["--crew-key", KEY]);
    let sent = service.ask("POST", "/api/v1/media", &[], &jpeg(40, 30));
    let photo = sent.json()["media_url"].as_str().unwrap_or_default().to_owned();
    let photo = photo.find("/media/").map_or(photo.as_str(), |at| &photo[at..]).to_owned();
    for class in classes(&photo) {
        let Class { name, method, path, status, policy, resource_policy, is_page } = class;
        let answer = service.ask(method, &path, &[], b"");
        assert_eq!(answer.status, status, "{name} {path}");
        let header = |wanted: &str| answer.header(wanted).unwrap_or_default().to_owned();
        let found = header("content-security-policy");
        assert!(found.starts_with(policy), "{name}: {found}");
        assert!(found.contains("frame-ancestors") || found.contains("sandbox"), "{name}: {found}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(header("referrer-policy"), "same-origin", "{name}");
        let shared = header("access-control-allow-origin") == "*";
        let expected = if shared { "cross-origin" } else { resource_policy };
        assert_eq!(header("cross-origin-resource-policy"), expected, "{name}");
        if resource_policy == "cross-origin" {
            assert!(shared, "{name}");
        }
        let of_pages = if is_page { "same-origin" } else { "" };
        assert_eq!(header("cross-origin-opener-policy"), of_pages, "{name}");
        assert_eq!(header("permissions-policy").contains("geolocation=(self)"), is_page, "{name}");
        // Without TLS of the service's own nothing is promised about TLS.
        assert_eq!(header("strict-transport-security"), "", "{name}");
    }
}
