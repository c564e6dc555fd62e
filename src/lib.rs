//! # pointchaud: a city's 311 requests, live
//!
//! A report walks through the rooms of this house in the order below:
//!
//! `bytes → format → Draft → report (the one gate) → Report → store (durable commit, revision)
//! → index.apply → query → format → bytes`
//!
//! | room | what it holds | may use |
//! |---|---|---|
//! | [`error`] | one error, with words for people and a cause for operators | – |
//! | [`place`] | the Earth: positions, metres, polygons, the map's grid and tiles, H3's | – |
//! | [`report`] | the domain: reports, services, filters, and the gate | `place` `error` |
//! | [`store`] | the durable truth, one contract; alone knows SQL | `report` `place` `error` |
//! | [`index`] | the views in memory that one function keeps | `report` `place` |
//! | [`statistic`] | methods on plain numbers: hot spots, density, trends, odds | `place` |
//! | [`query`] | questions: from a snapshot to a plain result | `index` `statistic` and theirs |
//! | [`mod@format`] | outside languages, both directions | `query` and what it uses |
//! | [`media`] | photos: checked, stripped, kept in a folder or a bucket | `place` `error` |
//! | [`config`] | every limit, with unit and default | – |
//! | [`app`] | alone orders store-then-index | `store` `index` `report` `place` `error` `config` |
//! | [`watch`] | what is looked for without being asked | `app` `query` `store` and theirs |
//! | [`http`] | paths and the page; alone knows `axum` | `app` `watch` `format` and theirs |
//! | [`demo`] | the generated city and its ground truth | `report` `place` |
//! | [`command`] | the command line: wiring | all |
//!
//! Beside `src/`: `static/` is the map page, which `build.rs` builds into the program; `data/`
//! holds the service catalogue, import profiles and the demo city's table; `tests/` come in through
//! the front door; `benches/` measures all this beside its peers.
//!
//! # Invariants
//!
//! - **I1** A [`report::Report`] is made only by [`report::Gate`], or by the store from a row that
//!   the gate once passed, re-checked. A refusal names field, value and reason
//!   (`tests/import.rs`, `tests/http.rs`).
//! - **I2** Commit first, index second, answer last. A crash in between heals at boot, which folds
//!   the same `apply` over the store (`tests/durability.rs`).
//! - **I3** Every change has a growing revision, taken in the same transaction as its rows. The
//!   index knows how far it has read, answers carry it as ETag and `as_of`, `/readyz` shows the lag
//!   (`tests/store.rs`).
//! - **I4** The order of two coordinates is a matter of `format` and of named parameters; inside
//!   there is [`place::Position`]. Distances are [`place::Meters`] on one sphere.
//! - **I5** Every question has a limit and says whether it was reached. Unknown parameters and
//!   values are refused, never passed over (`tests/http.rs`).
//! - **I6** Equal distances and equal times are ordered by id: every answer can be reproduced, and
//!   equals a linear scan (`tests/oracle.rs`).
//! - **I7** No lock is held across an await. Questions run on a bounded pool; readers hold a
//!   snapshot and never wait for a writer.
//! - **I8** The page uses only the public API, and whatever the map shows is also in a list
//!   (`tests/browser/page.test.mjs`).
//!
//! `tests/house.rs` keeps the walls: who may use whom, and how long a file and a function may be.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod error;
pub mod export;
pub mod http;
pub mod i18n;
pub mod index;
pub mod ingest;
pub mod media;
pub mod place;
pub mod query;
pub mod statistics;
pub mod store;
pub mod usecase;
