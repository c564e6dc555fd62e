//! Rates: how many requests a client may send, whoever it says it is.

use crate::common::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const BEARER: (&str, &str) = ("Authorization", "Bearer 0123456789abcdef0123456789abcdef");
const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;

/// A service behind a proxy of this machine.
fn behind_a_proxy(folder: &Folder, more: &[&str]) -> Service {
    let arguments = [&["--trusted-proxy", "127.0.0.1", "--crew-key", KEY], more].concat();
    Service::start(folder, &arguments)
}

#[test]
fn one_request_too_many_is_refused_with_the_time_to_wait() {
    let folder = Folder::new("rates");
    let service = behind_a_proxy(&folder, &["--rate-reads", "3"]);
    let ask = |client: &str, language: &str| {
        let headers = [("X-Forwarded-For", client), ("Accept-Language", language)];
        service.ask("GET", "/api/v1/reports", &headers, b"")
    };
    for left in (0..3).rev() {
        let answer = ask("203.0.113.7", "en");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"reads\";q=3;w=60"));
        let present = answer.header("ratelimit").unwrap();
        assert!(present.starts_with(&format!("\"reads\";r={left};t=")), "{present}");
    }
    let refused = ask("203.0.113.7", "en");
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    let problem = refused.json();
    assert_eq!(problem["type"], "urn:pointchaud:problem:too-many-requests");
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(problem["detail"].as_str().unwrap().starts_with("Too many requests"));
    // A page of another origin reads why.
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let french = ask("203.0.113.7", "fr").json();
    assert!(french["detail"].as_str().unwrap().starts_with("Trop de requêtes"), "{french}");
    // Others are not concerned, nor are other classes of this client, nor the watching.
    assert_eq!(ask("203.0.113.8", "en").status, 200);
    let of_client = |method: &str, path: &str, body: &[u8]| {
        let headers = [("X-Forwarded-For", "203.0.113.7"), ("Content-Type", "application/json")];
        service.ask(method, path, &headers, body)
    };
    assert_eq!(of_client("POST", "/api/v1/reports", POTHOLE.as_bytes()).status, 201);
    assert_eq!(of_client("GET", "/healthz", b"").status, 200);
    // Open311 has its own form of errors.
    let open311 = of_client("GET", "/open311/v2/requests.json", b"");
    assert_eq!((open311.status, open311.json()[0]["code"].clone()), (429, 429.into()));
    // What is for crews alone is not shared with other origins, also where it is refused.
    assert_eq!(of_client("GET", "/api/v1/imports", b"").status, 401);
}

#[test]
fn nobody_escapes_by_what_a_client_can_write() {
    let folder = Folder::new("escape");
    let service = behind_a_proxy(&folder, &["--rate-reads", "5"]);
    let spoofs = |n: u32| {
        let entry = format!("198.51.100.{n}, 203.0.113.7");
        let wrong = format!("Bearer wrong-{n}-0123456789abcdef");
        vec![("X-Forwarded-For", entry), ("Authorization", wrong)]
    };
    let statuses: Vec<u16> = (0..20)
        .map(|n| {
            let spoofs = spoofs(n);
            let headers: Vec<_> =
                spoofs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            service.ask("GET", "/api/v1/reports", &headers, b"").status
        })
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5, "{statuses:?}");
    // A right key is a client of its own, wherever it comes from.
    for n in 0..5 {
        let from = format!("203.0.113.{n}");
        let headers = [("X-Forwarded-For", from.as_str()), BEARER];
        assert_eq!(service.ask("GET", "/api/v1/reports", &headers, b"").status, 200);
    }
    let headers = [("X-Forwarded-For", "203.0.113.99"), BEARER];
    assert_eq!(service.ask("GET", "/api/v1/reports", &headers, b"").status, 429);
}

#[test]
fn a_burst_of_filings_is_cut_to_the_rate() {
    let folder = Folder::new("burst");
    let service = behind_a_proxy(&folder, &["--rate-filings", "10"]);
    let file = || {
        let headers = [("X-Real-IP", "2001:db8::7"), ("Content-Type", "application/json")];
        service.ask("POST", "/api/v1/reports", &headers, POTHOLE.as_bytes()).status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..10).map(|_| file()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let filed = statuses.iter().filter(|status| **status == 201).count();
    // One more for each 6 s that the burst may have taken.
    assert!((10..=15).contains(&filed), "{filed}");
    assert!(statuses.iter().all(|status| [201, 429].contains(status)), "{statuses:?}");
}

#[test]
fn programs_of_this_machine_and_services_without_rates_have_no_limit() {
    let folder = Folder::new("free");
    let local = Service::start(&folder, &["--rate-reads", "2"]);
    for _ in 0..5 {
        let answer = local.get("/api/v1/reports");
        assert_eq!((answer.status, answer.header("ratelimit")), (200, None));
    }
    drop(local);
    for more in [["--rates", "off"], ["--rate-reads", "0"]] {
        let service = behind_a_proxy(&folder, &more);
        for _ in 0..5 {
            let headers = [("X-Forwarded-For", "203.0.113.7")];
            let answer = service.ask("GET", "/api/v1/reports", &headers, b"");
            assert_eq!((answer.status, answer.header("ratelimit")), (200, None), "{more:?}");
        }
    }
}

#[test]
fn behind_a_proxy_links_have_the_public_address_and_changes_need_a_key() {
    let folder = Folder::new("forwarded");
    let service = Service::start(&folder, &["--trusted-proxy", "127.0.0.0/8"]);
    let forwarded = [
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "city.example"),
    ];
    let landing = |headers: &[(&str, &str)]| {
        let text = service.ask("GET", "/ogc?f=json", headers, b"").body;
        String::from_utf8(text).unwrap()
    };
    assert!(landing(&forwarded).contains("\"https://city.example/ogc"), "{}", landing(&forwarded));
    assert!(!landing(&[]).contains("city.example"));
    // Without a key nothing is changed, not even by a request that shows no sign of the proxy.
    for headers in [&forwarded[..], &[]] {
        let answer = service.ask("PATCH", "/api/v1/reports/none", headers, b"{}");
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    drop(service);
    // Others than the trusted proxy are not believed.
    let service = Service::start(&folder, &["--trusted-proxy", "192.0.2.1"]);
    let text = String::from_utf8(service.ask("GET", "/ogc?f=json", &forwarded, b"").body).unwrap();
    assert!(!text.contains("city.example"));
    let out = run(&folder, &["serve", "--trusted-proxy", "somewhere"]);
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(text.contains("--trusted-proxy") && text.contains("somewhere"), "{text}");
}
