//! Requests that ask for much: what they cost is bounded, and others do not wait for them.

use std::sync::mpsc;
use std::time::Duration;

use pointchaud::config::Limits;
use pointchaud::domain::{Interrupt, View};
use pointchaud::usecase::for_client;
use serde_json::Value;

use crate::common::*;

const EN: [(&str, &str); 1] = [("Accept-Language", "en")];
const POTHOLE: &str = r#"{"service_code":"nid-de-poule","lon":-71.2080,"lat":46.8139}"#;

/// The objects of an answer in newline-delimited JSON.
fn lines(answer: &Answer) -> Vec<Value> {
    let text = std::str::from_utf8(&answer.body).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn density_clusters_that_compare_too_many_pairs_are_refused_with_the_parameter() {
    let limits = Limits { density_comparisons_max: 100_000, ..Limits::default() };
    let folder = demo_city("pairs", 2_000, 3);
    let service = LocalService::start_limited(&folder, limits);
    for (path, field) in [
        ("dbscan?eps_m=10000&min_points=5000", "eps_m"),
        ("hdbscan?min_cluster_size=5&min_samples=100", "min_samples"),
    ] {
        let refused = service.get(&format!("/api/v1/{path}&lang=en"));
        assert_eq!((refused.status, refused.fields()), (400, vec![field.to_owned()]), "{path}");
        assert!(refused.json().to_string().contains("more than 100000"), "{path}");
    }
    // The usual question of the same city is answered.
    assert_eq!(service.get("/api/v1/dbscan?eps_m=50&min_points=5").status, 200);
    assert_eq!(service.get("/api/v1/hdbscan?min_cluster_size=10&min_samples=5").status, 200);
}

#[test]
fn work_of_seconds_does_not_keep_others_waiting() {
    let limits = Limits {
        request_time_max: Duration::from_millis(1_500),
        concurrent_heavy: 1,
        ..Limits::default()
    };
    let folder = demo_city("heavy", 500, 3);
    let service = LocalService::start_limited(&folder, limits);
    let (app, city) = (service.app.clone(), service.app.city(None).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (begun, wait) = mpsc::channel();
    runtime.spawn(async move {
        let endless = app.query_heavy((&city, View::Crew), move |_, interrupt| {
            begun.send(()).unwrap();
            while interrupt.check().is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        });
        endless.await
    });
    wait.recv().unwrap();
    // Ordinary questions are answered while it runs.
    for path in ["stats", "reports", "hexes", "nearest?lon=-71.2&lat=46.8"] {
        assert_eq!(service.get(&format!("/api/v1/{path}")).status, 200, "{path}");
    }
    // It ends with its time, and the next one of its kind has its turn.
    eventually("another such question is answered", || {
        service.get("/api/v1/hexes?permutations=99&resolution=7").status == 200
    });
}

#[test]
fn a_batch_of_worthless_lines_is_counted_and_not_read_to_its_end() {
    let folder = demo_city("worthless", 500, 3);
    let service = LocalService::start(&folder);
    for (path, field) in [("reports/batch", "service_code"), ("duplicates/batch", "service")] {
        let pothole = POTHOLE.replace("service_code", field);
        let body = format!("{}{pothole}\n", "0\n".repeat(1_500));
        let answer = lines(&service.post(&format!("/api/v1/{path}"), &body));
        assert_eq!(answer.len(), 1_002, "{path}: described, created, counted");
        assert_eq!(answer[999]["row"], 1_000, "{path}");
        assert_eq!(answer[1_000]["row"], 1_501, "{path}");
        let last = serde_json::json!({ "refused": 1_500, "described": 1_000 });
        assert_eq!(answer[1_001], last, "{path}");

        let body = "0\n".repeat(200_000);
        let answer = service.post(&format!("/api/v1/{path}"), &body);
        let last = lines(&answer).pop().unwrap();
        let read = last["not_read_from_row"].as_u64().unwrap();
        assert!((10_001..30_000).contains(&read), "{path}: {last}");
        assert!(answer.body.len() < 400_000, "{path}: {} bytes", answer.body.len());
    }
}

#[test]
fn where_memory_is_short_large_work_is_refused_and_the_rest_goes_on() {
    let limits = Limits { memory_max: 1, ..Limits::default() };
    let folder = demo_city("short", 500, 3);
    let service = LocalService::start_limited(&folder, limits);
    for path in ["export.csv", "dbscan?eps_m=50&min_points=5", "hexes?permutations=99&resolution=7"]
    {
        let refused = service.ask("GET", &format!("/api/v1/{path}"), &EN, b"");
        assert_eq!(refused.status, 503, "{path}");
        assert!(refused.header("retry-after").is_some(), "{path}");
        let problem = refused.json();
        assert!(problem["detail"].as_str().unwrap().contains("enough memory"), "{problem}");
    }
    assert_eq!(service.post("/api/v1/reports/batch", POTHOLE).status, 503);
    assert_eq!(service.ask("POST", "/api/v1/media", &[], &jpeg(40, 30)).status, 503);
    for path in ["reports", "stats", "nearest?lon=-71.2&lat=46.8", "services"] {
        assert_eq!(service.get(&format!("/api/v1/{path}")).status, 200, "{path}");
    }
    assert!(service.get("/tiles/reports/0/0/0").status < 300);
    assert_eq!(service.post("/api/v1/reports", POTHOLE).status, 201);
}

#[test]
fn bodies_in_flight_share_a_budget_and_what_exceeds_it_comes_again_later() {
    let limits = Limits { bodies_bytes_max: 256 << 10, ..Limits::default() };
    let folder = demo_city("bodies", 500, 3);
    let service = LocalService::start_limited(&folder, limits);
    let padded = |bytes: usize| format!("{POTHOLE}{}", " ".repeat(bytes));
    // What is received is given back: bodies of twice the budget come one after the other.
    for _ in 0..5 {
        assert_eq!(service.post("/api/v1/reports", &padded(100 << 10)).status, 201);
    }
    let refused = service.post("/api/v1/reports", &padded(300 << 10));
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(service.post("/api/v1/reports", &padded(200 << 10)).status, 201);
}

#[test]
fn loops_of_one_client_leave_room_for_others() {
    let limits = Limits { concurrent_queries: 2, concurrent_heavy: 2, ..Limits::default() };
    let folder = demo_city("loops", 500, 3);
    let service = LocalService::start_limited(&folder, limits);
    let (app, city) = (service.app.clone(), service.app.city(None).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (begun, wait) = mpsc::channel();
    let endless = move |interrupt: &Interrupt| {
        begun.send(()).unwrap();
        while interrupt.check().is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    };
    let attacker = Some("192.0.2.7".parse().unwrap());
    for _ in 0..10 {
        let (app, city, endless) = (app.clone(), city.clone(), endless.clone());
        runtime.spawn(for_client(attacker, async move {
            let place = (&*city, View::Crew);
            let short = endless.clone();
            tokio::join!(
                app.query(place, move |_, interrupt| short(interrupt)),
                app.query_heavy(place, move |_, interrupt| endless(interrupt)),
            )
        }));
    }
    // One of each kind runs, and the others wait in the line of their client.
    wait.recv().unwrap();
    wait.recv().unwrap();
    for path in ["stats", "reports", "hexes?permutations=99&resolution=7"] {
        assert_eq!(service.get(&format!("/api/v1/{path}")).status, 200, "{path}");
    }
    assert_eq!(service.ask("POST", "/api/v1/media", &[], &jpeg(40, 30)).status, 201);
    assert!(wait.try_recv().is_err(), "more of one client ran");
}

#[test]
fn responses_that_wait_share_a_budget_and_what_exceeds_it_comes_again_later() {
    let limits = Limits { responses_bytes_max: 12 << 20, ..Limits::default() };
    let folder = demo_city("waiting", 10_000, 3);
    let service = LocalService::start_limited(&folder, limits);
    // About 8 MB, which no socket keeps for a client that reads nothing.
    let page = "/ogc/collections/reports/items?limit=10000";
    let mut unread = std::net::TcpStream::connect(service.address).unwrap();
    let request = format!("GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::io::Write::write_all(&mut unread, request.as_bytes()).unwrap();
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut unread, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let refused = service.ask("GET", page, &EN, b"");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert!(refused.json()["detail"].as_str().unwrap().contains("Too many responses"));
    assert_eq!(service.get("/api/v1/reports?limit=10").status, 200);
    drop(unread);
    eventually("there is room again", || service.get(page).status == 200);
}
