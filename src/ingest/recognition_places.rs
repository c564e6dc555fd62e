//! What a recognised file says of its places: columns within them, addresses beside them, and
//! columns that should be places and are not read as such.

use crate::i18n::Message;
use crate::ingest::column_guess::SURE;
use crate::ingest::recognition::{RecognisedColumn, Recognition};
use crate::message;

impl Recognition {
    /// The members of a place, such as `location.type` and `geom.lat`, are no fields of their own.
    pub(super) fn drop_parts_of_places(&mut self) {
        let is_place = |column: &&RecognisedColumn| {
            let has_values = !column.examples.is_empty();
            let is = |(field, certainty)| field == "point" && certainty >= SURE;
            has_values && column.guess.is_some_and(is)
        };
        let places = self.columns.iter().filter(is_place);
        let places: Vec<String> = places.map(|column| format!("{}.", column.name)).collect();
        for column in &mut self.columns {
            if places.iter().any(|place| column.name.starts_with(place)) {
                column.guess = None;
            }
        }
    }

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
