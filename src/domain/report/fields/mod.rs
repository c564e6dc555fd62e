//! Every field of a report, described once. The store's columns, histories, digests, exports, the
//! API and import profiles take their lists of fields from here, or a test compares theirs with it.
//!
//! To add a text field, give it a place in [`Details`](crate::domain::Details), an entry in [`ALL`]
//! (`src/domain/report/fields/table.rs`) and a column by a migration of the store.
//!
//! Who reported ([`Contact`](crate::domain::Contact)) is no field of a report: it is stored and
//! shown apart.

mod field;
mod lists;
mod table;

pub use field::{Field, FieldAccess, FieldValue, Formats, Kind, Open311, ReportLabels};
pub use lists::{
    CSV, DraftText, FieldList, GEOJSON, GEOPACKAGE, GEOPARQUET, INDEXED, OGC, QUERYABLE, STORED,
    TILES, draft_texts, get,
};
pub use table::ALL;
