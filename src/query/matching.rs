//! The reports of which a condition is true: the index decides what it can, the store the rest.

use crate::domain::Interrupt;
use crate::error::{Error, Refusal, Result};
use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::message;
use crate::place::{BBox, Position};
use crate::query::bound_condition::{BoundCondition, ServiceLabels, SnapshotBinding};
use crate::query::condition::{Condition, ConditionPlace};

/// Limit of the cost of a condition: its comparisons times the reports of the city.
const COST_MAX: u64 = 1_000_000_000;
/// Limit of the number of reports that one list reads from the store to test a condition.
const STORED_MAX: usize = 500_000;
/// Reports that are read from the store at once.
const STORED_CHUNK: usize = 1_000;
/// Reports that are tested between two looks at the interrupt.
const INTERRUPT_STEP: u32 = 1 << 12;

/// What the index does not hold of the reports of a city.
pub trait ReportSource {
    /// The city's id.
    fn jurisdiction(&self) -> &str;

    /// The labels of a service.
    fn labels(&self, service_code: &str) -> ServiceLabels;

    /// Of the reports with these ids, for each whether the condition is true of it.
    ///
    /// # Errors
    /// The reports cannot be read.
    fn hold(&self, condition: &Condition, ids: &[&str]) -> Result<Vec<bool>>;
}

/// Which reports are wanted.
pub(super) struct MatchQuery<'a> {
    /// The bounding box. Reports without a position match every box (OGC API - Features, 7.15.3).
    pub bbox: Option<&'a BBox>,
    /// What else has to be true of the position of a report in the box.
    pub inside: Option<&'a dyn Fn(Position) -> bool>,
    /// What else has to be true of a report.
    pub condition: &'a Condition,
}

/// Reports of which the condition is true.
pub(super) enum Matching<'a> {
    /// All of a batch.
    Batch(&'a SelectionBatch<'a>),
    /// One.
    Single(DocAddress),
}

/// Calls `offer` with each matching report, in no order, and returns their number. The index
/// decides what it can; the reports of which it leaves the condition open are read from `source`.
///
/// # Errors
/// The condition is too expensive for this city; the work was interrupted; those of `source`.
pub(super) fn each_match(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: &MatchQuery<'_>,
    (source, interrupt): (&impl ReportSource, &Interrupt),
    offer: &mut dyn FnMut(Matching<'_>),
) -> Result<u64> {
    let binding = SnapshotBinding::new(snapshot, source.jurisdiction(), |code| source.labels(code));
    let mut found = MatchCollector {
        binding: &binding,
        offer,
        matched: 0,
        open: Vec::new(),
        since_check: 0,
        interrupt,
        is_over: false,
    };
    scan(snapshot, compiled, query, &mut found)?;
    interrupt.check()?;
    let MatchCollector { mut matched, open, offer, .. } = found;
    check_stored(open.len())?;
    for chunk in open.chunks(STORED_CHUNK) {
        interrupt.check()?;
        let ids: Vec<&str> = chunk.iter().map(|address| snapshot.id(*address)).collect();
        for (address, holds) in chunk.iter().zip(source.hold(query.condition, &ids)?) {
            if holds {
                matched += 1;
                offer(Matching::Single(*address));
            }
        }
    }
    Ok(matched)
}

/// Scans the reports that may match, through the spatial index where a box or polygons are given.
fn scan(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: &MatchQuery<'_>,
    found: &mut MatchCollector<'_>,
) -> Result<()> {
    // Approximate positions count in conditions, but not in scans of places unless the filter says.
    let is_free = query.bbox.is_none() && compiled.accepts_approximate();
    let place = query.condition.place().filter(|_| is_free);
    if let Some((place, rest)) = place {
        let rest = rest.into_iter().map(|one| BoundCondition::new(one, found.binding));
        let rest = BoundCondition::All(rest.collect());
        check_cost(rest.cost(), snapshot.len())?;
        match place {
            ConditionPlace::Box(bbox) => {
                snapshot.scan_box(bbox, compiled, |batch| found.collect(&rest, &batch));
            }
            ConditionPlace::Polygons(polygons) => {
                let interrupt = found.interrupt;
                snapshot.scan_polygons(
                    polygons,
                    compiled,
                    interrupt,
                    |batch, cover| match cover {
                        None => found.collect(&rest, &batch),
                        Some(cover) => {
                            found.collect_inside(&rest, &batch, &|at| cover.contains(at));
                        }
                    },
                )?;
            }
        }
        return Ok(());
    }
    let condition = BoundCondition::new(query.condition, found.binding);
    check_cost(condition.cost(), snapshot.len())?;
    match query.bbox {
        None => snapshot.scan(compiled, |batch| found.collect(&condition, &batch)),
        Some(bbox) => {
            snapshot.scan_box(bbox, compiled, |batch| match query.inside {
                None => found.collect(&condition, &batch),
                Some(inside) => found.collect_inside(&condition, &batch, inside),
            });
            snapshot.scan_unlocated(compiled, |batch| found.collect(&condition, &batch));
        }
    }
    Ok(())
}

/// Collects the reports of which a condition is true, and those of which it is open.
struct MatchCollector<'a> {
    binding: &'a SnapshotBinding<'a>,
    offer: &'a mut dyn FnMut(Matching<'_>),
    matched: u64,
    /// Reports that only the store can decide.
    open: Vec<DocAddress>,
    since_check: u32,
    interrupt: &'a Interrupt,
    is_over: bool,
}

impl MatchCollector<'_> {
    fn collect(&mut self, condition: &BoundCondition<'_>, batch: &SelectionBatch<'_>) {
        if self.is_over {
            return;
        }
        if condition.is_certain() {
            self.matched += batch.slots().count() as u64;
            return (self.offer)(Matching::Batch(batch));
        }
        batch.slots().each(|slot| self.test(condition, batch, slot));
    }

    /// As `collect`, for the reports whose position passes a test.
    fn collect_inside(
        &mut self,
        condition: &BoundCondition<'_>,
        batch: &SelectionBatch<'_>,
        inside: &dyn Fn(Position) -> bool,
    ) {
        batch.slots().each(|slot| {
            if !self.is_over && batch.columns().position(slot).is_some_and(inside) {
                self.test(condition, batch, slot);
            }
        });
    }

    fn test(&mut self, condition: &BoundCondition<'_>, batch: &SelectionBatch<'_>, slot: u32) {
        self.since_check += 1;
        if self.since_check >= INTERRUPT_STEP {
            self.since_check = 0;
            self.is_over = self.interrupt.check().is_err();
        }
        if self.is_over {
            return;
        }
        let truths = condition.truths(self.binding, batch, slot);
        if truths.holds() {
            self.matched += 1;
            (self.offer)(Matching::Single(batch.address(slot)));
        } else if truths.can_hold() {
            self.open.push(batch.address(slot));
        }
    }
}

/// Refuses a condition whose evaluation for every report would take too long. `each` is its cost
/// for one.
fn check_cost(each: u64, reports: usize) -> Result<()> {
    if each.saturating_mul(reports as u64) <= COST_MAX {
        return Ok(());
    }
    let most = COST_MAX / reports.max(1) as u64;
    let message = message!(
        "demande {each} comparaisons pour chacune de {reports} demandes ; {most} au plus",
        "takes {each} comparisons for each of {reports} reports; {most} at most"
    );
    Err(Error::from(Refusal::new("filter", "", message)))
}

/// Refuses a condition for which too many reports would be read from the store.
fn check_stored(count: usize) -> Result<()> {
    if count <= STORED_MAX {
        return Ok(());
    }
    let most = STORED_MAX;
    let message = message!(
        "exige de lire {count} demandes en entier, {most} au plus ; ajoutez une condition sur le \
         service, l’état, la date ou le lieu",
        "has to read {count} whole reports, {most} at most; add a condition on service, status, \
         time or place"
    );
    Err(Error::from(Refusal::new("filter", "", message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_expensive_is_refused_with_the_limit() {
        assert!(check_cost(1_000, 1_000_000).is_ok() && check_stored(500_000).is_ok());
        let refused = |result: Result<()>| result.unwrap_err().refusals[0].message.en.clone();
        let cost = refused(check_cost(5_000, 1_000_000));
        assert!(cost.contains("5000 comparisons") && cost.contains("1000 at most"), "{cost}");
        let stored = refused(check_stored(500_001));
        assert!(stored.contains("500001") && stored.contains("500000 at most"), "{stored}");
    }
}
