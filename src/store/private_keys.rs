//! The keys by which contacts are encrypted at rest, and the file that holds them.
//!
//! The file has a line for each key: its number and 64 hexadecimal digits. The key of the greatest
//! number encrypts; all decrypt. Another process may add keys while this one runs: the file is read
//! again when it has changed.
//!
//! An encrypted value is the number of its key (4 bytes, big-endian), a random nonce (24 bytes) and
//! the output of XChaCha20-Poly1305. Its associated data are the city, the report and the field, so
//! that a value which was moved to another row or column does not decrypt.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind as IoKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;
/// Bytes of the number of a key.
const NUMBER_BYTES: usize = 4;
/// Largest file of keys that is read, in bytes: a thousand keys take 70 kB.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The first lines of a new file.
const HEADER: &str = "# pointchaud: the keys of the contacts in the store, each with its number.\n\
                      # Without this file nobody reads them. Keep a copy apart from the backups.\n";

/// Where an encrypted value belongs: the city, the report and the field.
#[derive(Debug, Clone, Copy)]
pub struct ValuePlace<'a>(pub &'a str, pub &'a str, pub &'a str);

impl ValuePlace<'_> {
    /// The associated data of the value. Lengths keep `ab` + `c` apart from `a` + `bc`.
    fn bytes(self) -> Vec<u8> {
        let Self(city, report, field) = self;
        let mut bytes = Vec::with_capacity(64);
        for part in [city, report, field] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// The keys of a file.
pub struct CipherRing(BTreeMap<u32, XChaCha20Poly1305>);

impl CipherRing {
    /// The number of the key that encrypts.
    pub fn newest(&self) -> u32 {
        self.0.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// Encrypts a value with the newest key.
    ///
    /// # Errors
    /// The ring is empty; the machine gives no random bytes.
    pub fn seal(&self, text: &str, place: ValuePlace<'_>) -> Result<Vec<u8>> {
        let newest = self.0.last_key_value();
        let (number, cipher) = newest.ok_or_else(|| unreadable("the file holds no key"))?;
        let nonce = XNonce::try_generate().map_err(|error| unreadable(error.to_string()))?;
        let payload = Payload { msg: text.as_bytes(), aad: &place.bytes() };
        let sealed = cipher.encrypt(&nonce, payload).map_err(|_| unreadable("too long a value"))?;
        let mut bytes = Vec::with_capacity(NUMBER_BYTES + NONCE_BYTES + sealed.len());
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Decrypts a value.
    ///
    /// # Errors
    /// Unavailable: its key is not in the ring or is another one, it is of another place, or it was
    /// cut or altered.
    pub fn open(&self, bytes: &[u8], place: ValuePlace<'_>) -> Result<String> {
        let ValuePlace(city, report, field) = place;
        let what = format!("{field} of {report} in {city}");
        let number = number_of(bytes).ok_or_else(|| unreadable(format!("{what} is cut")))?;
        let key = self.0.get(&number);
        let cipher = key.ok_or_else(|| unreadable(format!("{what}: key {number} is missing")))?;
        let rest = bytes.get(NUMBER_BYTES..).unwrap_or_default();
        let (nonce, sealed) =
            rest.split_first_chunk().ok_or_else(|| unreadable(format!("{what} is cut")))?;
        let nonce: &[u8; NONCE_BYTES] = nonce;
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        let wrong = || unreadable(format!("{what} does not decrypt with key {number}"));
        let text = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| wrong())?;
        String::from_utf8(text).map_err(|_| wrong())
    }
}

/// The number of the key of an encrypted value; `None` where it is cut.
pub fn number_of(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<NUMBER_BYTES>().map(|four| u32::from_be_bytes(*four))
}

/// Contacts cannot be read or written; the reason is for the log.
fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = message!(
        "Les coordonnées sont chiffrées et leur clé ne les ouvre pas : le fichier de clés \
         (--private-keys) manque ou est d’un autre dépôt, ou les données ont été altérées.",
        "The contact details are encrypted and their key does not open them: the file of keys \
         (--private-keys) is missing or of another store, or the data were altered."
    );
    Error { cause: Some(cause.into()), ..Error::new(ErrorKind::Unavailable, message) }
}

/// What tells one version of a file from another: inode, length, modification in nanoseconds.
type FileVersion = (u64, u64, i64, i64);

/// A file of keys.
pub struct PrivateKeys {
    path: PathBuf,
    /// What was read last.
    read: Mutex<Option<(FileVersion, Arc<CipherRing>)>>,
}

impl PrivateKeys {
    /// The keys in this file, which need not exist yet.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), read: Mutex::default() }
    }

    /// The keys in the file beside a store, which has its name and ends in `.keys`.
    pub fn beside(store: &Path) -> Self {
        Self::of(&store.with_extension("keys"))
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys as the file has them now. Takes microseconds where it has not changed.
    ///
    /// # Errors
    /// Unavailable: there is no file, it cannot be read, or a line of it is no key.
    pub fn ring(&self) -> Result<Arc<CipherRing>> {
        let file = std::fs::metadata(&self.path).map_err(unreadable)?;
        let version = (file.ino(), file.len(), file.mtime(), file.mtime_nsec());
        let mut read = self.read.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some((known, ring)) = read.as_ref().filter(|(known, _)| *known == version) {
            let _same: &FileVersion = known;
            return Ok(ring.clone());
        }
        let ring = Arc::new(CipherRing(ciphers(&self.text()?)?));
        *read = Some((version, ring.clone()));
        Ok(ring)
    }

    /// As [`PrivateKeys::ring`], but makes a file with one key where there is none.
    ///
    /// # Errors
    /// As [`PrivateKeys::ring`]; the file cannot be written.
    pub fn ring_or_new(&self) -> Result<Arc<CipherRing>> {
        if !self.path.exists() {
            let text = format!("{HEADER}{}", line(1));
            let new = self.write_beside(&text)?;
            // Where another process made one meanwhile, that one stays.
            let linked = std::fs::hard_link(&new, &self.path);
            let _gone = std::fs::remove_file(&new);
            linked.or_else(|error| match error.kind() {
                IoKind::AlreadyExists => Ok(()),
                _ => Err(unreadable(error)),
            })?;
        }
        self.ring()
    }

    /// Adds a key, which encrypts from now on, and returns its number.
    ///
    /// # Errors
    /// The file is missing, damaged or cannot be written.
    pub fn add(&self) -> Result<u32> {
        let text = self.text()?;
        let number = ciphers(&text)?.last_key_value().map_or(0, |(number, _)| *number) + 1;
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.replace(&format!("{text}{end}{}", line(number)))?;
        Ok(number)
    }

    /// Removes the keys of these numbers. What was encrypted with them, as in older backups, cannot
    /// be read any more.
    ///
    /// # Errors
    /// The file is missing, damaged or cannot be written.
    pub fn remove(&self, numbers: &[u32]) -> Result<()> {
        let text = self.text()?;
        let stays = |line: &&str| numbered(line).is_none_or(|(n, _)| !numbers.contains(&n));
        let kept: Vec<&str> = text.lines().filter(stays).collect();
        self.replace(&(kept.join("\n") + "\n"))
    }

    /// The numbers of the keys, the oldest first.
    ///
    /// # Errors
    /// As [`PrivateKeys::ring`].
    pub fn numbers(&self) -> Result<Vec<u32>> {
        Ok(self.ring()?.0.keys().copied().collect())
    }

    fn text(&self) -> Result<String> {
        let size = std::fs::metadata(&self.path).map_err(unreadable)?.len();
        if size > FILE_BYTES_MAX {
            return Err(unreadable("the file of keys is too large"));
        }
        std::fs::read_to_string(&self.path).map_err(unreadable)
    }

    /// Writes a file beside that of the keys, for the user of the service alone.
    fn write_beside(&self, text: &str) -> Result<PathBuf> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let path = PathBuf::from(name);
        let _left_over = std::fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(&path).map_err(unreadable)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unreadable)?;
        Ok(path)
    }

    fn replace(&self, text: &str) -> Result<()> {
        let new = self.write_beside(text)?;
        std::fs::rename(&new, &self.path).map_err(unreadable)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        folder.and_then(|folder| folder.sync_all()).map_err(unreadable)
    }
}

/// A line of the file with a new random key.
fn line(number: u32) -> String {
    let key = Key::<XChaCha20Poly1305>::generate();
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{number} {digits}\n")
}

/// The number of a key and its digits in a line of the file; `None` for comments and empty lines.
fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, digits) = line.trim().split_once(char::is_whitespace)?;
    Some((number.parse().ok()?, digits.trim()))
}

fn ciphers(text: &str) -> Result<BTreeMap<u32, XChaCha20Poly1305>> {
    let mut keys = BTreeMap::new();
    let lines = text.lines().zip(1..).filter(|(line, _)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    for (line, at) in lines {
        let key = numbered(line).and_then(|(number, digits)| Some((number, key_of(digits)?)));
        let wrong = || unreadable(format!("line {at} of the file of keys is no key"));
        let (number, key) = key.ok_or_else(wrong)?;
        let cipher = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| wrong())?;
        if keys.insert(number, cipher).is_some() {
            return Err(unreadable(format!("the file of keys has number {number} twice")));
        }
    }
    match keys.is_empty() {
        true => Err(unreadable("the file of keys is empty")),
        false => Ok(keys),
    }
}

/// The bytes of a key from its hexadecimal digits.
fn key_of(digits: &str) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hex || digits.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: ValuePlace<'_> = ValuePlace("a.ca", "R1", "email");

    fn keys(name: &str) -> PrivateKeys {
        let path = std::env::temp_dir().join(format!("pc-keys-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        PrivateKeys::of(&path)
    }

    fn cause(error: Error) -> String {
        assert_eq!(error.kind, ErrorKind::Unavailable);
        error.cause.unwrap().to_string()
    }

    #[test]
    fn a_value_opens_only_whole_unaltered_and_at_its_own_place() {
        let keys = keys("whole");
        assert!(keys.ring().is_err(), "there is no file yet");
        let ring = keys.ring_or_new().unwrap();
        let sealed = ring.seal("anne@example.org", PLACE).unwrap();
        assert!(!sealed.windows(4).any(|four| four == b"anne"));
        assert_eq!(ring.open(&sealed, PLACE).unwrap(), "anne@example.org");
        assert_ne!(ring.seal("anne@example.org", PLACE).unwrap(), sealed, "nonces differ");
        for place in [
            ValuePlace("b.ca", "R1", "email"),
            ValuePlace("a.ca", "R2", "email"),
            ValuePlace("a.ca", "R1", "phone"),
            ValuePlace("a.caR", "1", "email"),
        ] {
            assert!(cause(ring.open(&sealed, place).unwrap_err()).contains("does not decrypt"));
        }
        for end in 0..sealed.len() {
            assert!(ring.open(&sealed[..end], PLACE).is_err(), "{end} bytes");
            let mut altered = sealed.clone();
            altered[end] ^= 1;
            assert!(ring.open(&altered, PLACE).is_err(), "byte {end}");
        }
        std::fs::remove_file(keys.path()).unwrap();
    }

    #[test]
    fn a_new_key_encrypts_at_once_and_older_ones_still_decrypt() {
        let keys = keys("rotated");
        let old = keys.ring_or_new().unwrap().seal("a", PLACE).unwrap();
        let mode = std::fs::metadata(keys.path()).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600);
        // Another handle, as of another process, adds a key.
        assert_eq!(PrivateKeys::of(keys.path()).add().unwrap(), 2);
        let ring = keys.ring().unwrap();
        assert_eq!((ring.newest(), keys.numbers().unwrap()), (2, vec![1, 2]));
        assert_eq!(ring.open(&old, PLACE).unwrap(), "a");
        assert_eq!(number_of(&ring.seal("a", PLACE).unwrap()), Some(2));
        keys.remove(&[1]).unwrap();
        let missing = keys.ring().unwrap().open(&old, PLACE).unwrap_err();
        assert!(cause(missing).contains("key 1 is missing"));
        std::fs::remove_file(keys.path()).unwrap();
    }

    #[test]
    fn damaged_files_are_refused_and_never_replaced() {
        let keys = keys("damaged");
        let good = line(1);
        for text in ["", "# nothing\n", "1 abc\n", "x\n", &good.repeat(2), &good[..60]] {
            std::fs::write(keys.path(), text).unwrap();
            assert!(keys.ring_or_new().is_err(), "{text:?}");
            assert!(keys.add().is_err(), "{text:?}");
            assert_eq!(std::fs::read_to_string(keys.path()).unwrap(), text);
        }
        std::fs::remove_file(keys.path()).unwrap();
    }
}
