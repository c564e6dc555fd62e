//! Columns of a file that its built-in profile does not name.

use crate::error::Result;
use crate::i18n::Message;
use crate::ingest::read::SourceColumns;
use crate::ingest::source::file::SourceFile;
use crate::message;

impl SourceFile {
    /// The columns of a file of a built-in profile that no field is read from, as the source names
    /// them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn columns_left_out(&self) -> Result<Vec<String>> {
        if self.recognition.is_some() || self.is_refused_rows() {
            return Ok(Vec::new());
        }
        let columns: SourceColumns = self.input.columns()?;
        let all = columns.names().iter().zip(columns.folded()).enumerate();
        let left = all.filter(|(number, (name, key))| {
            let is_own = !columns.is_derived(*number) && !name.is_empty();
            is_own && !self.profile.reads(key)
        });
        Ok(left.map(|(_, (name, _))| name.clone()).collect())
    }

    /// Which columns are read that the built-in profile does not name; `None` where there are none.
    pub fn added_in_words(&self) -> Option<Message> {
        let shown = |open: &str, close: &str| {
            let all =
                self.added.iter().map(|(field, name)| format!("{open}{name}{close} → {field}"));
            all.collect::<Vec<_>>().join(", ")
        };
        let (fr, en, profile) = (shown("« ", " »"), shown("'", "'"), &self.profile.name);
        (!self.added.is_empty()).then(|| {
            message!(
                "colonnes que le profil {profile} ne nomme pas, reconnues : {fr}",
                "columns that the profile {profile} does not name, recognised: {en}"
            )
        })
    }
}
