//! Who may use the operations for crews: a boundary that proxies, pages of other sites and foreign
//! names of this machine do not pass.

use serde_json::{Value, json};

use crate::common::{Folder, Service, done};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const BEARER: (&str, &str) = ("Authorization", "Bearer 0123456789abcdef0123456789abcdef");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Method and path of every operation of the document; of those for crews only, or of the others.
/// Logging in and out is neither: `sessions.rs` tests it.
fn operations(service: &Service, for_crews: bool) -> Vec<(String, String)> {
    let document = service.get("/api/openapi.json").json();
    let mut found = Vec::new();
    let paths = document["paths"].as_object().unwrap();
    for (path, operations) in paths.iter().filter(|(path, _)| *path != "/api/v1/session") {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["security"].is_array() == for_crews {
                let path = path.replace("{id}", "00000000000000000000000000000000");
                found.push((method.to_uppercase(), path));
            }
        }
    }
    found
}

fn start(name: &str, arguments: &[&str]) -> (Folder, Service) {
    let folder = Folder::new(name);
    let service = Service::start(&folder, arguments);
    (folder, service)
}

/// The detail of a refusal.
fn detail(answer: &crate::common::Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

/// Is a key needed for this also where a service without any is open to its own machine?
fn always_needs_key(path: &str) -> bool {
    path.ends_with("/contact") || path.ends_with("/erasures")
}

#[test]
fn without_a_key_no_operation_for_crews_serves_what_may_come_from_elsewhere() {
    let (_folder, service) = start("foreign", &[]);
    let crews = operations(&service, true);
    assert!(crews.len() > 10, "{crews:?}");
    let own = format!("http://{}", service.address);
    let signs: [(&str, &str, &str); 9] = [
        ("X-Forwarded-For", "192.0.2.1", "x-forwarded-for"),
        ("Forwarded", "for=192.0.2.1", "forwarded"),
        ("Via", "1.1 proxy", "via"),
        ("X-Real-IP", "127.0.0.1", "x-real-ip"),
        ("Host", "rebound.example", "rebound.example"),
        ("Origin", "https://evil.example", "evil.example"),
        ("Origin", "null", "null"),
        ("Sec-Fetch-Site", "cross-site", "cross-site"),
        ("Sec-Fetch-Site", "same-site", "same-site"),
    ];
    for (method, path) in &crews {
        for (name, value, word) in signs {
            let headers =
                [(name, value), ("Content-Type", "text/plain"), ("Accept-Language", "en")];
            let answer = service.ask(method, path, &headers, b"{}");
            assert_eq!(answer.status, 403, "{method} {path} {name}: {value}");
            let problem = answer.json();
            assert_eq!(problem["type"], "urn:pointchaud:problem:forbidden");
            // Changes of other pages are refused before their headers are looked at one by one.
            let is_of_page = detail(&answer) == "A page of another site cannot make this request.";
            let is_named = detail(&answer).contains(word) || always_needs_key(path);
            assert!(is_named || is_of_page, "{method} {path} {name}: {}", detail(&answer));
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
        }
        if !always_needs_key(path) {
            let page = [("Origin", &*own), ("Sec-Fetch-Site", "same-origin"), JSON];
            let answer = service.ask(method, path, &page, b"{}");
            assert_ne!(answer.status, 403, "{method} {path}: {}", detail(&answer));
        }
    }
}

#[test]
fn what_is_public_stays_open_to_proxies_and_other_pages() {
    let (_folder, service) = start("public", &[]);
    let headers = [
        ("X-Forwarded-For", "192.0.2.1"),
        ("Origin", "https://app.example"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Host", "city.example"),
        JSON,
    ];
    for (method, path) in operations(&service, false) {
        let answer = service.ask(&method, &path, &headers, b"{}");
        assert_ne!(answer.status, 403, "{method} {path}");
        // Also where it is refused: an app on another page reads why.
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{method} {path}");
    }
    let body = br#"{"service_code":"graffiti","lon":-71.2,"lat":46.8}"#;
    assert_eq!(service.ask("POST", "/api/v1/reports", &headers, body).status, 201);
}

#[test]
fn pages_of_other_origins_are_promised_public_operations_only() {
    let (_folder, service) = start("preflight", &["--crew-key", KEY]);
    let allowed = |method: &str, path: &str| {
        let asked = [
            ("Origin", "https://app.example"),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ];
        let answer = service.ask("OPTIONS", path, &asked, b"");
        let list = |name| answer.header(name).unwrap_or_default().to_ascii_uppercase();
        let methods = list("access-control-allow-methods");
        assert!(!list("access-control-allow-headers").contains("AUTHORIZATION"), "{path}");
        answer.header("access-control-allow-origin").is_some()
            && methods.split(',').any(|one| one == method)
    };
    for (method, path) in operations(&service, false) {
        assert!(allowed(&method, &path), "{method} {path}");
    }
    for (method, path) in operations(&service, true) {
        let shares_its_path = operations(&service, false).iter().any(|(_, other)| *other == path);
        assert!(!allowed(&method, &path) || shares_its_path, "{method} {path}");
        // A request that needs no preflight is refused all the same.
        let headers = [("Origin", "https://evil.example"), BEARER, ("Content-Type", "text/plain")];
        if method != "GET" {
            assert_eq!(service.ask(&method, &path, &headers, b"{}").status, 403, "{method} {path}");
        }
    }
}

#[test]
fn a_service_with_a_public_address_and_no_key_changes_nothing() {
    let (_folder, service) = start("address", &["--public-url", "https://city.example/311"]);
    for (method, path) in operations(&service, true) {
        assert_eq!(service.ask(&method, &path, &[JSON], b"{}").status, 403, "{method} {path}");
    }
    assert_eq!(service.post("/api/v1/reports", r#"{"service_code":"graffiti"}"#).status, 201);
}

#[test]
fn pages_of_the_public_address_are_the_services_own() {
    let (_folder, service) =
        start("own", &["--public-url", "https://city.example/311", "--crew-key", KEY]);
    let status = |origin: &str| {
        let headers = [("Origin", origin), ("Sec-Fetch-Site", "same-origin"), BEARER, JSON];
        service.ask("PATCH", "/api/v1/reports/none", &headers, b"{}").status
    };
    assert_ne!(status("https://city.example"), 403);
    let old = [("Origin", "https://city.example"), BEARER, JSON];
    assert_ne!(service.ask("PATCH", "/api/v1/reports/none", &old, b"{}").status, 403);
    let other = [("Origin", "https://city.example.evil"), BEARER, JSON];
    assert_eq!(service.ask("PATCH", "/api/v1/reports/none", &other, b"{}").status, 403);
}

#[test]
fn contacts_need_a_key_on_this_machine_too() {
    let (folder, service) = start("contact", &[]);
    let filed = service.ask(
        "POST",
        "/open311/v2/requests.json",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        b"api_key=k&service_code=graffiti&lat=46.81&long=-71.21&email=a%40b.ca&account_id=7",
    );
    let filed: Value = filed.json();
    let id = filed[0]["service_request_id"].as_str().unwrap_or_else(|| panic!("{filed}"));
    let path = format!("/api/v1/reports/{id}/contact");
    let refused = service.ask("GET", &path, &[("Accept-Language", "en")], b"");
    assert_eq!(refused.status, 403);
    assert!(detail(&refused).contains("--crew-key"), "{}", detail(&refused));
    drop(service);
    let service = Service::start(&folder, &["--crew-key", KEY]);
    assert_eq!(service.get(&path).status, 401);
    let contact = service.ask("GET", &path, &[BEARER], b"").json();
    assert_eq!(contact, json!({ "email": "a@b.ca", "account_id": "7" }));
    done(&folder, &["check"]);
}
