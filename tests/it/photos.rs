//! Photos that were sent: how many a sender may send, whose they become, and how long they wait.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use pointchaud::config::Limits;
use pointchaud::http::remove_unattached;
use pointchaud::media::PhotoStore;
use serde_json::{Value, json};

use crate::common::*;

const JPEG: [(&str, &str); 1] = [("Content-Type", "image/jpeg")];
const DAY: Duration = Duration::from_secs(86_400);

/// Sends a photo; its address.
fn sent(client: &Client) -> String {
    let answer = client.ask("POST", "/api/v1/media", &JPEG, &jpeg(64, 48));
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["media_url"].as_str().unwrap().to_owned()
}

fn report(media: &Value) -> String {
    json!({ "service_code": "nid-de-poule", "lon": -71.21, "lat": 46.81, "media_url": media })
        .to_string()
}

/// The files of a photo that waits, or that a report has.
fn files(folder: &Folder, url: &str, is_pending: bool) -> [PathBuf; 2] {
    let place = folder.file(if is_pending { "city.media/pending" } else { "city.media" });
    let name = url.trim_start_matches("/media/");
    [name.to_owned(), name.replace(".jpg", "-320.jpg")].map(|name| place.join(name))
}

fn exist(files: &[PathBuf]) -> Vec<bool> {
    files.iter().map(|file| file.exists()).collect()
}

/// Sets the times of a waiting photo's files.
fn set_time(folder: &Folder, url: &str, second: i64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second as u64);
    for file in files(folder, url, true) {
        File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    }
}

fn clean_up(service: &LocalService, folder: &Folder) -> (usize, usize) {
    let photos = PhotoStore::open(folder.file("city.media").to_str().unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let done = runtime.block_on(remove_unattached(&service.app, &photos)).unwrap();
    (done.removed, done.kept)
}

#[test]
fn an_address_that_sends_too_many_photos_is_told_when_it_may_again() {
    let folder = Folder::new("quota");
    let limits = Limits { photos_per_hour: 3, ..Limits::default() };
    let service = LocalService::start_limited(&folder, limits);
    for _ in 0..3 {
        sent(&service);
    }
    service.clock.advance(Duration::from_secs(600));
    let full = service.ask("POST", "/api/v1/media?lang=en", &JPEG, &jpeg(64, 48));
    assert_eq!((full.status, full.header("retry-after")), (429, Some("3000")), "{full:?}");
    let problem = full.json();
    assert_eq!(problem["type"], "urn:pointchaud:problem:too-many-requests");
    assert_eq!(problem["detail"], "Too many photos were sent; try again in 50 min.");
    // By Open311, too.
    let body = [
        b"--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\n".to_vec(),
        jpeg(64, 48),
        b"\r\n--x--\r\n".to_vec(),
    ]
    .concat();
    let path = "/open311/v2/requests.json?api_key=k";
    let kind = [("Content-Type", "multipart/form-data; boundary=x")];
    assert_eq!(service.ask("POST", path, &kind, &body).status, 429);
    // Reports without a photo go on.
    let body = json!({ "service_code": "nid-de-poule", "lon": -71.21, "lat": 46.81 });
    assert_eq!(service.post("/api/v1/reports", &body.to_string()).status, 201);
    service.clock.advance(Duration::from_secs(3_000));
    sent(&service);
}

#[test]
fn what_is_no_photo_counts_as_one() {
    let folder = Folder::new("quota");
    let limits = Limits { photos_per_hour: 2, ..Limits::default() };
    let service = LocalService::start_limited(&folder, limits);
    let status = || service.ask("POST", "/api/v1/media", &JPEG, b"no photo").status;
    assert_eq!([status(), status(), status()], [400, 400, 429], "decoding costs as much");
}

#[test]
fn a_photo_belongs_to_the_first_report_that_shows_it() {
    let folder = Folder::new("photos");
    let service = LocalService::start(&folder);
    let (url, other) = (sent(&service), sent(&service));
    assert_ne!(url, other, "the same picture has another name, which nobody can guess");
    assert_eq!(exist(&files(&folder, &url, true)), [true, true]);
    let waiting = service.get(&url);
    assert_eq!(
        (waiting.status, waiting.header("cache-control")),
        (200, Some("private, max-age=600"))
    );
    let key = [("Content-Type", "application/json"), ("Idempotency-Key", "one")];
    let body = report(&json!([url, url]));
    let first = service.ask("POST", "/api/v1/reports", &key, body.as_bytes());
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(exist(&files(&folder, &url, true)), [false, false]);
    assert_eq!(exist(&files(&folder, &url, false)), [true, true]);
    let kept = service.get(&url);
    assert!(kept.status == 200 && kept.header("cache-control") == Some("public, max-age=300"));
    // The request sent again gets the same report.
    let again = service.ask("POST", "/api/v1/reports", &key, body.as_bytes());
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(again.json()["id"], first.json()["id"]);
    // Another report cannot have it, under any spelling of its address.
    let absolute = format!("http://{}{url}", service.address);
    for url in [url.clone(), url.replace(".jpg", "-320.jpg"), absolute] {
        let refused = service.post("/api/v1/reports?lang=en", &report(&json!(url)));
        assert_eq!((refused.status, refused.fields()), (400, vec!["media_url".to_owned()]));
        let reason = refused.json()["errors"][0]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("belongs to a report already"), "{reason}");
    }
    // A report that is refused leaves its photo to the next one.
    let wrong = report(&json!(other)).replace("nid-de-poule", "none");
    assert_eq!(service.post("/api/v1/reports", &wrong).status, 400);
    assert_eq!(service.post("/api/v1/reports", &report(&json!(other))).status, 201);
}

#[test]
fn of_many_reports_that_claim_a_photo_at_once_one_gets_it() {
    let folder = Folder::new("photos");
    let service = LocalService::start(&folder);
    let body = report(&json!(sent(&service)));
    let client: Client = *service;
    let ask = || client.post("/api/v1/reports", &body).status;
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400, 400, 400, 400, 400]);
}

#[test]
fn a_photo_without_a_report_is_removed_after_a_day() {
    let folder = Folder::new("photos");
    let service = LocalService::start(&folder);
    let [orphan, young, shown] = [(); 3].map(|()| sent(&service));
    let now = service.clock.second();
    for url in [&orphan, &young, &shown] {
        set_time(&folder, url, now);
    }
    assert_eq!(service.post("/api/v1/reports", &report(&json!(shown))).status, 201);
    service.clock.advance(DAY - Duration::from_secs(10));
    assert_eq!(clean_up(&service, &folder), (0, 0));
    // The times are those of the files: another process knows them, too.
    drop(service);
    let service = LocalService::start(&folder);
    service.clock.advance(DAY + Duration::from_secs(10));
    set_time(&folder, &young, service.clock.second() - 60);
    assert_eq!(clean_up(&service, &folder), (1, 0));
    assert_eq!(exist(&files(&folder, &orphan, true)), [false, false]);
    assert_eq!(service.get(&orphan).status, 404);
    assert_eq!((service.get(&young).status, service.get(&shown).status), (200, 200));
    assert_eq!(clean_up(&service, &folder), (0, 0));
}

#[test]
fn a_photo_whose_move_was_interrupted_is_not_removed() {
    let folder = Folder::new("photos");
    let service = LocalService::start(&folder);
    let url = sent(&service);
    assert_eq!(service.post("/api/v1/reports", &report(&json!(url))).status, 201);
    // As if the service had been killed between the commit and the move.
    for (kept, pending) in files(&folder, &url, false).iter().zip(files(&folder, &url, true)) {
        std::fs::rename(kept, pending).unwrap();
    }
    assert_eq!(service.get(&url).status, 200, "it is served meanwhile");
    set_time(&folder, &url, service.clock.second() - 2 * 86_400);
    assert_eq!(clean_up(&service, &folder), (0, 1));
    assert_eq!(exist(&files(&folder, &url, false)), [true, true]);
}
