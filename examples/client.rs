//! A client in a page: what is near, is it already reported, report it, follow it.
//!
//! `cargo run --example client -- http://127.0.0.1:8311`

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A GeoJSON collection of features with these properties.
#[derive(Debug, Deserialize)]
struct Collection<P> {
    features: Vec<Feature<P>>,
}

#[derive(Debug, Deserialize)]
struct Feature<P> {
    id: String,
    properties: P,
}

#[derive(Debug, Deserialize)]
struct Near {
    service_code: String,
    status: String,
    distance_m: f64,
}

#[derive(Debug, Deserialize)]
struct Duplicate {
    probability: f64,
    decision: String,
}

#[derive(Debug, Deserialize)]
struct Report {
    status: String,
    revision: u64,
}

/// The service at an address.
struct Pointchaud {
    base: String,
    http: reqwest::Client,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

impl Pointchaud {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            // A problem document says which field, which value and why.
            return Err(text.into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    async fn report(&self, body: &Value, key: &str) -> Result<Feature<Report>> {
        let sent = self.http.post(format!("{}/api/v1/reports", self.base));
        let answer = sent.header("Idempotency-Key", key).body(body.to_string()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status.is_success() { Ok(serde_json::from_str(&text)?) } else { Err(text.into()) }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let base = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8311".into());
    // reqwest is built here without a choice of TLS of its own; with its defaults, leave this out.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let city = Pointchaud { base, http: reqwest::Client::new() };
    let place = "lon=-71.21&lat=46.81";
    let near: Collection<Near> = city.get(&format!("/api/v1/nearest?{place}&k=3")).await?;
    for Feature { id, properties: p } in &near.features {
        println!("{id}: {} ({}), {:.0} m away", p.service_code, p.status, p.distance_m);
    }
    let path = format!("/api/v1/duplicates?{place}&service=lampadaire");
    let known: Collection<Duplicate> = city.get(&path).await?;
    for Feature { id, properties: p } in &known.features {
        println!("perhaps {id}: {} ({:.0} %)", p.decision, p.probability * 100.0);
    }
    let body = json!({ "service_code": "lampadaire", "lon": -71.21, "lat": 46.81 });
    let made = city.report(&body, "client-example").await?;
    let again = city.report(&body, "client-example").await?;
    assert_eq!(made.id, again.id, "the same key makes one report");
    let one: Feature<Report> = city.get(&format!("/api/v1/reports/{}", made.id)).await?;
    println!(
        "reported {}: {}, revision {}",
        one.id, one.properties.status, one.properties.revision
    );
    Ok(())
}
