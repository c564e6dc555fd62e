//! The digest of a file and of how it is read, by which an import knows the file again.

use std::collections::BTreeMap;
use std::fs::File;

use crate::domain::RepeatRule;
use crate::error::{Error, Result};
use crate::ingest::profile::document::Profile;
use crate::ingest::source::file::SourceFile;

impl SourceFile {
    /// Digest of the file's bytes and of everything that decides how they are read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn digest(&self, fix_swapped: bool) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_reader(File::open(self.input.path()).map_err(Error::internal)?)
            .map_err(Error::internal)?;
        hasher.update(&[u8::from(fix_swapped) + 2 * u8::from(self.profile.approximate)]);
        let columns: BTreeMap<_, _> = self.profile.columns.iter().collect();
        let Profile { name, date_order, point_order, time_formats, projection, .. } = &self.profile;
        hasher.update(format!("{name} {columns:?}").as_bytes());
        let orders = format!("{date_order:?} {point_order:?} {time_formats:?} {projection:?}");
        hasher.update(orders.as_bytes());
        hasher.update(self.profile.negate.as_deref().unwrap_or_default().as_bytes());
        let zones: BTreeMap<_, _> = self.profile.zones.iter().collect();
        if !zones.is_empty() {
            hasher.update(format!("{zones:?}").as_bytes());
        }
        if let Some(zone) = self.profile.zone_of_times() {
            hasher.update(format!("times in {:?}", zone.iana_name()).as_bytes());
        }
        let accuracy: BTreeMap<_, _> = self.profile.accuracy.iter().collect();
        if !accuracy.is_empty() {
            hasher.update(format!("{accuracy:?}").as_bytes());
        }
        if self.repeats() != RepeatRule::Newest {
            hasher.update(self.repeats().as_str().as_bytes());
        }
        Ok(hasher.finalize().to_hex().get(..32).unwrap_or_default().to_owned())
    }
}
