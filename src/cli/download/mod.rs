//! Downloads of `pointchaud import https://…`: resumable, conditional on a change of the file, and
//! bounded.

mod address;
mod pages;
mod remembered;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use clap::Args;
use reqwest::header::{
    CONTENT_RANGE, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE, RETRY_AFTER,
};
use reqwest::{Response, StatusCode, Url};

use crate::cli::download::address::{Reach, private_host};
pub use crate::cli::download::pages::download_rest;
pub use crate::cli::download::remembered::{Files, Imported, Version};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::message;

/// Attempts in a row without a new byte.
const TRIES: usize = 5;
/// Longest `Retry-After` that is honoured.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// The bytes that a server must send within the patience; less is a stalled download.
const PACE_BYTES: u64 = 1 << 10;
/// First bytes in which a web page shows, and its title is looked for.
const PAGE_BYTES: usize = 1 << 16;

/// Limits of downloads.
#[derive(Debug, Args)]
pub struct DownloadArguments {
    /// Largest file that is downloaded, in MiB.
    #[arg(long, default_value_t = 20_480)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    max_download: u64,
    /// Seconds without data after which a download is resumed by a new request.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    download_patience_s: u64,
    /// Also accept redirects and host names that lead to private addresses.
    #[arg(long)]
    allow_private: bool,
    /// Import the answer of the address alone, not the pages that follow it.
    #[arg(long)]
    pub one_page: bool,
}

/// What became of a download.
pub enum Downloaded {
    /// The whole file is there, of this version.
    Whole(Version),
    /// The server says that the file is still of the version imported last.
    Unchanged(Version),
}

/// An address without the name and the password before its host, for messages.
pub fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    // A password may have a slash that is not escaped: no port is followed by `@`.
    let is_cut = host.contains(':') && !host.contains(['@', ']']);
    match if is_cut { rest.rfind('@') } else { host.rfind('@') } {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => address.to_owned(),
    }
}

/// The URL of an argument that is downloaded; `None` where it is a path.
///
/// # Errors
/// It is not well formed, or of a scheme that is not downloaded.
pub fn url_of(argument: &Path) -> Option<Result<Url>> {
    let text = argument.to_str()?;
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty()
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme || argument.exists() {
        return None;
    }
    let shown = without_user(text);
    let refuse = |message| Some(Err(Refusal::new("file", &shown, message).into()));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => match Url::parse(text) {
            Ok(url) => Some(Ok(url)),
            Err(error) => {
                refuse(message!("n’est pas une adresse : {error}", "is not a URL: {error}"))
            }
        },
        "file" => refuse(message!(
            "n’est pas lu sous cette forme : donnez le chemin seul, {rest}",
            "is not read in this form: give the path alone, {rest}"
        )),
        other => refuse(message!(
            "est une adresse {other}://, qui n’est pas lue : téléchargez le fichier, ou passez-le \
             par l’entrée standard (curl … | pointchaud import -)",
            "is an address of {other}://, which is not read: download the file, or pipe it in \
             (curl … | pointchaud import -)"
        )),
    }
}

/// One file that is downloaded.
pub struct Download<'a> {
    url: Url,
    limits: &'a DownloadArguments,
    files: &'a Files,
    client: reqwest::Client,
    stop: &'a AtomicBool,
}

/// Why an attempt ended before the file was whole.
enum Broken {
    /// Another attempt may succeed, after this wait if the server names one.
    Later(Option<Duration>, String),
    /// No attempt will.
    Final(String),
    Stopped,
}

/// The causes of an error in one line: the outermost says only what was tried.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        let reason = causes(&error);
        let is_refused = reason.contains("private address") || error.is_redirect();
        if is_refused || error.is_builder() {
            Self::Final(reason)
        } else {
            Self::Later(None, reason)
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Final(error.to_string())
    }
}

impl<'a> Download<'a> {
    /// Prepares a download; nothing is requested yet.
    ///
    /// # Errors
    /// The client cannot be built.
    pub fn new(
        url: Url,
        limits: &'a DownloadArguments,
        files: &'a Files,
        stop: &'a AtomicBool,
    ) -> Result<Self> {
        // Another client may have installed the provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let reach = Reach { allow_private: limits.allow_private, own_host: private_host(&url) };
        let patience = Duration::from_secs(limits.download_patience_s);
        let client = reqwest::Client::builder()
            .user_agent(concat!("pointchaud/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(patience)
            .redirect(reach.redirects())
            .dns_resolver(Arc::new(reach))
            .build()
            .map_err(Error::internal)?;
        Ok(Self { url, limits, files, client, stop })
    }

    /// The download of another address, with the same limits, into other files.
    fn of<'b>(&'b self, url: &Url, files: &'b Files) -> Download<'b> {
        let Self { limits, client, stop, .. } = self;
        Download { url: url.clone(), limits, files, client: client.clone(), stop }
    }

    /// Is a file of this many bytes longer than the limit?
    fn is_too_long(&self, bytes: u64) -> bool {
        bytes > self.limits.max_download << 20
    }

    /// Downloads the file into [`Files::part`]; asks only for what changed since `known`. An
    /// attempt that fails is followed by another, which resumes where it ended, as long as bytes
    /// come; five attempts in a row without any end it.
    ///
    /// # Errors
    /// The server does not answer, or answers with an error, a web page, or more than the limit.
    pub fn run(&self, known: Option<&Version>) -> Result<Downloaded> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::internal)?;
        runtime.block_on(self.attempts(known))
    }

    async fn attempts(&self, known: Option<&Version>) -> Result<Downloaded> {
        let waits = || {
            let first = ExponentialBuilder::default().with_min_delay(Duration::from_millis(500));
            first.with_factor(2.0).with_max_times(TRIES - 1).build()
        };
        let (mut wait, mut reached) = (waits(), 0);
        loop {
            let (asked, reason) = match self.attempt(known).await {
                Ok(downloaded) => return Ok(downloaded),
                Err(Broken::Stopped) => {
                    let message = message!(
                        "Arrêté ; relancez la même commande pour continuer.",
                        "Stopped; run the same command again to continue."
                    );
                    return Err(Error::new(ErrorKind::Unavailable, message));
                }
                Err(Broken::Final(reason)) => return Err(self.failed(&reason)),
                Err(Broken::Later(asked, reason)) => (asked, reason),
            };
            let length = std::fs::metadata(&self.files.part).map_or(0, |file| file.len());
            if length > reached {
                (wait, reached) = (waits(), length);
            }
            let Some(usual) = wait.next() else { return Err(self.failed(&reason)) };
            tracing::warn!("{}: {reason}; {length} bytes are there, trying again", self.shown());
            self.rest(asked.map_or(usual, |asked| asked.min(WAIT_MAX))).await;
        }
    }

    fn shown(&self) -> String {
        without_user(self.url.as_str())
    }

    fn failed(&self, reason: &str) -> Error {
        let url = self.shown();
        let message = message!(
            "« {url} » n’a pas pu être téléchargé : {reason}",
            "'{url}' could not be downloaded: {reason}"
        );
        Error::new(ErrorKind::Invalid, message)
    }

    /// Waits, or returns as soon as the user asks to stop.
    async fn rest(&self, wait: Duration) {
        let began = Instant::now();
        while began.elapsed() < wait && !self.stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn attempt(&self, known: Option<&Version>) -> std::result::Result<Downloaded, Broken> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Broken::Stopped);
        }
        let mut request = self.client.get(self.url.clone());
        let begun = self.files.downloaded();
        if let Some((length, version)) = &begun {
            request = request.header(RANGE, format!("bytes={length}-"));
            request = request.header(IF_RANGE, version.for_range().unwrap_or_default());
        } else if let Some(known) = known {
            for (name, value) in
                [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.modified)]
            {
                request = value.iter().fold(request, |request, value| request.header(&name, value));
            }
        }
        let patience = Duration::from_secs(self.limits.download_patience_s);
        let answer = tokio::time::timeout(patience, request.send()).await;
        let answer = answer
            .map_err(|_| Broken::Later(None, format!("no answer in {} s", patience.as_secs())))??;
        let version = Version::of(answer.headers());
        match (answer.status(), begun) {
            (StatusCode::NOT_MODIFIED, None) => {
                Ok(Downloaded::Unchanged(known.cloned().unwrap_or_default()))
            }
            (StatusCode::PARTIAL_CONTENT, Some((length, begun))) => {
                if range_start(&answer) != Some(length) {
                    self.files.remove_part()?;
                    return Err(Broken::Later(None, "the server sent another range".into()));
                }
                let out = OpenOptions::new().append(true).open(&self.files.part)?;
                self.body(answer, out, length).await?;
                Ok(Downloaded::Whole(begun))
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, Some((length, begun))) => {
                if range_total(&answer) == Some(length) {
                    return Ok(Downloaded::Whole(begun));
                }
                self.files.remove_part()?;
                Err(Broken::Later(None, "the file is another one now".into()))
            }
            (StatusCode::OK, _) => {
                self.files.remove_part()?;
                self.files.begin(&version)?;
                let out = File::create(&self.files.part)?;
                self.body(answer, out, 0).await?;
                Ok(Downloaded::Whole(version))
            }
            (status, _) if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let after = after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
                Err(Broken::Later(after, format!("the server answers {status}")))
            }
            (status, _) => Err(Broken::Final(format!("the server answers {status}"))),
        }
    }

    /// Appends the body of an answer to the bytes that are there.
    async fn body(
        &self,
        mut answer: Response,
        mut out: File,
        from: u64,
    ) -> std::result::Result<(), Broken> {
        let most = self.limits.max_download << 20;
        let too_long = || {
            Broken::Final(format!(
                "the file is longer than {} MiB; --max-download allows more",
                self.limits.max_download
            ))
        };
        let promised = answer.content_length();
        if promised.is_some_and(|length| from + length > most) {
            return Err(too_long());
        }
        let patience = Duration::from_secs(self.limits.download_patience_s);
        let (mut length, mut start) = (from, Vec::new());
        let (mut paced, mut since) = (from, Instant::now());
        loop {
            let chunk = tokio::time::timeout(patience, answer.chunk()).await;
            let is_slow = since.elapsed() > patience && length < paced + PACE_BYTES;
            let chunk = match chunk {
                Ok(chunk) if !is_slow => chunk.map_err(|error| {
                    let (has, wants) = (length - from, promised.unwrap_or_default());
                    let reason = causes(&error);
                    Broken::Later(
                        None,
                        format!("the answer was cut: {has} of {wants} bytes ({reason})"),
                    )
                })?,
                _ => {
                    let seconds = patience.as_secs();
                    return Err(Broken::Later(None, format!("no data in {seconds} s")));
                }
            };
            if self.stop.load(Ordering::Relaxed) {
                return Err(Broken::Stopped);
            }
            let Some(chunk) = chunk else { break };
            if from == 0 && start.len() < PAGE_BYTES {
                start.extend_from_slice(&chunk[..chunk.len().min(PAGE_BYTES)]);
            }
            length += chunk.len() as u64;
            if length > most {
                return Err(too_long());
            }
            out.write_all(&chunk)?;
            if length >= paced + PACE_BYTES {
                (paced, since) = (length, Instant::now());
            }
        }
        out.flush()?;
        if let Some(title) = page_title(&start) {
            self.files.remove_part()?;
            return Err(Broken::Final(format!(
                "the address answers with a web page ({title}), not a file"
            )));
        }
        Ok(())
    }
}

/// The first byte of the range of an answer.
fn range_start(answer: &Response) -> Option<u64> {
    let range = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// The length of the whole file according to the answer about a range.
fn range_total(answer: &Response) -> Option<u64> {
    let range = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit('/').next()?.trim().parse().ok()
}

/// The title of a web page that begins with these bytes; `None` where they begin none.
fn page_title(start: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_ascii_lowercase();
    let begins = |sign: &str| lower.starts_with(sign);
    if !(begins("<!doctype html") || begins("<html") || begins("<head") || begins("<body")) {
        return None;
    }
    let title = lower.find("<title").and_then(|at| {
        let from = at + lower[at..].find('>')? + 1;
        let to = from + lower[from..].find("</title")?;
        text.get(from..to)
    });
    let words: Vec<&str> = title.unwrap_or("without a title").split_whitespace().collect();
    Some(words.join(" ").chars().take(100).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_pages_are_named_by_their_title() {
        let title = |text: &str| page_title(text.as_bytes());
        assert_eq!(
            title("\u{feff}\n<!DOCTYPE html><title>\n Sign\n in </title>").unwrap(),
            "Sign in"
        );
        assert_eq!(title("<HTML><head><title lang='fr'>İ Données</title>").unwrap(), "İ Données");
        assert_eq!(title("<html>").unwrap(), "without a title");
        assert!(title("id,name\n1,<html>\n").is_none() && title("").is_none());
    }

    #[test]
    fn urls_are_told_from_paths() {
        let is_url = |text: &str| url_of(Path::new(text)).is_some_and(|url| url.is_ok());
        assert!(is_url("https://a.example/x.csv") && is_url("HTTP://a.example/"));
        assert!(!is_url("https.csv") && !is_url("./http://x") && !is_url("-") && !is_url("é.csv"));
        assert!(url_of(Path::new("https://[")).unwrap().is_err());
        for other in ["ftp://a.example/x.csv", "s3://bucket/x", "FTPS://a/x", "gs://b/x"] {
            let error = url_of(Path::new(other)).unwrap().unwrap_err().to_string();
            assert!(error.contains("is not read: download the file"), "{error}");
        }
        let error = url_of(Path::new("file:///tmp/a.csv")).unwrap().unwrap_err().to_string();
        assert!(error.contains("give the path alone, /tmp/a.csv"), "{error}");
    }
}
