//! The first rows of a file, looked at column by column.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::ingest::column_values::{ColumnSample, clocks};
use crate::ingest::read::{Input, Row, SourceColumns};

/// Rows of the sample.
const SAMPLE_ROWS: u32 = 2_000;

/// Longest time for reading the sample.
const SAMPLE_TIME: Duration = Duration::from_secs(2);

/// The columns, what the sample says about each, and the rows of the sample.
///
/// # Errors
/// The input cannot be read.
pub fn sample(input: &Input) -> Result<(SourceColumns, Vec<ColumnSample>, u32)> {
    let (mut rows, clocks, began) = (input.rows()?, clocks(), Instant::now());
    let mut values: Vec<ColumnSample> = Vec::new();
    let (mut row, mut count) = (Row::default(), 0);
    while count < SAMPLE_ROWS && began.elapsed() < SAMPLE_TIME && rows.next(&mut row)? {
        if row.refusal.take().is_some() {
            continue;
        }
        count += 1;
        for (number, cell) in row.cells.iter().enumerate() {
            if values.len() <= number {
                values.resize_with(number + 1, ColumnSample::default);
            }
            if let Some(cell) = cell {
                values[number].add(count, cell, &clocks);
            }
        }
    }
    let columns = rows.columns().clone();
    values.resize_with(columns.len(), ColumnSample::default);
    Ok((columns, values, count))
}
