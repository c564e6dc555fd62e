//! Sessions of the page: how long they live, what ends them, and who cannot use them.

use std::time::Duration;

use jiff::Timestamp;
use pointchaud::config::Limits;
use pointchaud::domain::{JurisdictionId, Role, Session};
use pointchaud::store::CreateSession;
use pointchaud::usecase::access::{self, NewKey};
use serde_json::{Value, json};

use crate::common::{Answer, Client, Folder, LocalService, Service, eventually};

pub const PATH: &str = "/api/v1/session";
pub const JSON: (&str, &str) = ("Content-Type", "application/json");
pub const ENGLISH: (&str, &str) = ("Accept-Language", "en");
const HOUR: Duration = Duration::from_secs(3_600);
pub const CREW_KEY: &str = "0123456789abcdef0123456789abcdef";

/// The service with a store of its own, and the clock of the test.
pub fn start(name: &str) -> (Folder, LocalService) {
    let folder = Folder::new(name);
    let service = LocalService::start(&folder);
    (folder, service)
}

pub fn now(service: &LocalService) -> Timestamp {
    Timestamp::from_second(service.clock.second()).unwrap()
}

/// Creates a key and returns its secret.
pub fn key(service: &LocalService, name: &str, role: Role, expires: Option<i64>) -> String {
    let new = NewKey { name: name.to_owned(), role, cities: None, expires };
    access::create(service.app.writer(), new, now(service)).unwrap()
}

pub fn log_in_with(client: &Client, secret: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[JSON, ENGLISH], headers].concat();
    client.ask("POST", PATH, &headers, json!({ "key": secret }).to_string().as_bytes())
}

/// What a browser sends of a `Set-Cookie`.
pub fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer:?}"));
    set.split(';').next().unwrap().to_owned()
}

/// Logs in and returns the cookie.
pub fn log_in(client: &Client, secret: &str) -> String {
    let answer = log_in_with(client, secret, &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    cookie_of(&answer)
}

pub fn ask(client: &Client, method: &str, path: &str, cookie: &str) -> Answer {
    client.ask(method, path, &[("Cookie", cookie), JSON, ENGLISH], b"")
}

/// The status of a request that only an administrator may make.
pub fn status(client: &Client, cookie: &str) -> u16 {
    ask(client, "GET", "/api/v1/imports", cookie).status
}

pub fn state(client: &Client, cookie: &str) -> Value {
    let answer = ask(client, "GET", PATH, cookie);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

/// Rows of the store's table of sessions.
pub fn stored(folder: &Folder) -> Vec<Session> {
    let db = rusqlite::Connection::open(folder.file("city.db")).unwrap();
    let mut statement = db
        .prepare("SELECT digest, key_number, proof, created, used, expires FROM session")
        .unwrap();
    let rows = statement.query_map([], |row| {
        Ok(Session {
            digest: row.get(0)?,
            key_number: row.get(1)?,
            proof: row.get(2)?,
            created: row.get(3)?,
            used: row.get(4)?,
            expires: row.get(5)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Waits until the store says that its only session was used at the present time of the test.
fn use_is_stored(folder: &Folder, service: &LocalService) {
    eventually("the use is stored", || stored(folder)[0].used == service.clock.second());
}

#[test]
fn a_session_ends_after_twelve_idle_hours_and_after_seven_days() {
    let (folder, service) = start("life");
    let secret = key(&service, "marie", Role::Admin, None);
    let cookie = log_in(&service, &secret);
    assert_eq!(status(&service, &cookie), 200);
    service.clock.advance(HOUR * 12 - Duration::from_secs(1));
    assert_eq!(status(&service, &cookie), 200, "one second is left");
    use_is_stored(&folder, &service);
    service.clock.advance(HOUR * 12);
    let over = ask(&service, "GET", "/api/v1/imports", &cookie);
    assert_eq!((over.status, detail(&over).contains("over")), (401, true), "{over:?}");
    assert_eq!(state(&service, &cookie)["role"], "none");
    assert_eq!(ask(&service, "GET", "/api/v1/reports", &cookie).status, 200, "as the public");

    let cookie = log_in(&service, &secret);
    let opened = service.clock.second();
    // What was over is gone with the next log-in at the latest after seven days; this one is used.
    for hours in (11..168).step_by(11) {
        service.clock.advance(HOUR * 11);
        assert_eq!(status(&service, &cookie), 200, "after {hours} hours");
        eventually("the use is stored", || {
            stored(&folder).iter().any(|one| one.used == service.clock.second())
        });
    }
    let left = opened + 7 * 24 * 3_600 - service.clock.second();
    service.clock.advance(Duration::from_secs(left as u64 - 1));
    assert_eq!(status(&service, &cookie), 200);
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&service, &cookie), 401, "over, though it is used");
}

#[test]
fn limits_set_how_long_sessions_live_and_how_many_a_key_has() {
    let folder = Folder::new("limits");
    let limits = Limits {
        session_idle_time: Duration::from_secs(600),
        session_time_max: Duration::from_secs(1_000),
        sessions_max: 2,
        ..Limits::default()
    };
    let service = LocalService::start_limited(&folder, limits);
    let [secret, other] = ["a", "b"].map(|name| key(&service, name, Role::Admin, None));
    let foreign = log_in(&service, &other);
    let cookies: Vec<String> = (0..3)
        .map(|_| {
            service.clock.advance(Duration::from_secs(1));
            log_in(&service, &secret)
        })
        .collect();
    let all: Vec<u16> = cookies.iter().map(|cookie| status(&service, cookie)).collect();
    assert_eq!(all, [401, 200, 200], "the one that was not used for the longest time ended");
    assert_eq!(status(&service, &foreign), 200, "another key has its own");
    let shown = state(&service, &cookies[2]);
    let time = |name: &str| shown[name].as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
    assert_eq!(time("ends_unused"), service.clock.second() + 600);
    assert_eq!(time("expires"), service.clock.second() + 1_000);
    service.clock.advance(Duration::from_secs(600));
    assert_eq!(status(&service, &cookies[2]), 401);
    service.clock.advance(Duration::from_secs(500));
    log_in(&service, &other);
    assert_eq!(stored(&folder).len(), 1, "what is over was removed");
}

#[test]
fn a_use_is_stored_once_a_minute_and_the_address_never() {
    let (folder, service) = start("used");
    let secret = key(&service, "marie", Role::Admin, None);
    let cookie = log_in(&service, &secret);
    let token = cookie.split_once('=').unwrap().1;
    let opened = service.clock.second();
    service.clock.advance(Duration::from_secs(59));
    for _ in 0..20 {
        assert_eq!(status(&service, &cookie), 200);
    }
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&service, &cookie), 200);
    use_is_stored(&folder, &service);
    assert_eq!(stored(&folder)[0].used, opened + 60);
    drop(service);
    for end in ["", "-wal"] {
        let bytes = std::fs::read(folder.file(&format!("city.db{end}"))).unwrap_or_default();
        let is_in = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(!is_in(token.as_bytes()) && !is_in(&secret.as_bytes()[4..]), "{end}");
    }
    // The audit has the address of whoever logs in; the session has none.
    let db = rusqlite::Connection::open(folder.file("city.db")).unwrap();
    let columns = "SELECT group_concat(name) FROM pragma_table_info('session')";
    let columns: String = db.query_row(columns, [], |row| row.get(0)).unwrap();
    assert!(!columns.contains("address"), "{columns}");
}

#[test]
fn who_is_logged_in_is_shown_and_the_public_is_no_error() {
    let (_folder, service) = start("state");
    let shown = service.get(PATH);
    assert_eq!((shown.status, &shown.json()["known_by"]), (200, &json!("machine")));
    let new = NewKey {
        name: "marie".into(),
        role: Role::Agent,
        cities: Some(vec![JurisdictionId::new("ville.quebec.qc.ca").unwrap()]),
        expires: Some(service.clock.second() + 3_600),
    };
    let secret = access::create(service.app.writer(), new, now(&service)).unwrap();
    eventually("a key is known", || service.get(PATH).json()["takes_keys"] == json!(true));
    let public = service.get(PATH);
    assert_eq!(public.json()["role"], "none");
    assert_eq!(public.json()["permissions"], json!([]));
    let cookie = log_in(&service, &secret);
    let shown = ask(&service, "GET", PATH, &cookie);
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let shown = shown.json();
    assert_eq!(shown["known_by"], "session");
    assert_eq!((&shown["name"], &shown["role"]), (&json!("marie"), &json!("agent")));
    assert_eq!(shown["jurisdictions"], json!(["ville.quebec.qc.ca"]));
    let permissions: Vec<&str> =
        Role::Agent.permissions().iter().map(|permission| permission.as_str()).collect();
    assert_eq!(shown["permissions"], json!(permissions));
    assert!(permissions.contains(&"read_contacts") && !permissions.contains(&"import"));
    // The key ends before the session would.
    let ends = Timestamp::from_second(service.clock.second() + 3_600).unwrap().to_string();
    assert_eq!((&shown["expires"], &shown["ends_unused"]), (&json!(ends), &json!(ends)));
    let bearer = format!("Bearer {secret}");
    let by_key = service.ask("GET", PATH, &[("Authorization", &bearer)], b"").json();
    assert_eq!((&by_key["known_by"], &by_key["name"]), (&json!("key"), &json!("marie")));
}

#[test]
fn a_session_may_do_what_its_key_may_and_changes_bear_its_name() {
    let (_folder, service) = start("rights");
    let body = r#"{"service_code":"graffiti","lon":-71.2,"lat":46.8}"#;
    let filed = service.post("/api/v1/reports", body).json();
    let report = format!("/api/v1/reports/{}", filed["id"].as_str().unwrap());
    let crew = log_in(&service, &key(&service, "luc", Role::Crew, None));
    let change = |cookie: &str| {
        let headers = [("Cookie", cookie), JSON, ENGLISH];
        service.ask("PATCH", &report, &headers, br#"{"status":"in_progress"}"#)
    };
    assert_eq!(change(&crew).status, 200);
    assert_eq!(change("pointchaud=").status, 401);
    assert_eq!(ask(&service, "GET", &format!("{report}/contact"), &crew).status, 403);
    let history = ask(&service, "GET", &format!("{report}/history"), &crew);
    assert_eq!(history.json()["history"][1]["author"], "luc");
    // What a crew reads is for that crew alone.
    let public = service.get(&format!("{report}/history"));
    assert_ne!(public.header("etag"), history.header("etag"));
    assert_eq!(history.header("cache-control"), Some("private, no-cache"));
    assert_eq!(public.header("cache-control"), Some("no-cache"));
    let vary = history.head.to_ascii_lowercase();
    assert!(vary.lines().any(|line| line.starts_with("vary:") && line.contains("cookie")));
}

#[test]
fn a_key_in_the_header_counts_before_the_cookie() {
    let (_folder, service) = start("header");
    let admin = log_in(&service, &key(&service, "admin", Role::Admin, None));
    let crew = key(&service, "crew", Role::Crew, None);
    let status = |bearer: &str| {
        let headers = [("Cookie", admin.as_str()), ("Authorization", bearer)];
        service.ask("GET", "/api/v1/imports", &headers, b"").status
    };
    assert_eq!(status(&format!("Bearer {crew}")), 403);
    assert_eq!(status("Bearer wrong"), 401);
    assert_eq!(status("Basic eDp5"), 401);
}

#[test]
fn a_session_ends_at_once_with_its_key() {
    let (folder, service) = start("key");
    let (writer, hour) = (service.app.writer(), service.clock.second() + 3_600);
    let revoked = log_in(&service, &key(&service, "revoked", Role::Admin, None));
    let kept = log_in(&service, &key(&service, "kept", Role::Admin, None));
    access::revoke(writer, "revoked", now(&service)).unwrap();
    assert_eq!(status(&service, &revoked), 401, "at once");
    assert_eq!(stored(&folder).len(), 1);
    assert_eq!(status(&service, &kept), 200);

    let expiring = log_in(&service, &key(&service, "expiring", Role::Admin, Some(hour)));
    service.clock.advance(Duration::from_secs(3_599));
    assert_eq!(status(&service, &expiring), 200);
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&service, &expiring), 401);

    let first = key(&service, "rotated", Role::Admin, None);
    let old = log_in(&service, &first);
    let second = access::rotate(writer, "rotated", 600, now(&service)).unwrap();
    let new = log_in(&service, &second);
    service.clock.advance(Duration::from_secs(599));
    assert_eq!((status(&service, &old), status(&service, &new)), (200, 200), "they overlap");
    service.clock.advance(Duration::from_secs(1));
    eventually("the old secret is known to be over", || status(&service, &old) == 401);
    assert_eq!(status(&service, &new), 200);
    access::rotate(writer, "rotated", 0, now(&service)).unwrap();
    eventually("without an overlap it ends within a second", || status(&service, &new) == 401);
}

#[test]
fn logging_out_ends_one_session_or_all_of_the_key() {
    let (folder, service) = start("out");
    let (secret, other) =
        (key(&service, "a", Role::Admin, None), key(&service, "b", Role::Admin, None));
    let [one, two, three] = [(); 3].map(|()| log_in(&service, &secret));
    let foreign = log_in(&service, &other);
    let out = ask(&service, "DELETE", PATH, &one);
    assert_eq!(out.status, 204);
    let set = out.header("set-cookie").unwrap();
    assert!(set.starts_with("pointchaud=;") && set.ends_with("Max-Age=0"), "{set}");
    assert_eq!((status(&service, &one), status(&service, &two)), (401, 200));
    assert_eq!(ask(&service, "DELETE", PATH, &one).status, 204, "again");
    assert_eq!(ask(&service, "DELETE", &format!("{PATH}?all=true"), &one).status, 401);
    assert_eq!(ask(&service, "DELETE", &format!("{PATH}?all=true"), &two).status, 204);
    assert_eq!((status(&service, &two), status(&service, &three)), (401, 401));
    assert_eq!(status(&service, &foreign), 200);
    let four = log_in(&service, &secret);
    // Whoever has the key can end the sessions of a tablet that was lost.
    let bearer = format!("Bearer {secret}");
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(service.ask("DELETE", &format!("{PATH}?all=true"), &headers, b"").status, 204);
    assert_eq!(status(&service, &four), 401);
    assert_eq!(stored(&folder).len(), 1);
    assert_eq!(service.ask("DELETE", PATH, &[], b"").status, 204, "nobody is logged in");
    assert_eq!(service.ask("DELETE", &format!("{PATH}?all=maybe"), &[], b"").status, 400);
}

#[test]
fn a_session_survives_a_restart_and_that_of_a_crew_key_ends_with_it() {
    let (folder, service) = start("restart");
    let cookie = log_in(&service, &key(&service, "marie", Role::Admin, None));
    drop(service);
    let service = LocalService::start(&folder);
    assert_eq!(status(&service, &cookie), 200);
    drop(service);

    let folder = Folder::new("crew-key");
    let service = Service::start(&folder, &["--crew-key", CREW_KEY]);
    let cookie = log_in(&service, CREW_KEY);
    assert_eq!(state(&service, &cookie)["name"], "crew-key");
    drop(service);
    let service = Service::start(&folder, &["--crew-key", CREW_KEY]);
    assert_eq!(status(&service, &cookie), 200);
    drop(service);
    let other = CREW_KEY.replace('0', "9");
    let service = Service::start(&folder, &["--crew-key", &other]);
    assert_eq!(status(&service, &cookie), 401, "another key");
    drop(service);
    let service = Service::start(&folder, &[]);
    assert_eq!(state(&service, &cookie)["known_by"], "machine");
}

#[test]
fn a_hundred_thousand_log_ins_leave_a_hundred_sessions() {
    let (folder, service) = start("many");
    let secret = key(&service, "marie", Role::Admin, None);
    let cookie = log_in(&service, &secret);
    let first = stored(&folder).remove(0);
    // As many as a fast client could open in some hours, written as the service writes them.
    for n in 0..100_u32 {
        let pending: Vec<_> = (0..1_000_u32)
            .map(|of| {
                let mut digest = [0; 32];
                digest[..4].copy_from_slice(&(n * 1_000 + of).to_be_bytes());
                let (created, expires) = (first.created + i64::from(n), first.expires);
                let session = Session { digest, created, used: created, expires, ..first.clone() };
                let command = CreateSession { session, replaces: None, sessions_max: 100 };
                service.app.writer().submit(command)
            })
            .collect();
        pending.into_iter().for_each(|one| one.wait().unwrap());
    }
    assert_eq!(stored(&folder).len(), 100);
    assert_eq!(status(&service, &cookie), 401, "it was not used for the longest time");
    let size = std::fs::metadata(folder.file("city.db")).unwrap().len();
    assert!(size < 4 << 20, "{size} bytes");
    // Those that are over go with the next log-in.
    service.clock.advance(HOUR * 24 * 8);
    log_in(&service, &key(&service, "luc", Role::Admin, None));
    assert_eq!(stored(&folder).len(), 1);
}
