//! What a column of a file most likely is, by the words of its name and by its values.

pub mod addresses;
pub mod areas;
pub mod centres;
pub mod concepts;
pub mod coordinate_names;
pub mod deadlines;
pub mod ends;
pub mod flags;
#[cfg(test)]
mod flags_tests;
pub mod garbled_names;
pub mod guess;
pub mod hour_names;
pub mod key_names;
pub mod keys;
pub mod late;
pub mod level_names;
pub mod levels;
pub mod member_names;
pub mod names_alone;
pub mod other_ends;
pub mod owners;
pub mod percent;
pub mod place;
pub mod question_names;
pub mod same;
pub mod sample;
pub mod site_names;
pub mod values;
pub mod words;
