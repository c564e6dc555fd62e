//! # pointchaud: a geospatial hotspot service for a city's 311 requests
//!
//! A *room* is a top-level module. A report passes through them in this order:
//!
//! `bytes → ingest → Draft → usecase (Gate → Report → store: durable commit, revision → index) →
//! query → export or http → bytes`
//!
//! | room | what it holds | may use |
//! |---|---|---|
//! | [`place`] | the Earth: positions, metres, polygons, the Mercator grid, map tiles, H3 cells | – |
//! | [`statistics`] | methods on plain numbers: Gi\*, space–time scan, DBSCAN, logistic regression | `place` |
//! | [`i18n`] | French and English: messages, plurals, numbers, dates | – |
//! | [`error`] | one error type: a message for people, a cause for operators | `i18n` |
//! | [`config`] | limits that belong to no single parameter | – |
//! | [`domain`] | reports, services, filters, incidents, and the gate that admits a report | `place` `i18n` `error` |
//! | [`store`] | the durable record of changes; the only room that knows SQL | `domain` and what it uses |
//! | [`index`] | the in-memory index of a city; one function applies changes, at boot and live | `domain` `place` |
//! | [`query`] | pure functions from a snapshot of the index to a result | `index` `statistics` `domain` `place` `i18n` `error` |
//! | [`ingest`] | outside files and servers read into drafts | `query` (the duplicate model) `domain` `place` `i18n` `error` |
//! | [`export`] | reports written as GeoJSON, CSV, GeoParquet, GeoPackage, FlatGeobuf | `index` `query` `domain` `place` `i18n` `error` |
//! | [`media`] | photos: checked, stripped of metadata, stored in a folder or a bucket | `place` `i18n` `error` |
//! | [`usecase`] | what the service does, without a protocol: submit, change, import, search, watch | `store` `ingest` `index` `query` `statistics` `domain` `place` `i18n` `error` `config` |
//! | [`http`] | the HTTP API, Open311, OGC, tiles and the map page; the only room that knows `axum` | every room above but `store` |
//! | [`demo`] | the generated city and its ground truth | `domain` `place` |
//! | [`cli`] | the command line, a file for each command; also downloads, mirroring, training and evaluation, which only commands use | all |
//!
//! Outside `src/`: `static/` is the map page, which `build.rs` compiles into the program; `data/`
//! holds the service catalogue, import profiles and the demo city's table; `tests/` drives the
//! service through its public interfaces; `benches/` measures it beside its peers; `docs/` explains
//! it to people.
//!
//! # Glossary
//!
//! | term | meaning | elsewhere |
//! |---|---|---|
//! | report | one citizen's request, with a tracking number, a service, a status and usually a position | Open311: service request |
//! | service | what a report is about, such as `nid-de-poule`; services form groups | Open311: service, group |
//! | jurisdiction | one city, the tenant; part of every key. In prose: city | Open311: `jurisdiction_id` |
//! | incident | a real-world problem: an original report and its duplicates | – |
//! | draft | a report as a sender wrote it, before it was checked | – |
//! | profile | the column names, words and time zone of one publisher's files, as TOML | – |
//! | mapping | a profile that describes one file; in `ingest`, a profile bound to a file's columns | – |
//! | recognition | which column is which field, concluded from names and values of a sample | schema inference |
//! | survey | the look over all rows that decides the date order, the order of pairs, the projection | – |
//! | extent | the box in which a city's reports lie, set or learned from them | OGC: spatial extent |
//! | default point | a place that a publisher gives to requests whose place is unknown; kept as approximate | – |
//! | wall clock | a local time without an offset from UTC | – |
//! | checkpoint | how far an import has come: the digest of its file and the rows done | – |
//! | digest | a hash of reports that two stores of equal content share | – |
//! | gate | the checks that turn a draft into a report or into refusals | validation |
//! | revision | the number that each change of a jurisdiction receives; it only grows | log sequence number |
//! | snapshot | the index as of one revision, immutable | MVCC snapshot |
//! | segment | an immutable part of the index; small segments are merged into larger ones | Lucene, tantivy: segment |
//! | document address | segment and slot of a report in a snapshot | tantivy: `DocAddress` |
//! | delete bitmap | which slots of a segment no longer hold the present state of a report | tantivy: `DeleteBitSet` |
//! | partial index | the access paths of one segment restricted to one service or to open reports | SQL: partial index |
//! | compiled filter | a filter whose words were replaced by the numbers of a snapshot's dictionaries | – |
//! | selection | the slots of a segment that pass a compiled filter | selection vector |
//! | grid cell | a square of the Web Mercator grid at one level; a map tile covers whole cells | quadtree cell |
//! | H3 cell | a hexagon of the H3 grid at one resolution | OGC DGGS zone |
//! | H3 fragment | a region that no H3 cell boundary of any resolution in use crosses | – |
//! | cluster | the reports of one grid cell, as a map draws them at a zoom | – |
//! | hotspot | a region of touching H3 cells whose count is significantly high | hot spot (Getis–Ord) |
//! | exposure | the counts that a hotspot test compares with | epidemiology: population at risk |
//! | false discovery rate | expected share of false ones among what is called significant | Benjamini–Hochberg |
//! | track | the life of a hotspot that standing searches find again and again, with its number | – |
//! | standing search | the hotspot search that the background watch repeats and whose results keep their ids | – |
//! | boundary set | named areas of a city, such as its quartiers | OGC: feature collection |
//!
//! # How to add
//!
//! - **A field of reports**: a member of [`domain::Details`], an entry in
//!   `domain/report/fields/table.rs`, and a column by a migration (`store/sqlite/migrations/`,
//!   listed in `store/sqlite/open.rs`). Row decoding, history, digests, CSV, GeoJSON, GeoParquet,
//!   GeoPackage, FlatGeobuf, OGC properties, the OpenAPI document and import mappings follow from
//!   the entry. The migration gives rows of older stores a value; the view `city_report` lists the
//!   column. The page's labels of it are `field.…` (histories) and `import.field.…` (imports) in
//!   `static/locales/fr.json` and `static/locales/en.json`.
//!   Where the field has a place in Open311, `http/open311/answer.rs` has its member,
//!   `http/open311/document.rs` writes it and `ingest/open311.rs` reads it. Where imports should
//!   recognise its column by name and values, its words are in `ingest/column/words.rs` and its
//!   choice in `ingest/column/guess.rs`. The public sees it only of services that are `exact`,
//!   unless `domain/visibility/public_rules.rs` keeps it.
//! - **An endpoint**: a file in `http/v1/` with its parameters, its handler, its response type
//!   and its `operations()`; what it decides about reports (thresholds, checks that need the
//!   city, which results are part of an answer) is a function in `usecase/` or `query/`, which the
//!   handler calls; one line each in `http/v1/mod.rs` and `http/mod.rs`; a line in
//!   `docs/api.md`; the French of its descriptions (`x-fr` or `http/openapi/french.rs`). Tests fail
//!   where one is missing. The router, the OpenAPI document and the refusals follow from
//!   `operations()`. An endpoint that is not for everybody says so there by `.needs(Permission)`;
//!   then the table of permissions in `docs/operations.md` and that in `tests/it/permissions.rs`
//!   get a row, and a new permission stands in `domain/access/role.rs`. An answer that only counts
//!   takes `view.counted()`, so that services of `cell` are part of it.
//! - **A filter**: a member of [`domain::Filter`], which the compiler then asks for in
//!   `Filter::is_plain` and `Filter::query_pairs`; its parameter in `http/request/params.rs`; its
//!   test of a slot in `index/compiled_filter.rs`; its case in `passes` of
//!   `tests/it/common/world.rs`, the linear scan that every query is compared with. A filter by
//!   what the index does not hold first needs a column in `index/columns.rs`.
//! - **A statistic**: a file in `statistics/` on plain numbers, with its source and a published
//!   example as a test; a file in `query/` that takes its numbers from a snapshot; both declared
//!   in the `mod.rs` of their rooms. A new endpoint, or a member of an existing response in its
//!   file of `http/v1/` with its French (`x-fr` or `http/openapi/french.rs`) and a test. A
//!   comparison with another implementation: `tests/it/statistics.rs` computes ours,
//!   `tests/peers.py` theirs. A paragraph in `docs/methods.md`, a word in `docs/api.md`.
//! - **A store**: a folder beside `store/sqlite/`. Its reader implements [`store::StoreReader`],
//!   and a thread of its own executes the commands of `store/command.rs` from the queue of a
//!   [`store::Writer`]; `store/open.rs` opens both. What an import does to a stored report, how a
//!   command is answered and how contacts are encrypted is the same for all stores
//!   (`store/import_effect.rs`, `store/reply.rs`, `store/private_keys.rs`). `tests/it/store.rs` is
//!   the contract: a function that opens the store, and a list of clauses. Two things are still as
//!   SQLite needs them: a store is named by the path of a file (`cli/shared.rs`,
//!   `usecase/app.rs` and the commands that open one), and the rules of incidents stand between
//!   the SQL of `store/sqlite/write_incidents.rs`.
//!
//! After a change of the API, `make api-types` generates the page's types again.
//!
//! Each was tried by really adding one, and the files counted that it touched:
//!
//! | added | files that were new | files that were changed |
//! |---|---|---|
//! | a statistic: the Gini coefficient of reports in cells, in `/api/v1/stats` | 2 | 8, and the generated `static/api-types.ts` |
//! | a store: everything in memory, which keeps the nine clauses of the contract | 4, in its folder | 3: `store/mod.rs`, `store/open.rs`, `tests/it/store.rs`; 27 files of `usecase` and `cli` named the types of SQLite before |
//!
//! # Invariants
//!
//! - **I1** A [`domain::Report`] is made only by [`domain::Gate`], or by the store from a row that
//!   the gate admitted earlier, which is checked again. A refusal names field, value and reason.
//! - **I2** Commit first, index second, answer last. A crash in between heals at boot, because boot
//!   applies the stored changes with the function that live changes use.
//! - **I3** Every change has a growing revision, taken in the same transaction as its rows. The
//!   index knows up to which revision it has read; answers carry it as ETag and `as_of`; `/readyz`
//!   shows the lag.
//! - **I4** The order of two coordinates is decided in `ingest`, `export` and named parameters.
//!   Everywhere else there is [`place::Position`]. Distances are [`place::Meters`] on one sphere.
//! - **I5** Every query has a limit and says whether it was reached. Unknown parameters and values
//!   are refused, never ignored.
//! - **I6** Equal distances and equal times are ordered by id: every answer is reproducible and
//!   equals a linear scan.
//! - **I7** No lock is held across an await. Queries run on a bounded pool; readers hold a snapshot
//!   and never wait for a writer.
//! - **I8** The page uses only the public API, and whatever the map shows is also in a list.
//!
//! The house test (`tests/house/main.rs`) checks who may use whom, that no files import each other
//! in a circle, that retired words stay retired, and how long files and functions may be.

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
