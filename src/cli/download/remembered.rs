//! What is kept beside the store about a URL between two runs: the part that was downloaded, and
//! the version of the file that was imported last.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

impl Files {
    /// The files of a key in a folder, which is created.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn of(folder: &Path, key: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = |extension: &str| folder.join(format!("{key}.{extension}"));
        Ok(Self { part: file("part"), version: file("part.json"), imported: file("imported.json") })
    }

    /// How many bytes have been downloaded, and of which version. Without a known version the part
    /// is of no use.
    pub fn downloaded(&self) -> Option<(u64, Version)> {
        let version = Version::of_json(&read(&self.version)?);
        let length = fs::metadata(&self.part).ok()?.len();
        (length > 0 && version.for_range().is_some()).then_some((length, version))
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
        let files = Files::of(&folder.path().join("a"), "k").unwrap();
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
}
