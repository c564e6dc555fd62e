//! Digests: of one report, to see whether a source changed it, and of a whole city, to see whether
//! two stores hold the same.

use crate::report::Report;

/// Digest of every field of a report.
pub fn of_report(report: &Report) -> u64 {
    let mut hasher = blake3::Hasher::new();
    feed(&mut hasher, report);
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Digest of a city: of every field of every report, in the order of their ids. Histories,
/// revisions and recording times are not part of it, so an export read back gives the same.
#[derive(Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// Adds the next report.
    pub fn add(&mut self, report: &Report) {
        feed(&mut self.0, report);
    }

    /// The digest, in hexadecimal.
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}

/// Each field with its length before it, so that no two reports run into the same bytes.
fn feed(hasher: &mut blake3::Hasher, report: &Report) {
    for field in report.fields() {
        match field {
            None => hasher.update(&u64::MAX.to_le_bytes()),
            Some(text) => {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes())
            }
        };
    }
}
