//! Conversion between a report and the values of its stored fields.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::domain::report::fields::{FieldAccess, FieldValue, STORED};
use crate::domain::report::record::Report;
use crate::place::Position;

/// The values of a stored row, by the number of their field in [`STORED`].
pub trait StoredRow {
    /// Why a value cannot be read.
    type Error;

    /// The text of a column; `None` if it is NULL.
    ///
    /// # Errors
    /// The column cannot be read.
    fn text(&self, column: usize) -> Result<Option<&str>, Self::Error>;

    /// The number of a column; `None` if it is NULL.
    ///
    /// # Errors
    /// The column cannot be read.
    fn number(&self, column: usize) -> Result<Option<f64>, Self::Error>;

    /// The error for a column whose value is not valid for its field.
    fn corrupt(&self, column: usize, value: &str) -> Self::Error;
}

impl Report {
    /// The values of all stored fields as text, in the order of [`STORED`].
    pub fn values(&self) -> Vec<Option<Cow<'_, str>>> {
        STORED.iter().map(|field| field.of(self).map(FieldValue::into_text)).collect()
    }

    /// Reads a report from a row that the gate admitted earlier, and checks every value again.
    ///
    /// # Errors
    /// A value that cannot be read or is not valid for its field.
    pub fn of_row<R: StoredRow>(row: &R, zone: &TimeZone) -> Result<Self, R::Error> {
        let mut report = Self::blank();
        let mut degrees = [None; 2];
        for (column, field) in STORED.iter().enumerate() {
            if let FieldAccess::Position(_) = field.access {
                degrees[usize::from(field.name == "lat")] = row.number(column)?;
                continue;
            }
            match row.text(column)? {
                None if field.required => return Err(row.corrupt(column, "NULL")),
                None => {}
                Some(text) if field.set(&mut report, text, zone) => {}
                Some(text) => return Err(row.corrupt(column, text)),
            }
        }
        if let [Some(lon), Some(lat)] = degrees {
            let place = Position::new(lon, lat);
            let column = |name: &str| STORED.iter().position(|field| field.name == name);
            report.position = Some(place.map_err(|out| {
                row.corrupt(column(out.axis).unwrap_or_default(), &out.to_string())
            })?);
        }
        report.details = report.details.filter(|details| !details.is_empty());
        Ok(report)
    }
}
