//! The reports of which a condition is true: the index decides what it can, the store the rest.

use crate::domain::Interrupt;
use crate::error::{Error, Refusal, Result};
use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::message;
use crate::place::{BBox, Position};
use crate::query::bound_condition::{BoundCondition, ServiceLabels, SnapshotBinding};
use crate::query::condition::{Condition, ConditionPlace};

/// Limit of the cost of a condition: what it costs for one report times the reports that it is
/// tested for. A unit of cost takes some 10 ns, so this is about 3 s of a processor.
const COST_MAX: u64 = 300_000_000;
/// Cost of reading one report from the store: measured, 4 µs, and 1 µs to write or test it.
const STORED_COST: u64 = 500;
/// Cost of work between two looks at the interrupt, about 5 ms.
const COST_STEP: u64 = 500_000;
/// Reports that are read from the store at once, at least and at most.
const STORED_CHUNK: (u64, u64) = (8, 1_000);

/// The cost of reading so many reports from the store, in units of some 10 ns.
///
/// ```
/// assert!(pointchaud::query::reading_cost(10_000) > 1_000_000);
/// ```
pub fn reading_cost(reports: usize) -> u64 {
    (reports as u64).saturating_mul(STORED_COST)
}

/// What the index does not hold of the reports of a city.
pub trait ReportSource {
    /// The city's id.
    fn jurisdiction(&self) -> &str;

    /// The labels of a service.
    fn labels(&self, service_code: &str) -> ServiceLabels;

    /// May work of this cost be done here? It is asked before the work begins; a unit takes some
    /// 10 ns.
    ///
    /// # Errors
    /// It may not.
    fn admit(&self, _cost: u64) -> Result<()> {
        Ok(())
    }

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
/// The condition is too expensive for this city, or for where it is asked
/// ([`ReportSource::admit`]); the work was interrupted; those of `source`.
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
        step: 1,
        interrupt,
        is_over: false,
    };
    // Conditions on columns of few values are evaluated once for each of the values.
    let values = snapshot.service_count().max(snapshot.area_count());
    check_cost(query.condition.cost(), values)?;
    scan(snapshot, compiled, query, &mut found, &|cost| source.admit(cost))?;
    interrupt.check()?;
    let MatchCollector { mut matched, open, offer, .. } = found;
    let each = STORED_COST + query.condition.cost();
    check_stored(open.len(), each)?;
    source.admit(each.saturating_mul(open.len() as u64))?;
    let (least, most) = STORED_CHUNK;
    for chunk in open.chunks((COST_STEP / each).clamp(least, most) as usize) {
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
    admit: &dyn Fn(u64) -> Result<()>,
) -> Result<()> {
    let mut admitted = |condition: &BoundCondition<'_>| {
        found.step = (COST_STEP / condition.cost().max(1)).clamp(1, COST_STEP) as u32;
        admit(check_cost(condition.cost(), snapshot.len())?)
    };
    // Approximate positions count in conditions, but not in scans of places unless the filter says.
    let is_free = query.bbox.is_none() && compiled.accepts_approximate();
    let place = query.condition.place().filter(|_| is_free);
    if let Some((place, rest)) = place {
        let rest = rest.into_iter().map(|one| BoundCondition::new(one, found.binding));
        let rest = BoundCondition::All(rest.collect());
        admitted(&rest)?;
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
    admitted(&condition)?;
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
    /// Reports that are tested between two looks at the interrupt.
    step: u32,
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
        if self.since_check >= self.step {
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

/// The cost of a condition that is evaluated for every report; `each` is its cost for one.
///
/// # Errors
/// It would take too long.
fn check_cost(each: u64, reports: usize) -> Result<u64> {
    let cost = each.saturating_mul(reports as u64);
    if cost <= COST_MAX {
        return Ok(cost);
    }
    let most = COST_MAX / reports.max(1) as u64;
    let message = message!(
        "demande {each} comparaisons pour chacune de {reports} demandes ; {most} au plus",
        "takes {each} comparisons for each of {reports} reports; {most} at most"
    );
    Err(Error::from(Refusal::new("filter", "", message)))
}

/// Refuses a condition for which too many reports would be read from the store; `each` is the cost
/// of reading and testing one.
fn check_stored(count: usize, each: u64) -> Result<()> {
    let most = COST_MAX / each.max(1);
    if count as u64 <= most {
        return Ok(());
    }
    let message = message!(
        "exige de lire {count} demandes en entier, {most} au plus pour une condition de cette \
         longueur ; ajoutez une condition sur le service, l’état, la date ou le lieu",
        "has to read {count} whole reports, {most} at most for a condition of this length; add a \
         condition on service, status, time or place"
    );
    Err(Error::from(Refusal::new("filter", "", message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_expensive_is_refused_with_the_limit() {
        assert!(check_cost(300, 1_000_000).is_ok() && check_stored(500_000, 510).is_ok());
        let refused = |error: Error| error.refusals[0].message.en.clone();
        let cost = refused(check_cost(5_000, 1_000_000).unwrap_err());
        assert!(cost.contains("5000 comparisons") && cost.contains("300 at most"), "{cost}");
        let stored = refused(check_stored(600_001, 500).unwrap_err());
        assert!(stored.contains("600001") && stored.contains("600000 at most"), "{stored}");
        // Of 240 patterns of a text each, a tenth of the reports.
        assert!(check_stored(60_000, 500 + 240 * 9).is_ok());
        assert!(check_stored(120_000, 500 + 240 * 9).is_err());
    }
}
