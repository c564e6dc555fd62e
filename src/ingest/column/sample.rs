//! The first rows of a file, looked at column by column.

use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::column::values::{ColumnSample, clocks};
use crate::ingest::entities::without_entities;
use crate::ingest::read::{Input, Row, SourceColumns};
use crate::message;

/// Rows of the sample.
const SAMPLE_ROWS: u32 = 2_000;
/// Rows that are read for the sample, with those that are refused.
const ROWS_READ_MAX: u32 = 20_000;
/// The sample ends after this many cells that hold a text.
const CELLS_MAX: usize = 400_000;
/// The sample ends after this many bytes of text.
const BYTES_MAX: usize = 16 << 20;
/// Bytes of a cell that are looked at: what a column is shows at the start of its texts.
const CELL_BYTES_MAX: usize = 64 << 10;

/// The columns, what the sample says about each, and the rows of the sample. Its size is limited
/// in rows, cells and bytes, not in time: a file is recognised in the same way on every machine.
///
/// # Errors
/// The input cannot be read.
pub fn sample(input: &Input) -> Result<(SourceColumns, Vec<ColumnSample>, u32)> {
    let (mut rows, clocks) = (input.rows()?, clocks());
    let mut values: Vec<ColumnSample> = Vec::new();
    let (mut row, mut count) = (Row::default(), 0);
    let (mut cells, mut bytes, mut refused) = (0, 0, None);
    for _ in 0..ROWS_READ_MAX {
        let is_full = count >= SAMPLE_ROWS || cells >= CELLS_MAX || bytes >= BYTES_MAX;
        if is_full || !rows.next(&mut row)? {
            break;
        }
        if let Some(refusal) = row.refusal.take() {
            refused.get_or_insert((row.number, refusal.message));
            continue;
        }
        count += 1;
        for (number, cell) in row.cells.iter().enumerate() {
            if values.len() <= number {
                values.resize_with(number + 1, ColumnSample::default);
            }
            if let (Some(cell), Some(column)) = (cell, values.get_mut(number)) {
                column.add(count, &without_entities(start_of(cell)), &clocks);
                (cells, bytes) = (cells + 1, bytes + cell.len());
            }
        }
    }
    if let Some((line, reason)) = refused.filter(|_| count == 0) {
        return Err(none_read(input.label(), line, &reason));
    }
    let columns = rows.columns().clone();
    values.resize_with(columns.len(), ColumnSample::default);
    Ok((columns, values, count))
}

/// The error of a file none of whose first rows can be read, by the first of them.
fn none_read(label: &str, line: u64, reason: &Message) -> Error {
    let Message { fr, en } = reason;
    let message = message!(
        "n’a aucune ligne lisible parmi les premières ; ligne ou enregistrement {line} : {fr}",
        "has no row that can be read among the first ones; line or record {line}: {en}"
    );
    Refusal::new("file", label, message).into()
}

/// The first [`CELL_BYTES_MAX`] bytes of a cell, without the character that goes on after them.
fn start_of(cell: &str) -> &str {
    let most = cell.len().min(CELL_BYTES_MAX);
    let end = (0..=most).rev().find(|at| cell.is_char_boundary(*at));
    cell.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::read::ReadOptions;

    #[test]
    fn only_the_start_of_a_long_cell_is_looked_at() {
        for long in ["x\n", "é", "🌳, ", "1 "] {
            let cell = long.repeat(CELL_BYTES_MAX);
            let name = format!("pointchaud-sample-{}-{}.csv", std::process::id(), long.len());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, format!("a,b,c\n1,\"{cell}\",z\n2,short,z\n")).unwrap();
            let input = Input::open(&path, &ReadOptions::default()).unwrap();
            let (_, values, rows) = sample(&input).unwrap();
            std::fs::remove_file(&path).unwrap();
            let mut lengths: Vec<usize> = values[1].distinct.keys().map(String::len).collect();
            lengths.sort_unstable();
            assert_eq!((rows, lengths.len(), lengths[0]), (2, 2, 5), "{long:?}");
            assert!((CELL_BYTES_MAX - 6..=CELL_BYTES_MAX).contains(&lengths[1]), "{lengths:?}");
        }
    }
}
