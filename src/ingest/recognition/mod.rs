//! Files of unknown layout: which column is which field of a report, and what is doubtful.

pub mod accuracy;
pub mod addresses;
pub mod arcgis;
pub mod categories;
pub mod city_parts;
pub mod clocks;
pub mod codes;
pub mod counts;
pub mod ends;
pub mod groups;
pub mod guesses;
pub mod ids;
#[cfg(test)]
mod ids_tests;
pub mod inspection;
pub mod levels;
pub mod mapping;
pub mod members;
pub mod other_times;
pub mod owners;
pub mod pairs;
pub mod places;
pub mod preferences;
pub mod reasons;
pub mod recognised;
pub mod sites;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod words_tests;
pub mod years;
