//! Requests with characters that nobody sees, and with more parameters or errors than anybody reads.

use serde_json::{Value, json};

use crate::common::*;

#[test]
fn invisible_characters_are_refused_wherever_a_text_is_sent() {
    let folder = demo_city("hidden", 300, 3);
    let service = LocalService::start(&folder);
    let report = |field: &str, text: &str| {
        let mut body = json!({ "service_code": "nid-de-poule", "lon": -71.208, "lat": 46.8139 });
        body[field] = text.into();
        service.post("/api/v1/reports?lang=en", &body.to_string())
    };
    for text in ["bell \u{7}", "\u{1b}[2J", "reversed \u{202e}gpj.exe"] {
        for field in ["description", "address"] {
            let refused = report(field, text);
            assert_eq!(
                (refused.status, refused.fields()),
                (400, vec![field.to_owned()]),
                "{text:?}"
            );
            assert!(refused.json()["errors"][0]["reason"].as_str().unwrap().contains("U+"));
        }
        let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let form =
            format!("api_key=x&service_code=nid-de-poule&lat=46.8&long=-71.2&description={text}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let refused = service.ask("POST", "/open311/v2/requests.json", &headers, form.as_bytes());
        assert_eq!(refused.status, 400, "{text:?}");
    }
    let filed = report("description", "deux\r\nlignes\tet 👩\u{200d}🔧");
    assert_eq!(filed.status, 201, "{filed:?}");
}

#[test]
fn parameters_and_errors_are_bounded_in_number_and_length() {
    let folder = demo_city("many", 300, 3);
    let service = LocalService::start(&folder);
    let many = |count: usize| (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let refused = service.get(&format!("/api/v1/reports?{}", many(3_000)));
    assert_eq!(refused.status, 400);
    assert!(refused.fields().contains(&"query".to_owned()));
    assert!(refused.body.len() < 20_000, "{} bytes", refused.body.len());
    let refused = service.get(&format!("/api/v1/reports?{}", many(120))).json();
    let errors = refused["errors"].as_array().unwrap().len();
    assert_eq!((errors, &refused["errors_left_out"]), (100, &json!(20)));
    let members: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("{}{n}", "m".repeat(30)), json!(1))).collect();
    let refused = service.post("/api/v1/reports", &Value::Object(members).to_string());
    assert_eq!(refused.status, 400);
    assert!(refused.body.len() < 20_000, "{} bytes", refused.body.len());
    let long = json!({ "x".repeat(500_000): 1 }).to_string();
    assert!(service.post("/api/v1/reports", &long).body.len() < 2_000);
}
