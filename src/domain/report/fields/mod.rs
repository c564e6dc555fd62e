//! The table of the fields of a report. The columns of the store, histories, digests, exports, the
//! API and import profiles take their fields from it, or a test compares them with it.
//!
//! To add a text field, give it a place in [`Details`](crate::domain::Details), an entry in [`ALL`]
//! (`src/domain/report/fields/table.rs`) and a column by a migration of the store.
//!
//! The contact of the sender ([`Contact`](crate::domain::Contact)) is not a field of a report: it
//! is stored apart and only crews may read it.

mod field;
mod lists;
mod table;

pub use field::{Field, FieldAccess, FieldValue, Formats, Kind, Open311, ReportLabels};
pub use lists::{
    CSV, DraftText, FieldList, GEOJSON, GEOPACKAGE, GEOPARQUET, INDEXED, OGC, QUERYABLE, STORED,
    TILES, draft_texts, get,
};
pub use table::ALL;
