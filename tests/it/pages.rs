//! Answers that are one page of several: named as such, and followed from their address.

use std::net::TcpStream;

use serde_json::{Value, json};

use crate::common::{Folder, run};
use crate::downloads::{Server, send};

const CITY: [&str; 4] = ["--jurisdiction", "city.example", "--time-zone", "America/Toronto"];

fn record(n: usize) -> Value {
    json!({ "id": format!("r{n}"), "created_at": "2026-03-01T08:30:00Z", "category": "Pothole",
            "latitude": 46.81, "longitude": -71.21 })
}

fn records(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(record).collect()
}

/// The exit status and everything that was printed.
fn imported(folder: &Folder, file: &str, options: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, &[&["import", file][..], &CITY, options].concat());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_file_that_is_one_page_is_imported_as_incomplete() {
    let folder = Folder::new("pages");
    let page = json!({ "success": true, "result": { "records": records(0..5), "total": 300 } });
    folder.with("page.json", page.to_string());
    let (status, text) = imported(&folder, "page.json", &[]);
    assert_eq!(status, Some(3), "{text}");
    assert!(
        text.contains("5 added") && text.contains("incomplete: the file holds 5 of 300 records")
    );
    let (status, text) = imported(&folder, "page.json", &["--summary", "json"]);
    let summary: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let word = summary["incomplete"].as_str().unwrap();
    assert!(status == Some(3) && word.contains("5 of 300"), "{text}");
    let output = run(&folder, &["inspect", "page.json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("incomplete: the file holds 5 of 300 records"), "{text}");
    // With --strict nothing is imported.
    let folder = Folder::new("pages");
    let cut = json!({ "features": [], "exceededTransferLimit": true });
    let features: Vec<Value> =
        records(0..3).into_iter().map(|r| json!({ "attributes": r })).collect();
    let cut =
        json!({ "features": features, "exceededTransferLimit": cut["exceededTransferLimit"] });
    folder.with("cut.json", cut.to_string());
    let (status, text) = imported(&folder, "cut.json", &["--strict"]);
    assert!(status == Some(1) && text.contains("more records follow"), "{text}");
    assert!(!folder.file("city.db").exists(), "{text}");
    // A whole answer is none.
    folder.with(
        "whole.json",
        json!({ "total": 4, "next": null, "results": records(0..4) }).to_string(),
    );
    let (status, text) = imported(&folder, "whole.json", &[]);
    assert!(status == Some(0) && !text.contains("incomplete"), "{text}");
}

/// A number that the query of a request has.
fn number(request: &str, name: &str) -> Option<usize> {
    let query = request.split_whitespace().nth(1)?.split_once('?')?.1.replace("%24", "$");
    let value =
        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?.to_owned();
    value.parse().ok()
}

fn answer(stream: &mut TcpStream, body: &Value) {
    send(stream, "200 OK", "content-type: application/json\r\n", body.to_string().as_bytes());
}

/// An address of the server with this path and query.
fn address(server: &Server, path: &str) -> String {
    server.url.replace("/city.csv", path)
}

#[test]
fn pages_of_known_interfaces_are_followed_to_the_last() {
    let arcgis = Server::start(|request, _, stream| {
        let from = number(request, "resultoffset").unwrap_or(0);
        let features: Vec<Value> = records(from..(from + 10).min(25))
            .into_iter()
            .map(|r| json!({ "attributes": r }))
            .collect();
        let body = json!({ "spatialReference": { "wkid": 4326 }, "features": features,
                           "exceededTransferLimit": from + 10 < 25 });
        answer(stream, &body);
    });
    let ckan = Server::start(|request, _, stream| {
        let from = number(request, "offset").unwrap_or(0);
        let rows = records(from..(from + 10).min(25));
        answer(stream, &json!({ "result": { "records": rows, "total": 25 } }));
    });
    let linked = Server::start(|request, _, stream| {
        let page = number(request, "page").unwrap_or(1);
        let next = (page < 3).then(|| format!("?page={}", page + 1));
        let rows = records((page - 1) * 10..(page * 10).min(25));
        answer(
            stream,
            &json!({ "metadata": { "pagination": { "entries": 25, "next_page_url": next } },
                                "issues": rows }),
        );
    });
    let whole = Server::start(|request, _, stream| {
        if request.contains("/exports/json") {
            return answer(stream, &json!(records(0..25)));
        }
        answer(stream, &json!({ "total_count": 25, "results": records(0..10) }));
    });
    let ods = "/api/explore/v2.1/catalog/datasets/x/records?limit=10";
    for (name, url) in [
        ("arcgis", address(&arcgis, "/rest/services/0/query?f=json")),
        ("ckan", address(&ckan, "/api/3/action/datastore_search?resource_id=x")),
        ("linked", address(&linked, "/api/v2/issues")),
        ("opendatasoft", address(&whole, ods)),
    ] {
        let folder = Folder::new("pages");
        let (status, text) = imported(&folder, &url, &[]);
        assert!(status == Some(0) && text.contains("25 added"), "{name}: {text}");
        assert!(!text.contains("incomplete"), "{name}: {text}");
        let left: Vec<_> = std::fs::read_dir(folder.file("city.db.downloads")).unwrap().collect();
        assert_eq!(left.len(), 1, "{name}: only the import is remembered: {left:?}");
        let (status, text) = imported(&folder, &url, &["--one-page"]);
        assert!(status == Some(3) && text.contains("10 unchanged"), "{name}: {text}");
    }
    // A page that the user named is not followed.
    let folder = Folder::new("pages");
    let (status, text) = imported(&folder, &address(&linked, "/api/v2/issues?page=2"), &[]);
    assert!(status == Some(3) && text.contains("10 added"), "{text}");
}

#[test]
fn socrata_sends_more_than_its_first_thousand() {
    let json = Server::start(|request, _, stream| {
        let limit = number(request, "$limit").unwrap_or(1_000);
        let from = number(request, "$offset").unwrap_or(0);
        answer(stream, &json!(records(from..(from + limit).min(1_234))));
    });
    let csv = Server::start(|request, _, stream| {
        let limit = number(request, "$limit").unwrap_or(1_000);
        let row = |n| format!("r{n},2026-03-01T08:30:00Z,Pothole,46.81,-71.21\n");
        let rows: String = (0..limit.min(1_234)).map(row).collect();
        let body = format!("id,created_at,category,latitude,longitude\n{rows}");
        send(stream, "200 OK", "", body.as_bytes());
    });
    for url in
        [address(&json, "/resource/abcd-1234.json"), address(&csv, "/resource/abcd-1234.csv")]
    {
        let folder = Folder::new("pages");
        let (status, text) = imported(&folder, &url, &[]);
        assert!(status == Some(0) && text.contains("1234 added"), "{text}");
        let folder = Folder::new("pages");
        let (_, text) = imported(&folder, &format!("{url}?$limit=7"), &[]);
        assert!(text.contains("7 added"), "{text}");
    }
}

#[test]
fn pages_that_lead_nowhere_end_the_import() {
    let elsewhere = Server::start(|_, _, stream| {
        answer(stream, &json!({ "next": "https://other.example/2", "results": records(0..2) }));
    });
    let round = Server::start(|_, _, stream| {
        answer(stream, &json!({ "next": "/api?page=2", "results": records(0..2) }));
    });
    let broken = Server::start(|_, number, stream| match number {
        0 => answer(stream, &json!({ "next": "/api?page=2", "results": records(0..2) })),
        _ => send(stream, "403 Forbidden", "", b""),
    });
    for (server, word) in [
        (&elsewhere, "the next page is on another host, other.example"),
        (&round, "the server names a page again"),
        (&broken, "403"),
    ] {
        let folder = Folder::new("pages");
        let (status, text) = imported(&folder, &address(server, "/api"), &[]);
        assert!(status == Some(2) && text.contains(word), "{word}: {text}");
        assert!(!folder.file("city.db").exists(), "nothing is imported in half");
        assert!(!folder.file("city.db.downloads").exists(), "{word}");
    }
    assert_eq!(round.requests().len(), 2);
}
