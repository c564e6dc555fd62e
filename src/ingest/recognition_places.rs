//! What a recognised file says of its places: addresses beside them, and columns that should be
//! places and are not read as such.

use crate::i18n::Message;
use crate::ingest::recognition::{RecognisedColumn, Recognition};
use crate::message;

impl Recognition {
    /// Addresses that are written beside their places are read, too.
    pub(super) fn keep_addresses(&mut self) {
        let with =
            |column: &&RecognisedColumn| column.field == Some("point") && column.has_addresses;
        let keys = self.columns.iter().filter(with).map(|column| column.key.clone());
        let keys: Vec<String> = keys.collect();
        self.more.extend(keys.into_iter().map(|key| ("address", key)));
    }

    /// Why the file, of which no column is read as a place, has none, where a column seems to be
    /// one.
    pub(super) fn place_not_understood(&self) -> Option<Message> {
        if ["point", "lat", "x"].iter().any(|field| self.has(field)) {
            return None;
        }
        let likely = self.likely("point")?;
        if likely.is_of_others {
            return Some(likely.perhaps("point"));
        }
        let RecognisedColumn { name, examples, .. } = likely;
        let example = examples.first().map_or("", String::as_str);
        Some(message!(
            "point : peut-être « {name} », dont des valeurs comme « {example} » ne sont pas lues \
             comme des lieux",
            "point: perhaps '{name}', of which values such as '{example}' are not read as places"
        ))
    }
}
