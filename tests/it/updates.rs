//! Updates of service requests, as FixMyStreet and open311-adapter send and read them.

use std::time::Duration;

use crate::common::{Answer, Client, Folder, LocalService, Service, demo_city, files_in, jpeg};
use serde_json::{Value, json};

const PATH: &str = "/open311/v2/servicerequestupdates";
const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];
const CREW_KEY: &str = "0123456789abcdef0123456789abcdef";

fn demo() -> (Folder, LocalService) {
    let folder = demo_city("updates", 300, 5);
    let service = LocalService::start(&folder);
    (folder, service)
}

/// Files a request and returns its id.
fn filed(service: &Client) -> String {
    let form = "api_key=k&service_code=nid-de-poule&lat=46.8&long=-71.2";
    let answer = service.ask("POST", "/open311/v2/requests.json", FORM, form.as_bytes());
    answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
}

/// Files a request that was made before all times of these tests, and returns its id.
fn filed_before(service: &Client) -> String {
    let body = r#"{"service_code":"nid-de-poule","lon":-71.2,"lat":46.8,
        "requested_datetime":"2026-09-01T08:00:00Z"}"#;
    service.post("/api/v1/reports", body).json()["id"].as_str().unwrap().to_owned()
}

fn post(service: &Client, form: &str) -> Answer {
    service.ask("POST", &format!("{PATH}.json"), FORM, form.as_bytes())
}

/// Posts an update and returns its number.
fn posted(service: &Client, form: &str) -> String {
    let answer = post(service, form);
    assert_eq!(answer.status, 200, "{form}: {answer:?}");
    answer.json()[0]["update_id"].as_str().unwrap().to_owned()
}

fn list(service: &Client, query: &str) -> Vec<Value> {
    let answer = service.get(&format!("{PATH}.json?{query}"));
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.json().as_array().unwrap().clone()
}

/// Status and reason of closing of a report.
fn status(service: &Client, id: &str) -> (String, Value) {
    let report = service.get(&format!("/api/v1/reports/{id}")).json();
    let properties = &report["properties"];
    (properties["status"].as_str().unwrap().to_owned(), properties["closed_reason"].clone())
}

/// The text of the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let start = xml.find(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name}: {xml}"));
    let rest = &xml[start + name.len() + 2..];
    &rest[..rest.find('<').unwrap()]
}

#[test]
fn an_update_of_fixmystreet_is_recorded_once_and_listed() {
    let (_folder, service) = demo();
    let id = filed_before(&service);
    let form = format!(
        "jurisdiction_id=ville.quebec.qc.ca&api_key=key&service_request_id={id}&update_id=4812\
         &status=INVESTIGATING&updated_datetime=2026-10-01T07%3A58%3A00-04%3A00\
         &description=Un%20%C2%AB%20trou%20%C2%BB%20%26%20demi&email=a%40b.ca&first_name=A\
         &last_name=B&title=MRS&account_id=7&email_alerts_requested=TRUE\
         &public_anonymity_required=FALSE&service_request_id_ext=91\
         &media_url=https%3A%2F%2Fa.example%2F1.jpg&media_url=https%3A%2F%2Fa.example%2F2.jpg"
    );
    let send = || service.ask("POST", &format!("{PATH}.xml"), FORM, form.as_bytes());
    let first = send();
    assert_eq!(first.header("content-type"), Some("text/xml; charset=utf-8"));
    let xml = String::from_utf8(first.body).unwrap();
    let start = "<service_request_updates><request_update><update_id>";
    assert!(xml.contains(start) && element(&xml, "account_id") == "7", "{xml}");
    let number = element(&xml, "update_id").to_owned();
    let again = String::from_utf8(send().body).unwrap();
    assert_eq!(element(&again, "update_id"), number, "it is recorded once");

    let times = "start_date=2026-10-01T11:00:00Z&end_date=2026-10-01T12:00:00Z";
    let path = format!("{PATH}.xml?jurisdiction_id=ville.quebec.qc.ca&api_key=key&{times}");
    let listed = String::from_utf8(service.get(&path).body).unwrap();
    assert_eq!(listed.matches("<request_update>").count(), 1, "{listed}");
    for (name, value) in [
        ("update_id", number.as_str()),
        ("service_request_id", &id),
        ("status", "investigating"),
        ("updated_datetime", "2026-10-01T11:58:00Z"),
        ("description", "Un « trou » &amp; demi"),
        ("media_url", "https://a.example/1.jpg"),
    ] {
        assert_eq!(element(&listed, name), value);
    }
    assert!(!listed.contains("a@b.ca"), "who sent it is not kept");
    let extended = &list(&service, &format!("{times}&extensions=true"))[0]["extended_attributes"];
    assert_eq!(extended["author"], "open311");
    assert_eq!(extended["recorded_datetime"], "2026-10-01T12:00:00Z");
    assert_eq!(extended["media_urls"].as_array().unwrap().len(), 2);
    // A program of this machine is a crew where no crew key is set.
    assert_eq!(status(&service, &id).0, "in_progress");
}

#[test]
fn the_number_of_an_application_is_its_own() {
    let (_folder, service) = demo();
    let (one, other) = (filed(&service), filed(&service));
    let form = |key: &str, id: &str, number: &str, text: &str| {
        format!("api_key={key}&service_request_id={id}&{number}&status=OPEN&description={text}")
    };
    let first = posted(&service, &form("a", &one, "update_id=1", "x"));
    for (key, id, number) in [
        ("b", &one, "update_id=1"),
        ("a", &other, "update_id=1"),
        ("a", &one, "update_id=11"),
        ("a", &one, "update_id="),
        ("a", &one, ""),
    ] {
        assert_ne!(posted(&service, &form(key, id, number, "x")), first, "{key} {id} {number}");
    }
    assert_eq!(posted(&service, &form("a", &one, "update_id_ext=1", "x")), first);
    // FixMyStreet sends an update again with the status that the problem has by then.
    let later = form("a", &one, "update_id=1", "x").replace("OPEN", "CLOSED");
    assert_eq!(posted(&service, &later), first);
    let refused = post(&service, &form("a", &one, "update_id=1", "other"));
    assert_eq!(refused.status, 400);
    let description = refused.json()[0]["description"].as_str().unwrap().to_owned();
    assert!(description.contains("update_id"), "{description}");
    assert_eq!(list(&service, "").len(), 6);
}

#[test]
fn each_extended_status_of_a_crew_changes_the_request() {
    let (_folder, service) = demo();
    let id = filed(&service);
    let is = |status: &str, reason: Value| (status.to_owned(), reason);
    for (word, after) in [
        ("for_triage", is("open", Value::Null)),
        ("ACTION_SCHEDULED", is("in_progress", Value::Null)),
        ("OPEN", is("in_progress", Value::Null)),
        ("internal_referral", is("in_progress", Value::Null)),
        ("CLOSED", is("closed", json!("done"))),
        ("NO_FURTHER_ACTION", is("closed", json!("refused"))),
        ("CLOSED", is("closed", json!("refused"))),
        ("reopen", is("open", Value::Null)),
        ("DUPLICATE", is("closed", json!("duplicate"))),
        ("OPEN", is("open", Value::Null)),
        ("not councils responsibility", is("closed", json!("refused"))),
        ("In_Progress", is("in_progress", Value::Null)),
        ("fixed", is("closed", json!("done"))),
    ] {
        service.clock.advance(Duration::from_secs(1));
        let form = format!("api_key=k&service_request_id={id}&status={word}");
        posted(&service, &form.replace(' ', "+"));
        assert_eq!(status(&service, &id), after, "{word}");
        let last = list(&service, "").pop().unwrap();
        assert_eq!(last["status"], word.to_lowercase().replace(' ', "_"));
    }
    // Each is listed once, though most of them changed the status too.
    assert_eq!(list(&service, "").len(), 13);
}

#[test]
fn changes_of_crews_are_updates_too() {
    let (folder, service) = demo();
    let id = filed(&service);
    let change = |body: &str| {
        service.clock.advance(Duration::from_secs(60));
        let path = format!("/api/v1/reports/{id}");
        let answer = service.ask("PATCH", &path, &[], body.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("etag").unwrap().to_owned()
    };
    change(r#"{"status":"in_progress"}"#);
    change(r#"{"assignee":"Équipe 3"}"#);
    let tag = change(r#"{"status":"closed","closed_reason":"refused"}"#);
    let all = list(&service, "extensions=true");
    let said: Vec<(&Value, &Value)> =
        all.iter().map(|one| (&one["status"], &one["updated_datetime"])).collect();
    assert_eq!(
        said,
        [
            (&json!("in_progress"), &json!("2026-10-01T12:01:00Z")),
            (&json!("no_further_action"), &json!("2026-10-01T12:03:00Z")),
        ]
    );
    assert_eq!(all[1]["extended_attributes"]["author"], "api");
    assert_eq!((&all[1]["description"], &all[1]["media_url"]), (&json!(""), &json!("")));
    let number = all[1]["update_id"].as_str().unwrap();
    assert!(tag.contains(&format!("-{number}-")), "{tag}: the number is the revision, {number}");
    // They are there after a restart, in the same order.
    drop(service);
    let service = LocalService::start(&folder);
    service.clock.advance(Duration::from_secs(3_600));
    assert_eq!(list(&service, "extensions=true"), all);
}

#[test]
fn the_status_of_somebody_else_is_only_kept() {
    const APP: &str = "key-of-the-app";
    let folder = demo_city("updates", 300, 5);
    let service = Service::start(&folder, &["--crew-key", CREW_KEY, "--open311-keys", APP]);
    let form = &format!("api_key={APP}&service_code=nid-de-poule&lat=46.8&long=-71.2");
    let made = service.ask("POST", "/open311/v2/requests.json", FORM, form.as_bytes());
    let id = made.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    let form = format!("api_key={APP}&service_request_id={id}&status=FIXED");
    posted(&service, &form);
    // Clients close a request by the status of an update: that of a stranger is not shown.
    assert_eq!(list(&service, "")[0].get("status"), None);
    let extended = list(&service, "extensions=true")[0]["extended_attributes"].clone();
    assert_eq!(extended["author"], "public");
    assert_eq!(status(&service, &id).0, "open");
    assert_eq!(post(&service, &form.replace(&format!("={APP}"), "=other")).status, 403);
    assert_eq!(post(&service, &form.replace(&format!("api_key={APP}"), "")).status, 403);
    let bearer = format!("Bearer {CREW_KEY}");
    let headers = [FORM[0], ("Authorization", bearer.as_str())];
    let path = format!("{PATH}.json");
    let progress = form.replace("FIXED", "IN_PROGRESS");
    assert_eq!(service.ask("POST", &path, &headers, progress.as_bytes()).status, 200);
    assert_eq!(status(&service, &id).0, "in_progress");
    // FixMyStreet has no other place for a key.
    posted(&service, &form.replace(&format!("={APP}"), &format!("={CREW_KEY}")));
    assert_eq!(status(&service, &id), ("closed".to_owned(), json!("done")));
}

#[test]
fn a_page_of_another_site_changes_no_status() {
    let (_folder, service) = demo();
    let id = filed(&service);
    let form = format!("api_key=k&service_request_id={id}&status=CLOSED");
    let headers = [FORM[0], ("Origin", "https://evil.example")];
    let answer = service.ask("POST", &format!("{PATH}.json"), &headers, form.as_bytes());
    assert_eq!((answer.status, status(&service, &id).0.as_str()), (200, "open"));
}

#[test]
fn what_is_wrong_with_an_update_is_named() {
    let (_folder, service) = demo();
    let id = filed(&service);
    let good = format!("api_key=k&service_request_id={id}&status=OPEN");
    for (form, code, word) in [
        (good.replace("api_key=k", ""), 403, "api_key"),
        (good.replace(&id, "nobody"), 404, "nobody"),
        (good.replace(&format!("service_request_id={id}"), ""), 400, "service_request_id"),
        (good.replace("status=OPEN", ""), 400, "status"),
        (good.replace("OPEN", "DONE"), 400, "DONE"),
        (format!("{good}&status=CLOSED"), 400, "status"),
        (format!("{good}&updated_datetime=hier"), 400, "updated_datetime"),
        (format!("{good}&updated_datetime=2026-10-01T13:00:00Z"), 400, "updated_datetime"),
        (format!("{good}&updated_datetime=1969-10-01T13:00:00Z"), 400, "updated_datetime"),
        (format!("{good}&description={}", "x".repeat(4_001)), 400, "description"),
        (format!("{good}&description=%00"), 400, "description"),
        (format!("{good}&description=%E9"), 400, "description"),
        (format!("{good}&media_url=file:///x"), 400, "media_url"),
        (format!("{good}&media_url=/media/0.jpg"), 400, "media_url"),
        (format!("{good}&jurisdiction_id=nowhere"), 404, "nowhere"),
    ] {
        let answer = post(&service, &form);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == code && text.contains(word), "{form}: {text}");
    }
    assert!(list(&service, "").is_empty(), "nothing was recorded");
    for (path, code) in [
        (format!("{PATH}.json?start_date=2026-01-01&end_date=2026-06-01"), 400),
        (format!("{PATH}.json?end_date=tomorrow"), 400),
        (format!("{PATH}.json?page_size=0"), 400),
        (format!("{PATH}.yaml"), 404),
        (format!("{PATH}.json?jurisdiction_id=nowhere"), 404),
    ] {
        assert_eq!(service.get(&path).status, code, "{path}");
    }
}

#[test]
fn updates_are_listed_by_their_time_page_by_page() {
    let (_folder, service) = demo();
    let id = filed_before(&service);
    for hour in [9, 7, 11, 8, 10] {
        let at = format!("2026-10-01T{hour:02}:30:00Z");
        posted(
            &service,
            &format!(
                "api_key=k&service_request_id={id}&status=OPEN&updated_datetime={at}\
                 &description=h{hour}"
            ),
        );
    }
    let said = |query: &str| -> String {
        let all = list(&service, query);
        all.iter().map(|one| one["description"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said(""), "h7 h8 h9 h10 h11", "oldest first");
    assert_eq!(said("start_date=2026-10-01T08:30:00Z&end_date=2026-10-01T10:30:00Z"), "h8 h9 h10");
    assert_eq!(said("start_date=2026-10-01T08:30:01Z"), "h9 h10 h11");
    assert_eq!(said("end_date=2026-10-01T08:30:00Z"), "h7 h8");
    assert_eq!(said("start_date=2026-10-02T00:00:00Z"), "");
    assert_eq!(said("page_size=2&page=2"), "h9 h10");
    assert_eq!(said("page_size=2&page=4"), "");
    let other = filed(&service);
    assert_eq!(said(&format!("service_request_id={id}")), "h7 h8 h9 h10 h11");
    assert_eq!(said(&format!("service_request_id={other}")), "", "it has no update");
    // An update makes its request a changed one, for mirrors.
    let changed = service.get("/open311/v2/requests.json?updated_after=2026-10-01T11:59:00Z");
    let changed = changed.json();
    let changed = changed.as_array().unwrap();
    assert!(changed.iter().any(|one| one["service_request_id"] == *id), "{changed:?}");
    let tag = service.get(&format!("{PATH}.json")).header("etag").unwrap().to_owned();
    let again = || service.ask("GET", &format!("{PATH}.json"), &[("If-None-Match", &tag)], b"");
    assert_eq!(again().status, 304);
    posted(&service, &format!("api_key=k&service_request_id={id}&status=OPEN&description=new"));
    assert_eq!(again().status, 200);
}

#[test]
fn photos_come_with_updates() {
    let (folder, service) = demo();
    let id = filed(&service);
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let send = |status: &str| {
        let fields = [("api_key", "k"), ("service_request_id", id.as_str()), ("status", status)];
        let mut body: Vec<u8> =
            fields.iter().flat_map(|(name, value)| part(name, value).into_bytes()).collect();
        body.extend(
            b"--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.jpg\"\r\n\
              Content-Type: image/jpeg\r\n\r\n",
        );
        body.extend(jpeg(64, 48));
        body.extend(b"\r\n--x--\r\n");
        let kind = [("Content-Type", "multipart/form-data; boundary=x")];
        service.ask("POST", &format!("{PATH}.json"), &kind, &body)
    };
    let stored = || files_in(&folder.file("city.media"));
    assert_eq!((send("DONE").status, stored()), (400, 0), "no photo of a refused update");
    assert_eq!((send("OPEN").status, stored()), (200, 2));
    let url = list(&service, "")[0]["media_url"].as_str().unwrap().to_owned();
    let own = url.strip_prefix(&format!("http://{}", service.address)).unwrap();
    assert_eq!(service.get(own).header("content-type"), Some("image/jpeg"));
}
