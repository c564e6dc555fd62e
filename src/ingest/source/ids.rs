//! A source whose owner says how the ids of its rows are taken.

use crate::error::{Refusal, Result};
use crate::ingest::mapping::ids::RowIds;
use crate::ingest::source::file::SourceFile;
use crate::message;

impl SourceFile {
    /// Declares how the ids of rows are taken.
    ///
    /// # Errors
    /// The word is not known.
    pub fn declare_ids(&mut self, word: &str) -> Result<()> {
        let Some(ids) = RowIds::parse(word) else {
            let known = RowIds::WORDS.join(", ");
            let message = message!(
                "n’est pas parmi les valeurs possibles : {known}",
                "is not one of {known}"
            );
            return Err(Refusal::new("--ids", word, message).into());
        };
        if let Some(recognition) = self.recognition.as_mut().filter(|_| ids == RowIds::Contents) {
            recognition.decide("id", None);
        }
        self.profile.ids = Some(word.to_owned());
        self.profile.drop_ids();
        Ok(())
    }

    /// Are the ids taken as they are, without a comparison with the store?
    pub fn keeps_ids(&self) -> bool {
        self.profile.ids.is_some()
    }
}
