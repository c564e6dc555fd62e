//! Lists of several values in fields that have one.

use serde_json::Value;

use crate::error::Refusal;
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::message;

/// The fields that have one value, each with its name in refusals.
const ONE_VALUED: [(&str, &str); 7] = [
    ("id", "service_request_id"),
    ("category", "service_name"),
    ("service", "service_code"),
    ("status", "status"),
    ("requested", "requested_datetime"),
    ("updated", "updated_datetime"),
    ("closed", "closed_datetime"),
];

impl Mapping {
    /// Finds the columns of the fields that have one value.
    pub fn find_one_valued(&mut self) {
        let columns = ONE_VALUED.iter().flat_map(|(field, name)| {
            let columns = self.columns.get(field).into_iter();
            let columns = columns.flat_map(|columns| columns.alternatives.iter().flatten());
            columns.map(|column| (*name, *column))
        });
        self.one_valued = columns.collect();
    }

    /// A refusal for each of these cells that is a list of JSON with several values: which of them
    /// counts is not known.
    pub fn lists(&self, row: &impl RowCells) -> Vec<Refusal> {
        let mut refused = Vec::new();
        for (name, column) in &self.one_valued {
            let Some(text) = row.cell(*column).filter(|text| text.starts_with('[')) else {
                continue;
            };
            if serde_json::from_str::<Vec<Value>>(text).is_ok_and(|list| list.len() > 1) {
                let message = message!("est une liste de plusieurs valeurs", "is a list of values");
                refused.push(Refusal::new(*name, text, message));
            }
        }
        refused
    }
}
