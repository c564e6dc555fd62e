//! The pages after the first of an answer that is cut into pages, for the interfaces whose way of
//! asking for them is known: links to a next page on the same host, ArcGIS, CKAN, Opendatasoft,
//! Socrata.

use std::collections::HashSet;
use std::path::Path;

use reqwest::Url;

use crate::cli::download::{Download, Files};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{DocumentPage, JoinedPages};
use crate::message;

/// Most pages of one answer.
const PAGES_MAX: usize = 10_000;
/// Rows that Socrata sends where the address does not say how many.
const SOCRATA_DEFAULT: u64 = 1_000;
/// Rows that are asked of Socrata at once: what its oldest version allows at most.
const SOCRATA_ROWS: u64 = 50_000;

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// By the address that the page names.
    Link,
    /// By the number of records before it, in this parameter.
    Offset(&'static str),
    /// Socrata: by the number of rows before it, in the order of their ids.
    Socrata,
    /// Opendatasoft: by another address that has all records.
    Whole(Url),
}

/// The value of a query parameter.
fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The address with these parameters in place of those of the same names.
fn with_parameters(url: &Url, set: &[(&str, String)]) -> Url {
    let mut changed = url.clone();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| set.iter().all(|(other, _)| other != name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    changed.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(set);
    changed
}

/// Is it an address of rows of Socrata that does not say how many?
fn is_socrata(url: &Url) -> bool {
    let path = url.path();
    let of_resource = path.strip_prefix("/resource/").is_some_and(|name| {
        let (id, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let is_id = id.len() == 9 && id.as_bytes().get(4) == Some(&b'-');
        is_id && ["json", "geojson", "csv"].contains(&kind)
    });
    let said = ["$limit", "$offset", "$query"].iter().any(|name| parameter(url, name).is_some());
    of_resource && !said
}

/// Opendatasoft's address of all records of a data set, of the address of a page.
fn opendatasoft_whole(url: &Url) -> Option<Url> {
    let path = url.path().trim_end_matches('/');
    let of_data_set = path.contains("/catalog/datasets/").then(|| path.strip_suffix("/records"));
    let whole = match of_data_set.flatten() {
        Some(data_set) => format!("{data_set}/exports/json"),
        None => format!("{}/records/1.0/download/", path.strip_suffix("/records/1.0/search")?),
    };
    let mut changed = with_parameters(url, &[]);
    let is_position = |name: &str| ["limit", "offset", "rows", "start"].contains(&name);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !is_position(name) && name != "format")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    changed.set_path(&whole);
    changed.query_pairs_mut().clear().extend_pairs(kept);
    if whole.ends_with("/download/") {
        changed.query_pairs_mut().append_pair("format", "json");
    }
    if changed.query() == Some("") {
        changed.set_query(None);
    }
    Some(changed)
}

/// How the pages after this one are asked for; `None` where it is the only one, or the user named
/// one page, or no way is known.
fn paging(url: &Url, page: &DocumentPage) -> Result<Option<Paging>> {
    if is_socrata(url) {
        return Ok((page.records()? == SOCRATA_DEFAULT).then_some(Paging::Socrata));
    }
    let positions = ["offset", "resultOffset", "start", "startIndex", "page", "cursor"];
    let is_chosen = positions.iter().any(|name| parameter(url, name).is_some());
    if page.incomplete().is_none() || is_chosen {
        return Ok(None);
    }
    let path = url.path().trim_end_matches('/');
    Ok(if page.next().is_some() {
        Some(Paging::Link)
    } else if let Some(whole) = opendatasoft_whole(url) {
        Some(Paging::Whole(whole))
    } else if path.ends_with("/query") {
        Some(Paging::Offset("resultOffset"))
    } else if path.ends_with("/datastore_search") {
        Some(Paging::Offset("offset"))
    } else {
        None
    })
}

/// The address that a page names as the next one, on the same host and by the same protocol.
fn linked(url: &Url, next: &str) -> std::result::Result<Url, String> {
    let mut linked = url.join(next).map_err(|error| format!("'{next}' is no address: {error}"))?;
    if linked.host_str() != url.host_str() {
        let host = linked.host_str().unwrap_or_default();
        return Err(format!("the next page is on another host, {host}"));
    }
    // Servers after a proxy often name their own protocol and port.
    let same = linked.set_scheme(url.scheme()).and_then(|()| linked.set_port(url.port()));
    same.map(|()| linked).map_err(|()| format!("'{next}' is no address"))
}

/// A page that was read, and what came before it.
struct PageRead<'a> {
    url: &'a Url,
    page: &'a DocumentPage,
    /// Records of this page.
    count: u64,
    /// Records that were taken so far, those of this page included.
    records: u64,
    /// It is the answer to the address that the user gave.
    is_first: bool,
}

impl Paging {
    /// Socrata's first answer is in no declared order: the rows are asked for again from the start.
    fn takes(&self, read: &PageRead<'_>) -> bool {
        read.count > 0 && !(read.is_first && *self == Self::Socrata)
    }

    /// The address of the page after one; `None` after the last.
    fn next(&self, read: &PageRead<'_>) -> std::result::Result<Option<Url>, String> {
        let PageRead { url, page, count, records, is_first } = *read;
        match self {
            Self::Link => {
                page.next().filter(|_| count > 0).map(|next| linked(url, next)).transpose()
            }
            Self::Offset(name) => {
                let is_whole = page.total().is_some_and(|total| records >= total);
                let is_last = count == 0 || is_whole || page.incomplete().is_none();
                Ok((!is_last).then(|| with_parameters(url, &[(name, records.to_string())])))
            }
            Self::Socrata => {
                let is_last = !is_first && count < SOCRATA_ROWS;
                let mut set =
                    vec![("$limit", SOCRATA_ROWS.to_string()), ("$offset", records.to_string())];
                if parameter(url, "$order").is_none() {
                    set.push(("$order", ":id".to_owned()));
                }
                Ok((!is_last).then(|| with_parameters(url, &set)))
            }
            Self::Whole(whole) => Ok(is_first.then(|| whole.clone())),
        }
    }
}

/// Downloads the pages after the one that was downloaded, and joins all in its file. Returns
/// whether there were any.
///
/// # Errors
/// A page cannot be downloaded, repeats an earlier one, or is of another shape; there are too many.
pub fn download_rest(download: &Download<'_>, files: &Files, label: &str) -> Result<bool> {
    // What is refused here is refused again, with more words, by the import.
    let Ok(Some(first)) = DocumentPage::open(&files.part, label) else { return Ok(false) };
    let Some(paging) = paging(&download.url, &first)? else { return Ok(false) };
    let page_files = files.of_page();
    let _removed = RemovedFiles(&page_files);
    let fetch = |url: &Url| -> Result<()> {
        page_files.remove_part().map_err(Error::internal)?;
        download.of(url, &page_files).run(None).map(drop)
    };
    if let Paging::Whole(url) = &paging {
        fetch(url)?;
        replace(&page_files.part, files)?;
        return Ok(true);
    }
    let joined_path = page_files.part.with_extension("joined");
    let mut joined = JoinedPages::begin(&joined_path, &first)?;
    let (mut url, mut known, mut records) = (download.url.clone(), HashSet::new(), 0);
    let mut page = first;
    for number in 1.. {
        let count = page.records()?;
        let is_first = number == 1;
        let mut read = PageRead { url: &url, page: &page, count, records, is_first };
        if paging.takes(&read) {
            joined.add(&page)?;
            records += count;
            read.records = records;
        }
        let failed = |reason: &str| failed(label, number + 1, reason);
        let Some(next) = paging.next(&read).map_err(|reason| failed(&reason))? else { break };
        if number >= PAGES_MAX {
            return Err(failed("there are more than 10,000 pages"));
        }
        if !known.insert(next.to_string()) {
            return Err(failed("the server names a page again"));
        }
        if download.is_too_long(std::fs::metadata(&joined_path).map_or(0, |file| file.len())) {
            return Err(failed("the pages exceed --max-download"));
        }
        fetch(&next)?;
        let opened = DocumentPage::open(&page_files.part, label)?;
        page = opened.ok_or_else(|| failed("it is no page of records"))?;
        url = next;
    }
    joined.finish()?;
    replace(&joined_path, files)?;
    Ok(true)
}

fn failed(label: &str, number: usize, reason: &str) -> Error {
    let message = message!(
        "La page {number} de « {label} » n’a pas pu être suivie : {reason} (--one-page n’importe \
         que la première)",
        "Page {number} of '{label}' could not be followed: {reason} (--one-page imports the first \
         one alone)"
    );
    Error::new(ErrorKind::Invalid, message)
}

/// Files that are removed at the end, whatever it is.
struct RemovedFiles<'a>(&'a Files);

impl Drop for RemovedFiles<'_> {
    fn drop(&mut self) {
        let _gone = self.0.remove_part();
        let _gone = std::fs::remove_file(self.0.part.with_extension("joined"));
    }
}

/// Puts a file in the place of the downloaded one, which is of no version that a server knows.
fn replace(whole: &Path, files: &Files) -> Result<()> {
    files.remove_part().map_err(Error::internal)?;
    std::fs::rename(whole, &files.part).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn addresses_of_pages() {
        let next = with_parameters(
            &url("https://a.example/query?where=1%3D1&resultOffset=9"),
            &[("resultOffset", "2000".to_owned())],
        );
        assert_eq!(next.as_str(), "https://a.example/query?where=1%3D1&resultOffset=2000");
        let same = |next: &str| linked(&url("https://a.example/api?x=1"), next).map(String::from);
        assert_eq!(same("?page=2").unwrap(), "https://a.example/api?page=2");
        assert_eq!(same("http://a.example:80/p").unwrap(), "https://a.example/p");
        assert!(same("https://b.example/p").unwrap_err().contains("another host, b.example"));
        let is = |text: &str| is_socrata(&url(text));
        assert!(is("https://a.example/resource/abcd-1234.json?$where=x"));
        assert!(!is("https://a.example/resource/abcd-1234.json?$limit=10"));
        assert!(!is("https://a.example/files/abcd-1234.json"));
        let whole = |text: &str| opendatasoft_whole(&url(text)).map(String::from);
        assert_eq!(
            whole(
                "https://a.example/api/explore/v2.1/catalog/datasets/x/records?limit=100&where=y"
            )
            .unwrap(),
            "https://a.example/api/explore/v2.1/catalog/datasets/x/exports/json?where=y"
        );
        assert_eq!(
            whole("https://a.example/api/records/1.0/search/?dataset=x&rows=10").unwrap(),
            "https://a.example/api/records/1.0/download/?dataset=x&format=json"
        );
        assert!(whole("https://a.example/records").is_none());
    }
}
