//! The attacks that keep a service busy, each as what one attacker does until it is stopped.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::bounds::terms;
use crate::common::jpeg;
use crate::target::Target;
use crate::wire::{connect, exchange, get, send};

/// An attacker: it counts the requests with their statuses.
pub type Attacker = Box<dyn Fn(&Target, u8, &AtomicBool) -> Vec<u16> + Sync>;

pub struct Attack {
    pub name: &'static str,
    /// Attackers at the same time.
    pub count: u8,
    pub attacker: Attacker,
}

/// Where attackers come from.
fn from(attacker: u8) -> [u8; 2] {
    [2, attacker + 1]
}

/// Attackers that send one request again and again.
fn repeated(name: &'static str, count: u8, request: Vec<u8>) -> Attack {
    let attacker = move |target: &Target, number: u8, stop: &AtomicBool| {
        let mut statuses = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let answer = exchange(target.address(), from(number), &request);
            statuses.push(answer.map_or(0, |answer| answer.status));
        }
        statuses
    };
    Attack { name, count, attacker: Box::new(attacker) }
}

/// Attackers that send a request and read nothing of its answer.
fn unread(name: &'static str, count: u8, request: Vec<u8>) -> Attack {
    let attacker = move |target: &Target, number: u8, stop: &AtomicBool| {
        let mut open: Vec<TcpStream> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            if let Some(mut stream) = connect(target.address(), from(number)) {
                stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
                let _ = stream.write_all(&request);
                open.push(stream);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        vec![0; open.len()]
    };
    Attack { name, count, attacker: Box::new(attacker) }
}

/// Connections that begin and send no more.
fn silent() -> Attack {
    let attacker = |target: &Target, number: u8, stop: &AtomicBool| {
        let begun: [&[u8]; 4] = [
            b"",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ",
            b"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n{",
        ];
        let mut open = Vec::new();
        for bytes in begun.iter().cycle().take(100) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let Some(mut stream) = connect(target.address(), from(number)) else { continue };
            let _ = stream.write_all(bytes);
            open.push(stream);
        }
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
        vec![0; open.len()]
    };
    Attack { name: "silent connections", count: 8, attacker: Box::new(attacker) }
}

/// A circle of so many corners around the city, as GeoJSON.
fn circle(corners: usize) -> String {
    let corner = |n: usize| {
        let angle = n as f64 / corners as f64 * std::f64::consts::TAU;
        format!("[{:.6},{:.6}]", -71.21 + 0.2 * angle.cos(), 46.81 + 0.2 * angle.sin())
    };
    let ring: Vec<String> = (0..=corners).map(|n| corner(n % corners)).collect();
    format!("{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}", ring.join(","))
}

/// A PNG of many pixels and few bytes.
fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::GrayImage::new(6_000, 6_000);
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A query string of so many bytes of distinct parameters.
fn long_query(bytes: usize) -> String {
    let mut query = String::new();
    let mut n = 0;
    while query.len() < bytes {
        query += &format!("p{n}=1&");
        n += 1;
    }
    query
}

/// A condition of CQL2 with many alternatives.
fn condition() -> String {
    let one = "(count+%2B+1)+%2A+2+%3E+100000+OR+";
    format!("{}count+%3E+1", one.repeat(60))
}

pub fn all() -> Vec<Attack> {
    const JSON: &str = "application/json";
    let api = |path: &str| get(&format!("/api/v1/{path}"));
    let batch = |path: &str, body: &[u8]| {
        send("POST", &format!("/api/v1/{path}/batch"), "application/x-ndjson", "", body)
    };
    let pothole = "{\"service\":\"nid-de-poule\",\"lon\":-71.208,\"lat\":46.8139}\n";
    let within = send("POST", "/api/v1/within", JSON, "", circle(5_000).as_bytes());
    let large = vec![b' '; 40 << 20];
    vec![
        repeated("the antipode of the city", 4, api("nearest?lon=108.79&lat=-46.81")),
        repeated("the whole Earth", 4, api("nearest?lon=108.79&lat=-46.81&max_m=20000000&k=1000")),
        silent(),
        repeated("two clusterings of 10 km", 2, api("dbscan?eps_m=10000&min_points=2")),
        repeated("9,999 permutations", 2, api("hexes?resolution=9&permutations=9999")),
        repeated("nothing since 1970", 2, {
            get("/open311/v2/requests.json?updated_after=1970-01-01T00:00:00Z\
                 &start_date=1970-01-01T00:00:00Z&end_date=1970-01-02T00:00:00Z")
        }),
        repeated("a batch of zeros", 2, batch("reports", &b"0\n".repeat(2 << 20))),
        unread("a batch whose answer nobody reads", 2, {
            batch("duplicates", pothole.repeat(20_000).as_bytes())
        }),
        unread("an export that nobody reads", 4, api("export.geojson")),
        repeated("ten large PNGs", 10, send("POST", "/api/v1/media", "image/png", "", &png())),
        repeated("photos without end", 4, {
            send("POST", "/api/v1/media", "image/jpeg", "", &jpeg(640, 480))
        }),
        repeated("a polygon of 5,000 corners", 4, within),
        repeated("a long condition on hexagons", 4, {
            get(&format!("/ogc/collections/hexes/items?filter={}", condition()))
        }),
        repeated("240 patterns of descriptions", 8, {
            let filter = terms(240, |n| format!("description LIKE '%{n}zz%'"));
            get(&format!("/ogc/collections/reports/items?limit=1&filter={filter}"))
        }),
        repeated("pages of 10,000 reports as HTML", 4, {
            get("/ogc/collections/reports/items?limit=10000&f=html")
        }),
        unread("pages of 10,000 reports that nobody reads", 4, {
            get("/ogc/collections/reports/items?limit=10000")
        }),
        repeated("queries of 31 kB", 4, api(&format!("reports?{}", long_query(31_000)))),
        repeated("bodies of 40 MiB", 16, batch("reports", &large)),
    ]
}
