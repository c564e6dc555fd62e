//! Where a file to read is: a path, standard input, which is copied to a temporary file, or a URL,
//! which is downloaded.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Args;
use reqwest::Url;
use tempfile::{TempDir, TempPath};

use crate::cli::download::{
    Download, DownloadArguments, Downloaded, Files, Imported, Version, download_rest, url_of,
    without_user,
};
use crate::domain::JurisdictionId;
use crate::error::{Error, Refusal, Result};
use crate::ingest::{ReadOptions, SPOOL_BYTES_MAX, spool};
use crate::message;
use crate::store::Reader;

/// Options for what cannot be detected from the content of a file.
#[derive(Debug, Args)]
pub struct ReadArguments {
    /// Character between the cells of a CSV file, `\t` or `tab` for a tabulator (default: detected
    /// from the content).
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<char>,
    /// Character encoding of the file, such as windows-1252 (default: detected from the content).
    #[arg(long)]
    encoding: Option<String>,
    /// Sheet of an Excel workbook (default: the only visible one that holds a table, else the only
    /// one that is not empty; where there are several, the program lists them and stops).
    #[arg(long)]
    sheet: Option<String>,
    /// Layer of a GeoPackage (default: the only one of points).
    #[arg(long)]
    layer: Option<String>,
}

/// The character of a delimiter, which shells pass on as two where it is a tabulator.
fn delimiter(text: &str) -> std::result::Result<char, String> {
    let mut signs = text.chars();
    match (text, signs.next(), signs.next()) {
        ("\\t" | "tab", ..) => Ok('\t'),
        (_, Some(only), None) => Ok(only),
        _ => Err("one character, or \\t".to_owned()),
    }
}

impl ReadArguments {
    /// The options for a file.
    pub fn options(&self, file: &Located) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            layer: self.layer.clone(),
            label: Some(file.label.clone()),
            is_start_only: false,
        }
    }
}

/// A file that is on this machine.
pub struct Located {
    /// Where its bytes are.
    pub path: PathBuf,
    /// What it is called in messages.
    pub label: String,
    /// The path from which the names of files that belong to it, such as the one of refused rows,
    /// are derived.
    pub naming_path: PathBuf,
    /// The temporary file, which is removed with the value.
    _copy: Option<TempPath>,
    /// The temporary folder, which is removed with the value.
    _folder: Option<TempDir>,
    /// The files of the download and the version that was downloaded.
    fetched: Option<(Files, Version)>,
}

/// What downloads need.
pub struct DownloadContext<'a> {
    /// The store beside which downloads are kept.
    pub store: &'a Path,
    /// What decides how the file is read, as one text: another way of reading is another import.
    pub reading: String,
    /// Limits.
    pub limits: &'a DownloadArguments,
    /// Set where the user asked to stop.
    pub stop: &'a AtomicBool,
}

impl Located {
    /// The file of an argument; `-` is standard input.
    ///
    /// # Errors
    /// Standard input cannot be read or copied.
    pub fn of(argument: &Path) -> Result<Self> {
        if argument != Path::new("-") {
            return Ok(Self {
                path: argument.to_owned(),
                label: argument.display().to_string(),
                naming_path: argument.to_owned(),
                _copy: None,
                _folder: None,
                fetched: None,
            });
        }
        let label = "standard input";
        let copied = spool(std::io::stdin().lock(), SPOOL_BYTES_MAX);
        let copy = copied.map_err(|message| Refusal::new("file", label, message))?;
        Ok(Self {
            path: copy.to_path_buf(),
            label: label.to_owned(),
            naming_path: PathBuf::from("standard-input"),
            _copy: Some(copy),
            _folder: None,
            fetched: None,
        })
    }

    /// The file of an argument, for an inspection; a URL is downloaded into a temporary folder,
    /// without the pages that follow.
    ///
    /// # Errors
    /// As [`Located::of`]; the download failed.
    pub fn for_inspection(argument: &Path, limits: &DownloadArguments) -> Result<Self> {
        let Some(url) = url_of(argument) else { return Self::of(argument) };
        let folder = tempfile::tempdir().map_err(Error::internal)?;
        let files = Files::of(folder.path(), "file", "file").map_err(Error::internal)?;
        let url = url?;
        let naming_path = naming_path(&url);
        let stop = AtomicBool::new(false);
        Download::new(url, limits, &files, &stop)?.run(None)?;
        Ok(Self {
            path: files.part,
            label: without_user(&argument.display().to_string()),
            naming_path,
            _copy: None,
            _folder: Some(folder),
            fetched: None,
        })
    }

    /// The file of an argument; a URL is downloaded, with the pages that follow. `None`
    /// where the server says that the file is still the one that was imported last.
    ///
    /// # Errors
    /// As [`Located::of`]; the download failed.
    pub fn fetched(argument: &Path, context: &DownloadContext<'_>) -> Result<Option<Self>> {
        let Some(url) = url_of(argument) else { return Self::of(argument).map(Some) };
        let url = url?;
        let label = without_user(&argument.display().to_string());
        let mut folder = context.store.as_os_str().to_owned();
        folder.push(".downloads");
        let folder = PathBuf::from(folder);
        let key = |text: &str| blake3::hash(text.as_bytes()).to_hex()[..32].to_owned();
        let one_page = context.limits.one_page;
        let import = key(&format!("{url}\n{one_page} {}", context.reading));
        let files = Files::of(&folder, &key(url.as_str()), &import).map_err(|error| {
            let message =
                message!("ne peut pas être écrit : {error}", "cannot be written: {error}");
            Refusal::new("--store", folder.display(), message)
        })?;
        let known = files.imported().filter(|last| is_in_store(context.store, last));
        let naming_path = naming_path(&url);
        let download = Download::new(url, context.limits, &files, context.stop)?;
        let known = known.as_ref().map(|known| &known.version);
        match download.run(known).inspect_err(|_| remove_useless_part(&files))? {
            Downloaded::Unchanged(version) => {
                let since = version.modified.or(version.etag).unwrap_or_default();
                println!("{label}: unchanged since {since}");
                Ok(None)
            }
            Downloaded::Whole(version) => {
                // A server's word on the first page is none on the others.
                let has_more = !one_page
                    && download_rest(&download, &files, &label)
                        .inspect_err(|_| remove_useless_part(&files))?;
                let version = if has_more { Version::default() } else { version };
                Ok(Some(Self {
                    path: files.part.clone(),
                    label,
                    naming_path,
                    _copy: None,
                    _folder: None,
                    fetched: Some((files, version)),
                }))
            }
        }
    }

    /// Remembers which version of a download was imported, and removes the downloaded file.
    ///
    /// # Errors
    /// The files beside the store cannot be written.
    pub fn imported(&self, jurisdiction: &JurisdictionId, digest: &str) -> Result<()> {
        let Some((files, version)) = &self.fetched else { return Ok(()) };
        let imported = Imported {
            version: version.clone(),
            jurisdiction: jurisdiction.to_string(),
            digest: digest.to_owned(),
        };
        files.finish(&imported).map_err(Error::internal)
    }
}

/// The path from which the names of files that belong to a download are derived.
fn naming_path(url: &Url) -> PathBuf {
    let last = url.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
    let host = url.host_str().unwrap_or("download").to_owned();
    PathBuf::from(last.filter(|name| !name.is_empty()).unwrap_or(host))
}

/// A download that was not imported is kept for the next attempt, if its server can say that it is
/// still the same file.
impl Drop for Located {
    fn drop(&mut self) {
        self.fetched.iter().for_each(|(files, _)| remove_useless_part(files));
    }
}

/// Removes a downloaded file which no later run can ask the server about, and the folder where
/// nothing else is in it.
fn remove_useless_part(files: &Files) {
    if !files.is_resumable() {
        let _gone = files.remove_part();
        files.remove_empty_folder();
    }
}

/// Does the store hold the import? A store that was removed, or one of another name, does not.
fn is_in_store(store: &Path, imported: &Imported) -> bool {
    let known = || {
        let id = JurisdictionId::new(&imported.jurisdiction).ok()?;
        let reader = Reader::open(store).ok()?;
        reader.checkpoint(&id, &imported.digest).ok()?
    };
    store.exists() && known().is_some_and(|checkpoint| checkpoint.finished)
}
