//! Which key may do what: every operation with every role, and keys that are not valid. The table
//! is declared here anew, so that a change of the service's own table is noticed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use serde_json::{Value, json};

use crate::common::{Answer, Folder, Service, done, eventually, run};

const ROLES: [&str; 5] = ["app", "agent", "crew", "supervisor", "admin"];
const QUEBEC: &str = "ville.quebec.qc.ca";
const OTHER: &str = "city.example";
const JSON: (&str, &str) = ("Content-Type", "application/json");
const IMPORT: &str = "/api/v1/imports/00000000000000000000000000000000";

/// Method, path and the roles that may use it. Operations that are not here are public.
fn table() -> Vec<(&'static str, String, &'static [&'static str])> {
    let report = "/api/v1/reports/{id}".to_owned();
    let contact = format!("{report}/contact");
    let mut all = vec![
        ("PATCH", report, &["agent", "crew", "supervisor", "admin"][..]),
        ("GET", contact, &["agent", "supervisor", "admin"]),
    ];
    let review = &["agent", "supervisor", "admin"][..];
    all.push(("GET", "/api/v1/review".to_owned(), review));
    all.push(("PUT", "/api/v1/review/{id}".to_owned(), review));
    for change in ["merge", "split", "undo"] {
        let path = format!("/api/v1/incidents/{{id}}/{change}");
        all.push(("POST", path, &["supervisor", "admin"]));
    }
    for path in ["/api/v1/audit", "/api/v1/audit.csv"] {
        all.push(("GET", path.to_owned(), &["supervisor", "admin"]));
    }
    let imports = [("GET", ""), ("POST", ""), ("GET", "/{id}"), ("PATCH", "/{id}")];
    let more = [("POST", "/{id}/run"), ("GET", "/{id}/refused"), ("DELETE", "/{id}")];
    for method in ["GET", "POST"] {
        all.push((method, "/api/v1/erasures".to_owned(), &["admin"]));
    }
    for (method, end) in imports.into_iter().chain(more) {
        all.push((method, format!("/api/v1/imports{end}"), &["admin"]));
    }
    all
}

/// The path of an operation of the table for a request.
fn of_request(method: &str, path: &str) -> String {
    let id = IMPORT.rsplit('/').next().unwrap();
    let path = path.replace("{id}", id);
    if method == "POST" && path == "/api/v1/imports" { format!("{path}?name=a.csv") } else { path }
}

/// A store with two cities.
fn two_cities(name: &str) -> Folder {
    let folder = Folder::new(name);
    done(&folder, &["city", "add", QUEBEC]);
    done(&folder, &["city", "add", OTHER, "--time-zone", "Europe/Paris"]);
    folder
}

/// Creates a key and returns its secret.
fn create(folder: &Folder, name: &str, role: &str, more: &[&str]) -> String {
    let words = [&["key", "create", "--name", name, "--role", role], more].concat();
    let secret = done(folder, &words).trim().to_owned();
    assert!(secret.starts_with("pch_") && secret.len() == 68, "{secret}");
    secret
}

fn ask(service: &Service, method: &str, path: &str, secret: &str, body: &[u8]) -> Answer {
    let bearer = format!("Bearer {secret}");
    let headers = [("Authorization", bearer.as_str()), ("Accept-Language", "en"), JSON];
    // Only `POST` and `PATCH` have a body.
    let body = if method.starts_with('P') { body } else { b"" };
    service.ask(method, path, &headers, body)
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

/// Files a report without a key; its id.
fn filed(service: &Service) -> String {
    let body = r#"{"service_code":"graffiti","lon":-71.2,"lat":46.8}"#;
    let made = service.post("/api/v1/reports", body);
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_table_names_every_operation_that_is_not_public_and_its_roles() {
    let (folder, service) = {
        let folder = two_cities("table");
        let service = Service::start(&folder, &[]);
        (folder, service)
    };
    let document = service.get("/api/openapi.json?lang=en").json();
    let mut found = BTreeSet::new();
    let paths = document["paths"].as_object().unwrap();
    // Everybody may log in and out; see `sessions.rs`.
    for (path, operations) in paths.iter().filter(|(path, _)| *path != "/api/v1/session") {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["security"].is_array() {
                let said = operation["description"].as_str().unwrap().to_owned();
                assert!(operation["responses"]["401"].is_object(), "{method} {path}");
                assert!(operation["responses"]["403"].is_object(), "{method} {path}");
                found.insert((method.to_uppercase(), path.clone(), said));
            }
        }
    }
    let expected: BTreeSet<_> = table()
        .into_iter()
        .map(|(method, path, roles)| {
            let said = format!("For keys of the roles: {}.", roles.join(", "));
            (method.to_owned(), path, said)
        })
        .collect();
    assert_eq!(found, expected);
    drop(folder);
}

#[test]
fn each_role_does_what_the_table_says_and_in_its_city_alone() {
    let folder = two_cities("roles");
    for role in ROLES {
        let all = create(&folder, &format!("all-{role}"), role, &[]);
        let own = create(&folder, &format!("own-{role}"), role, &["--jurisdiction", QUEBEC]);
        let service = Service::start(&folder, &[]);
        for (method, path, roles) in table() {
            let place = format!("{role}: {method} {path}");
            let path = of_request(method, &path);
            let allowed = roles.contains(&role);
            let answer = ask(&service, method, &path, &all, b"{}");
            assert_eq!(answer.status == 403, !allowed, "{place}: {answer:?}");
            assert!(![401, 429, 500].contains(&answer.status), "{place}: {answer:?}");
            if !allowed {
                assert!(detail(&answer).contains(&format!("role {role}")), "{place}: {answer:?}");
            }
            // An import may concern any city: a key for one city cannot use it.
            let is_of_city = !path.contains("imports");
            let answer = ask(&service, method, &path, &own, b"{}");
            assert_eq!(answer.status == 403, !(allowed && is_of_city), "{place}: {answer:?}");
            if is_of_city {
                let foreign = format!("{path}?jurisdiction_id={OTHER}");
                let answer = ask(&service, method, &foreign, &own, b"{}");
                assert_eq!(answer.status, 403, "{place}: {answer:?}");
                if allowed {
                    let said = format!("is for {QUEBEC}, not for {OTHER}");
                    assert!(detail(&answer).contains(&said), "{place}: {answer:?}");
                }
            }
        }
        // What is public stays so, also in the other city.
        let path = format!("/api/v1/reports?jurisdiction_id={OTHER}");
        assert_eq!(ask(&service, "GET", &path, &own, b"").status, 200, "{role}");
    }
}

#[test]
fn keys_that_are_not_valid_are_refused_as_such() {
    let folder = two_cities("invalid");
    let good = create(&folder, "good", "admin", &[]);
    let expired = create(&folder, "expired", "admin", &["--expires", "1h"]);
    let revoked = create(&folder, "revoked", "admin", &[]);
    done(&folder, &["key", "revoke", "revoked"]);
    let db = rusqlite::Connection::open(folder.file("city.db")).unwrap();
    db.execute("UPDATE access_key SET expires = 1 WHERE name = 'expired'", []).unwrap();
    drop(db);
    let unknown = format!("pch_{}", "0".repeat(64));
    let cut = &good[..good.len() - 1];
    let headers = [
        (format!("Bearer {expired}"), "expired"),
        (format!("Bearer {revoked}"), "revoked"),
        (format!("Bearer {unknown}"), "unknown"),
        (format!("Bearer {cut}"), "unknown"),
        (format!("Basic {good}"), "Send a key"),
        (good.clone(), "Send a key"),
        (String::new(), "Send a key"),
    ];
    // Wrong keys are slowed (another test): a few of them for each process.
    for operations in table().chunks(6) {
        for (header, word) in &headers {
            let service = Service::start(&folder, &[]);
            for (method, path, _) in operations {
                let headers = [("Authorization", header.as_str()), ("Accept-Language", "en"), JSON];
                let headers = if header.is_empty() { &headers[1..] } else { &headers[..] };
                let body = if method.starts_with('P') { &b"{}"[..] } else { b"" };
                let answer = service.ask(method, &of_request(method, path), headers, body);
                assert_eq!(answer.status, 401, "{method} {path} {word}: {answer:?}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
                assert_eq!(answer.json()["type"], "urn:pointchaud:problem:unauthorized");
                assert!(detail(&answer).contains(word), "{method} {path}: {answer:?}");
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(!text.contains(&good[4..20]), "no key is repeated");
            }
            assert_eq!(ask(&service, "GET", "/api/v1/imports", &good, b"").status, 200);
        }
    }
}

#[test]
fn the_first_key_closes_a_service_that_was_open_to_its_machine() {
    let folder = two_cities("first");
    let service = Service::start(&folder, &[]);
    let path = format!("/api/v1/reports/{}", filed(&service));
    let change = |secret: Option<&str>| match secret {
        Some(secret) => {
            ask(&service, "PATCH", &path, secret, br#"{"status":"in_progress"}"#).status
        }
        None => service.ask("PATCH", &path, &[JSON], br#"{"status":"in_progress"}"#).status,
    };
    assert_eq!(change(None), 200);
    let secret = create(&folder, "first", "crew", &[]);
    assert_eq!(change(Some(&secret)), 200);
    eventually("a key is needed", || change(None) == 401);
    // Revoked, it still closes the service: nothing opens again by itself.
    done(&folder, &["key", "revoke", "first"]);
    eventually("the key is refused", || change(Some(&secret)) == 401);
    assert_eq!(change(None), 401);
}

#[test]
fn the_store_has_no_secret() {
    let folder = two_cities("digest");
    let secret = create(&folder, "k", "app", &[]);
    for end in ["", "-wal"] {
        let bytes = std::fs::read(folder.file(&format!("city.db{end}"))).unwrap_or_default();
        let is_in = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!is_in(&secret) && !is_in(&secret[4..]), "{end}");
    }
}

#[test]
fn no_request_is_refused_while_a_key_is_rotated() {
    let folder = two_cities("rotation");
    let first = create(&folder, "turning", "admin", &[]);
    let service = Service::start(&folder, &[]);
    let secret = Arc::new(RwLock::new(first.clone()));
    let (stop, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let now = secret.read().unwrap().clone();
                    let answer = ask(&service, "GET", "/api/v1/imports", &now, b"");
                    assert_eq!(answer.status, 200, "{answer:?}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..5 {
            let next = done(&folder, &["key", "rotate", "turning", "--overlap", "10m"]);
            *secret.write().unwrap() = next.trim().to_owned();
            let seen = asked.load(Ordering::Relaxed);
            eventually("requests go on", || asked.load(Ordering::Relaxed) > seen + 20);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(ask(&service, "GET", "/api/v1/imports", &first, b"").status, 200, "it overlaps");
    let last = done(&folder, &["key", "rotate", "turning", "--overlap", "0m"]);
    let status = |secret: &str| ask(&service, "GET", "/api/v1/imports", secret, b"").status;
    assert_eq!(status(last.trim()), 200);
    eventually("the first secret is refused", || status(&first) == 401);
}

#[test]
fn who_tries_keys_waits() {
    let folder = two_cities("wrong");
    let (known, other) = (create(&folder, "a", "admin", &[]), create(&folder, "b", "admin", &[]));
    let service = Service::start(&folder, &[]);
    let imports = |secret: &str| ask(&service, "GET", "/api/v1/imports", secret, b"");
    assert_eq!(imports(&known).status, 200);
    for n in 0..10 {
        assert_eq!(imports(&format!("pch_{n}")).status, 401, "{n}");
    }
    let refused = imports("pch_10");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["type"], "urn:pointchaud:problem:too-many-requests");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
    assert_eq!(imports(&other).status, 429, "a right guess looks like a wrong one");
    assert_eq!(imports(&known).status, 200, "who worked before goes on working");
    assert_eq!(service.get("/api/v1/reports").status, 200, "what is public stays so");
}

#[test]
fn filing_needs_a_key_where_the_city_wants_it() {
    let folder = two_cities("filing");
    let app = create(&folder, "app", "app", &["--jurisdiction", QUEBEC]);
    let service = Service::start(&folder, &["--filing-needs-key"]);
    let body = br#"{"service_code":"graffiti","lon":-71.2,"lat":46.8}"#;
    for path in ["/api/v1/reports", "/api/v1/reports/batch", "/api/v1/media"] {
        let answer = service.ask("POST", path, &[("Content-Type", "application/x-ndjson")], body);
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
    }
    assert_eq!(ask(&service, "POST", "/api/v1/reports", &app, body).status, 201);
    let foreign = format!("/api/v1/reports?jurisdiction_id={OTHER}");
    assert_eq!(ask(&service, "POST", &foreign, &app, body).status, 403);
    let open311 = |form: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let form = format!("service_code=graffiti&lat=46.8&long=-71.2&{form}");
        service.ask("POST", "/open311/v2/requests.json", &headers, form.as_bytes()).status
    };
    let quebec = format!("jurisdiction_id={QUEBEC}");
    assert_eq!(open311(&quebec), 403);
    assert_eq!(open311(&format!("{quebec}&api_key=any")), 403);
    assert_eq!(open311(&format!("{quebec}&api_key={app}")), 200);
    assert_eq!(open311(&format!("jurisdiction_id={OTHER}&api_key={app}")), 403);
    done(&folder, &["key", "revoke", "app"]);
    drop(service);
    // Where any application may file, a revoked key is no key like any other.
    let service = Service::start(&folder, &[]);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let status = |key: &str| {
        let form = format!("service_code=graffiti&lat=46.8&long=-71.2&{quebec}&api_key={key}");
        service.ask("POST", "/open311/v2/requests.json", &headers, form.as_bytes()).status
    };
    assert_eq!((status("any"), status(&app)), (200, 403));
}

#[test]
fn names_of_employees_are_for_holders_of_keys() {
    let folder = two_cities("names");
    let crew = create(&folder, "marie.tremblay", "crew", &[]);
    let chief = create(&folder, "chief", "supervisor", &[]);
    let service = Service::start(&folder, &[]);
    let (id, other) = (filed(&service), filed(&service));
    let report = format!("/api/v1/reports/{id}");
    let body = br#"{"status":"in_progress"}"#;
    assert_eq!(ask(&service, "PATCH", &report, &crew, body).status, 200);
    let members = json!({ "reports": [other], "author": "Luc" }).to_string();
    let merge = format!("/api/v1/incidents/{id}/merge");
    assert_eq!(ask(&service, "POST", &merge, &chief, members.as_bytes()).status, 200);
    let texts = [
        format!("{report}/history"),
        format!("/api/v1/incidents/{id}"),
        format!("/open311/v2/servicerequestupdates.json?extensions=true&jurisdiction_id={QUEBEC}"),
    ];
    let names = ["marie", "Luc", "chief"];
    let mut named = 0;
    for path in &texts {
        let (public, known) = (service.get(path), ask(&service, "GET", path, &crew, b""));
        assert_eq!((public.status, known.status), (200, 200), "{path}");
        let [public_text, known_text] =
            [&public, &known].map(|one| String::from_utf8_lossy(&one.body).into_owned());
        for name in names {
            assert!(!public_text.contains(name), "{path}: {public_text}");
            named += usize::from(known_text.contains(name));
        }
        let tags = [&public, &known].map(|one| one.header("etag").map(str::to_owned));
        assert!(tags[0].is_none() || tags[0] != tags[1], "{path}: one tag for two responses");
    }
    assert!(named >= 4, "{named}");
    let history: Value = ask(&service, "GET", &texts[0], &crew, b"").json();
    assert_eq!(history["history"][1]["author"], "marie.tremblay");
    assert_eq!(service.get(&texts[0]).json()["history"][1]["author"], "crew");
}

#[test]
fn the_commands_refuse_by_name_and_write_a_secret_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = two_cities("commands");
    let refused = |words: &[&str]| {
        let output = run(&folder, &[&["key"], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (words, field, value) in [
        (&["create", "--name", "a b", "--role", "app"][..], "--name", "a b"),
        (&["create", "--name", "import", "--role", "app"], "--name", "import"),
        (&["create", "--name", "a", "--role", "boss"], "--role", "boss"),
        (
            &["create", "--name", "a", "--role", "app", "--jurisdiction", "x.example"],
            "x.example",
            QUEBEC,
        ),
        (&["create", "--name", "a", "--role", "app", "--expires", "soon"], "--expires", "soon"),
        (&["rotate", "a", "--overlap", "long"], "--overlap", "long"),
        (&["rotate", "nobody"], "nobody", "key list"),
        (&["revoke", "nobody"], "nobody", "key list"),
    ] {
        let said = refused(words);
        assert!(said.contains(field) && said.contains(value), "{words:?}: {said}");
    }
    let words = ["key", "create", "--name", "a", "--role", "app", "--expires", "2099-01-31"];
    let output = done(&folder, &[&words[..], &["--out", "secret.txt"]].concat());
    assert_eq!(output, "");
    let mode = std::fs::metadata(folder.file("secret.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = std::fs::read_to_string(folder.file("secret.txt")).unwrap();
    assert!(secret.starts_with("pch_") && secret.len() == 69);
    assert!(refused(&["create", "--name", "a", "--role", "crew"]).contains("'a'"));
    // A file that is there is not overwritten, and no key is made then.
    let said = refused(&["create", "--name", "b", "--role", "app", "--out", "secret.txt"]);
    assert!(said.contains("--out"), "{said}");
    let list = done(&folder, &["key", "list"]);
    let expected = "a: app, all cities, valid, expires 2099-02-01T00:00:00Z, last used never\n";
    assert_eq!(list, expected);
    assert!(!list.contains(&secret[4..60]));
    done(&folder, &["key", "revoke", "a"]);
    assert!(done(&folder, &["key", "list"]).contains("revoked"));
    assert!(refused(&["rotate", "a"]).contains("revoked already"));
}

#[test]
fn the_crew_key_may_come_from_a_file_and_stands_beside_other_keys() {
    let folder = two_cities("file");
    folder.with("key", "0123456789abcdef0123456789abcdef\n");
    let own = create(&folder, "own", "admin", &[]);
    let service = Service::start(&folder, &["--crew-key-file", "key"]);
    for secret in ["0123456789abcdef0123456789abcdef", &own] {
        assert_eq!(ask(&service, "GET", "/api/v1/imports", secret, b"").status, 200);
    }
    eventually("the use of a key is stored", || {
        !done(&folder, &["key", "list"]).contains("last used never")
    });
    for (contents, word) in [("short", "16"), ("", "16")] {
        folder.with("bad", contents);
        let output = run(&folder, &["serve", "--crew-key-file", "bad"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--crew-key-file") && said.contains(word), "{said}");
    }
    let output = run(&folder, &["serve", "--crew-key-file", "absent"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("absent"));
}

#[test]
fn the_operators_guide_has_the_table_of_permissions() {
    use pointchaud::domain::{Permission, Role};
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let guide = std::fs::read_to_string(path).unwrap();
    assert!(guide.contains(&format!("| {} |", Role::WORDS.join(" | "))));
    for permission in Permission::ALL {
        let begins = format!("| `{permission}` |");
        let row = guide.lines().find(|line| line.starts_with(&begins)).unwrap();
        let cells: Vec<&str> =
            row.split('|').map(str::trim).skip(3).take(Role::ALL.len()).collect();
        let expected: Vec<&str> =
            Role::ALL.iter().map(|role| if role.may(*permission) { "yes" } else { "–" }).collect();
        assert_eq!(cells, expected, "{permission}");
    }
}
