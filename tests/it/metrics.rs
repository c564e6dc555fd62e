//! What `/metrics` counts, and that no request can make it grow.

use crate::common::{Service, demo_city};

#[test]
fn metrics_count_by_route_and_hostile_paths_add_no_label() {
    let folder = demo_city("metrics", 300, 5);
    let service = Service::start(&folder, &[]);
    let report = &service.get("/api/v1/reports?limit=1").json()["features"][0];
    let id = report["id"].as_str().unwrap();
    assert_eq!(service.get(&format!("/api/v1/reports/{id}")).status, 200);
    for n in 0..50 {
        service.get(&format!("/evil{n}/x"));
        service.get(&format!("/api/v1/reports/evil{n}"));
        service.get(&format!("/assets/evil{n}/%22%7D%201%0Aevil"));
        service.raw(
            format!("EVIL{n} /evil HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
        );
    }
    let answer = service.get("/metrics");
    assert!(answer.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(!text.to_lowercase().contains("evil"), "{text}");
    let count = |method: &str, route: &str| -> u64 {
        let labels = format!("{{method=\"{method}\",route=\"{route}\"}} ");
        let start = format!("http_request_duration_seconds_count{labels}");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("no {start} in\n{text}")).parse().unwrap()
    };
    assert_eq!(count("GET", "/api/v1/reports/{id}"), 51);
    assert_eq!(count("GET", "/api/v1/reports"), 1);
    assert_eq!(count("GET", "/assets/{*path}"), 50);
    assert_eq!(count("GET", "other"), 50);
    assert_eq!(count("other", "other"), 50);
    // The names that dashboards already use.
    for name in ["reports", "revision", "stored_revision", "ready"] {
        assert!(text.contains(&format!("\npointchaud_{name}{{jurisdiction=\"")), "{name}\n{text}");
    }
    assert!(text.contains("pointchaud_http_answers_total{status=\"2xx\"} "));
}
