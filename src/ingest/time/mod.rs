//! Dates and times as files write them, in one order and zone for the whole file.

pub mod calendars;
pub mod date_order;
pub mod exchanged_dates;
pub mod month_names;
pub mod no_time;
pub mod of_day;
pub mod reader;
pub mod split_dates;
pub mod style;
pub mod text;
pub mod zone_words;
pub mod zones;
