//! Ways around the policies of services: photos by their address, the learned extent of a city,
//! places made by one person, pages of updates, and reports attached from afar.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::filing::{HERE, empty, file, id, ids, parent};
use crate::common::private_city::{CITY, private_city, set};
use crate::common::{Client, Folder, LocalService, Service, done, jpeg};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The address of the photo of a planted report.
fn photo_of(client: &Client, id: &str) -> String {
    let report = client.get(&format!("/api/v1/reports/{id}")).json();
    let url = report["properties"]["media_url"][0].as_str();
    let url = url.or_else(|| report["properties"]["media_url"].as_str());
    let url = url.unwrap_or_else(|| panic!("{report}"));
    url[url.find("/media/").unwrap()..].to_owned()
}

#[test]
fn the_photo_of_a_report_is_loaded_by_those_who_see_it_in_the_report() {
    let city = private_city();
    for one in &city.planted {
        let url = photo_of(&city.crew, &one.id);
        let small = url.replace(".jpg", "-320.jpg");
        let is_exact = one.service == "nid-de-poule";
        for url in [&url, &small] {
            let (public, crew) = (city.public.get(url), city.crew.get(url));
            assert_eq!(public.status, if is_exact { 200 } else { 404 }, "{}: {url}", one.service);
            assert_eq!(crew.status, 200, "{}: {url}", one.service);
            let kept = |answer: &crate::common::Answer| {
                answer.header("cache-control").unwrap_or_default().to_owned()
            };
            let wanted = if is_exact { "public, max-age=300" } else { "private, no-store" };
            assert_eq!(kept(&crew), wanted, "{}", one.service);
            assert_eq!(crew.header("vary").unwrap().to_lowercase(), "authorization, cookie");
            if is_exact {
                assert_eq!(kept(&public), wanted);
            } else {
                assert!(!kept(&public).contains("public"), "{}", kept(&public));
                // As one that does not exist, but for the name that was asked for.
                let name = url.rsplit('/').next().unwrap();
                let absent = format!("{}.jpg", "0".repeat(32));
                let none = city.public.get(&format!("/media/{absent}"));
                let [said, of_none] = [&public, &none]
                    .map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
                assert_eq!(said.replace(name, ""), of_none.replace(&absent, ""));
            }
        }
    }
}

#[test]
fn a_photo_follows_its_report_to_another_service_and_back() {
    let folder = Folder::new("photo-moves");
    let crew = Service::start_with_key(&folder);
    let public = Client { address: crew.address, key: None };
    let photo = crew.ask("POST", "/api/v1/media", &[("Content-Type", "image/jpeg")], &jpeg(60, 40));
    let url = photo.json()["media_url"].as_str().unwrap().to_owned();
    set(&crew, &folder, &[("seringue", "hidden")]);
    // Its sender sees it before it belongs to a report.
    assert_eq!(public.get(&url).header("cache-control"), Some("private, max-age=600"));
    let body = json!({ "service_code": "nid-de-poule", "lon": -71.2, "lat": 46.8,
                       "media_url": url })
    .to_string();
    let report = id(&public.post("/api/v1/reports", &body));
    let path = format!("/api/v1/reports/{report}");
    let moved = |code: &str| {
        let body = json!({ "service_code": code }).to_string();
        assert_eq!(crew.ask("PATCH", &path, &[JSON], body.as_bytes()).status, 200);
    };
    assert_eq!(public.get(&url).status, 200);
    moved("seringue");
    assert_eq!((public.get(&url).status, crew.get(&url).status), (404, 200));
    moved("nid-de-poule");
    let seen = public.get(&url);
    assert_eq!(seen.status, 200);
    let tag = seen.header("etag").unwrap().to_owned();
    let again = public.ask("GET", &url, &[("If-None-Match", &tag)], b"");
    assert_eq!((again.status, again.header("cache-control")), (304, Some("public, max-age=300")));
    // A photo of an update is not shown where the service is not exact.
    let photo = crew.ask("POST", "/api/v1/media", &[("Content-Type", "image/jpeg")], &jpeg(50, 30));
    let url = photo.json()["media_url"].as_str().unwrap().to_owned();
    let form =
        format!("api_key=k&service_request_id={report}&status=OPEN&description=x&media_url={url}");
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let sent =
        public.ask("POST", "/open311/v2/servicerequestupdates.json", &headers, form.as_bytes());
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!(public.get(&url).status, 200);
    moved("seringue");
    assert_eq!((public.get(&url).status, crew.get(&url).status), (404, 200));
}

/// The extent of a city as everybody sees it.
fn extent(client: &Client, city: &str) -> Value {
    let all = client.get("/api/v1/jurisdictions").json();
    let list = all["jurisdictions"].as_array().unwrap();
    list.iter().find(|one| one["jurisdiction_id"] == city).unwrap()["extent"].clone()
}

#[test]
fn the_learned_extent_does_not_tell_where_a_hidden_report_is() {
    const OTHER: &str = "city.example";
    let folder = Folder::new("extent");
    done(&folder, &["city", "add", OTHER, "--time-zone", "America/Toronto"]);
    let csv = |far: &str| {
        let mut csv =
            "service_request_id,service_code,status,requested_datetime,lat,lon\n".to_owned();
        for n in 0..40 {
            let (lat, lon) = (46.80 + f64::from(n % 7) / 100.0, -71.30 + f64::from(n % 9) / 100.0);
            csv += &format!("{n},trou,open,2026-01-01T12:00:00Z,{lat},{lon}\n");
        }
        csv + far
    };
    let learned = || {
        let words = ["city", "set", OTHER, "--name", "Ville"];
        done(&folder, &words);
        let db = rusqlite::Connection::open(folder.file("city.db")).unwrap();
        let sql = "SELECT west, south, east, north FROM jurisdiction WHERE jurisdiction_id = ?";
        db.query_row(sql, [OTHER], |row| {
            Ok([0, 1, 2, 3].map(|n| row.get::<_, Option<f64>>(n).unwrap()))
        })
        .unwrap()
    };
    folder.with("a.csv", csv(""));
    done(&folder, &["import", "a.csv", "--jurisdiction", OTHER]);
    let own = learned();
    assert!(own[0].is_some_and(|west| west > -71.4), "{own:?}");
    // One report of its own service, a few kilometres to the west of all others.
    folder.with("b.csv", csv("far,aiguille,open,2026-01-01T12:00:00Z,46.82,-71.42\n"));
    done(&folder, &["import", "b.csv", "--jurisdiction", OTHER]);
    let whole = learned();
    assert!(whole[0].is_some_and(|west| west < -71.42), "an extent shows places: {whole:?}");
    for policy in ["hidden", "cell"] {
        done(&folder, &["city", "set", OTHER, "--visibility", &format!("aiguille={policy}")]);
        assert_eq!(learned(), own, "{policy}");
    }
    // Of `street` it is learned from the public places.
    done(&folder, &["city", "set", OTHER, "--visibility", "aiguille=street"]);
    let street = learned();
    assert!(street != whole && street[0].is_some_and(|west| west < -71.41), "{street:?}");
    // Where too few reports are left, it is forgotten.
    let all = ["city", "set", OTHER, "--visibility", "trou=hidden"];
    done(&folder, &[&all[..], &["--visibility", "aiguille=hidden"]].concat());
    assert_eq!(learned(), [None; 4]);
    let service = Service::start(&folder, &[]);
    assert_eq!(extent(&service, OTHER), Value::Null);
}

/// The places at which the public counts reports of a service, with their counts.
fn places(client: &Client, service: &str) -> BTreeSet<(String, u64)> {
    let path = format!(
        "/api/v1/hexes?resolution=10&service={service}&bbox=-71.6,46.6,-70.9,47.1&count=reports"
    );
    let found = client.get(&path).json();
    let one = |one: &Value| {
        (one["id"].as_str().unwrap().to_owned(), one["properties"]["count"].as_u64().unwrap())
    };
    found["features"].as_array().unwrap_or_else(|| panic!("{found}")).iter().map(one).collect()
}

#[test]
fn one_person_makes_no_place_and_five_do() {
    let folder = Folder::new("senders");
    let service = Service::start_with_key(&folder);
    let file = |lon: f64, contact: &str| {
        let form =
            format!("api_key=k&service_code=batiment-insalubre&lat=46.8139&long={lon}{contact}");
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let sent = service.ask("POST", "/open311/v2/requests.json", &headers, form.as_bytes());
        assert_eq!(sent.status, 200, "{sent:?}");
    };
    // Far apart: one person with two spellings of one address, five persons, nobody on one day.
    for n in 0..8 {
        let one = if n % 2 == 0 { "zoe@exemple.ca" } else { "Zoe@Exemple.ca" };
        file(-71.50, &format!("&email={one}"));
        file(-71.30, &format!("&email=p{}@exemple.ca", n % 5));
        file(-71.10, "");
    }
    set(&service, &folder, &[("batiment-insalubre", "cell")]);
    let public = Client { address: service.address, key: None };
    let known = places(&public, "batiment-insalubre");
    assert_eq!(known.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [8], "{known:?}");
    let total = public.get("/api/v1/stats?service=batiment-insalubre").json()["total"].clone();
    assert_eq!(total, 24, "the others are counted without a place");
    assert_eq!(places(&service, "batiment-insalubre").len(), 3, "crews see all three places");
}

#[test]
fn reports_without_a_contact_count_once_for_each_day() {
    let folder = Folder::new("days");
    let service = LocalService::start(&folder);
    for n in 0..5 {
        file(&service, "batiment-insalubre", 24 * n + 1, 0.0);
        file(&service, "batiment-insalubre", 24 * (n % 4) + 1, 9_000.0);
    }
    set(&service, &folder, &[("batiment-insalubre", "cell")]);
    let known = places(&service, "batiment-insalubre");
    assert_eq!(known.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [5], "{known:?}");
}

#[test]
fn pages_of_updates_do_not_count_those_of_hidden_reports() {
    let folder = Folder::new("update-pages");
    let service = LocalService::start(&folder);
    let codes = ["seringue", "nid-de-poule", "seringue", "seringue", "nid-de-poule"];
    let ids: Vec<String> = codes.iter().map(|code| file(&service, code, 30, 0.0)).collect();
    for id in &ids {
        let body = json!({ "status": "in_progress" }).to_string();
        let path = format!("/api/v1/reports/{id}");
        assert_eq!(service.ask("PATCH", &path, &[JSON], body.as_bytes()).status, 200);
    }
    set(&service, &folder, &[("seringue", "hidden")]);
    let page = |n: usize| {
        let path = format!("/open311/v2/servicerequestupdates.json?page_size=1&page={n}");
        let list = service.get(&path).json();
        let list = list.as_array().unwrap().clone();
        list.iter().map(|one| one["service_request_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(page(1), [json!(ids[1])]);
    assert_eq!(page(2), [json!(ids[4])]);
    assert_eq!(page(3), Vec::<Value>::new());
}

#[test]
fn a_hidden_number_is_refused_as_one_that_does_not_exist() {
    let folder = Folder::new("hidden-numbers");
    done(&folder, &["city", "add", CITY]);
    // An imported number with the form of a tracking number and another check character.
    let service = LocalService::start(&folder);
    let own = file(&service, "seringue", 30, 0.0);
    let change = |last: char| format!("{}{last}", &own[..own.len() - 1]);
    let wrong: Vec<String> = "23456789ABCDEFGHJKMNPQRSTVWXYZ".chars().map(change).collect();
    let wrong: Vec<&String> = wrong.iter().filter(|id| **id != own).collect();
    drop(service);
    let csv = format!(
        "service_request_id,service_code,status,requested_datetime,lat,lon\n\
         {},seringue,open,2026-01-01T12:00:00Z,46.81,-71.21\n",
        wrong[0]
    );
    folder.with("a.csv", csv);
    done(&folder, &["import", "a.csv", "--jurisdiction", CITY]);
    let service = LocalService::start(&folder);
    assert_eq!(service.get(&format!("/api/v1/reports/{}", wrong[0])).status, 200);
    set(&service, &folder, &[("seringue", "hidden")]);
    let said = |id: &str, path: &str| {
        let answer = service.get(&path.replace("{}", id));
        let text = String::from_utf8_lossy(&answer.body).replace(id, "ID");
        (answer.status, text)
    };
    for path in [
        "/api/v1/reports/{}",
        "/api/v1/reports/{}/history",
        "/api/v1/incidents/{}",
        "/open311/v2/requests/{}.json",
        "/open311/v2/tokens/{}.json",
        "/open311/v2/requests.json?service_request_id={}",
        "/open311/v2/servicerequestupdates.json?service_request_id={}",
        "/collections/reports/items/{}",
        "/api/v1/duplicates?lon=-71.208&lat=46.8139&service=graffiti&exclude={}",
    ] {
        assert_eq!(said(wrong[0], path), said(wrong[1], path), "{path}");
    }
}

#[test]
fn nobody_attaches_a_report_to_one_far_away_by_any_path() {
    let (_folder, service) = empty();
    let far = file(&service, "nid-de-poule", 5, 20_000.0);
    let near = file(&service, "nid-de-poule", 5, 0.0);
    let body = json!({ "service_code": "nid-de-poule", "lon": -71.2080, "lat": 46.8139,
                       "address": "12 rue Cartier" });
    let with_parent = |parent: &str| {
        let mut body = body.clone();
        body["parent_service_request_id"] = json!(parent);
        body.to_string()
    };
    // The original is no member of a new report: one by one, and in a batch.
    let answer = service.post("/api/v1/reports", &with_parent(&far));
    assert_eq!((answer.status, answer.fields()), (400, vec!["parent_service_request_id".into()]));
    let headers = [("Content-Type", "application/x-ndjson")];
    let lines = format!("{}\n{body}\n", with_parent(&far));
    let answer = service.ask("POST", "/api/v1/reports/batch", &headers, lines.as_bytes());
    let lines: Vec<Value> = String::from_utf8(answer.body)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&json!(400), &json!(201)), "{lines:?}");
    // A batch takes no choice, and attaches nothing, also beside another report.
    let query = format!("/api/v1/reports/batch?confirm={near}");
    assert_eq!(service.ask("POST", &query, &headers, b"").status, 400);
    let made = lines[1]["service_request_id"].as_str().unwrap();
    assert_eq!(parent(&service.get(&format!("/api/v1/reports/{made}")).json()), None);
    // Nor with an accuracy that would reach it.
    let path = format!("/api/v1/reports?dedupe=warn&confirm={far}");
    assert_eq!(service.post(&path, &body.to_string()).status, 400);
    let wide = service.post(&format!("{path}&accuracy_m=25000"), &body.to_string());
    assert_eq!(wide.status, 400, "{wide:?}");
    let attached = service.post("/api/v1/reports?dedupe=attach&accuracy_m=200", &body.to_string());
    assert_ne!(parent(&attached.json()), Some(far.as_str()));
    // Open311: a form with an original, a choice, and an update.
    let forms = [("Content-Type", "application/x-www-form-urlencoded")];
    let form = format!(
        "api_key=k&service_code=nid-de-poule&lat=46.8139&long=-71.2080\
         &parent_service_request_id={far}"
    );
    let made = service.ask("POST", "/open311/v2/requests.json", &forms, form.as_bytes());
    if made.status == 200 {
        let id = made.json()[0]["service_request_id"].as_str().unwrap().to_owned();
        assert_eq!(parent(&service.get(&format!("/api/v1/reports/{id}")).json()), None);
    }
    let form = "api_key=k&service_code=nid-de-poule&lat=46.8139&long=-71.2080";
    let path = format!("/open311/v2/requests.json?dedupe=warn&confirm={far}");
    assert!(service.ask("POST", &path, &forms, form.as_bytes()).status >= 400);
    let form = format!(
        "api_key=k&service_request_id={near}&status=DUPLICATE&description=x\
         &parent_service_request_id={far}"
    );
    let path = "/open311/v2/servicerequestupdates.json";
    let _ = service.ask("POST", path, &forms, form.as_bytes());
    assert_eq!(parent(&service.get(&format!("/api/v1/reports/{near}")).json()), None);
    let found = service.get(HERE).json();
    assert!(!ids(&found).contains(&far.as_str()));
}
