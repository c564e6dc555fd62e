//! Texts with personal words: the public reads none of them before a person has, in any operation,
//! and what the person decides holds for the text that was read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Answer, Client, Folder, LocalService, Service, done, eventually, jpeg};

const QUEBEC: &str = "ville.quebec.qc.ca";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Files a report over Open311, as an application does.
fn file(client: &Client, pairs: &[(&str, &str)]) -> String {
    let usual = [("service_code", "nid-de-poule"), ("long", "-71.2080"), ("lat", "46.8139")];
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(usual.iter().filter(|(name, _)| !pairs.iter().any(|(own, _)| own == name)));
    let form = form.extend_pairs(pairs).append_pair("api_key", "app").finish();
    let answer = client.ask("POST", "/open311/v2/requests.json", &[FORM], form.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
}

fn described(client: &Client, text: &str) -> String {
    file(client, &[("description", text)])
}

/// What a client reads as the description of a report, and the fields that it does not read whole.
fn description(client: &Client, id: &str) -> (Value, Value) {
    let answer = client.get(&format!("/api/v1/reports/{id}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let report = answer.json();
    let properties = &report["properties"];
    (properties["description"].clone(), properties["held_fields"].clone())
}

fn held(crew: &Client) -> Vec<Value> {
    let answer = crew.get("/api/v1/review");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["reports"].as_array().unwrap().clone()
}

fn revision(crew: &Client, id: &str) -> u64 {
    let report = crew.get(&format!("/api/v1/reports/{id}")).json();
    report["properties"]["revision"].as_u64().unwrap()
}

fn decide(crew: &Client, id: &str, mut body: Value) -> Answer {
    if body["revision"].is_null() {
        body["revision"] = json!(revision(crew, id));
    }
    let path = format!("/api/v1/review/{id}");
    crew.ask("PUT", &path, &[JSON, ("Accept-Language", "en")], body.to_string().as_bytes())
}

/// Imports a report with this text, or changes that of one which is there: its source has another
/// text now.
fn import(folder: &Folder, id: &str, text: &str) {
    let csv = format!(
        "service_request_id,service_name,requested_datetime,lat,lon,description\n\
         {id},Nid-de-poule,2026-09-30T10:00:00Z,46.8139,-71.2080,\"{text}\"\n"
    );
    let path = folder.with("texts.csv", csv);
    let path = path.to_str().unwrap();
    done(folder, &["import", path, "--jurisdiction", QUEBEC]);
}

/// As [`import`], while a service runs; waits until crews read the text.
fn import_into(crew: &Client, folder: &Folder, id: &str, text: &str) {
    import(folder, id, text);
    eventually("the import is read", || {
        let report = crew.get(&format!("/api/v1/reports/{id}"));
        report.status == 200 && report.json()["properties"]["description"] == text
    });
}

/// A service with a crew key, and a client without it.
fn both() -> (Folder, Service, Client) {
    let folder = Folder::new("held");
    let crew = Service::start_with_key(&folder);
    let public = Client { address: crew.address, key: None };
    (folder, crew, public)
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A request of each `GET` operation about each of these reports, with the parameters that it
/// needs, and of the lists with an interval that has everything.
fn requests(public: &Client, ids: &[&str]) -> Vec<String> {
    const EXAMPLE: &str = "4RX-7KM-PH";
    let document = public.get("/api/openapi.json").json();
    let shown = |example: &Value| match example.as_str() {
        Some(text) => text.to_owned(),
        None => example.to_string(),
    };
    let mut all = Vec::new();
    for (route, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let parameters = operation["parameters"].as_array().unwrap();
        let mut path = route.clone();
        let mut query = Vec::new();
        for one in parameters {
            let (name, example) = (one["name"].as_str().unwrap(), shown(&one["example"]));
            if one["in"] == "path" {
                path = path.replace(&format!("{{{name}}}"), &example);
            } else if one["in"] == "query" && one["required"] == true {
                query.push(format!("{name}={}", encoded(&example)));
            }
        }
        let paths: BTreeSet<String> = ids.iter().map(|id| path.replace(EXAMPLE, id)).collect();
        let query = query.join("&");
        all.extend(paths.iter().map(|path| format!("{path}?{query}")));
    }
    all.push("/open311/v2/requests.json?extensions=true".into());
    all.push("/open311/v2/servicerequestupdates.json".into());
    all.push(format!(
        "/ogc/collections/reports/items?filter={}",
        encoded("description LIKE '%@%'")
    ));
    all
}

/// The words among these that a client reads anywhere, each with the first path.
fn read<'a>(client: &Client, paths: &[String], words: &[&'a str]) -> Vec<(&'a str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for path in paths {
        let answer = client.get(path);
        assert!(answer.status < 500, "{path}: {answer:?}");
        for word in words {
            let is_new = !found.iter().any(|(known, _)| known == word);
            if is_new && memchr::memmem::find(&answer.body, word.as_bytes()).is_some() {
                found.push((word, path.clone()));
            }
        }
    }
    found
}

/// A report with personal words in its description, its answers, an update and its old values.
fn planted(crew: &Client, public: &Client) -> (String, [&'static str; 3]) {
    let id = file(
        public,
        &[
            ("description", "Écrivez à zzcanari1@exemple.org"),
            ("service_code", "encombrants"),
            ("attribute[objets][]", "matelas"),
            ("attribute[precisions]", "zzcanari2, tél. 418 555-0134"),
        ],
    );
    let text = encoded("zzcanari3 : Mme Tremblay rappelle");
    let form = format!("api_key=app&service_request_id={id}&status=OPEN&description={text}");
    let path = "/open311/v2/servicerequestupdates.json";
    let answer = crew.ask("POST", path, &[FORM], form.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    (id, ["zzcanari1", "zzcanari2", "zzcanari3"])
}

#[test]
fn no_operation_tells_the_public_a_text_with_personal_words() {
    let (folder, crew, public) = both();
    let (id, words) = planted(&crew, &public);
    let plain = described(&public, "zzcanari0, gros trou");
    // A report with an earlier text in its history.
    import_into(&crew, &folder, "a1", "zzcanari4, plaque A12 BCD");
    import_into(&crew, &folder, "a1", "zzcanari5, 418 555-0134");
    let words = [&words[..], &["zzcanari4", "zzcanari5"]].concat();
    let paths = requests(&public, &[&id, &plain, "a1"]);
    assert!(paths.len() > 60, "only {} requests", paths.len());
    assert_eq!(read(&public, &paths, &words), []);
    // The test can fail: a crew reads them, and everybody reads a text without personal words.
    let seen: BTreeSet<&str> = read(&crew, &paths, &words).into_iter().map(|one| one.0).collect();
    assert_eq!(seen.len(), words.len(), "{seen:?}");
    assert_eq!(read(&public, &paths, &["zzcanari0"]).len(), 1);
    let (text, held) = description(&public, &id);
    assert_eq!((text, held[0].as_str()), (Value::Null, Some("description")));
    assert_eq!(description(&public, &plain), (json!("zzcanari0, gros trou"), Value::Null));
    // What a crew reads is kept by no cache for others.
    let answer = crew.get(&format!("/api/v1/reports/{id}"));
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let other = public.get(&format!("/api/v1/reports/{id}"));
    assert_ne!(answer.header("etag"), other.header("etag"));
}

#[test]
fn what_a_person_decides_holds_for_the_text_that_was_read() {
    let (folder, crew, public) = both();
    let text = "Appelez Mme Tremblay au 418 555-0134, maison rose";
    let id = "a1";
    import_into(&crew, &folder, id, text);
    let list = held(&crew);
    assert_eq!(list.len(), 1, "{list:?}");
    let found = &list[0]["texts"][0];
    assert_eq!((list[0]["service_request_id"].as_str(), &found["text"]), (Some(id), &json!(text)));
    let kinds: Vec<&str> = found["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["name", "phone"]);

    // Without the words that were found and one that the person names.
    let answer = decide(&crew, id, json!({ "decision": "redact", "hide": ["maison rose"] }));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(description(&public, id).0, "Appelez […] au […], […]");
    assert_eq!(description(&crew, id).0, text);
    assert_eq!(held(&crew), [] as [Value; 0]);
    // Decided otherwise later, and as it is.
    assert_eq!(decide(&crew, id, json!({ "decision": "keep_back" })).status, 200);
    assert_eq!(description(&public, id).0, Value::Null);
    assert_eq!(held(&crew), [] as [Value; 0]);
    let before = public.get("/api/v1/reports").header("etag").map(str::to_owned);
    assert_eq!(decide(&crew, id, json!({ "decision": "publish" })).status, 200);
    assert_eq!(description(&public, id), (json!(text), Value::Null));
    assert_ne!(public.get("/api/v1/reports").header("etag").map(str::to_owned), before);

    // A restart keeps it, a change of the text does not, the old text is public in the history.
    crew.kill();
    let crew = Service::start_with_key(&folder);
    let public = Client { address: crew.address, key: None };
    assert_eq!(description(&public, id).0, text);
    import_into(&crew, &folder, id, "Appelez Mme Roy");
    assert_eq!(description(&public, id).0, Value::Null);
    assert_eq!(held(&crew).len(), 1);
    let history = public.get(&format!("/api/v1/reports/{id}/history")).json().to_string();
    assert!(history.contains("Tremblay") && !history.contains("Mme Roy"), "{history}");
    import_into(&crew, &folder, id, text);
    assert_eq!(description(&public, id).0, text);
}

#[test]
fn a_decision_about_another_state_or_about_nothing_is_refused() {
    let (folder, crew, public) = both();
    let id = "a1";
    import_into(&crew, &folder, id, "Appelez Mme Tremblay");
    let read = revision(&crew, id);
    import_into(&crew, &folder, id, "Appelez Mme Roy");
    let late = decide(&crew, id, json!({ "decision": "publish", "revision": read }));
    assert_eq!(late.status, 412, "{late:?}");
    assert_eq!(description(&public, id).0, Value::Null);
    let hide = decide(&crew, id, json!({ "decision": "redact", "hide": ["Tremblay"] }));
    assert_eq!(hide.status, 400, "{hide:?}");
    assert!(hide.json()["detail"].as_str().unwrap().contains("is in no text"), "{hide:?}");
    let plain = described(&public, "Gros trou");
    assert_eq!(decide(&crew, &plain, json!({ "decision": "publish" })).status, 409);
    let body = json!({ "decision": "publish", "revision": 1 }).to_string();
    let unknown = crew.ask("PUT", "/api/v1/review/4RX-7KM-PH", &[JSON], body.as_bytes());
    assert_eq!(unknown.status, 404, "{unknown:?}");
    let path = format!("/api/v1/review/{id}");
    assert_eq!(public.ask("PUT", &path, &[JSON], body.as_bytes()).status, 401);
    assert_eq!(public.get("/api/v1/review").status, 401);
}

#[test]
fn the_list_is_read_page_by_page_and_has_each_report_once() {
    let (_folder, crew, public) = both();
    let mut ids = Vec::new();
    for n in 0..7 {
        described(&public, "Gros trou");
        ids.push(described(&public, &format!("Appelez Mme Tremblay, {n}")));
    }
    let mut found = Vec::new();
    let mut next = Some("/api/v1/review?limit=3".to_owned());
    while let Some(path) = next {
        let page = crew.get(&path).json();
        let reports = page["reports"].as_array().unwrap();
        assert!(reports.len() <= 3);
        let id = |one: &Value| one["service_request_id"].as_str().unwrap().to_owned();
        found.extend(reports.iter().map(id));
        next = page["next"].as_str().map(|url| url[url.find("/api").unwrap()..].to_owned());
    }
    assert_eq!(found, ids, "the one that changed longest ago first");
    // What was changed since comes last, what was decided is gone.
    let path = format!("/api/v1/reports/{}", ids[0]);
    assert_eq!(crew.ask("PATCH", &path, &[JSON], br#"{"status":"in_progress"}"#).status, 200);
    assert_eq!(decide(&crew, &ids[1], json!({ "decision": "publish" })).status, 200);
    let found: Vec<String> =
        held(&crew).iter().map(|one| one["service_request_id"].as_str().unwrap().into()).collect();
    let expected: Vec<&String> = ids[2..].iter().chain([&ids[0]]).collect();
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_service_may_hold_all_texts_and_photos_or_none() {
    let (folder, crew, public) = both();
    let photo = crew.ask("POST", "/api/v1/media", &[], &jpeg(40, 30)).json();
    let photo = photo["media_url"].as_str().unwrap().to_owned();
    let plain = described(&public, "zzplain, gros trou");
    let with_photo = file(&public, &[("description", "zzphoto"), ("media_url", &photo)]);
    let personal = described(&public, "Appelez Mme Tremblay");
    let set = |text: &str, photos: &str| {
        let (text, photos) = (format!("nid-de-poule={text}"), format!("nid-de-poule={photos}"));
        done(&folder, &["city", "set", QUEBEC, "--text", &text, "--photos", &photos])
    };
    let texts =
        || [&plain, &with_photo, &personal].map(|id| description(&public, id).0.is_string());
    let photos = || {
        let report = public.get(&format!("/api/v1/reports/{with_photo}")).json();
        report["properties"]["media_url"].to_string().contains("/media/")
    };
    assert_eq!((texts(), photos()), ([true, true, false], true));
    let said = set("public", "review");
    assert!(said.contains("text of nid-de-poule: public"), "{said}");
    eventually("texts are public", || texts() == [true; 3] && !photos());
    assert_eq!(held(&crew).len(), 1, "the photo");
    decide(&crew, &with_photo, json!({ "decision": "keep_back", "photos": "publish" }));
    assert!(photos() && held(&crew).is_empty());
    set("review", "public");
    eventually("texts wait", || texts() == [false; 3]);
    assert_eq!(held(&crew).len(), 3);
    decide(&crew, &plain, json!({ "decision": "publish" }));
    assert_eq!(texts(), [true, false, false]);
    set("crew", "crew");
    eventually("nothing is shown", || texts() == [false; 3] && !photos());
    assert_eq!(held(&crew), [] as [Value; 0], "there is nothing to decide");
    let listed = done(&folder, &["city", "list"]);
    assert!(listed.contains("photos of nid-de-poule: crew"), "{listed}");
}

#[test]
fn imported_texts_are_held_and_duplicates_are_not_compared_by_them() {
    let folder = Folder::new("held-import");
    done(&folder, &["city", "add", QUEBEC]);
    import(&folder, "a1", "Écrire à nom@exemple.org");
    import(&folder, "a2", "Gros trou profond");
    let service = LocalService::start(&folder);
    assert_eq!(description(&service, "a1").0, Value::Null);
    assert_eq!(description(&service, "a2").0, "Gros trou profond");
    let list = held(&service);
    assert_eq!(list.len(), 1, "{list:?}");
    // The index has no word of a text that is held, also after a fresh start.
    let city = service.app.city(None).unwrap();
    let snapshot = city.snapshots(pointchaud::domain::View::Listed).load();
    assert_eq!(snapshot.len(), 2);
    let export = service.get("/api/v1/export.csv");
    let text = String::from_utf8(export.body).unwrap();
    assert!(!text.contains("exemple.org") && text.contains("Gros trou profond"), "{text}");
}
