//! The writer's side of the index: applying changes, booting from the store, merging segments, and
//! publishing snapshots.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::domain::{Accuracy, BoundarySet, Change, Event, IndexedFields, ReportId};
use crate::index::access::h3::{H3Writer, NO_FRAGMENT};
use crate::index::areas::BoundaryIndex;
use crate::index::columns::ColumnValues;
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::merge_policy::{SegmentSize, background_merge, immediate_merge};
use crate::index::segment::{LiveSegment, Segment, SegmentRows};
use crate::index::snapshot::Snapshot;

/// The number of the next published snapshot, of any index.
static PUBLICATIONS: AtomicU64 = AtomicU64::new(1);

/// The index of one city. One thread writes, through `&mut self`; any number of threads read, each
/// through a [`SnapshotReader`].
#[derive(Default)]
pub struct Index {
    /// The state that the next snapshot is a copy of.
    state: Snapshot,
    published: Arc<ArcSwap<Snapshot>>,
    /// Ids of the reports deleted since the background merge that is running began; none where
    /// none is running.
    deleted_during_merge: Option<Vec<ReportId>>,
    h3: H3Writer,
    /// Rows of a bulk load that are not yet part of a segment, and the highest revision loaded.
    loading: SegmentRows,
    loaded_revision: u64,
}

/// Access to the newest snapshot of an index, for any thread.
#[derive(Clone, Default)]
pub struct SnapshotReader(Arc<ArcSwap<Snapshot>>);

impl SnapshotReader {
    /// The newest snapshot. Takes no lock and never waits for the writer.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }
}

/// Rows of a bulk load, to be built into a segment on any thread.
pub struct LoadedRows(SegmentRows);

/// A segment of a bulk load, to be given to [`Index::add_segment`].
pub struct BuiltSegment(Segment);

impl LoadedRows {
    /// Builds the segment. Takes about a second for a million rows.
    pub fn build(self) -> BuiltSegment {
        BuiltSegment(Segment::build(&self.0))
    }
}

/// A merge that would hold the writer up: [`MergeJob::run`] it on another thread, then give the
/// result to [`Index::finish_merge`].
pub struct MergeJob {
    sources: Vec<LiveSegment>,
    /// Where the first source is in the list of segments.
    first: usize,
}

/// The result of a [`MergeJob`].
pub struct MergedSegment {
    segment: Segment,
    first: usize,
    count: usize,
}

impl MergeJob {
    /// Merges the segments.
    pub fn run(self) -> MergedSegment {
        MergedSegment {
            segment: Segment::merge(&self.sources),
            first: self.first,
            count: self.sources.len(),
        }
    }
}

impl Index {
    /// An index of these changes. See [`Index::apply`].
    ///
    /// ```
    /// use pointchaud::domain::{Change, Event, IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    /// use pointchaud::place::Position;
    ///
    /// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
    /// let at = Position::new(-71.208, 46.814).ok();
    /// let report = IndexedFields::new(id, service, 1_790_000_000, at);
    /// let index = Index::from_changes([Change { revision: 1, event: Event::New(report) }]);
    /// assert_eq!((index.reader().load().len(), index.reader().load().revision()), (1, 1));
    /// ```
    pub fn from_changes(changes: impl IntoIterator<Item = Change>) -> Self {
        let mut index = Self::default();
        index.apply(changes.into_iter().collect());
        index
    }

    /// An index of new reports, at revisions 1, 2, …: a quick way to a snapshot in examples and
    /// tests.
    ///
    /// ```
    /// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    ///
    /// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
    /// let report = IndexedFields::new(id, service, 1_790_000_000, None);
    /// let snapshot = Index::from_reports([report]).reader().load();
    /// assert_eq!(snapshot.view(snapshot.find("r1").unwrap()).service, "graffiti");
    /// Index::from_reports([]).check_invariants();
    /// ```
    pub fn from_reports(reports: impl IntoIterator<Item = IndexedFields>) -> Self {
        let new = |(report, revision)| Change { revision, event: Event::New(report) };
        Self::from_changes(reports.into_iter().zip(1..).map(new))
    }

    /// Access to snapshots for other threads.
    pub fn reader(&self) -> SnapshotReader {
        SnapshotReader(self.published.clone())
    }

    /// Applies changes and publishes a new snapshot. Changes come in ascending order of revision;
    /// those at or below the index's own revision are skipped, so applying a change twice is
    /// harmless. This is the only way in which changes reach the index once it is booted.
    ///
    /// ```
    /// use pointchaud::domain::{Change, Event, IndexedFields, ReportId, ServiceCode, Status};
    /// use pointchaud::index::Index;
    ///
    /// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
    /// let mut report = IndexedFields::new(id.clone(), service, 1_790_000_000, None);
    /// let new = Change { revision: 1, event: Event::New(report.clone()) };
    /// let mut index = Index::from_changes([new]);
    /// let reader = index.reader();
    /// let before = reader.load();
    /// report.status = Status::Closed;
    /// index.apply(vec![Change { revision: 2, event: Event::Put(report) }]);
    /// let status = |snapshot: &pointchaud::index::Snapshot| {
    ///     snapshot.view(snapshot.find("r1").unwrap()).status
    /// };
    /// assert_eq!(status(&reader.load()), Status::Closed);
    /// assert_eq!(status(&before), Status::Open); // a snapshot never changes
    /// index.apply(vec![Change { revision: 3, event: Event::Remove(id) }]);
    /// assert!(reader.load().is_empty());
    /// ```
    pub fn apply(&mut self, changes: Vec<Change>) {
        let applied = self.state.revision;
        let changes: Vec<Change> =
            changes.into_iter().filter(|change| change.revision > applied).collect();
        let Some(revision) = changes.iter().map(|change| change.revision).max() else { return };
        self.state.revision = revision;
        // Of several changes of one report only the last is applied.
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (n, change) in changes.iter().enumerate() {
            if !matches!(change.event, Event::New(_)) {
                last.insert(change.event.id().as_str(), n);
            }
        }
        let mut rows = SegmentRows::default();
        for (n, Change { event, .. }) in changes.iter().enumerate() {
            let id = event.id();
            if !last.is_empty() && last.get(id.as_str()).is_some_and(|last| *last > n) {
                continue;
            }
            let (fields, is_new) = match event {
                Event::New(fields) => (Some(fields), true),
                Event::Put(fields) => (Some(fields), false),
                Event::Remove(_) => (None, false),
            };
            if !is_new {
                self.delete(id);
            }
            if let Some(fields) = fields {
                let record = self.encode(fields);
                rows.push(id.as_str(), parent_of(fields), record);
            }
        }
        if rows.len() > 0 {
            self.push(Segment::build(&rows));
        }
        self.merge_immediately();
        self.publish();
    }

    /// Loads reports into an empty index, page by page. Each report comes once, in ascending order
    /// of revision. Whenever `segment_rows` rows have come they are returned, to be built into a
    /// segment on any thread and given to [`Index::add_segment`]. At the end come
    /// [`Index::take_loaded`] and [`Index::publish_loaded`].
    ///
    /// ```
    /// use pointchaud::domain::{Change, Event, IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    ///
    /// let service = ServiceCode::new("graffiti").unwrap();
    /// let mut index = Index::default();
    /// for revision in 1..=5 {
    ///     let id = ReportId::new(&format!("r{revision}")).unwrap();
    ///     let report = IndexedFields::new(id, service.clone(), 1_790_000_000, None);
    ///     let page = vec![Change { revision, event: Event::New(report) }];
    ///     if let Some(rows) = index.load(page, 2) {
    ///         index.add_segment(rows.build());
    ///     }
    /// }
    /// let rest = index.take_loaded().build();
    /// index.add_segment(rest);
    /// index.publish_loaded();
    /// assert_eq!(index.reader().load().len(), 5);
    /// ```
    pub fn load(&mut self, changes: Vec<Change>, segment_rows: usize) -> Option<LoadedRows> {
        if self.loading.len() == 0 {
            self.loading = SegmentRows::with_capacity(segment_rows);
        }
        for Change { revision, event } in changes {
            self.loaded_revision = self.loaded_revision.max(revision);
            if let Event::New(fields) | Event::Put(fields) = &event {
                let record = self.encode(fields);
                self.loading.push(fields.id.as_str(), parent_of(fields), record);
            }
        }
        (self.loading.len() >= segment_rows).then(|| self.take_loaded())
    }

    /// The rows that were loaded and not yet returned.
    pub fn take_loaded(&mut self) -> LoadedRows {
        LoadedRows(std::mem::take(&mut self.loading))
    }

    /// Adds a segment of loaded rows.
    pub fn add_segment(&mut self, built: BuiltSegment) {
        self.push(built.0);
    }

    /// Publishes a snapshot of all loaded segments.
    pub fn publish_loaded(&mut self) {
        self.state.revision = self.state.revision.max(self.loaded_revision);
        self.publish();
    }

    /// Advances to a revision that has no changes left to read: an updated report has only its
    /// newest revision.
    pub(crate) fn advance(&mut self, revision: u64) {
        if revision > self.state.revision {
            self.state.revision = revision;
            self.publish();
        }
    }

    /// A report's values in the columns. Its service, area and H3 fragment are added where they are
    /// new, and an exactly located report is counted in its H3 cells.
    fn encode(&mut self, fields: &IndexedFields) -> ColumnValues {
        let Snapshot { services, areas, h3, .. } = &mut self.state;
        let fragment = fields.position.map_or(NO_FRAGMENT, |at| {
            let fragment = self.h3.fragment(at.lon(), at.lat(), h3);
            if fields.accuracy == Accuracy::Exact {
                self.h3.count_report(fragment, true, h3);
            }
            fragment
        });
        ColumnValues::new(fields, Arc::make_mut(services), Arc::make_mut(areas), fragment)
    }

    /// Deletes the slot of a report, if there is one.
    fn delete(&mut self, id: &ReportId) {
        for held in &mut self.state.segments {
            let slot = held.segment.columns.ids.find(id.as_str());
            if let Some(slot) = slot.filter(|slot| !held.deletes.contains(*slot)) {
                held.deletes.insert(slot);
                let columns = &held.segment.columns;
                if columns.exact_slots().contains(&slot) {
                    let fragment = columns.fragment(slot);
                    self.h3.count_report(fragment, false, &mut self.state.h3);
                }
                self.deleted_during_merge.iter_mut().for_each(|ids| ids.push(id.clone()));
                return;
            }
        }
    }

    fn push(&mut self, segment: Segment) {
        if segment.columns.len() > 0 {
            self.state.segments.push(LiveSegment::new(segment));
        }
    }

    fn sizes(&self) -> Vec<SegmentSize> {
        self.state.segments.iter().map(LiveSegment::size).collect()
    }

    /// Does the small merges that are due.
    fn merge_immediately(&mut self) {
        let is_running = self.deleted_during_merge.is_some();
        while let Some(first) = immediate_merge(&self.sizes(), is_running) {
            let merged = Segment::merge(&self.state.segments[first..]);
            self.state.segments.truncate(first);
            self.push(merged);
        }
    }

    /// The background merge that is due, if any; none while another one is running.
    pub(crate) fn next_merge(&mut self) -> Option<MergeJob> {
        let is_running = self.deleted_during_merge.is_some();
        background_merge(&self.sizes(), is_running).map(|first| self.begin_merge(first))
    }

    /// A merge of all segments into one, if there are several and no merge is running.
    ///
    /// ```
    /// use pointchaud::domain::{Change, Event, IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    ///
    /// let service = ServiceCode::new("graffiti").unwrap();
    /// let new = |revision: u64| {
    ///     let id = ReportId::new(&format!("r{revision}")).unwrap();
    ///     let report = IndexedFields::new(id, service.clone(), 1_790_000_000, None);
    ///     Change { revision, event: Event::New(report) }
    /// };
    /// let mut index = Index::from_changes((1..=100).map(new));
    /// index.apply(vec![new(101)]);
    /// let job = index.compaction().unwrap();
    /// let merged = job.run(); // on any thread
    /// index.finish_merge(merged);
    /// assert!(index.compaction().is_none(), "one segment is left");
    /// assert_eq!(index.reader().load().len(), 101);
    /// ```
    pub fn compaction(&mut self) -> Option<MergeJob> {
        let due = self.state.segments.len() > 1 && self.deleted_during_merge.is_none();
        due.then(|| self.begin_merge(0))
    }

    fn begin_merge(&mut self, first: usize) -> MergeJob {
        self.deleted_during_merge = Some(Vec::new());
        MergeJob { sources: self.state.segments[first..].to_vec(), first }
    }

    /// Replaces the sources of a merge by its result. Reports that were deleted while it ran are
    /// deleted from the result too.
    pub fn finish_merge(&mut self, merged: MergedSegment) {
        let mut deletes = DeleteBitmap::default();
        for id in self.deleted_during_merge.take().unwrap_or_default() {
            if let Some(slot) = merged.segment.columns.ids.find(id.as_str()) {
                deletes.insert(slot);
            }
        }
        let newer = self.state.segments.split_off(merged.first + merged.count);
        self.state.segments.truncate(merged.first);
        if merged.segment.columns.len() > 0 {
            let segment = Arc::new(merged.segment);
            self.state.segments.push(LiveSegment { segment, deletes });
        }
        self.state.segments.extend(newer);
        self.merge_immediately();
        self.publish();
    }

    /// Replaces the boundary sets. Readers see them with the next published snapshot; a change of
    /// boundaries has a revision of its own. What segments have computed for a set that stays the
    /// same is kept.
    pub(crate) fn set_boundaries(&mut self, sets: Vec<BoundarySet>) {
        let known = &self.state.boundary_sets;
        let indexed = |set: BoundarySet| {
            let same = known.iter().find(|known| *known.set() == set);
            same.cloned().unwrap_or_else(|| Arc::new(BoundaryIndex::new(set)))
        };
        self.state.boundary_sets = sets.into_iter().map(indexed).collect();
    }

    fn publish(&mut self) {
        #[cfg(debug_assertions)]
        if self.state.len() < 2_000 {
            self.check_invariants();
        }
        self.state.publication = PUBLICATIONS.fetch_add(1, Ordering::Relaxed);
        self.published.store(Arc::new(self.state.clone()));
    }

    /// Checks that all views agree. Takes O(n); debug builds do it for small indexes at every
    /// publication.
    ///
    /// # Panics
    /// An id is in two segments, a tree misses a located report, columns differ in length or are
    /// out of order, or a service number has no code.
    pub fn check_invariants(&self) {
        let mut ids = HashSet::new();
        for held in &self.state.segments {
            let columns = held.columns();
            let (in_trees, by_service) = held.segment.partials.point_counts();
            assert_eq!(in_trees, columns.located_count(), "a tree misses a report");
            let exact = columns.exact_slots().len();
            assert!([0, exact].contains(&by_service), "the partial indexes miss a report");
            assert!(columns.is_consistent(), "slots are out of order, or a column is too short");
            for slot in held.live_slots() {
                let id = columns.ids.get(slot);
                assert!(ids.insert(id), "{id} is in two segments");
                assert_eq!(columns.ids.find(id), Some(slot), "{id} is not found at its slot");
                let record = columns.record(slot);
                assert!(self.state.services.name(record.service).is_some(), "{id} has no service");
                assert_eq!(record.position.is_some(), (slot as usize) < columns.located_count());
            }
        }
        assert_eq!(ids.len(), self.state.len(), "the count is wrong");
    }
}

fn parent_of(fields: &IndexedFields) -> Option<&str> {
    fields.parent.as_ref().map(ReportId::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Filter, ServiceCode, Status};
    use crate::place::Position;

    fn put(revision: u64, id: u64, status: Status) -> Change {
        let service = if id.is_multiple_of(3) { "neige" } else { "trou" };
        let position =
            (!id.is_multiple_of(5)).then(|| Position::new(-71.0 - id as f64 / 1e5, 46.8).unwrap());
        let fields = IndexedFields::new(
            ReportId::new(&format!("r{id}")).unwrap(),
            ServiceCode::new(service).unwrap(),
            1_700_000_000 + id as i64,
            position,
        );
        let event = Event::Put(IndexedFields { status, ..fields });
        Change { revision, event }
    }

    fn ids(index: &Index, filter: &Filter) -> Vec<String> {
        let snapshot = index.reader().load();
        let compiled = snapshot.compiled(filter);
        let mut ids = Vec::new();
        snapshot.scan(&compiled, |batch| {
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
                index.apply(group.to_vec()); // applying a change twice is harmless
            }
            assert_eq!(ids(&index, &filter), ids(&whole, &filter), "groups of {size}");
            assert_eq!(ids(&index, &Filter::default()), ids(&whole, &Filter::default()));
            index.check_invariants();
        }
    }

    #[test]
    fn a_report_deleted_during_a_merge_stays_deleted() {
        let mut index = Index::default();
        index.apply((1..=100).map(|n| put(n, n, Status::Open)).collect());
        index.apply((101..=110).map(|n| put(n, n, Status::Open)).collect());
        let before = index.reader().load();
        let job = index.compaction().unwrap();
        index.apply(vec![
            put(111, 5, Status::Closed),
            Change { revision: 112, event: Event::Remove(ReportId::new("r6").unwrap()) },
            put(113, 200, Status::Open),
        ]);
        assert!(index.next_merge().is_none(), "one merge at a time");
        let old = index.reader().load();
        index.finish_merge(job.run());
        index.check_invariants();
        let after = index.reader().load();
        assert!(after.revision() == old.revision() && after.publication() > old.publication());
        assert_eq!(after.len(), 110);
        assert!(after.find("r6").is_none() && after.find("r200").is_some());
        assert_eq!(after.view(after.find("r5").unwrap()).status, Status::Closed);
        assert_eq!(before.len(), 110, "a reader's snapshot does not change");
        assert!(before.find("r6").is_some());
    }
}
