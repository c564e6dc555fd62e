//! The start of a file, and what says that it was changed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::SystemTime;

use crate::ingest::read::signature;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Size of a file and the time of its last change.
pub fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?))
}

/// The text without the byte order mark that it may begin with.
pub fn without_mark(mut text: Box<dyn Read>) -> std::io::Result<Box<dyn Read>> {
    let mut first = Vec::with_capacity(MARK.len());
    text.by_ref().take(MARK.len() as u64).read_to_end(&mut first)?;
    if first == MARK {
        first.clear();
    }
    Ok(Box::new(std::io::Cursor::new(first).chain(text)))
}

/// The first bytes.
pub fn start(input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(signature::START_BYTES);
    input.take(signature::START_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Is the second line of a text a whole JSON object, as where there is a record on each line? At
/// most so many bytes are looked at.
pub fn has_object_on_second_line(text: std::io::Result<Box<dyn Read>>, bytes: u64) -> bool {
    let Ok(text) = text else { return false };
    let mut lines =
        BufReader::new(text.take(bytes)).split(b'\n').map_while(std::result::Result::ok);
    let is_object = |line: &[u8]| line.trim_ascii().starts_with(b"{");
    let first = lines.next().is_some_and(|line| is_object(&line));
    let second = lines.next().filter(|line| first && is_object(line));
    second.is_some_and(|line| serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok())
}
