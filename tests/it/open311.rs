//! Open311 GeoReport v2 as an application speaks it, by its specification.

use crate::common::{Client, Folder, LocalService, Service, demo_city, eventually, files_in, jpeg};
use serde_json::{Value, json};

const BASE: &str = "/open311/v2";
const FORM: &[(&str, &str)] = &[("Content-Type", "application/x-www-form-urlencoded")];

fn demo() -> (Folder, LocalService) {
    let folder = demo_city("open311", 3_000, 5);
    let service = LocalService::start(&folder);
    (folder, service)
}

fn get(service: &Client, path: &str) -> Value {
    let answer = service.get(&format!("{BASE}/{path}"));
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    answer.json()
}

fn post(service: &Client, form: &str) -> (u16, Value) {
    let answer = service.ask("POST", &format!("{BASE}/requests.json"), FORM, form.as_bytes());
    (answer.status, answer.json())
}

/// A multipart form of fields and of one photo.
fn multipart(fields: &[(&str, &str)], photo: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(
        b"--x\r\nContent-Disposition: form-data; name=\"media[]\"; filename=\"a.jpg\"\r\n\
          Content-Type: image/jpeg\r\n\r\n",
    );
    body.extend(photo);
    body.extend(b"\r\n--x--\r\n");
    body
}

fn photo() -> Vec<u8> {
    jpeg(64, 48)
}

#[test]
fn a_whole_session() {
    let (_folder, service) = demo();
    let discovery = get(&service, "discovery.json");
    let url = discovery["endpoints"][0]["url"].as_str().unwrap();
    assert_eq!(url, format!("http://{}{BASE}", service.address));
    let services = get(&service, "services.json?locale=en_CA");
    let light = services.as_array().unwrap().iter().find(|s| s["service_code"] == "lampadaire");
    assert_eq!(light.unwrap()["service_name"], "Street light out");
    assert_eq!(light.unwrap()["metadata"], true);
    let definition = get(&service, "services/lampadaire.json");
    let question = &definition["attributes"][0];
    assert_eq!(question["datatype"], "singlevaluelist");
    assert_eq!((&question["order"], &question["required"]), (&json!(1), &json!(false)));

    let form = "api_key=k&service_code=lampadaire&lat=46.81&long=-71.21&email=a%40b.ca\
                &attribute%5Betat%5D=eteint&description=Noir%20%26%20%3Cnoir%3E&account_id=7";
    let (status, made) = post(&service, form);
    assert_eq!(status, 200, "{made}");
    assert_eq!(made[0]["account_id"], "7");
    let id = made[0]["service_request_id"].as_str().unwrap().to_owned();
    let one = get(&service, &format!("requests/{id}.json?extensions=true"));
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["status"], "open");
    assert_eq!((&one[0]["lat"], &one[0]["long"]), (&json!(46.81), &json!(-71.21)));
    let more = &one[0]["extended_attributes"];
    assert_eq!(more["attributes"], json!([{ "code": "etat", "values": ["eteint"] }]));
    assert_eq!(get(&service, &format!("tokens/{id}.json"))[0]["service_request_id"], *id);
    let listed = get(&service, "requests.json?service_code=lampadaire&status=open&page_size=1");
    assert_eq!(listed[0]["service_request_id"], *id, "the newest comes first");
    let near = get(&service, "requests.json?lat=46.81&long=-71.21&radius=1");
    assert_eq!(near[0]["service_request_id"], *id);
    let both =
        get(&service, &format!("requests.json?service_request_id={id},nobody&status=closed"));
    assert_eq!(both.as_array().unwrap().len(), 1, "ids override the rest");

    let xml = service.get(&format!("{BASE}/requests/{id}.xml"));
    assert_eq!(xml.header("content-type"), Some("text/xml; charset=utf-8"));
    let text = String::from_utf8(xml.body).unwrap();
    assert!(text.contains("<description>Noir &amp; &lt;noir&gt;</description>"), "{text}");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<service_requests>"));

    // Who reported is nowhere but with those who have the crew key (`access.rs`).
    assert!(!text.contains("a@b.ca"));
    assert_eq!(service.get(&format!("/api/v1/reports/{id}/contact")).status, 403);
}

#[test]
fn what_is_wrong_is_named_with_the_codes_of_the_specification() {
    let folder = demo_city("open311", 3_000, 5);
    let service = Service::start(&folder, &["--open311-keys", "key-one-of-app,key-two-of-app"]);
    let at = "lat=46.81&long=-71.21";
    for (form, status, word) in [
        (format!("service_code=lampadaire&{at}"), 403, "api_key"),
        (format!("api_key=three&service_code=lampadaire&{at}"), 403, "api_key"),
        (format!("api_key=key-one-of-app&{at}"), 400, "service_code"),
        (format!("api_key=key-one-of-app&service_code=licorne&{at}"), 404, "service_code"),
        (
            format!("api_key=key-one-of-app&service_code=lampadaire&{at}&jurisdiction_id=x"),
            404,
            "x",
        ),
        ("api_key=key-one-of-app&service_code=lampadaire".into(), 400, "lat"),
        ("api_key=key-one-of-app&service_code=lampadaire&lat=46".into(), 400, "long"),
        ("api_key=key-one-of-app&service_code=lampadaire&lat=x&long=1".into(), 400, "lat"),
        ("api_key=key-one-of-app&service_code=lampadaire&lat=91&long=1".into(), 400, "lat"),
        (format!("api_key=key-one-of-app&service_code=encombrants&{at}"), 400, "attribute[objets]"),
        (
            format!("api_key=key-one-of-app&service_code=lampadaire&{at}&attribute[etat]=x"),
            400,
            "etat",
        ),
        (format!("api_key=key-one-of-app&service_code=lampadaire&{at}&attribute[x]=x"), 400, "x"),
        (
            format!("api_key=key-one-of-app&service_code=lampadaire&{at}&media_url=file:///x"),
            400,
            "media_url",
        ),
        (
            format!("api_key=key-one-of-app&service_code=lampadaire&{at}&description=%E9t%E9"),
            400,
            "UTF-8",
        ),
        (format!("api_key=key-one-of-app&service_code=lampadaire&{at}&x%FF=1"), 400, "UTF-8"),
        (format!("api_key=key-one-of-app&service_code=lampadaire&{at}&lat=47"), 400, "lat"),
    ] {
        let (got, errors) = post(&service, &form);
        assert_eq!(got, status, "{form}: {errors}");
        let description = errors[0]["description"].as_str().unwrap();
        assert!(description.contains(word) && errors[0]["code"] == status, "{form}: {errors}");
    }
    let (status, _) =
        post(&service, &format!("api_key=key-two-of-app&service_code=lampadaire&{at}"));
    assert_eq!(status, 200);
    for (path, status) in [
        ("requests.json?status=done", 400),
        ("requests.json?service_code=licorne", 404),
        ("requests.json?start_date=2026-01-01&end_date=2026-06-01", 400),
        ("requests.json?start_date=tomorrow", 400),
        ("requests.json?page=0", 400),
        ("requests.json?lat=46", 400),
        ("requests.json?page_size=1001", 400),
        ("requests.json?jurisdiction_id=nowhere", 404),
        ("requests.yaml", 404),
        ("requests/nobody.json", 404),
        ("services/nothing.json", 404),
        ("nothing.json", 404),
    ] {
        let answer = service.get(&format!("{BASE}/{path}"));
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let xml = service.get(&format!("{BASE}/requests/nobody.xml"));
    assert!(String::from_utf8_lossy(&xml.body).contains("<errors><error><code>404</code>"));
}

#[test]
fn the_same_request_twice_is_one_and_a_repeat_can_be_attached() {
    let (_folder, service) = demo();
    let form = "api_key=k&service_code=nid-de-poule&lat=46.8&long=-71.2&idempotency_key=a1";
    let (first, again) = (post(&service, form).1, post(&service, form).1);
    assert_eq!(first, again);
    let path = format!("{BASE}/services.json");
    let tag = service.get(&path).header("etag").unwrap().to_owned();
    let again = service.ask("GET", &path, &[("If-None-Match", &tag)], b"");
    assert_eq!(again.status, 304, "what is tagged is not fetched twice");
    let (status, _) = post(&service, &format!("{form}&description=other"));
    assert_eq!(status, 400, "the key was used for another request");
    let path = format!("{BASE}/requests.json?dedupe=attach");
    let other = "api_key=k&service_code=nid-de-poule&lat=46.8&long=-71.2";
    let attached = service.ask("POST", &path, FORM, other.as_bytes()).json();
    assert_eq!(attached[0]["parent_service_request_id"], first[0]["service_request_id"]);
    let path = format!("{BASE}/requests.json?dedupe=warn");
    let asked = service.ask("POST", &path, FORM, other.as_bytes());
    assert_eq!(asked.status, 400);
    let id = first[0]["service_request_id"].as_str().unwrap();
    assert!(asked.json()[0]["description"].as_str().unwrap().contains(id));
}

#[test]
fn fields_and_parameters_of_applications_are_ignored_or_kept() {
    let (_folder, service) = demo();
    let form = "api_key=k&service_code=nid-de-poule&lat=46.8&long=-71.2&deviceid=d7&title=Trou\
                &description=Grand&colour=red&colour=blue&media_url=https%3A%2F%2Fa.example%2F1.jpg\
                &media_url%5B%5D=https%3A%2F%2Fa.example%2F2.jpg&media_url=";
    let path = format!("{BASE}/requests.json?_=17&_=18&callback=f&lang=fr");
    let made = service.ask("POST", &path, FORM, form.as_bytes());
    assert_eq!(made.status, 200, "{made:?}");
    let id = made.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    let one = get(&service, &format!("requests/{id}.json?extensions=true&_=17"));
    assert_eq!(one[0]["description"], "Trou\n\nGrand");
    assert_eq!(one[0]["media_url"], "https://a.example/1.jpg");
    let urls = json!(["https://a.example/1.jpg", "https://a.example/2.jpg"]);
    assert_eq!(one[0]["extended_attributes"]["media_urls"], urls);
    for path in ["discovery.json", "services.json", "services/lampadaire.json", "requests.json"] {
        get(&service, &format!("{path}?_=1764280000&deviceid=d7&title=x&page_size=1"));
    }
    // What the operation knows is still checked, also beside what it does not know.
    for query in ["_=1&status=done", "status=open&status=closed&_=1", "lang=de", "page=0&x=%FF"] {
        let answer = service.get(&format!("{BASE}/requests.json?{query}"));
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    assert_eq!(service.get("/api/v1/reports?_=17").status, 400, "the own API stays strict");
    let latin = service.get("/api/v1/reports?area=Qu%E9bec&lang=en");
    assert_eq!((latin.status, latin.fields()), (400, vec!["area".to_owned()]));
}

#[test]
fn a_part_of_a_form_that_is_not_utf8_is_refused_by_name() {
    let (_folder, service) = demo();
    let path = format!("{BASE}/requests.json");
    let kind = [("Content-Type", "multipart/form-data; boundary=x")];
    let fields =
        [("api_key", "k"), ("service_code", "nid-de-poule"), ("lat", "46.8"), ("long", "-71.2")];
    let mut body = multipart(&fields, &photo());
    let end = body.len() - b"--x--\r\n".len();
    body.truncate(end);
    body.extend(
        b"--x\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n\xe9t\xe9\r\n",
    );
    body.extend(b"--x--\r\n");
    let refused = service.ask("POST", &path, &kind, &body);
    assert_eq!(refused.status, 400, "{refused:?}");
    let description = refused.json()[0]["description"].as_str().unwrap().to_owned();
    assert!(description.contains("description") && description.contains("UTF-8"), "{description}");
}

#[test]
fn a_closed_request_was_updated_when_it_was_closed() {
    let (_folder, service) = demo();
    let form = "api_key=k&service_code=nid-de-poule&lat=46.8&long=-71.2";
    let id = post(&service, form).1[0]["service_request_id"].as_str().unwrap().to_owned();
    let change = |body: &str| {
        service.clock.advance(std::time::Duration::from_secs(3_600));
        let path = format!("/api/v1/reports/{id}");
        assert_eq!(service.ask("PATCH", &path, &[], body.as_bytes()).status, 200, "{body}");
        get(&service, &format!("requests/{id}.json?extensions=true"))[0].clone()
    };
    assert_eq!(change(r#"{"status":"in_progress"}"#)["updated_datetime"], "2026-10-01T13:00:00Z");
    assert_eq!(change(r#"{"status":"closed"}"#)["updated_datetime"], "2026-10-01T14:00:00Z");
    let later = change(r#"{"assignee":"Équipe 3"}"#);
    assert_eq!(later["updated_datetime"], "2026-10-01T14:00:00Z", "not that of a later change");
    let changed = &later["extended_attributes"]["changed_datetime"];
    assert_eq!(changed, "2026-10-01T15:00:00Z", "which is in the extensions");
    assert_eq!(change(r#"{"status":"open"}"#)["updated_datetime"], "2026-10-01T16:00:00Z");
}

#[test]
fn discovery_says_production_where_it_is_configured() {
    let folder = demo_city("open311", 300, 5);
    for (arguments, kind) in [
        (vec![], "test"),
        (vec!["--production"], "production"),
        (vec!["--public-url", "https://311.example"], "production"),
        (vec!["--crew-key", "0123456789abcdef0123456789abcdef"], "production"),
    ] {
        let service = Service::start(&folder, &arguments);
        let discovery = get(&service, "discovery.json");
        assert_eq!(discovery["endpoints"][0]["type"], kind, "{arguments:?}");
    }
}

#[test]
fn photos_come_in_and_go_out() {
    let (folder, service) = demo();
    let path = format!("{BASE}/requests.json");
    let fields =
        [("api_key", "k"), ("service_code", "nid-de-poule"), ("lat", "46.8"), ("long", "-71.2")];
    let kind = [("Content-Type", "multipart/form-data; boundary=x")];
    let photo_store = || files_in(&folder.file("city.media"));
    for (name, value, status) in
        [("lat", "97", 400), ("service_code", "nid", 404), ("media_url", "/media/0.jpg", 400)]
    {
        let mut fields = fields.to_vec();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        let refused = service.ask("POST", &path, &kind, &multipart(&fields, &photo()));
        assert_eq!(refused.status, status, "{refused:?}");
        assert_eq!(photo_store(), 0, "a photo is kept of a report with {name}={value}");
    }
    let made = service.ask("POST", &path, &kind, &multipart(&fields, &photo())).json();
    assert_eq!(photo_store(), 2);
    let id = made[0]["service_request_id"].as_str().unwrap();
    let one = get(&service, &format!("requests/{id}.json"));
    let url = one[0]["media_url"].as_str().unwrap().to_owned();
    let own = url.strip_prefix(&format!("http://{}", service.address)).unwrap();
    let shown = service.get(own);
    assert_eq!(shown.header("content-type"), Some("image/jpeg"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    let read = image::load_from_memory(&shown.body).unwrap();
    assert_eq!((read.width(), read.height()), (64, 48));
    let small = own.replace(".jpg", "-320.jpg");
    assert_eq!(service.get(&small).status, 200);
    for bad in ["/media/..%2f..%2fetc%2fpasswd", "/media/x.jpg", "/media/%00.jpg"] {
        assert_eq!(service.get(bad).status, 404, "{bad}");
    }
    for (bytes, word) in [
        (b"<script>alert(1)</script>".to_vec(), "JPEG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), "HEIC"),
        (photo()[..300].to_vec(), "media"),
    ] {
        let answer = service.ask("POST", &path, &kind, &multipart(&fields, &bytes));
        assert_eq!(answer.status, 400);
        let said = answer.json()[0]["description"].as_str().unwrap().to_owned();
        assert!(said.contains(word), "{said}");
    }
    let kept = service.ask("POST", "/api/v1/media", &[("Content-Type", "image/jpeg")], &photo());
    assert_eq!((kept.status, &kept.json()["width"]), (201, &json!(64)));
    let url = kept.json()["media_url"].as_str().unwrap().to_owned();
    let filed = service.post(
        "/api/v1/reports",
        &json!({ "service_code": "lampadaire", "media_url": url, "attributes": { "etat": "jour" } })
            .to_string(),
    );
    assert_eq!(filed.json()["properties"]["media_url"], json!([url]));
    let absent = json!({ "service_code": "lampadaire", "media_url": "/media/0.jpg" }).to_string();
    assert_eq!(service.post("/api/v1/reports", &absent).fields(), ["media_url"]);
}

#[test]
fn what_was_changed_is_told_in_the_order_of_its_changes() {
    let folder = demo_city("open311", 3_000, 5);
    // Like the generator, by the clock of the machine: both record when they changed what.
    let service = Service::start(&folder, &[]);
    let newest = get(&service, "requests.json?start_date=2026-09-01&page_size=3");
    let ids: Vec<&str> =
        (0..3).map(|n| newest[n]["service_request_id"].as_str().unwrap()).collect();
    let before =
        get(&service, "requests.json?updated_after=2000-01-01&page_size=1&extensions=true");
    assert_eq!(before.as_array().unwrap().len(), 1);
    // Changes are recorded in whole seconds: these come in a later one than those of the generator.
    let generated = jiff::Timestamp::now().as_second();
    eventually("a second passes", || jiff::Timestamp::now().as_second() > generated);
    for id in [ids[2], ids[0]] {
        let patch =
            service.ask("PATCH", &format!("/api/v1/reports/{id}"), &[], br#"{"assignee":"x"}"#);
        assert_eq!(patch.status, 200);
    }
    let changed = get(&service, &format!("requests/{}.json?extensions=true", ids[2]));
    let at = changed[0]["extended_attributes"]["changed_datetime"].as_str().unwrap().to_owned();
    // The generated city closes some requests at once: those were updated when they were closed.
    assert!(changed[0]["status"] == "closed" || changed[0]["updated_datetime"] == *at);
    let since = get(&service, &format!("requests.json?updated_after={at}"));
    let listed: Vec<&str> = since
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["service_request_id"].as_str().unwrap())
        .collect();
    assert_eq!(listed, [ids[2], ids[0]]);
    let until = get(&service, &format!("requests.json?updated_before={at}&page_size=1000"));
    assert_eq!(until.as_array().unwrap().len(), 1000);
    assert!(
        until
            .as_array()
            .unwrap()
            .iter()
            .all(|one| !ids.contains(&one["service_request_id"].as_str().unwrap())
                || one["service_request_id"] == ids[1])
    );
}
