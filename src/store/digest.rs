//! Digests: of a report, to detect that a source changed it, and of a city, to compare two stores.

use crate::domain::Report;

/// Digest of every field of a report.
pub fn of_report(report: &Report) -> u64 {
    let mut bytes = Vec::with_capacity(512);
    report.bytes(&mut bytes);
    let mut digest = [0; 8];
    digest.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..8]);
    u64::from_le_bytes(digest)
}

/// Digest of a city: of every field of every report, in the order of their ids. Histories,
/// revisions and recording times are not part of it, so a store into which
/// an export was imported has the same digest.
#[derive(Default)]
pub struct Digest {
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
}

impl Digest {
    /// Adds the next report.
    pub fn add(&mut self, report: &Report) {
        self.bytes.clear();
        report.bytes(&mut self.bytes);
        self.hasher.update(&self.bytes);
    }

    /// The digest, in hexadecimal.
    pub fn finish(&self) -> String {
        self.hasher.finalize().to_hex()[..32].to_owned()
    }
}
