//! What a recognised file says of columns whose places are those of a person or an office.

use crate::i18n::Message;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

impl RecognisedColumn {
    /// That the column is perhaps this field, and why it is not read as such.
    pub fn perhaps(&self, field: &str) -> Message {
        let name = &self.name;
        match self.is_of_others {
            true => message!(
                "{field} : peut-être « {name} », dont le nom parle d’une personne ou d’un bureau, \
                 et non du lieu de la demande",
                "{field}: perhaps '{name}', whose name speaks of a person or an office, and not \
                 of the place of the report"
            ),
            false => message!("{field} : peut-être « {name} »", "{field}: perhaps '{name}'"),
        }
    }
}

impl Recognition {
    /// Is a column that is not sure worth a question? The place of somebody else is not, where the
    /// file has another place.
    pub fn may_ask(&self, column: &RecognisedColumn) -> bool {
        !column.is_of_others || !["point", "lat", "lon", "x"].iter().any(|field| self.has(field))
    }

    /// Why a file without any place has none, where the only addresses are those of people or
    /// offices.
    pub fn address_of_others(&self) -> Option<Message> {
        if ["address", "point", "lat", "x"].iter().any(|field| self.has(field)) {
            return None;
        }
        let likely = self.likely("address").filter(|column| column.is_of_others)?;
        Some(likely.perhaps("address"))
    }

    /// A sentence about each column that is left out because its place is that of a person or an
    /// office.
    pub fn left_to_others(&self) -> Vec<Message> {
        let left = self.columns.iter().filter(|column| {
            let has_values = !column.examples.is_empty();
            column.is_of_others && has_values && column.field.is_none() && !column.is_declared
        });
        left.map(|column| {
            let name = &column.name;
            message!(
                "« {name} » laissée de côté : son nom parle d’une personne ou d’un bureau, et non \
                 du lieu de la demande",
                "'{name}' left out: its name speaks of a person or an office, and not of the \
                 place of the report"
            )
        })
        .collect()
    }
}
