//! What is kept beside the store about a URL between two runs: the part that was downloaded, and
//! the version of the file that was imported last.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use serde_json::{Value, json};

/// Which version of a file a server answered with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub modified: Option<String>,
}

impl Version {
    /// The version that the headers of an answer name.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        Self { etag: text(ETAG), modified: text(LAST_MODIFIED) }
    }

    /// What `If-Range` may name: a strong entity tag, else the time of the last change (RFC 9110).
    pub fn for_range(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        strong.or(self.modified.as_deref())
    }

    fn json(&self) -> Value {
        json!({ "etag": self.etag, "modified": self.modified })
    }

    fn of_json(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        Self { etag: text("etag"), modified: text("modified") }
    }
}

/// The import of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The version.
    pub version: Version,
    /// The jurisdiction and the digest of the file, under which the store knows the import.
    pub jurisdiction: String,
    /// Digest of the file and of how it was read.
    pub digest: String,
}

/// The files of one URL.
#[derive(Debug, Clone)]
pub struct Files {
    /// The bytes downloaded so far.
    pub part: PathBuf,
    /// The version of those bytes.
    version: PathBuf,
    /// The last import.
    imported: PathBuf,
}

/// How long a part is kept that no run has touched.
const PART_KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Removes parts that were left long ago. What cannot be removed stays.
fn remove_old_parts(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let age = fs::metadata(&path).and_then(|file| file.modified()).map(|time| time.elapsed());
        let is_old = age.is_ok_and(|age| age.is_ok_and(|age| age > PART_KEPT));
        if is_old && !name.ends_with(".imported.json") {
            let _gone = fs::remove_file(&path);
        }
    }
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

impl Files {
    /// The files of a URL in a folder, which is created: `key` is of the URL, `import` of the URL
    /// and of how its file is read. Parts that no run has touched for a week are removed.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn of(folder: &Path, key: &str, import: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        remove_old_parts(folder);
        let file = |name: String| folder.join(name);
        Ok(Self {
            part: file(format!("{key}.part")),
            version: file(format!("{key}.part.json")),
            imported: file(format!("{import}.imported.json")),
        })
    }

    /// Removes the folder unless it has a file.
    pub fn remove_empty_folder(&self) {
        if let Some(folder) = self.part.parent() {
            let _kept = fs::remove_dir(folder);
        }
    }

    /// Is the part of a version that a later run can ask for?
    pub fn is_resumable(&self) -> bool {
        self.downloaded().is_some()
    }

    /// How many bytes have been downloaded, and of which version. Without a known version the part
    /// is of no use.
    pub fn downloaded(&self) -> Option<(u64, Version)> {
        let version = Version::of_json(&read(&self.version)?);
        let length = fs::metadata(&self.part).ok()?.len();
        (length > 0 && version.for_range().is_some()).then_some((length, version))
    }

    /// The files of a further page of the same answer.
    pub fn of_page(&self) -> Self {
        let file = |extension: &str| self.part.with_extension(extension);
        Self {
            part: file("page"),
            version: file("page.json"),
            imported: file("page.imported.json"),
        }
    }

    /// Remembers the version of the part.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(&self, version: &Version) -> io::Result<()> {
        fs::write(&self.version, version.json().to_string())
    }

    /// The version that was imported last.
    pub fn imported(&self) -> Option<Imported> {
        let json = read(&self.imported)?;
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let version = Version::of_json(&json);
        Some(Imported { version, jurisdiction: text("jurisdiction")?, digest: text("digest")? })
    }

    /// Remembers an import and removes the part.
    ///
    /// # Errors
    /// The files cannot be written or removed.
    pub fn finish(&self, imported: &Imported) -> io::Result<()> {
        let mut json = imported.version.json();
        json["jurisdiction"] = imported.jurisdiction.clone().into();
        json["digest"] = imported.digest.clone().into();
        fs::write(&self.imported, json.to_string())?;
        self.remove_part()
    }

    /// Removes the part.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_part(&self) -> io::Result<()> {
        for path in [&self.part, &self.version] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_taken_up_only_where_its_version_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(&folder.path().join("a"), "k", "k").unwrap();
        assert!(files.downloaded().is_none() && files.imported().is_none());
        fs::write(&files.part, "abc").unwrap();
        assert!(files.downloaded().is_none());
        let weak = Version { etag: Some("W/\"1\"".into()), modified: None };
        files.begin(&weak).unwrap();
        assert!(files.downloaded().is_none(), "a weak tag may name other bytes");
        let version = Version { etag: Some("\"1\"".into()), modified: None };
        files.begin(&version).unwrap();
        assert_eq!(files.downloaded().unwrap(), (3, version.clone()));
        let imported =
            Imported { version, jurisdiction: "city.example".into(), digest: "d".into() };
        files.finish(&imported).unwrap();
        assert_eq!(files.imported().unwrap(), imported);
        assert!(!files.part.exists() && files.downloaded().is_none());
    }

    #[test]
    fn parts_that_were_left_long_ago_are_removed_and_imports_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let old = std::time::SystemTime::now() - PART_KEPT - Duration::from_secs(60);
        let file = |name: &str, time| {
            let path = folder.path().join(name);
            fs::write(&path, "x").unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            path
        };
        let now = std::time::SystemTime::now();
        let [part, version] = ["a.part", "a.part.json"].map(|name| file(name, old));
        let kept = [file("b.part", now), file("a.imported.json", old)];
        Files::of(folder.path(), "c", "c").unwrap();
        assert!(!part.exists() && !version.exists());
        assert!(kept.iter().all(|path| path.exists()));
    }
}
