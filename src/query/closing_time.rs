//! When a report was closed, as of a query in the past.

use crate::index::{DocAddress, Snapshot};

/// Was a report open at a second since 1970? Where it is closed and its closing time is unknown it
/// counts as closed.
///
/// ```
/// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode, Status};
/// use pointchaud::index::Index;
/// use pointchaud::query::was_open;
///
/// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
/// let report = IndexedFields {
///     status: Status::Closed,
///     closed: Some(1_790_000_500),
///     ..IndexedFields::new(id, service, 1_790_000_000, None)
/// };
/// let snapshot = Index::from_reports([report]).reader().load();
/// let report = snapshot.find("r1").unwrap();
/// assert!(was_open(&snapshot, report, 1_790_000_100));
/// assert!(!was_open(&snapshot, report, 1_790_000_900));
/// ```
pub fn was_open(snapshot: &Snapshot, report: DocAddress, second: i64) -> bool {
    let closed = snapshot.closed(report);
    snapshot.state(report).is_open() || closed.is_some_and(|closed| closed > second)
}

/// When a report was closed, in seconds since 1970: later than any query where it is open, earlier
/// than any where nobody knows.
pub(super) fn closing(snapshot: &Snapshot, report: DocAddress) -> i64 {
    match snapshot.state(report).is_open() {
        true => i64::MAX,
        false => snapshot.closed(report).unwrap_or(i64::MIN),
    }
}
