//! Lists with CQL2 conditions and a total count, as OGC API - Features needs them.

use crate::domain::Interrupt;
use crate::error::Result;
use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::BBox;
use crate::query::condition::Condition;
use crate::query::matching::{MatchQuery, Matching, ReportSource, each_match};
use crate::query::newest::NewestCollector;
use crate::query::page::{Cursor, Page};

/// Parameters of [`items`].
pub struct ItemsQuery<'a> {
    /// The bounding box. Reports without a position match every box (OGC API - Features, 7.15.3).
    pub bbox: Option<BBox>,
    /// What else has to be true of a report.
    pub condition: &'a Condition,
    /// Where the page starts.
    pub after: Option<Cursor<i64>>,
    /// Most reports in the page.
    pub limit: usize,
}

/// Matching reports, newest first, equal times by id; and the number of matches on all pages.
///
/// The index decides what it can; only the reports of which it leaves the condition open are read
/// from `source`. A client that follows the pages to the end receives each report once. A report
/// that is recorded meanwhile may appear on a later page.
///
/// # Errors
/// The condition is too expensive for this city; the work was interrupted; those of `source`.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, Interrupt, ReportId, ServiceCode};
/// use pointchaud::error::Result;
/// use pointchaud::index::Index;
/// use pointchaud::query::{Condition, ItemsQuery, ReportSource, ServiceLabels, items};
///
/// struct IndexAlone;
///
/// impl ReportSource for IndexAlone {
///     fn jurisdiction(&self) -> &str {
///         "ville"
///     }
///     fn labels(&self, code: &str) -> ServiceLabels {
///         ServiceLabels { name: code.to_owned(), group: String::new() }
///     }
///     fn hold(&self, _: &Condition, ids: &[&str]) -> Result<Vec<bool>> {
///         Ok(vec![false; ids.len()])
///     }
/// }
///
/// let report = |id: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, None)
/// };
/// let index = Index::from_reports([report("r1"), report("r2")]);
/// let snapshot = index.reader().load();
/// let query =
///     ItemsQuery { bbox: None, condition: &Condition::NoGeometry, after: None, limit: 1 };
/// let every = snapshot.compiled(&Filter::default());
/// let (page, matched) =
///     items(&snapshot, &every, query, &IndexAlone, &Interrupt::default()).unwrap();
/// assert_eq!((snapshot.id(page.items[0]), page.items.len(), matched), ("r1", 1, 2));
/// ```
pub fn items(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: ItemsQuery<'_>,
    source: &impl ReportSource,
    interrupt: &Interrupt,
) -> Result<(Page<DocAddress>, u64)> {
    let ItemsQuery { bbox, condition, after, limit } = query;
    let mut list = NewestCollector::new(snapshot, after, limit);
    let wanted = MatchQuery { bbox: bbox.as_ref(), inside: None, condition };
    let matched =
        each_match(snapshot, compiled, &wanted, (source, interrupt), &mut |found| match found {
            Matching::Batch(batch) => list.collect_batch(batch),
            Matching::Single(address) => list.collect(address),
        })?;
    Ok((list.page(), matched))
}
