//! The in-memory views of a city, kept by one function: [`Index::apply`].
//!
//! The index is a few immutable runs. What is new forms a small run of its own, the *head*; small
//! runs are merged with their neighbours as soon as they are of like size (the logarithmic method
//! of Bentley and Saxe, 1980), so that a report is rebuilt a logarithmic number of times and the
//! *body*, the oldest and largest run, almost never. What has changed or gone is marked dead in the
//! run that held it. Nothing is ever written in place: a snapshot is a handful of pointers, and
//! readers never wait.
//!
//! # A run
//! Its slots are in the order of the map's Z curve, so that every square of the map, at every zoom,
//! is one stretch of them. On that order stand all views, 114 bytes a report together:
//!
//! | view | file | what it answers |
//! |---|---|---|
//! | columns | `src/index/columns.rs` | filters, lists, counts, clusters: a scan of a few bytes |
//! | equal squares | `src/index/access/grid.rs` | which stretches a small circle touches, at once |
//! | packed R-tree | `src/index/access/rtree.rs` | other places: sparse, far, huge, polar |
//! | a forest | `src/index/access/partial.rs` | the same per service, and for open reports |
//! | H3 cells | `src/index/access/h3.rs` | counts in hexagons of any size, neighbours |
//! | ids | `src/index/ids.rs` | which slot a report has |
//!
//! Why not an R-tree of nodes and pointers: on a million reports of a city it took 76 bytes a
//! report for positions alone and four times as long (`benches/all/proximity.rs` asks it beside
//! ours). Squares and boxes are read from the order that the clusters need anyway.
//!
//! Places are compared on the map's plane by whole columns and rows of its grid, which is good to a
//! centimetre within a quarter of a degree
//! ([`QueryPoint::approximate_haversines`](crate::place::QueryPoint::approximate_haversines)); what
//! is kept is then measured on the sphere. So answers are exact, and arithmetic in doubles is done
//! for ten places instead of a hundred.

mod access;
mod aggregate;
mod areas;
mod columns;
mod compiled_filter;
mod delete_bitmap;
mod dictionary;
mod ids;
mod segment;
mod snapshot;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

pub use access::h3::{H3Rings, RING_MAX};
pub use access::partial::Collector;
pub use aggregate::Aggregate;
pub use columns::{ColumnValues, Columns, PackedState};
pub use compiled_filter::{CompiledFilter, Selection};
pub use snapshot::{DocAddress, SelectionBatch, Snapshot};

use crate::domain::{Accuracy, BoundarySet, Change, Event, IndexedFields, ReportId};
use crate::index::access::h3::{H3Columns, H3Writer, NO_FRAGMENT};
use crate::index::delete_bitmap::DeleteBitmap;
pub use areas::{BoundaryIndex, NO_AREA};

use crate::index::segment::{Segment, SegmentRows};
use crate::index::snapshot::LiveSegment;

/// Merges that make a run larger than this are left to [`Index::merge_job`].
const MERGE_AT_ONCE_MAX: usize = 2_048;

/// The index of one city. One thread writes, through `&mut self`; readers load snapshots.
#[derive(Default)]
pub struct Index {
    state: Snapshot,
    shown: Arc<ArcSwap<Snapshot>>,
    /// Reports killed since the merge under way began.
    killed_meanwhile: Option<Vec<ReportId>>,
    hexes: H3Writer,
    /// What a boot has read and not yet made a run of, and up to which revision.
    loading: SegmentRows,
    loaded_to: u64,
}

/// What readers hold on to: always the newest snapshot.
#[derive(Clone, Default)]
pub struct SnapshotReader(Arc<ArcSwap<Snapshot>>);

impl SnapshotReader {
    /// The newest snapshot.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }
}

/// Reports that a boot has read, to become a run.
pub struct LoadedRows(SegmentRows);

/// A run of what a boot has read.
pub struct BuiltSegment(Segment);

impl LoadedRows {
    /// Does the work.
    pub fn build(self) -> BuiltSegment {
        BuiltSegment(Segment::build(&self.0))
    }
}

/// A merge that takes too long for the writer: run it anywhere, then [`Index::finish_merge`].
pub struct MergeJob {
    parts: Vec<LiveSegment>,
    first: usize,
}

/// A finished merge.
pub struct MergedSegment {
    run: Segment,
    first: usize,
    count: usize,
}

impl MergeJob {
    /// Does the work.
    pub fn run(self) -> MergedSegment {
        MergedSegment {
            run: Segment::merge(&self.parts),
            first: self.first,
            count: self.parts.len(),
        }
    }
}

/// The piece that a report lies in, counted where its place is exact.
fn piece_of(facts: &IndexedFields, numbers: &mut H3Writer, hexes: &mut Arc<H3Columns>) -> u32 {
    let Some(at) = facts.position else { return NO_FRAGMENT };
    let fragment = numbers.fragment(at.lon(), at.lat(), hexes);
    if facts.accuracy == Accuracy::Exact {
        numbers.count(fragment, true, hexes);
    }
    fragment
}

fn parent_of(facts: &IndexedFields) -> Option<&str> {
    facts.parent.as_ref().map(ReportId::as_str)
}

impl Index {
    /// The readers' handle.
    pub fn shown(&self) -> SnapshotReader {
        SnapshotReader(self.shown.clone())
    }

    /// Folds changes in, the only way anything comes in, and shows the result to readers. Changes
    /// come in the order of their revisions; those already applied are passed over.
    pub fn apply(&mut self, changes: Vec<Change>) {
        let seen = self.state.revision;
        let changes: Vec<Change> =
            changes.into_iter().filter(|change| change.revision > seen).collect();
        let Some(revision) = changes.iter().map(|change| change.revision).max() else { return };
        self.state.revision = revision;
        // Of several changes of one report only the last matters.
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (n, change) in changes.iter().enumerate() {
            if !matches!(change.event, Event::New(_)) {
                last.insert(change.event.id().as_str(), n);
            }
        }
        let mut services = self.state.services.clone();
        let mut areas = self.state.areas.clone();
        let mut hexes = self.state.hexes.clone();
        let mut fresh = SegmentRows::default();
        for (n, Change { event, .. }) in changes.iter().enumerate() {
            let id = event.id();
            if !last.is_empty() && last.get(id.as_str()).is_some_and(|last| *last > n) {
                continue;
            }
            let (facts, is_new) = match event {
                Event::New(facts) => (Some(facts), true),
                Event::Put(facts) => (Some(facts), false),
                Event::Remove(_) => (None, false),
            };
            if !is_new {
                self.kill(id, &mut hexes);
            }
            if let Some(facts) = facts {
                let numbers = (Arc::make_mut(&mut services), Arc::make_mut(&mut areas));
                let fragment = piece_of(facts, &mut self.hexes, &mut hexes);
                let record = ColumnValues::of(facts, numbers.0, numbers.1, fragment);
                fresh.push(id.as_str(), parent_of(facts), record);
            }
        }
        if fresh.len() > 0 {
            self.push(Segment::build(&fresh));
        }
        (self.state.services, self.state.areas, self.state.hexes) = (services, areas, hexes);
        self.merge_small();
        self.show();
    }

    /// Takes in what an empty index is booted from, page by page: each report once, and in the
    /// order of revisions. Every `run` reports make a run, to be built anywhere and handed to
    /// [`Index::add`]; [`Index::rest`] makes one of what is left.
    pub fn load(&mut self, changes: Vec<Change>, run: usize) -> Option<LoadedRows> {
        if self.loading.len() == 0 {
            self.loading = SegmentRows::with_capacity(run);
        }
        for Change { revision, event } in changes {
            self.loaded_to = self.loaded_to.max(revision);
            if let Event::New(facts) | Event::Put(facts) = &event {
                let services = Arc::make_mut(&mut self.state.services);
                let areas = Arc::make_mut(&mut self.state.areas);
                let fragment = piece_of(facts, &mut self.hexes, &mut self.state.hexes);
                let record = ColumnValues::of(facts, services, areas, fragment);
                self.loading.push(facts.id.as_str(), parent_of(facts), record);
            }
        }
        (self.loading.len() >= run).then(|| self.rest())
    }

    /// What was loaded and is in no run yet.
    pub fn rest(&mut self) -> LoadedRows {
        LoadedRows(std::mem::take(&mut self.loading))
    }

    /// Adds a run that was loaded and built.
    pub fn add(&mut self, built: BuiltSegment) {
        self.push(built.0);
    }

    /// Shows all that was loaded, once its runs are added.
    pub fn settle(&mut self) {
        self.state.revision = self.state.revision.max(self.loaded_to);
        self.show();
    }

    /// Skips to a revision that left no change to read: an update gives its old revision up.
    pub fn advance(&mut self, revision: u64) {
        if revision > self.state.revision {
            self.state.revision = revision;
            self.show();
        }
    }

    fn kill(&mut self, id: &ReportId, hexes: &mut Arc<H3Columns>) {
        for part in &mut self.state.parts {
            let slot = part.run.columns.ids.find(id.as_str());
            if let Some(slot) = slot.filter(|slot| !part.dead.has(*slot)) {
                part.dead.kill(slot);
                let columns = &part.run.columns;
                if columns.exact().contains(&slot) {
                    self.hexes.count(columns.fragment(slot), false, hexes);
                }
                self.killed_meanwhile.iter_mut().for_each(|list| list.push(id.clone()));
                return;
            }
        }
    }

    /// Merges the youngest runs while they are of like size and small.
    fn merge_small(&mut self) {
        let merging = self.killed_meanwhile.is_some();
        while let [.., older, younger] = self.state.parts.as_slice() {
            let (a, b) = (older.live_count(), younger.live_count());
            // The runs of a merge under way must stay where they are. Every run costs every
            // question a walk: two whose sizes differ by less than four are worth a merge.
            if merging || a > 4 * b || a + b > MERGE_AT_ONCE_MAX {
                break;
            }
            let at = self.state.parts.len() - 2;
            let run = Segment::merge(&self.state.parts[at..]);
            self.state.parts.truncate(at);
            self.push(run);
        }
    }

    fn push(&mut self, run: Segment) {
        if run.columns.len() > 0 {
            self.state
                .parts
                .push(LiveSegment { run: Arc::new(run), dead: DeleteBitmap::default() });
        }
    }

    /// The next merge too large to do at once, if one is due and none is under way: the longest
    /// tail of runs in which each is at most twice as large as all younger ones together, or any
    /// run of which more than half is dead.
    pub fn merge_job(&mut self) -> Option<MergeJob> {
        if self.killed_meanwhile.is_some() {
            return None;
        }
        let parts = &self.state.parts;
        let mut first = parts.len();
        let mut younger = 0;
        for (i, part) in parts.iter().enumerate().rev() {
            let live = part.live_count();
            if live <= 2 * younger {
                first = i;
            }
            younger += live;
        }
        let rotten = |part: &LiveSegment| part.dead.count() * 2 > part.run.columns.len();
        let first = parts.iter().position(rotten).map_or(first, |rotten| first.min(rotten));
        let small =
            parts[first..].iter().map(LiveSegment::live_count).sum::<usize>() < MERGE_AT_ONCE_MAX;
        // A few runs of like size are merged together: each report is moved less often.
        let count = parts.len() - first;
        let due = count >= if small { 12 } else { 4 } || count > 0 && rotten(&parts[first]);
        due.then(|| self.begin_merge(first))
    }

    /// A merge of everything into one body, if there is more than one run and none is under way.
    pub fn compaction(&mut self) -> Option<MergeJob> {
        let due = self.state.parts.len() > 1 && self.killed_meanwhile.is_none();
        due.then(|| self.begin_merge(0))
    }

    fn begin_merge(&mut self, first: usize) -> MergeJob {
        self.killed_meanwhile = Some(Vec::new());
        MergeJob { parts: self.state.parts[first..].to_vec(), first }
    }

    /// Puts a merged run in the place of its sources; what died meanwhile dies in it too.
    pub fn finish_merge(&mut self, merged: MergedSegment) {
        let mut dead = DeleteBitmap::default();
        for id in self.killed_meanwhile.take().unwrap_or_default() {
            if let Some(slot) = merged.run.columns.ids.find(id.as_str()) {
                dead.kill(slot);
            }
        }
        let after = self.state.parts.split_off(merged.first + merged.count);
        self.state.parts.truncate(merged.first);
        if merged.run.columns.len() > 0 {
            self.state.parts.push(LiveSegment { run: Arc::new(merged.run), dead });
        }
        self.state.parts.extend(after);
        self.merge_small();
        self.show();
    }

    /// Puts these boundaries in the place of those known; readers see them with the next change,
    /// which boundaries have a revision for. What a run knows of a set that stays as it is, stays.
    pub fn set_zones(&mut self, sets: Vec<BoundarySet>) {
        let known = &self.state.zones;
        let zone_set = |set: BoundarySet| {
            let same = known.iter().find(|known| *known.set() == set);
            same.cloned().unwrap_or_else(|| Arc::new(BoundaryIndex::new(set)))
        };
        self.state.zones = sets.into_iter().map(zone_set).collect();
    }

    fn show(&self) {
        #[cfg(debug_assertions)]
        if self.state.len() < 2_000 {
            self.check_invariants();
        }
        self.shown.store(Arc::new(self.state.clone()));
    }

    /// Panics where a view disagrees with another: an id alive twice, a tree that misses a located
    /// report, columns of different lengths or out of order, a name without a number.
    pub fn check_invariants(&self) {
        let mut alive = std::collections::HashSet::new();
        for part in &self.state.parts {
            let columns = &part.run.columns;
            let (trees, partials) = part.run.partials.len();
            assert_eq!(trees, columns.located(), "a tree misses a report");
            let exact = columns.exact().len();
            assert!(partials == 0 || partials == exact, "the forest misses a report");
            assert!(columns.is_sound(), "slots are out of order, or a column is too short");
            for slot in part.live() {
                let id = columns.ids.get(slot);
                assert!(alive.insert(id), "{id} is alive twice");
                assert_eq!(columns.ids.find(id), Some(slot), "{id} is not found at its slot");
                let record = columns.record(slot);
                assert!(self.state.services.get(record.service).is_some(), "{id} has no service");
                assert_eq!(record.position.is_some(), (slot as usize) < columns.located());
            }
        }
        assert_eq!(alive.len(), self.state.len(), "the count is wrong");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, Filter, Nature, ServiceCode, Status};
    use crate::place::Position;

    fn put(revision: u64, id: u64, status: Status) -> Change {
        let event = Event::Put(IndexedFields {
            id: ReportId::new(&format!("r{id}")).unwrap(),
            service: ServiceCode::new(if id.is_multiple_of(3) { "neige" } else { "trou" }).unwrap(),
            status,
            reason: None,
            nature: Nature::Intervention,
            channel: Channel::Web,
            requested: 1_700_000_000 + id as i64,
            day_only: false,
            closed: None,
            position: (!id.is_multiple_of(5))
                .then(|| Position::new(-71.0 - id as f64 / 1e5, 46.8).unwrap()),
            accuracy: Accuracy::Exact,
            area: None,
            parent: None,
            sketch: Default::default(),
        });
        Change { revision, event }
    }

    fn ids(index: &Index, filter: &Filter) -> Vec<String> {
        let snapshot = index.shown().load();
        let compiled = snapshot.compiled(filter);
        let mut ids = Vec::new();
        snapshot.all(&compiled, |batch| {
            batch.slots().each(|slot| ids.push(snapshot.id(batch.address(slot)).to_owned()));
        });
        ids.sort();
        ids
    }

    #[test]
    fn changes_in_any_grouping_give_the_same_index() {
        let changes: Vec<Change> = (1..=600u64)
            .map(|n| match n % 7 {
                0 => Change {
                    revision: n,
                    event: Event::Remove(ReportId::new(&format!("r{}", n / 2)).unwrap()),
                },
                1 => put(n, n / 2, Status::Closed),
                _ => put(n, n, Status::Open),
            })
            .collect();
        let filter = Filter { statuses: Some(vec![Status::Closed]), ..Filter::default() };
        let mut whole = Index::default();
        whole.apply(changes.clone());
        assert!(ids(&whole, &filter).len() > 20);
        for size in [1, 7, 100] {
            let mut index = Index::default();
            for group in changes.chunks(size) {
                index.apply(group.to_vec());
                index.apply(group.to_vec()); // a change heard twice is heard once
            }
            assert_eq!(ids(&index, &filter), ids(&whole, &filter), "groups of {size}");
            assert_eq!(ids(&index, &Filter::default()), ids(&whole, &Filter::default()));
            index.check_invariants();
        }
    }

    #[test]
    fn what_dies_during_a_merge_stays_dead() {
        let mut index = Index::default();
        index.apply((1..=100).map(|n| put(n, n, Status::Open)).collect());
        index.apply((101..=110).map(|n| put(n, n, Status::Open)).collect());
        let before = index.shown().load();
        let job = index.compaction().unwrap();
        index.apply(vec![
            put(111, 5, Status::Closed),
            Change { revision: 112, event: Event::Remove(ReportId::new("r6").unwrap()) },
            put(113, 200, Status::Open),
        ]);
        assert!(index.merge_job().is_none(), "one merge at a time");
        index.finish_merge(job.run());
        index.check_invariants();
        let after = index.shown().load();
        assert_eq!(after.len(), 110);
        assert!(after.find("r6").is_none() && after.find("r200").is_some());
        assert_eq!(after.view(after.find("r5").unwrap()).status, Status::Closed);
        assert_eq!(before.len(), 110, "a reader's snapshot does not change");
        assert!(before.find("r6").is_some());
    }
}
