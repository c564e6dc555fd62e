//! The cookie of a session: how it is set, and what does not take it.

use pointchaud::config::Limits;
use pointchaud::domain::Role;
use pointchaud::http::{Listening, TrustedProxies};
use serde_json::json;

use crate::common::{Client, Folder, LocalService, Service, eventually};
use crate::sessions::*;

/// A request: method, path and body.
type Asked = (&'static str, String, &'static [u8]);

/// What only the holder of a key may ask, about a report that is filed here, and logging out.
fn operations(service: &LocalService) -> [Asked; 5] {
    let body = r#"{"service_code":"graffiti","lon":-71.2,"lat":46.8}"#;
    let filed = service.post("/api/v1/reports", body).json();
    let report = format!("/api/v1/reports/{}", filed["id"].as_str().unwrap());
    [
        ("PATCH", report.clone(), br#"{"status":"in_progress"}"#),
        ("GET", format!("{report}/contact"), b""),
        ("GET", "/api/v1/imports".into(), b""),
        ("DELETE", format!("{PATH}?all=true"), b""),
        ("DELETE", PATH.into(), b""),
    ]
}

#[test]
fn no_page_of_another_site_uses_a_session() {
    let (_folder, service) = start("csrf");
    let operations = operations(&service);
    let secret = key(&service, "admin", Role::Admin, None);
    let cookie = log_in(&service, &secret);
    let own = format!("http://{}", service.address);
    let foreign: [&[(&str, &str)]; 6] = [
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", &own)],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "http://127.0.0.1:1")],
        &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")],
    ];
    for signs in foreign {
        for (method, path, body) in &operations {
            let headers = [&[("Cookie", cookie.as_str()), JSON, ENGLISH], signs].concat();
            let answer = service.ask(method, path, &headers, body);
            assert_eq!(answer.status, 403, "{method} {path} {signs:?}: {answer:?}");
            assert!(detail(&answer).contains("another site"), "{answer:?}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
            assert_eq!(answer.header("set-cookie"), None, "{method} {path}");
        }
        // Nobody logs a browser in as somebody else.
        let answer = log_in_with(&service, &secret, signs);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{signs:?}");
    }
    // What is public is answered, as to the public.
    let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(service.ask("GET", PATH, &headers, b"").json()["role"], "none");
    assert_eq!(service.ask("GET", "/api/v1/reports", &headers, b"").status, 200);
    let asked = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")];
    let preflight = service.ask("OPTIONS", PATH, &asked, b"");
    assert_eq!(preflight.header("access-control-allow-origin"), None);
}

#[test]
fn pages_of_the_service_use_the_session() {
    let (_folder, service) = start("own-page");
    let operations = operations(&service);
    let secret = key(&service, "admin", Role::Admin, None);
    let own = format!("http://{}", service.address);
    for (method, path, body) in &operations {
        for signs in [
            &[("Sec-Fetch-Site", "same-origin"), ("Origin", own.as_str())][..],
            &[("Sec-Fetch-Site", "none")],
            &[("Origin", &own)],
        ] {
            let cookie = log_in(&service, &secret);
            let headers = [&[("Cookie", cookie.as_str()), JSON, ENGLISH], signs].concat();
            let status = service.ask(method, path, &headers, body).status;
            assert!([200, 204, 404].contains(&status), "{method} {path} {signs:?}: {status}");
        }
    }
}

#[test]
fn the_cookie_is_secure_wherever_a_session_does_not_stay_on_this_machine() {
    const SECURE: &str = "; Path=/; HttpOnly; SameSite=Strict; Secure";
    const LOCAL: &str = "; Path=/; HttpOnly; SameSite=Strict";
    let folder = Folder::new("flags");
    let set = |service: &Client, headers: &[(&str, &str)]| {
        let answer = log_in_with(service, CREW_KEY, headers);
        let set = answer.header("set-cookie").map(str::to_owned);
        assert_eq!(answer.status == 200, set.is_some(), "{answer:?}");
        if answer.status != 200 {
            assert_eq!(answer.status, 403, "{answer:?}");
            assert!(detail(&answer).contains("HTTPS"), "{answer:?}");
        }
        set
    };
    let is = |set: Option<String>, name: &str, end: &str| {
        let set = set.unwrap();
        let token = set.strip_prefix(name).unwrap().strip_suffix(end).unwrap();
        assert!(token.len() == 65 && token.starts_with('='), "{set}");
    };
    let service = Service::start(&folder, &["--crew-key", CREW_KEY]);
    is(set(&service, &[]), "pointchaud", LOCAL);
    assert_eq!(set(&service, &[("X-Forwarded-For", "203.0.113.7")]), None);
    assert_eq!(set(&service, &[("X-Forwarded-Proto", "https")]), None, "not a trusted proxy");
    assert_eq!(set(&service, &[("Host", "city.example")]), None);
    // A cookie of the wrong name counts for nothing.
    let cookie = log_in(&service, CREW_KEY);
    assert_eq!(status(&service, &format!("__Host-{cookie}")), 401);
    drop(service);

    let service = Service::start(
        &folder,
        &["--crew-key", CREW_KEY, "--public-url", "https://city.example/311"],
    );
    is(set(&service, &[]), "__Host-pointchaud", SECURE);
    is(set(&service, &[("X-Forwarded-For", "203.0.113.7")]), "__Host-pointchaud", SECURE);
    let cookie = log_in(&service, CREW_KEY);
    assert_eq!(status(&service, &cookie), 200);
    assert_eq!(status(&service, cookie.strip_prefix("__Host-").unwrap()), 401, "a planted cookie");
    let page = [("Cookie", cookie.as_str()), ("Origin", "https://city.example"), JSON];
    assert_eq!(service.ask("DELETE", PATH, &page, b"").status, 204, "a page of the public address");
    drop(service);

    let trusted = ["--crew-key", CREW_KEY, "--trusted-proxy", "127.0.0.1"];
    let service = Service::start(&folder, &trusted);
    let client = ("X-Forwarded-For", "203.0.113.7");
    is(set(&service, &[client, ("X-Forwarded-Proto", "https")]), "__Host-pointchaud", SECURE);
    assert_eq!(set(&service, &[client, ("X-Forwarded-Proto", "http")]), None);
    assert_eq!(set(&service, &[client]), None, "the proxy does not say");
    assert_eq!(set(&service, &[]), None);
}

#[test]
fn over_tls_the_cookie_is_secure() {
    let folder = Folder::new("tls-session");
    let (service, files) = crate::tls::start(&folder, Limits::default());
    let secret = key(&service, "marie", Role::Admin, None);
    let body = json!({ "key": secret }).to_string();
    let sent = ["-X", "POST", "-H", "Content-Type: application/json", "-d", &body];
    let Some(answer) = crate::tls::curl(&service, &files, &sent, PATH) else { return };
    let set = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie"));
    let set = set.unwrap_or_else(|| panic!("no cookie: {answer}"));
    assert!(set.contains("__Host-pointchaud=") && set.contains("; Secure"), "{set}");
    let cookie = set.split_once(' ').unwrap().1.split(';').next().unwrap();
    let sent = ["-H", &format!("Cookie: {cookie}")];
    let answer = crate::tls::curl(&service, &files, &sent, "/api/v1/imports").unwrap();
    assert!(answer.lines().next().unwrap().contains(" 200"), "{answer}");
}

#[test]
fn wrong_keys_are_slowed_and_no_answer_repeats_a_key() {
    let (_folder, service) = start("wrong");
    let (known, other) =
        (key(&service, "a", Role::Admin, None), key(&service, "b", Role::Admin, None));
    log_in(&service, &known);
    assert_eq!(log_in_with(&service, "", &[]).status, 401);
    for n in 0..9 {
        let guess = format!("pch_{n}");
        let answer = log_in_with(&service, &guess, &[]);
        assert_eq!((answer.status, answer.header("set-cookie")), (401, None), "{answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&guess));
    }
    let refused = log_in_with(&service, "pch_10", &[]);
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(log_in_with(&service, &other, &[]).status, 429, "a right guess looks wrong");
    log_in(&service, &known);
    for body in [
        format!(r#"{{"key":"{known}","more":"{known}"}}"#),
        format!(r#"{{"kye":"{known}"}}"#),
        format!(r#"{{"key":["{known}"]}}"#),
        format!(r#"{{"key":"{known}""#),
        format!(r#"{{"key":"{known}","key":"{known}"}}"#),
        format!("\"{known}\""),
    ] {
        let answer = service.ask("POST", PATH, &[JSON, ENGLISH], body.as_bytes());
        assert_eq!(answer.status, 400, "{answer:?}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains(&known[4..20]), "{text}");
    }
    let long = json!({ "key": "k".repeat(10_000) }).to_string();
    assert_eq!(service.ask("POST", PATH, &[JSON], long.as_bytes()).status, 413);
    let form = [("Content-Type", "text/plain")];
    assert_eq!(service.ask("POST", PATH, &form, b"{\"key\":\"a\"}").status, 415);
}

#[test]
fn a_cookie_that_a_client_invents_is_never_adopted() {
    let (folder, service) = start("fixation");
    let secret = key(&service, "marie", Role::Admin, None);
    let invented = format!("pointchaud={}", "a1".repeat(32));
    eventually("the key is known", || status(&service, &invented) == 401);
    let answer = log_in_with(&service, &secret, &[("Cookie", &invented)]);
    let cookie = cookie_of(&answer);
    assert_ne!(cookie, invented);
    assert_eq!((status(&service, &invented), status(&service, &cookie)), (401, 200));
    // Logging in again, a browser has one session, not two.
    let next = cookie_of(&log_in_with(&service, &secret, &[("Cookie", &cookie)]));
    assert_ne!(next, cookie);
    assert_eq!((status(&service, &cookie), status(&service, &next)), (401, 200));
    assert_eq!(stored(&folder).len(), 1);
    for broken in [
        format!("{next}; {next}"),
        format!("{next}0"),
        next.to_uppercase(),
        next.replace("pointchaud=", "pointchaud=\""),
        "pointchaud".into(),
        "=".into(),
        ";;;".into(),
    ] {
        assert_eq!(status(&service, &broken), 401, "{broken}");
        assert_eq!(state(&service, &broken)["role"], "none", "{broken}");
    }
    let among = format!("a=b; {next};c=\"d\"");
    assert_eq!(status(&service, &among), 200);
}

#[test]
fn clients_behind_a_trusted_proxy_are_slowed_each_for_themselves() {
    let folder = Folder::new("proxy");
    let proxies = TrustedProxies::parse(&["127.0.0.1".to_owned()]).unwrap();
    let service =
        LocalService::start_listening(&folder, Listening { proxies, ..Listening::default() });
    let secret = key(&service, "marie", Role::Admin, None);
    let from = |address: &str, secret: &str| {
        let headers = [("X-Forwarded-For", address), ("X-Forwarded-Proto", "https")];
        log_in_with(&service, secret, &headers).status
    };
    for _ in 0..10 {
        assert_eq!(from("203.0.113.7", "pch_wrong"), 401);
    }
    assert_eq!(from("203.0.113.7", &secret), 429);
    assert_eq!(from("203.0.113.8", &secret), 200);
}
