//! One limit: its name, the unit in which people write it, and how its text is read.

use std::time::Duration;

use super::machine::memory_share;

/// The unit in which a limit is written. A number of seconds is kept as milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitUnit {
    /// A whole number of these things.
    Count(&'static str),
    /// Bytes: `1048576`, `1024K`, `1M` or `1MiB`; the letters stand for powers of 1,024.
    Bytes,
    /// Seconds, also fractions: `0.5`.
    Seconds,
    /// Bytes, or a percentage of the memory that this process may have: `60%`.
    Memory,
}

/// Why a text is no value of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitFault {
    /// It is not written in the unit of the limit.
    Malformed,
    /// It is less than the limit may be, which is this number in the unit of the limit.
    TooSmall(u64),
}

/// A limit among `L`, with all that its option, its environment variable and its documentation
/// need.
pub struct Limit<L> {
    /// The name of its member.
    pub name: &'static str,
    /// What it bounds, with a space before each line.
    pub(super) description: &'static str,
    /// The unit in which it is written.
    pub unit: LimitUnit,
    /// Its least value: of seconds a whole number of milliseconds.
    pub(super) min: u64,
    /// What its default is, where it depends on the machine.
    pub(super) computed_default: Option<&'static str>,
    pub(super) get: fn(&L) -> u64,
    pub(super) set: fn(&mut L, u64),
}

/// A type of members that are limits, as a number.
pub(super) trait LimitField {
    /// Its number; of a time, milliseconds.
    fn to_number(&self) -> u64;
    /// The value of a number; the greatest one where it is out of range.
    fn of_number(number: u64) -> Self;
}

macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl LimitField for $type {
            fn to_number(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }

            fn of_number(number: u64) -> Self {
                Self::try_from(number).unwrap_or(Self::MAX)
            }
        })+
    };
}

numbers!(usize, u64, u32);

impl LimitField for Duration {
    fn to_number(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }

    fn of_number(number: u64) -> Self {
        Self::from_millis(number)
    }
}

impl<L: Default> Limit<L> {
    /// Its option of `pointchaud serve`, without the dashes: `header-time-max`.
    pub fn option(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Its environment variable: `POINTCHAUD_HEADER_TIME_MAX`.
    pub fn variable(&self) -> String {
        format!("POINTCHAUD_{}", self.name.to_ascii_uppercase())
    }

    /// What it bounds, in one line.
    pub fn description(&self) -> &'static str {
        self.description.trim_start()
    }

    /// The word for its value in help texts: `SECONDS`.
    pub fn value_name(&self) -> String {
        match self.unit {
            LimitUnit::Count(things) => things.to_ascii_uppercase(),
            LimitUnit::Bytes => "BYTES".into(),
            LimitUnit::Seconds => "SECONDS".into(),
            LimitUnit::Memory => "BYTES|PERCENT".into(),
        }
    }

    /// Its default with its unit, as people write it.
    pub fn default_text(&self) -> String {
        if let Some(text) = self.computed_default {
            return text.into();
        }
        let number = (self.get)(&L::default());
        match self.unit {
            LimitUnit::Count(things) => format!("{} {things}", grouped(number)),
            LimitUnit::Seconds => format!("{} s", number as f64 / 1_000.0),
            LimitUnit::Bytes | LimitUnit::Memory => bytes_text(number),
        }
    }

    /// Sets it in `limits` to the value of a text.
    ///
    /// # Errors
    /// The text is malformed or the value is too small.
    pub fn set_text(&self, limits: &mut L, text: &str) -> Result<(), LimitFault> {
        let number = self.number(text).ok_or(LimitFault::Malformed)?;
        if number < self.min {
            return Err(LimitFault::TooSmall(self.min));
        }
        (self.set)(limits, number);
        Ok(())
    }

    fn number(&self, text: &str) -> Option<u64> {
        let text = text.trim();
        match self.unit {
            LimitUnit::Count(_) => digits(text),
            LimitUnit::Bytes => bytes(text),
            LimitUnit::Seconds => {
                let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let seconds: f64 = text.parse().ok().filter(|_| is_plain)?;
                (seconds <= 1e9).then_some((seconds * 1_000.0).round() as u64)
            }
            LimitUnit::Memory => match text.strip_suffix('%') {
                Some(share) => {
                    let share = digits(share.trim()).filter(|share| (1..=100).contains(share))?;
                    Some(memory_share(share))
                }
                None => bytes(text),
            },
        }
    }
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Letters of powers of 1,024.
const POWERS: [(&str, u32); 3] = [("K", 10), ("M", 20), ("G", 30)];

fn bytes(text: &str) -> Option<u64> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_suffix("IB").or_else(|| upper.strip_suffix('B')).unwrap_or(&upper);
    let power = POWERS.iter().find_map(|(letter, bits)| Some((bare.strip_suffix(letter)?, *bits)));
    let (number, bits) = power.unwrap_or((bare, 0));
    digits(number.trim_end())?.checked_mul(1 << bits)
}

/// Bytes in the largest unit of which they are a whole number.
fn bytes_text(number: u64) -> String {
    let whole = |bits: u32| number > 0 && number.is_multiple_of(1 << bits);
    let unit = POWERS.iter().rev().find(|(_, bits)| whole(*bits));
    match unit {
        Some((letter, bits)) => format!("{} {letter}iB", grouped(number >> bits)),
        None => format!("{} bytes", grouped(number)),
    }
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{LIMITS, Limits};
    use super::*;

    fn limit(name: &str) -> &'static Limit<Limits> {
        LIMITS.iter().find(|limit| limit.name == name).unwrap()
    }

    fn read(name: &str, text: &str) -> Result<u64, LimitFault> {
        let mut limits = Limits::default();
        limit(name).set_text(&mut limits, text).map(|()| (limit(name).get)(&limits))
    }

    #[test]
    fn values_are_read_in_their_units() {
        assert_eq!(read("imports_max", "7"), Ok(7));
        assert_eq!(read("header_time_max", "0.5"), Ok(500));
        for (text, bytes) in
            [("4096", 4_096), ("64K", 65_536), ("2MiB", 2 << 20), ("1 gb", 1 << 30)]
        {
            assert_eq!(read("body_bytes_max", text), Ok(bytes), "{text}");
        }
        let (all, half) = (read("memory_max", "100%").unwrap(), read("memory_max", "50%").unwrap());
        assert!(all > 0 && half.abs_diff(all / 2) <= 1, "{half} of {all}");
        assert_eq!(read("memory_max", "1G"), Ok(1 << 30));
    }

    #[test]
    fn other_texts_are_refused() {
        for (name, text) in [
            ("imports_max", ""),
            ("imports_max", "-1"),
            ("imports_max", "+1"),
            ("imports_max", "1.5"),
            ("imports_max", "many"),
            ("header_time_max", "inf"),
            ("header_time_max", "1e3"),
            ("header_time_max", "10 s"),
            ("body_bytes_max", "1T"),
            ("body_bytes_max", "K"),
            ("body_bytes_max", "99999999999G"),
            ("memory_max", "0%"),
            ("memory_max", "101%"),
        ] {
            assert_eq!(read(name, text), Err(LimitFault::Malformed), "{name} {text}");
        }
        assert_eq!(read("imports_max", "0"), Err(LimitFault::TooSmall(1)));
        assert_eq!(read("header_time_max", "0"), Err(LimitFault::TooSmall(1)));
    }

    #[test]
    fn defaults_are_written_with_their_units() {
        let text = |name: &str| limit(name).default_text();
        assert_eq!(text("connections_max"), "16,384 connections");
        assert_eq!(text("header_time_max"), "10 s");
        assert_eq!(text("batch_bytes_max"), "64 MiB");
        assert_eq!(text("id_bytes_max"), "4,294,967,295 bytes");
        assert_eq!(text("memory_max"), "60 %");
    }
}
