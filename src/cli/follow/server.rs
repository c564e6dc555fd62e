//! Requests to the mirrored server, with pauses and retries.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;

use crate::cli::follow::recognised::{DatetimeField, Recognised};
use crate::error::{Error, ErrorKind, Result};
use crate::export::geojson::instant;
use crate::ingest::open311::{MirroredRequest, requests as mirrored_requests};
use crate::message;

/// Requests asked for in one answer: the most that GeoReport v2 obliges a server to give.
const PAGE: usize = 1_000;
/// Size of an answer, in bytes, at most.
const BYTES_MAX: usize = 64 << 20;
/// Attempts at one request.
const TRIES: usize = 4;
/// Longest `Retry-After` that is honoured, in seconds.
const WAIT_MAX: u64 = 120;

/// How the mirrored server is asked.
#[derive(Debug)]
pub struct ServerOptions {
    /// URL of its endpoint, without a slash at the end.
    pub url: String,
    /// `jurisdiction_id` that it needs, if any.
    pub jurisdiction: Option<String>,
    /// Pause in front of every request.
    pub pause: Duration,
    /// Longest time to wait for an answer.
    pub timeout: Duration,
}

/// The mirrored server.
pub struct MirroredServer<'a> {
    /// How it is asked.
    pub options: ServerOptions,
    client: reqwest::Client,
    /// The runtime that waits for answers.
    pub runtime: &'a tokio::runtime::Runtime,
    /// True once the user asked to stop.
    pub stop: Arc<AtomicBool>,
    /// What its answers have shown so far.
    pub recognised: RefCell<Recognised>,
}

/// The error of a command that the user stopped.
pub fn stopped() -> Error {
    let message = message!(
        "Arrêté ; relancez la même commande pour continuer.",
        "Stopped; run the same command again to continue."
    );
    Error::new(ErrorKind::Unavailable, message)
}

fn unreachable(url: &str, reason: &str) -> Error {
    let message = message!(
        "« {url} » ne répond pas comme un serveur Open311 : {reason}",
        "'{url}' does not answer like an Open311 server: {reason}"
    );
    Error::new(ErrorKind::Unavailable, message)
}

/// The waits between attempts, in seconds: 1, 2, 4.
fn waits() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_factor(2.0)
        .with_max_times(TRIES - 1)
}

/// Waits, or returns as soon as the user asks to stop.
async fn rest(stop: Arc<AtomicBool>, wait: Duration) {
    let began = Instant::now();
    while began.elapsed() < wait && !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl<'a> MirroredServer<'a> {
    /// Prepares a client; nothing is requested yet.
    ///
    /// # Errors
    /// The client cannot be built.
    pub fn new(
        options: ServerOptions,
        runtime: &'a tokio::runtime::Runtime,
        stop: Arc<AtomicBool>,
    ) -> Result<Self> {
        // Another client may have installed the provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("pointchaud/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .build()
            .map_err(Error::internal)?;
        Ok(Self { options, client, runtime, stop, recognised: RefCell::default() })
    }

    /// Downloads a photo.
    ///
    /// # Errors
    /// Why it cannot be downloaded.
    pub fn photo(&self, url: &str) -> std::result::Result<Vec<u8>, String> {
        sleep(self.options.pause);
        let said = |answered| match answered {
            ServerFailure::Not(reason)
            | ServerFailure::Later(_, reason)
            | ServerFailure::Final(reason) => reason,
            ServerFailure::Stopped => stopped().to_string(),
        };
        self.runtime.block_on(self.get(url, &[])).map_err(said)
    }

    /// Requests a list, in JSON and then in XML, with retries. The inner error is the reason
    /// of a server that answers but refuses.
    fn request(
        &self,
        query: &[(&str, String)],
        zone: &jiff::tz::TimeZone,
    ) -> Result<std::result::Result<Vec<MirroredRequest>, String>> {
        let base = self.options.url.as_str();
        let (mut last, mut is_refused) = (String::new(), true);
        for format in ["json", "xml"] {
            let url = format!("{base}/requests.{format}");
            match self.runtime.block_on(self.get_with_retries(&url, query)) {
                Ok(bytes) => return mirrored_requests(&bytes, zone).map(Ok),
                Err(ServerFailure::Stopped) => return Err(stopped()),
                // A server without an answer in JSON has none in XML either.
                Err(ServerFailure::Not(reason)) => return Err(unreachable(base, &reason)),
                Err(ServerFailure::Final(reason)) => last = reason,
                Err(ServerFailure::Later(_, reason)) => (last, is_refused) = (reason, false),
            }
        }
        if is_refused { Ok(Err(last)) } else { Err(unreachable(base, &last)) }
    }

    /// Requests a URL up to [`TRIES`] times. The waits are 1, 2 and 4 seconds, or what the server
    /// asks for by `Retry-After`; the user's stop ends a wait at once.
    async fn get_with_retries(
        &self,
        url: &str,
        query: &[(&str, String)],
    ) -> std::result::Result<Vec<u8>, ServerFailure> {
        let attempt = || async {
            if self.stop.load(Ordering::Relaxed) {
                return Err(ServerFailure::Stopped);
            }
            tokio::time::sleep(self.options.pause).await;
            self.get(url, query).await
        };
        let stop = self.stop.clone();
        attempt
            .retry(waits())
            .sleep(move |wait| rest(stop.clone(), wait))
            .when(ServerFailure::is_temporary)
            .adjust(|failure, wait| wait.map(|wait| failure.wait(wait)))
            .await
    }

    async fn get(
        &self,
        url: &str,
        query: &[(&str, String)],
    ) -> std::result::Result<Vec<u8>, ServerFailure> {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let query = pairs.extend_pairs(query).finish();
        let broken = |error: reqwest::Error| match error.is_timeout() {
            true => {
                ServerFailure::Not(format!("no answer in {} s", self.options.timeout.as_secs()))
            }
            false => ServerFailure::Not(error.to_string()),
        };
        let url = if query.is_empty() { url.to_owned() } else { format!("{url}?{query}") };
        let sent = self.client.get(url).send().await.map_err(broken)?;
        let status = sent.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let wait = sent.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            return Err(ServerFailure::Later(
                wait.and_then(|text| text.parse().ok()),
                status.to_string(),
            ));
        }
        if !status.is_success() {
            return Err(ServerFailure::Final(status.to_string()));
        }
        let mut sent = sent;
        let mut bytes = Vec::new();
        while let Some(chunk) = sent.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > BYTES_MAX {
                return Err(ServerFailure::Final(format!("more than {BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The requests of one page of a time window, both ends included; `None` where the server
    /// refuses a page after the first.
    ///
    /// # Errors
    /// The server does not answer, or its answer is not GeoReport.
    pub fn window(
        &self,
        by: DatetimeField,
        (from, to): (i64, i64),
        page: usize,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Option<Vec<MirroredRequest>>> {
        let names = match by {
            DatetimeField::Requested => ["start_date", "end_date"],
            DatetimeField::Updated => ["updated_after", "updated_before"],
        };
        // The end is exclusive.
        let end = if by == DatetimeField::Updated { to + 1 } else { to };
        let mut query = vec![
            (names[0], instant(from)),
            (names[1], instant(end)),
            ("extensions", "true".to_owned()),
            ("page_size", PAGE.to_string()),
        ];
        if page > 1 {
            query.push(("page", page.to_string()));
        }
        if let Some(id) = &self.options.jurisdiction {
            query.push(("jurisdiction_id", id.clone()));
        }
        match self.request(&query, zone)? {
            Ok(found) => Ok(Some(found)),
            Err(_) if page > 1 => Ok(None),
            Err(reason) => Err(unreachable(&self.options.url, &reason)),
        }
    }
}

/// Why a request failed.
enum ServerFailure {
    /// No connection, or no answer in time.
    Not(String),
    /// Temporary; try again after this many seconds.
    Later(Option<u64>, String),
    /// Permanent.
    Final(String),
    /// The user asked to stop.
    Stopped,
}

impl ServerFailure {
    fn is_temporary(&self) -> bool {
        matches!(self, Self::Not(_) | Self::Later(..))
    }

    /// The wait before the next attempt, unless the server asks for another one.
    fn wait(&self, usual: Duration) -> Duration {
        match self {
            Self::Later(Some(seconds), _) => Duration::from_secs((*seconds).min(WAIT_MAX)),
            _ => usual,
        }
    }
}

#[cfg(test)]
mod tests {
    use backon::BackoffBuilder;

    use super::*;

    #[test]
    fn waits_double_unless_the_server_asks_for_another_one() {
        let seconds: Vec<u64> = waits().build().map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4]);
        let usual = Duration::from_secs(2);
        let later = |asked| ServerFailure::Later(asked, String::new()).wait(usual).as_secs();
        assert_eq!(
            (later(None), later(Some(0)), later(Some(7)), later(Some(9_999))),
            (2, 0, 7, 120)
        );
        assert_eq!(ServerFailure::Not(String::new()).wait(usual), usual);
    }

    #[test]
    fn permanent_failures_are_not_retried() {
        assert!(ServerFailure::Not(String::new()).is_temporary());
        assert!(ServerFailure::Later(None, String::new()).is_temporary());
        assert!(!ServerFailure::Final(String::new()).is_temporary());
        assert!(!ServerFailure::Stopped.is_temporary());
    }
}
