//! What a recognised file says of its places: addresses beside them, and columns that should be
//! places and are not read as such.

use crate::i18n::Message;
use crate::ingest::column_centres::names_centre;
use crate::ingest::recognition::{RecognisedColumn, Recognition};
use crate::message;

/// Fields that are read as places.
const PLACES: [&str; 5] = ["lat", "lon", "point", "x", "y"];

impl RecognisedColumn {
    /// Is it read as a place, and are its places by their name those of whole areas?
    fn is_centre(&self) -> bool {
        self.field.is_some_and(|field| PLACES.contains(&field)) && names_centre(&self.bare)
    }
}

impl Recognition {
    /// Beside places of requests, those of areas are not read.
    pub(super) fn drop_centres(&mut self) {
        let is_place = |column: &RecognisedColumn| {
            column.field.is_some_and(|field| PLACES.contains(&field)) && !column.examples.is_empty()
        };
        let has_own = self.columns.iter().any(|column| is_place(column) && !column.is_centre());
        let centres = self.columns.iter_mut().filter(|column| has_own && column.is_centre());
        centres.filter(|column| !column.is_declared).for_each(|column| column.field = None);
    }

    /// Are all places that are read those of areas?
    pub(super) fn has_centres(&self) -> bool {
        self.columns.iter().any(RecognisedColumn::is_centre)
    }

    /// What people should know of how the columns are read.
    pub fn notes_of_columns(&self) -> Vec<Message> {
        let by_name = self.statuses_by_name().into_iter();
        by_name.chain(self.left_to_others()).chain(self.centres_in_words()).collect()
    }

    /// That the places are not those of the requests, where their columns' names say so.
    fn centres_in_words(&self) -> Option<Message> {
        let name = &self.columns.iter().find(|column| column.is_centre())?.name;
        Some(message!(
            "« {name} » : d’après leur nom, les lieux sont les centres de secteurs ; les demandes \
             sont gardées à une position approximative",
            "'{name}': by their name the places are the centres of areas; the reports are kept at \
             approximate positions"
        ))
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
