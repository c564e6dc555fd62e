//! Times in formats whose columns hold instants alone. A time whose hour is not known is written as
//! the first instant of its day in the city, and the day in a column of its own.

use crate::domain::fields::Kind;
use crate::domain::{Field, ReportTime, StoredReport};

/// Times that are often days without an hour: they are texts.
const TEXT_TIMES: [&str; 1] = ["expected_datetime"];

/// The columns with the days of [`instants`] whose hour is not known.
pub const DAY_COLUMNS: [&str; 3] = ["requested_day", "updated_day", "closed_day"];

/// Is the field a column of instants?
pub fn is_instant(field: &Field) -> bool {
    field.kind == Kind::Time && !TEXT_TIMES.contains(&field.name)
}

/// The values of the columns of instants, in the order of the fields.
pub fn instants(stored: &StoredReport) -> [Option<ReportTime>; 3] {
    let report = &stored.report;
    [Some(report.requested), report.updated, report.closed]
}
