//! Mirroring another city's Open311 server: one of ours, and some that behave badly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Output;

use crate::common::{Folder, Service, demo_city, done, eventually, run};
use serde_json::{Value, json};

const THERE: &str = "miroir.example.org";

fn follow(folder: &Folder, address: SocketAddr, more: &[&str]) -> Output {
    let url = format!("http://{address}/open311/v2");
    let mut arguments = vec!["follow", &url, "--jurisdiction", THERE, "--pause-ms", "0"];
    arguments.extend(["--time-zone", "America/Toronto"]);
    arguments.extend(more);
    run(folder, &arguments)
}

/// The digest of a city, as `check` tells it.
fn digest(folder: &Folder, city: &str) -> String {
    let printed = done(folder, &["check"]);
    let line =
        printed.lines().find(|line| line.contains(city)).unwrap_or_else(|| panic!("{printed}"));
    line.split_whitespace()
        .find(|word| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit()))
        .unwrap_or_else(|| panic!("no digest in '{line}'"))
        .to_owned()
}

#[test]
fn a_second_instance_converges_to_the_same_digest() {
    let (home, away) = (demo_city("followed", 4_000, 9), Folder::new("follower"));
    let service = Service::start(&home, &[]);
    let since = ["--since", "2020-01-01"];
    let first = follow(&away, service.address, &since);
    assert!(first.status.success(), "{first:?}");
    let own = || digest(&home, "ville.quebec.qc.ca");
    assert_eq!(digest(&away, THERE), own());

    // New ones, changed ones, answers to questions, a duplicate: only these are asked for then.
    let list = service.get("/api/v1/reports?limit=5&status=open").json();
    let id = |n: usize| list["features"][n]["id"].as_str().unwrap().to_owned();
    let patch = |n: usize, body: &str| {
        let answer =
            service.ask("PATCH", &format!("/api/v1/reports/{}", id(n)), &[], body.as_bytes());
        assert_eq!(answer.status, 200);
    };
    patch(0, r#"{"status":"closed","closed_reason":"refused"}"#);
    // Whom a crew assigned is not public: followers do not learn it.
    patch(1, r#"{"status":"in_progress","address":"12 rue <3>"}"#);
    patch(2, r#"{"lon":-71.25,"lat":46.85}"#);
    let merged = service.post(
        &format!("/api/v1/incidents/{}/merge", id(3)),
        &json!({ "reports": [id(4)] }).to_string(),
    );
    assert_eq!(merged.status, 200, "{merged:?}");
    service.post(
        "/api/v1/reports",
        r#"{"service_code":"lampadaire","description":"a & <b> 🕳","attributes":{"etat":"jour"}}"#,
    );
    // One with a photo, which comes along.
    let image = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8, y as u8, 9]));
    let mut photo = std::io::Cursor::new(Vec::new());
    image.write_to(&mut photo, image::ImageFormat::Jpeg).unwrap();
    let jpeg = [("Content-Type", "image/jpeg")];
    let kept = service.ask("POST", "/api/v1/media", &jpeg, &photo.into_inner()).json();
    let url = kept["media_url"].as_str().unwrap();
    let elsewhere = "https://photos.example.org/1.jpg";
    let filed = service.post(
        "/api/v1/reports",
        &json!({ "service_code": "graffiti", "media_url": [url, elsewhere] }).to_string(),
    );
    assert_eq!(filed.status, 201, "{filed:?}");
    let again = follow(&away, service.address, &[]);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(digest(&away, THERE), own());
    let name = url.trim_start_matches("/media/");
    let [here, there] =
        [&away, &home].map(|f| std::fs::read(f.file("city.media").join(name)).unwrap());
    assert!(here == there, "the same bytes under the same name");
    assert!(away.file("city.media").join(name.replace(".jpg", "-320.jpg")).exists());
    let printed = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(printed.contains("2 added"), "{printed}");
    assert!(!printed.contains(" 4000 unchanged"), "only what changed was asked for: {printed}");
}

/// A server that answers whatever is asked with what `answer` makes of the path.
fn server(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut asked = vec![0; 16 << 10];
            let n = stream.read(&mut asked).unwrap_or(0);
            let text = String::from_utf8_lossy(&asked[..n]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            let (status, body) = answer(path);
            let _ = write!(
                stream,
                "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nRetry-After: 0\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

fn request(n: usize, second: i64) -> Value {
    json!({
        "service_request_id": format!("r-{n}"),
        "status": "open",
        "service_code": "006",
        "service_name": "Potholes",
        "requested_datetime": jiff::Timestamp::from_second(second).unwrap().to_string(),
        "lat": 46.8, "long": -71.2,
    })
}

fn said(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn servers_that_behave_badly_are_told_of() {
    let folder = Folder::new("bad");
    // Whatever is asked, the same thousand.
    let now = jiff::Timestamp::now().as_second();
    let all: Vec<Value> = (0..1_000).map(|n| request(n, now - 1_000)).collect();
    let body = Value::from(all).to_string();
    let loops = server(move |_| (200, body.clone()));
    let printed = said(&follow(&folder, loops, &[]));
    assert!(printed.contains("ignores dates"), "{printed}");
    let lies = server(|_| (200, "<html>Welcome</html>".into()));
    assert!(said(&follow(&folder, lies, &[])).contains("is not a list of requests"));
    let gone = server(|_| (404, String::new()));
    assert!(said(&follow(&folder, gone, &[])).contains("404"));
    let busy = server(|_| (503, String::new()));
    assert!(said(&follow(&folder, busy, &[])).contains("503"));
}

#[test]
fn a_server_that_hangs_is_not_waited_for_for_ever() {
    let folder = Folder::new("hangs");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (counted, count) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // It takes every question, begins every other answer, and ends none.
        let mut kept = Vec::new();
        for (n, stream) in listener.incoming().flatten().enumerate() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 16 << 10]);
            if n % 2 == 1 {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[");
            }
            kept.push(stream);
            let _ = counted.send(n + 1);
        }
    });
    let printed = said(&follow(&folder, address, &["--patience-s", "1"]));
    assert!(printed.contains("no answer in 1 s"), "{printed}");
    assert_eq!(count.try_iter().last(), Some(4), "tried four times, in one language");
}

#[test]
fn what_moves_up_a_page_while_a_second_is_read_is_not_lost() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let folder = Folder::new("moving");
    let now = jiff::Timestamp::now().as_second() - 10_000;
    let asked = AtomicUsize::new(0);
    // 1,500 made in one second. After the first page the first 100 are gone from it, so that the
    // second page begins 100 further on.
    let address = server(move |path| {
        if path.contains("updated_after") {
            return (200, "[]".into());
        }
        let time = |name: &str| {
            let text = path.split(name).nth(1).unwrap().split('&').next().unwrap();
            text.replace("%3A", ":").parse::<jiff::Timestamp>().unwrap().as_second()
        };
        let (from, to) = (time("start_date="), time("end_date="));
        if !(from..=to).contains(&now) {
            return (200, "[]".into());
        }
        let exact = from == to;
        let n = if exact { asked.fetch_add(1, Ordering::SeqCst) } else { 0 };
        let gone = if n > 0 { 100 } else { 0 };
        let page = if path.contains("&page=2") { 2 } else { 1 };
        let all = (gone..1_500).skip((page - 1) * 1_000).take(1_000);
        (200, Value::from_iter(all.map(|n| request(n, now))).to_string())
    });
    let since = jiff::Timestamp::from_second(now - 100).unwrap().to_string();
    let output = follow(&folder, address, &["--since", &since]);
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("1500 added"), "{printed}");
}

#[test]
fn what_changed_between_a_stopped_walk_and_its_rerun_is_asked_for() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    let folder = Folder::new("stopped");
    let (asked, requested) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (count, paths) = (asked.clone(), requested.clone());
    // The first window is answered; then the server is gone for two questions (JSON, XML).
    let address = server(move |path| {
        paths.lock().unwrap().push(path.to_owned());
        let n = count.fetch_add(1, Ordering::SeqCst);
        if n == 1 || n == 2 { (404, String::new()) } else { (200, "[]".into()) }
    });
    let second = || jiff::Timestamp::now().as_second();
    let before = second();
    let since = jiff::Timestamp::from_second(before - 150 * 86_400).unwrap().to_string();
    let first = follow(&folder, address, &["--since", &since]);
    let after = second();
    assert!(said(&first).contains("404"));
    // The second run begins in a later second than the first.
    eventually("a second passes", || second() > after);
    let again = follow(&folder, address, &[]);
    assert!(again.status.success(), "{again:?}");
    let paths = requested.lock().unwrap();
    let changed = paths.iter().find(|path| path.contains("updated_after=")).unwrap();
    let from = changed.split("updated_after=").nth(1).unwrap().split('&').next().unwrap();
    let from: jiff::Timestamp = from.replace("%3A", ":").parse().unwrap();
    // Two overlaps of a minute before the first run, not before the second.
    assert!((before - 120..=after - 120).contains(&from.as_second()), "{from} {before} {after}");
}

#[test]
fn an_old_server_that_speaks_xml_alone_is_mirrored_all_the_same() {
    let folder = Folder::new("old");
    let now = jiff::Timestamp::now().as_second();
    // It knows neither JSON nor `updated_after`, refuses a row of ours, and never says when a
    // request changed.
    let old = server(move |path| {
        if path.contains(".json") {
            return (404, String::new());
        }
        let row = |n: usize, lat: f64| {
            let at = jiff::Timestamp::from_second(now - 5_000 - n as i64).unwrap();
            format!(
                "<request><service_request_id>{n}</service_request_id><status>closed</status>\
                 <service_code>001</service_code><service_name>Nid-de-poule</service_name>\
                 <requested_datetime>{at}</requested_datetime><lat>{lat}</lat><long>-71.2</long>\
                 </request>"
            )
        };
        let rows: String = (0..5).map(|n| row(n, if n == 3 { 146.8 } else { 46.8 })).collect();
        (200, format!("<?xml version=\"1.0\"?><service_requests>{rows}</service_requests>"))
    });
    let output = follow(&folder, old, &["--since", "2026-06-01"]);
    assert!(output.status.success(), "{output:?}");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("3: lat"), "{errors}");
    let exported = done(&folder, &["export", "--jurisdiction", THERE, "--format", "csv"]);
    assert_eq!(exported.lines().count(), 5, "a header and four rows: {exported}");
    assert!(follow(&folder, old, &[]).status.success());
}

/// A server of another make: which of the parameters it respects, and how.
#[derive(Clone, Copy)]
struct Habits {
    /// Requests of an answer, at most.
    cap: usize,
    /// How `start_date`, `end_date`, `updated_after` and `updated_before` are read.
    dates: Dates,
    pages: Pages,
    /// False where `updated_after` alone is ignored.
    knows_updates: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Dates {
    Seconds,
    /// The hour is dropped; the last day is answered completely.
    Days,
    /// The hour is dropped; the answer ends with the first second of the last day.
    Midnight,
    /// The start is ignored; the end is respected.
    EndAlone,
    /// The end is ignored; the start is respected.
    StartAlone,
    Ignored,
}

#[derive(Clone, Copy)]
enum Pages {
    Respected,
    /// Always the first page.
    Ignored,
    /// 404 after the first page.
    Refused,
    /// The last page again, whatever higher number is asked for.
    LastForEver,
    /// Each answer takes its page from another order.
    Shuffled,
}

const HABITS: Habits =
    Habits { cap: 1_000, dates: Dates::Seconds, pages: Pages::Respected, knows_updates: true };

/// Serves requests made at `times`, newest first. The counter tells how often it was asked.
fn habitual(
    habits: Habits,
    times: Vec<i64>,
) -> (SocketAddr, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let counter = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = counter.clone();
    let mut rows: Vec<(usize, i64)> = times.into_iter().enumerate().collect();
    rows.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let address = server(move |path| {
        let turn = counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        answer(habits, &rows, path, turn)
    });
    (address, counter)
}

fn answer(habits: Habits, rows: &[(usize, i64)], path: &str, turn: usize) -> (u16, String) {
    let of = |name: &str| {
        let text = path.split(name).nth(1)?.split('&').next()?;
        Some(text.replace("%3A", ":"))
    };
    let second = |name: &str| Some(of(name)?.parse::<jiff::Timestamp>().unwrap().as_second());
    let is_update = path.contains("updated_after=");
    let names = if is_update {
        ["updated_after=", "updated_before="]
    } else {
        ["start_date=", "end_date="]
    };
    let (from, to) = (second(names[0]).unwrap(), second(names[1]).unwrap());
    let day = |at: i64| at.div_euclid(86_400) * 86_400;
    let dates = if is_update && !habits.knows_updates { Dates::Ignored } else { habits.dates };
    let (from, to) = match dates {
        Dates::Seconds => (from, to),
        Dates::Days => (day(from), day(to) + 86_399),
        Dates::Midnight => (day(from), day(to)),
        Dates::EndAlone => (i64::MIN, to),
        Dates::StartAlone => (from, i64::MAX),
        Dates::Ignored => (i64::MIN, i64::MAX),
    };
    let mut found: Vec<_> =
        rows.iter().copied().filter(|(_, at)| (from..=to).contains(at)).collect();
    let page: usize = of("&page=").map_or(1, |text| text.parse().unwrap());
    let last = found.len().div_ceil(habits.cap).max(1);
    let page = match habits.pages {
        Pages::Refused if page > 1 => return (404, String::new()),
        Pages::Ignored => 1,
        Pages::LastForEver => page.min(last),
        Pages::Shuffled => {
            // An order for each answer: by a multiplicative hash of row and turn.
            let key = |n: usize| (n * 2_654_435_761 + turn * 40_503_001).wrapping_mul(n + turn + 7);
            found.sort_by_key(|(n, _)| key(*n) % 65_521);
            page
        }
        _ => page,
    };
    let rows = found.iter().skip((page - 1) * habits.cap).take(habits.cap);
    (200, Value::from_iter(rows.map(|(n, at)| request(*n, *at))).to_string())
}

/// Mirrors such a server, in at most so many requests. Returns status, rows here, standard error.
fn mirrored(
    name: &str,
    habits: Habits,
    times: &[i64],
    most: usize,
) -> (Option<i32>, usize, String) {
    let folder = Folder::new(name);
    let (address, counter) = habitual(habits, times.to_vec());
    let since = times.iter().min().unwrap() - 50_000;
    let since = jiff::Timestamp::from_second(since).unwrap().to_string();
    let output = follow(&folder, address, &["--since", &since]);
    let count = counter.load(std::sync::atomic::Ordering::SeqCst);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{name}: {count} requests; {errors}");
    assert!(count <= most, "{name}: {count} requests, at most {most} expected; {errors}");
    let exported = done(&folder, &["export", "--jurisdiction", THERE, "--format", "csv"]);
    (output.status.code(), exported.lines().count() - 1, errors)
}

/// `count` requests, one every so many seconds, the last one a week ago.
fn every(seconds: i64, count: usize) -> Vec<i64> {
    let last = jiff::Timestamp::now().as_second() - 7 * 86_400;
    (0..count as i64).map(|n| last - n * seconds).collect()
}

#[test]
fn every_request_of_a_server_with_bad_habits_comes_where_it_can() {
    let hours = every(3_600, 1_500);
    let odd = |cap, dates, pages| Habits { cap, dates, pages, ..HABITS };
    for (name, habits, most) in [
        ("good", odd(1_000, Dates::Seconds, Pages::Respected), 15),
        ("caps", odd(50, Dates::Seconds, Pages::Respected), 150),
        ("caps-alone", odd(50, Dates::Seconds, Pages::Ignored), 150),
        ("caps-refused", odd(73, Dates::Seconds, Pages::Refused), 100),
        ("days", odd(1_000, Dates::Days, Pages::Ignored), 15),
        ("days-caps", odd(50, Dates::Days, Pages::Ignored), 300),
        ("midnight", odd(60, Dates::Midnight, Pages::Ignored), 300),
        ("last-again", odd(50, Dates::Seconds, Pages::LastForEver), 150),
        ("shuffled", odd(50, Dates::Seconds, Pages::Shuffled), 150),
        ("end-alone", odd(50, Dates::EndAlone, Pages::Ignored), 90),
        ("undated", odd(100, Dates::Ignored, Pages::Respected), 50),
        ("undated-last", odd(100, Dates::Ignored, Pages::Shuffled), 300),
        (
            "no-updates",
            Habits { knows_updates: false, ..odd(100, Dates::Seconds, Pages::Ignored) },
            150,
        ),
    ] {
        let (status, rows, errors) = mirrored(name, habits, &hours, most);
        assert_eq!((status, rows), (Some(0), hours.len()), "{name}: {errors}");
    }
}

#[test]
fn what_a_server_does_not_give_is_told_after_few_requests() {
    let hours = every(3_600, 1_500);
    let odd = |cap, dates, pages| Habits { cap, dates, pages, ..HABITS };
    let rest = "ask the city for a file";
    // Whatever is asked, the newest fifty; alone, then also of a server that repeats them as the
    // last page, and one that refuses pages.
    for (name, pages) in [("newest", Pages::Ignored), ("newest-refused", Pages::Refused)] {
        let (status, rows, errors) = mirrored(name, odd(50, Dates::Ignored, pages), &hours, 12);
        assert_eq!((status, rows), (Some(3), 50), "{name}: {errors}");
        let text = "ignores dates; every answer holds 50 requests, always the same";
        assert!(errors.contains(text) && errors.contains(rest), "{name}: {errors}");
    }
    // The newest fifty whatever the end: smaller windows are given up.
    let start_alone = odd(50, Dates::StartAlone, Pages::Ignored);
    let (status, rows, errors) = mirrored("start-alone", start_alone, &hours, 150);
    assert_eq!((status, rows), (Some(3), 50), "{errors}");
    assert!(errors.contains("cut at 50") && errors.contains(rest), "{errors}");
    // A day of 96, of which 40 come; every other day comes completely.
    let mut busy = every(86_400, 30);
    let noon = busy[10].div_euclid(86_400) * 86_400 + 43_200;
    busy[10] = noon;
    busy.extend((1..96).map(|n| noon + n * 60));
    for (name, dates) in [("busy-day", Dates::Days), ("busy-midnight", Dates::Midnight)] {
        let (status, rows, errors) = mirrored(name, odd(40, dates, Pages::Ignored), &busy, 60);
        assert_eq!((status, rows), (Some(3), 29 + 40), "{name}: {errors}");
        let day = jiff::Timestamp::from_second(noon - 43_200).unwrap().to_string();
        assert!(errors.contains(&format!("from {day} to")), "{name}: {errors}");
        assert!(errors.contains("day by day") && errors.contains("cut at 40"), "{errors}");
    }
    // The same days by pages, in order or not, to an end or not: all of them.
    for (name, pages) in [
        ("busy-pages", Pages::Respected),
        ("busy-shuffled", Pages::Shuffled),
        ("busy-last", Pages::LastForEver),
    ] {
        let (status, rows, errors) = mirrored(name, odd(40, Dates::Days, pages), &busy, 120);
        assert_eq!((status, rows), (Some(0), 29 + 96), "{name}: {errors}");
    }
    // One second of 200 in pages that are not there: the second is named.
    let mut second = every(3_600, 30);
    second.extend([second[3]; 200]);
    let (status, rows, errors) =
        mirrored("second", odd(50, Dates::Seconds, Pages::Ignored), &second, 60);
    assert_eq!((status, rows), (Some(3), 29 + 50), "{errors}");
    let at = jiff::Timestamp::from_second(second[3]).unwrap().to_string();
    assert!(errors.contains(&format!("from {at} to {at}")), "{errors}");
}

#[test]
fn changes_of_a_server_that_drops_the_hour_are_asked_for_without_reading_the_past_again() {
    use std::sync::{Arc, Mutex};
    let folder = Folder::new("day-updates");
    let now = jiff::Timestamp::now().as_second();
    let rows: Vec<_> = (0..30).map(|n| (n, now - 600 - n as i64)).collect();
    let requested = Arc::new(Mutex::new(Vec::new()));
    let paths = requested.clone();
    let address = server(move |path| {
        paths.lock().unwrap().push(path.to_owned());
        answer(Habits { dates: Dates::Days, ..HABITS }, &rows, path, 0)
    });
    assert!(follow(&folder, address, &[]).status.success());
    requested.lock().unwrap().clear();
    let again = follow(&folder, address, &[]);
    assert!(again.status.success(), "{again:?}");
    let paths = requested.lock().unwrap();
    // Where a midnight of UTC lies between the changes and now, both days are asked for.
    assert!(paths.len() <= 8, "{paths:?}");
    assert!(paths.iter().all(|path| path.contains("updated_after=")), "{paths:?}");
}
