//! What people decided about texts, kept in memory: it is asked for with every row that the public
//! reads and that has personal words.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::domain::{JurisdictionId, ReportId, TextDecision};
use crate::error::Result;
use crate::store::Reader;

/// The digest of a report and a text of it: a decision about it holds for no other text.
pub fn text_digest(id: &ReportId, text: &str) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(&(id.as_str().len() as u64).to_le_bytes());
    hash.update(id.as_str().as_bytes());
    hash.update(text.as_bytes());
    *hash.finalize().as_bytes()
}

/// The decisions of a city and the revision up to which they were read. A decision takes about 80
/// bytes.
#[derive(Default)]
pub struct TextReviews(RwLock<(HashMap<[u8; 32], TextDecision>, u64)>);

impl TextReviews {
    /// What was decided about a text of a report.
    pub fn of(&self, id: &ReportId, text: &str) -> Option<TextDecision> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.0.get(&text_digest(id, text)).cloned()
    }

    /// Adds decisions that are about to be stored. Returns those that were in their place.
    pub fn put(
        &self,
        decisions: Vec<([u8; 32], Option<TextDecision>)>,
    ) -> Vec<([u8; 32], Option<TextDecision>)> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut replace = |(digest, decision): ([u8; 32], Option<TextDecision>)| {
            let before = match decision {
                Some(decision) => known.0.insert(digest, decision),
                None => known.0.remove(&digest),
            };
            (digest, before)
        };
        decisions.into_iter().map(&mut replace).collect()
    }

    /// Reads the decisions that were stored since they were read last.
    ///
    /// # Errors
    /// The store.
    pub fn read_on(&self, city: &JurisdictionId, reader: &Reader) -> Result<()> {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner).1;
        let new = reader.reviews_after(city, read)?;
        let Some(last) = new.last().map(|review| review.revision) else { return Ok(()) };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.0.extend(new.into_iter().map(|review| (review.digest, review.decision)));
        known.1 = known.1.max(last);
        Ok(())
    }
}
