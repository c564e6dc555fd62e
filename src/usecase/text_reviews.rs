//! What people decided about texts, kept in memory: it is asked for with every row that the public
//! reads and that has personal words.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::domain::{JurisdictionId, ReportId, TextDecision};
use crate::error::Result;
use crate::store::{Reader, StoredReview};

/// The digest of a report and a text of it: a decision about it holds for no other text.
pub fn text_digest(id: &ReportId, text: &str) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(&(id.as_str().len() as u64).to_le_bytes());
    hash.update(id.as_str().as_bytes());
    hash.update(text.as_bytes());
    *hash.finalize().as_bytes()
}

/// The revision of a decision that is being stored: newer than all that are.
pub const BEING_STORED: u64 = u64::MAX;

/// Decisions by the digests of their texts, each with the revision that it made.
#[derive(Default)]
struct KnownReviews {
    decisions: HashMap<[u8; 32], (u64, TextDecision)>,
    /// The revision up to which they were read.
    read: u64,
}

/// The decisions of a city. One takes about 100 bytes.
#[derive(Default)]
pub struct TextReviews(RwLock<KnownReviews>);

impl TextReviews {
    /// What was decided about a text of a report.
    pub fn of(&self, id: &ReportId, text: &str) -> Option<TextDecision> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.decisions.get(&text_digest(id, text)).map(|(_, decision)| decision.clone())
    }

    /// Sets decisions that make, or are about to make, a revision.
    pub fn put(&self, decisions: &[([u8; 32], TextDecision)], revision: u64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let all = decisions.iter().map(|(digest, one)| (*digest, (revision, one.clone())));
        known.decisions.extend(all);
    }

    /// Forgets decisions that could not be stored: those of their texts are read anew.
    pub fn forget(&self, decisions: &[([u8; 32], TextDecision)]) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (digest, _) in decisions {
            known.decisions.remove(digest);
        }
        known.read = 0;
    }

    /// Reads the decisions that were stored since they were read last. One that is being stored
    /// meanwhile stays.
    ///
    /// # Errors
    /// The store.
    pub fn read_on(&self, city: &JurisdictionId, reader: &Reader) -> Result<()> {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner).read;
        let new = reader.reviews_after(city, read)?;
        let Some(last) = new.last().map(|review| review.revision) else { return Ok(()) };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for StoredReview { digest, decision, revision } in new {
            let before = known.decisions.get(&digest).map_or(0, |(revision, _)| *revision);
            if before <= revision {
                known.decisions.insert(digest, (revision, decision));
            }
        }
        known.read = known.read.max(last);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_holds_for_one_text_of_one_report_until_it_is_forgotten() {
        let (one, other) = (ReportId::new("a1").unwrap(), ReportId::new("a2").unwrap());
        let reviews = TextReviews::default();
        let decided = [(text_digest(&one, "x"), TextDecision::Publish)];
        reviews.put(&decided, BEING_STORED);
        assert_eq!(reviews.of(&one, "x"), Some(TextDecision::Publish));
        assert_eq!((reviews.of(&other, "x"), reviews.of(&one, "y")), (None, None));
        reviews.put(&[(text_digest(&one, "x"), TextDecision::KeepBack)], 7);
        assert_eq!(reviews.of(&one, "x"), Some(TextDecision::KeepBack));
        reviews.forget(&decided);
        assert_eq!(reviews.of(&one, "x"), None);
    }
}
