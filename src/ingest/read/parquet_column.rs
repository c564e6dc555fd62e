//! Values of a column of Parquet, as texts: the physical type with what the schema says it means.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use crate::ingest::read::geometry::hexadecimal;

/// Binary values up to this length may be geometries; longer ones are left out.
const BINARY_MAX: usize = 64;
/// Most digits after the point of a decimal number.
const SCALE_MAX: i32 = 38;

/// What the values of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnMeaning {
    /// What the physical type says.
    Plain,
    /// An integer without a sign.
    Unsigned,
    /// Days since 1970.
    Day,
    /// A time since 1970: its units in a second, and whether it is of UTC or a wall clock's.
    Time { per_second: i64, is_utc: bool },
    /// A decimal number with so many digits after its point.
    Decimal(i32),
}

/// What is needed to read a column and to write its values as texts.
#[derive(Debug, Clone, Copy)]
pub struct LeafKind {
    meaning: ColumnMeaning,
    max_level: i16,
}

impl LeafKind {
    /// The kind of a column.
    pub fn of(column: &ColumnDescriptor) -> Self {
        let scale = column.type_scale().clamp(0, SCALE_MAX);
        let meaning = match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp(time)), _) => {
                let per_second = match time.unit {
                    TimeUnit::MILLIS => 1_000,
                    TimeUnit::MICROS => 1_000_000,
                    TimeUnit::NANOS => 1_000_000_000,
                };
                ColumnMeaning::Time { per_second, is_utc: time.is_adjusted_to_u_t_c }
            }
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => ColumnMeaning::Day,
            (Some(LogicalType::Decimal(_)), _) | (None, ConvertedType::DECIMAL) => {
                ColumnMeaning::Decimal(scale)
            }
            (Some(LogicalType::Integer(kind)), _) if !kind.is_signed => ColumnMeaning::Unsigned,
            (None, ConvertedType::TIMESTAMP_MILLIS) => {
                ColumnMeaning::Time { per_second: 1_000, is_utc: true }
            }
            (None, ConvertedType::TIMESTAMP_MICROS) => {
                ColumnMeaning::Time { per_second: 1_000_000, is_utc: true }
            }
            (None, ConvertedType::UINT_32 | ConvertedType::UINT_64) => ColumnMeaning::Unsigned,
            _ => ColumnMeaning::Plain,
        };
        Self { meaning, max_level: column.max_def_level() }
    }
}

/// One value.
#[derive(Debug, Clone)]
pub enum LeafValue {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text or bytes.
    Bytes(ByteArray),
}

impl LeafValue {
    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            _ => 8,
        }
    }

    /// Its bytes, where it is binary.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes.data()),
            _ => None,
        }
    }

    /// Its number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// Its text; `None` for long binary values.
    pub fn text(&self, kind: &LeafKind) -> Option<String> {
        Some(match (self, kind.meaning) {
            (Self::Bool(truth), _) => truth.to_string(),
            (Self::Number(number), _) => number.to_string(),
            (Self::Integer(days), ColumnMeaning::Day) => {
                let span = Span::new().try_days(*days).ok()?;
                let day = Date::constant(1970, 1, 1).checked_add(span);
                day.map_or_else(|_| days.to_string(), |day| day.to_string())
            }
            (Self::Integer(count), ColumnMeaning::Time { per_second, is_utc }) => {
                let at = Timestamp::from_second(count.div_euclid(per_second));
                match (at, is_utc) {
                    (Ok(at), true) => at.to_string(),
                    (Ok(at), false) => TimeZone::UTC.to_datetime(at).to_string(),
                    (Err(_), _) => count.to_string(),
                }
            }
            (Self::Integer(number), ColumnMeaning::Unsigned) => number.cast_unsigned().to_string(),
            (Self::Integer(number), ColumnMeaning::Decimal(scale)) => {
                decimal(i128::from(*number), scale)
            }
            (Self::Integer(number), ColumnMeaning::Plain) => number.to_string(),
            (Self::Bytes(bytes), ColumnMeaning::Decimal(scale)) => {
                decimal(big_endian(bytes.data())?, scale)
            }
            (Self::Bytes(bytes), _) => match std::str::from_utf8(bytes.data()) {
                Ok(text) if !text.contains('\0') => text.to_owned(),
                _ if bytes.len() <= BINARY_MAX => hexadecimal(bytes.data()),
                _ => return None,
            },
        })
    }
}

/// A signed integer in two's complement, of at most 16 bytes.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first().filter(|_| bytes.len() <= 16)?;
    let start: i128 = if first >= 0x80 { -1 } else { 0 };
    Some(bytes.iter().fold(start, |sum, byte| sum << 8 | i128::from(*byte)))
}

/// A number with its point so many digits before the end.
fn decimal(number: i128, scale: i32) -> String {
    let scale = usize::try_from(scale).unwrap_or_default();
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// Values of consecutive rows of one column.
#[derive(Debug, Default)]
pub struct Batch {
    values: std::vec::IntoIter<LeafValue>,
    /// For each row, whether it has a value.
    present: std::vec::IntoIter<bool>,
}

impl Batch {
    /// The value of the next row, where it has one.
    pub fn next(&mut self) -> Option<LeafValue> {
        if self.present.next()? { self.values.next() } else { None }
    }

    /// Reads the values of the next rows.
    ///
    /// # Errors
    /// The column is damaged, or has fewer rows.
    pub fn read(reader: &mut ColumnReader, kind: &LeafKind, rows: usize) -> Result<Self> {
        let mut levels: Vec<i16> = Vec::new();
        macro_rules! read {
            ($reader:expr, $value:expr) => {{
                let mut values = Vec::new();
                let (mut left, mut read) = (rows, 0);
                while left > 0 {
                    let (records, ..) =
                        $reader.read_records(left, Some(&mut levels), None, &mut values)?;
                    if records == 0 {
                        break;
                    }
                    (left, read) = (left.saturating_sub(records), read + records);
                }
                (read, values.into_iter().map($value).collect::<Vec<LeafValue>>())
            }};
        }
        let (read, values) = match reader {
            ColumnReader::BoolColumnReader(reader) => read!(reader, LeafValue::Bool),
            ColumnReader::Int32ColumnReader(reader) => match kind.meaning {
                ColumnMeaning::Unsigned => read!(reader, |number: i32| {
                    LeafValue::Integer(i64::from(number.cast_unsigned()))
                }),
                _ => read!(reader, |number: i32| LeafValue::Integer(i64::from(number))),
            },
            ColumnReader::Int64ColumnReader(reader) => read!(reader, LeafValue::Integer),
            ColumnReader::Int96ColumnReader(reader) => {
                // Seconds of UTC, as the programs that write this retired type mean it.
                let text = |time: Int96| match Timestamp::from_second(time.to_seconds()) {
                    Ok(at) => LeafValue::Bytes(at.to_string().as_str().into()),
                    Err(_) => LeafValue::Integer(time.to_seconds()),
                };
                read!(reader, text)
            }
            ColumnReader::FloatColumnReader(reader) => {
                // The shortest decimals of the number, not those of its 64-bit neighbour.
                let wide = |number: f32| number.to_string().parse().unwrap_or(f64::from(number));
                read!(reader, |number: f32| LeafValue::Number(wide(number)))
            }
            ColumnReader::DoubleColumnReader(reader) => read!(reader, LeafValue::Number),
            ColumnReader::ByteArrayColumnReader(reader) => read!(reader, LeafValue::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                read!(reader, |bytes: FixedLenByteArray| LeafValue::Bytes(bytes.into()))
            }
        };
        let present: Vec<bool> = match kind.max_level {
            0 => vec![true; read],
            most => levels.iter().map(|level| *level == most).collect(),
        };
        if read != rows || values.len() != present.iter().filter(|has| **has).count() {
            return Err(ParquetError::General("columns of different lengths".into()));
        }
        Ok(Self { values: values.into_iter(), present: present.into_iter() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_schema_means_them() {
        let text = |value: LeafValue, meaning| {
            value.text(&LeafKind { meaning, max_level: 0 }).unwrap_or_default()
        };
        let integer = LeafValue::Integer;
        let utc = ColumnMeaning::Time { per_second: 1_000, is_utc: true };
        let local = ColumnMeaning::Time { per_second: 1_000_000_000, is_utc: false };
        assert_eq!(text(integer(1_772_371_800_999), utc), "2026-03-01T13:30:00Z");
        assert_eq!(text(integer(-1), utc), "1969-12-31T23:59:59Z");
        assert_eq!(text(integer(1_772_371_800_999_999_999), local), "2026-03-01T13:30:00");
        assert_eq!(text(integer(i64::MAX), utc), i64::MAX.to_string());
        assert_eq!(text(integer(20_513), ColumnMeaning::Day), "2026-03-01");
        assert_eq!(text(integer(i64::MAX), ColumnMeaning::Day), "");
        assert_eq!(text(integer(-1), ColumnMeaning::Unsigned), u64::MAX.to_string());
        assert_eq!(text(integer(-12_345), ColumnMeaning::Decimal(2)), "-123.45");
        assert_eq!(text(integer(5), ColumnMeaning::Decimal(3)), "0.005");
        let bytes = |bytes: &[u8]| LeafValue::Bytes(ByteArray::from(bytes.to_vec()));
        assert_eq!(text(bytes(&[0xff, 0x85]), ColumnMeaning::Decimal(1)), "-12.3");
        assert_eq!(text(bytes("été".as_bytes()), ColumnMeaning::Plain), "été");
        assert_eq!(text(bytes(&[1, 1, 0, 0, 0]), ColumnMeaning::Plain), "0101000000");
        assert_eq!(text(bytes(&[0; 65]), ColumnMeaning::Plain), "");
    }
}
