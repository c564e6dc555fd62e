//! The tests that use the public interface of the crate or the running program, in one binary: the
//! library is linked once, and the helpers in `common` are compiled once.
//!
//! Beside it stand two binaries of their own: `tests/durability.rs`, which loads and kills the
//! program for a minute and would delay every test that runs at the same time, and
//! `tests/house/main.rs`, which reads the sources as text and runs even where the library does not
//! compile with its tests.

mod common;

mod access;
mod address_columns;
mod antimeridian;
mod archives;
mod area_centres;
mod area_columns;
mod areas;
mod bad_files;
mod batches;
mod cities;
mod city_layouts;
mod clients;
mod closing_columns;
mod commands;
mod connections;
mod cookbook;
mod coordinate_columns;
mod coordinate_layouts;
mod cql2;
mod docs;
mod downloads;
mod duplicate_ranking;
mod duplicates;
mod encodings;
mod field_cases;
mod first_columns;
mod first_files;
mod first_words;
mod follow;
mod foreign_files;
mod full_index;
mod fuzz;
mod groups;
mod hexes;
mod hotspot_answers;
mod hotspot_filters;
mod hotspots;
mod http;
mod http_letter;
mod id_columns;
mod import;
mod import_answers;
mod imports;
mod incidents;
mod inspections;
mod json_lists;
mod json_places;
mod json_tables;
mod jurisdictions;
mod known_ids;
mod labels;
mod large;
mod later_files;
mod media;
mod metrics;
mod missing_signs;
mod mixed_places;
mod named_systems;
mod odd_sources;
mod odd_tables;
mod ogc;
mod open311;
mod openapi;
mod openapi_links;
mod oracle;
mod pages;
mod place_columns;
mod planted_hotspots;
mod polygons;
mod profile_gaps;
mod readers;
mod recognition;
mod refused_rows;
mod repeats;
mod request_keys;
mod round_trips;
mod schemas;
mod sheet_cells;
mod sources;
mod statistics;
mod stats;
mod status_columns;
mod store;
mod summary;
mod tiles;
mod time_formats;
mod times_of_day;
mod updates;
