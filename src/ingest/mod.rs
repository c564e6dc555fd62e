//! Reads what comes in from outside: exports of cities, catalogues, boundaries, labelled pairs and
//! documents of other Open311 servers.
//!
//! Of a city's export, `read` turns bytes into rows. A [`Profile`] that describes its publisher, or
//! a [`Recognition`] of a sample, says which column is which field. A survey of all rows decides
//! what no row alone says, such as the order of day and month. A mapping then makes each row a
//! draft.

// What is read comes from outside: a number in it may be anything.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

pub mod attributes;
pub mod boundaries;
mod catalogue;
mod category_names;
mod column_addresses;
mod column_areas;
mod column_centres;
mod column_deadlines;
mod column_ends;
mod column_flags;
#[cfg(test)]
mod column_flags_tests;
mod column_guess;
mod column_keys;
mod column_levels;
mod column_names_alone;
mod column_other_ends;
mod column_owners;
mod column_percent;
mod column_place;
mod column_same;
mod column_sample;
mod column_values;
mod column_words;
mod columns_left_out;
mod coordinate_names;
mod date_order;
mod duplicate_model;
mod duplicate_pairs;
mod entities;
mod exchanged;
mod exchanged_dates;
mod garbled;
mod garbled_names;
mod geojson;
mod guesses;
mod hour_names;
mod inspection;
mod key_names;
mod late_columns;
mod mapping;
mod mapping_categories;
mod mapping_fields;
mod mapping_places;
#[cfg(test)]
mod mapping_tests;
mod mapping_times;
mod member_names;
mod month_names;
mod named_projection;
mod negation;
mod no_place;
mod no_time;
mod notes;
mod notes_in_words;
mod numbers;
pub mod open311;
mod os_grid;
mod parted_degrees;
mod place_labels;
mod place_link;
mod place_markers;
mod place_reader;
mod place_text;
mod place_words;
pub mod polygons;
mod profile;
mod profile_columns;
mod profile_gaps;
mod projected_sample;
mod projection;
mod python_literal;
mod question_names;
mod read;
mod recognition;
mod recognition_addresses;
mod recognition_categories;
mod recognition_clocks;
mod recognition_counts;
mod recognition_ends;
mod recognition_groups;
mod recognition_ids;
#[cfg(test)]
mod recognition_ids_tests;
mod recognition_mapping;
mod recognition_members;
mod recognition_owners;
mod recognition_pairs;
mod recognition_places;
mod recognition_preferences;
mod recognition_reasons;
#[cfg(test)]
mod recognition_tests;
#[cfg(test)]
mod recognition_words_tests;
mod recognition_years;
mod refusal_counts;
mod refused_rows;
mod row_ids;
mod row_lists;
mod row_naming;
mod row_note;
mod row_status;
mod row_zones;
mod source;
mod source_ids;
mod source_sample;
mod source_survey;
mod split_dates;
mod status_codes;
mod status_doubts;
mod status_stems;
mod status_words;
#[cfg(test)]
mod status_words_tests;
mod survey;
mod survey_places;
mod survey_projected;
#[cfg(test)]
mod survey_tests;
mod survey_texts;
mod survey_zones;
mod system_codes;
mod system_words;
mod time_calendars;
mod time_of_day;
mod time_style;
mod time_text;
mod time_zones;
mod times;
mod wanted;
mod zone_systems;
mod zone_words;

pub use catalogue::builtin as builtin_catalogue;
pub use date_order::{DateOrder, orders_in_words};
pub use duplicate_model::{builtin as builtin_model, read as read_model, write as write_model};
pub use duplicate_pairs::{Pair, read as read_pairs};
pub use exchanged::principal_city;
pub use inspection::{Declarations, InspectedColumn, Inspection};
pub use mapping::Category;
pub use negation::Negation;
pub use notes::{NoPlace, NotedWord, Notes, status_word};
pub use profile::Profile;
pub use profile_columns::{ColumnWord, ProfileColumns};
pub use projection::Projection;
pub use read::{DocumentPage, JoinedPages, ReadOptions, SPOOL_BYTES_MAX, spool, unreadable};
pub use recognition::{RecognisedColumn, Recognition};
pub use recognition_mapping::{Declared, RECOGNISED};
pub use refusal_counts::{RefusalCounts, RefusalKind};
pub use refused_rows::{OriginalRow, RefusedRows};
pub use row_ids::RowIds;
pub use source::{RowSink, SourceFile, SourceRow};
pub use source_sample::SourceSample;
pub use survey::OpenQuestion;
