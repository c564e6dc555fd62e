//! A snapshot: the state of a city's index at one revision. It never changes, and reading it takes
//! no lock.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::{Filter, ReportView, TextSketch};
use crate::index::access::h3::{H3Columns, H3Rings};
use crate::index::areas;
use crate::index::areas::BoundaryIndex;
use crate::index::columns::{ColumnValues, Columns};
use crate::index::compiled_filter::CompiledFilter;
use crate::index::dictionary::Dictionary;
use crate::index::packed::PackedState;
use crate::index::segment::LiveSegment;
use crate::index::selection::DocAddress;
use crate::place::{H3Cell, Position};

/// The state of one city at one revision. Cloning is cheap.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode, Status};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
///
/// let at = Position::new(-71.25, 46.8125).unwrap();
/// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
/// let report = IndexedFields::new(id, service, 1_790_000_000, Some(at));
/// let snapshot = Index::from_reports([report]).reader().load();
/// assert!((snapshot.revision(), snapshot.len()) == (1, 1) && !snapshot.is_empty());
/// assert_eq!(snapshot.publication(), snapshot.clone().publication());
///
/// let address = snapshot.find("r1").unwrap();
/// assert_eq!((snapshot.id(address), snapshot.requested(address)), ("r1", 1_790_000_000));
/// assert_eq!(snapshot.position(address), Some(at));
/// assert_eq!(snapshot.degrees(address), [-71.25, 46.8125]);
/// assert_eq!(snapshot.view(address).service, "graffiti");
/// assert_eq!(snapshot.service_count(), 1);
/// assert_eq!(snapshot.service_code(snapshot.service(address)), "graffiti");
///
/// let closed = Filter { statuses: Some(vec![Status::Closed]), ..Filter::default() };
/// snapshot.scan(&snapshot.compiled(&closed), |_| unreachable!("the only report is open"));
/// ```
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(super) revision: u64,
    pub(super) publication: u64,
    /// From the oldest to the newest.
    pub(super) segments: Vec<LiveSegment>,
    pub(super) services: Arc<Dictionary>,
    pub(super) areas: Arc<Dictionary>,
    pub(super) h3: Arc<H3Columns>,
    pub(super) boundary_sets: Arc<[Arc<BoundaryIndex>]>,
}

/// # The snapshot and its reports
impl Snapshot {
    /// The revision of the last change that this snapshot contains.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A number that no other published snapshot of this process has. A merge of segments changes
    /// addresses of reports without a new revision: what holds [`DocAddress`]es belongs to one
    /// publication.
    pub fn publication(&self) -> u64 {
        self.publication
    }

    /// Number of services that any report was ever of. Service numbers are below it.
    pub fn service_count(&self) -> usize {
        self.services.len()
    }

    /// Number of area names that the sources of reports gave. Area numbers are below it.
    pub(crate) fn area_count(&self) -> usize {
        self.areas.len()
    }

    /// A span of seconds since 1970 in which all reports were requested, ends included. It may be
    /// longer than needed, because reports that were changed or removed count too. None without
    /// any.
    pub(crate) fn requested_span(&self) -> Option<(i64, i64)> {
        let spans = self.segments.iter().filter_map(|held| held.columns().requested_span());
        spans.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
    }

    /// Number of reports.
    pub fn len(&self) -> usize {
        self.segments.iter().map(LiveSegment::live_count).sum()
    }

    /// True where there is no report.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The report with this id.
    pub fn find(&self, id: &str) -> Option<DocAddress> {
        self.segments.iter().enumerate().find_map(|(segment, held)| {
            let slot = held.columns().ids.find(id).filter(|slot| !held.deletes.contains(*slot))?;
            Some(DocAddress { segment: segment as u32, slot })
        })
    }

    /// Compiles a filter for this snapshot.
    pub fn compiled(&self, filter: &Filter) -> CompiledFilter {
        CompiledFilter::new(filter, &self.services, &self.areas, &self.boundary_sets)
    }

    #[inline]
    fn columns(&self, address: DocAddress) -> &Columns {
        self.segments[address.segment as usize].columns()
    }

    /// The indexed fields of a report.
    pub fn view(&self, address: DocAddress) -> ReportView<'_> {
        let columns = self.columns(address);
        let record = columns.record(address.slot);
        ReportView {
            id: columns.ids.get(address.slot),
            service: self.services.name(record.service).unwrap_or_default(),
            status: record.status,
            reason: record.reason,
            nature: record.nature,
            channel: record.channel,
            requested: record.requested,
            day_only: record.day_only,
            closed: record.closed,
            position: record.position,
            accuracy: record.accuracy,
            area: self.areas.name(record.area),
            parent: columns.parent(address.slot),
        }
    }

    /// The id of a report.
    pub fn id(&self, address: DocAddress) -> &str {
        self.columns(address).ids.get(address.slot)
    }

    /// A report's values in the columns; see [`Snapshot::service_code`] and
    /// [`Snapshot::area_name`] for the numbers in them.
    pub(crate) fn record(&self, address: DocAddress) -> ColumnValues {
        self.columns(address).record(address.slot)
    }

    /// Does the report match a filter?
    pub(crate) fn matches(&self, address: DocAddress, compiled: &CompiledFilter) -> bool {
        compiled.matches(self.columns(address), address.slot)
    }

    /// When the report was requested, in seconds since 1970.
    pub fn requested(&self, address: DocAddress) -> i64 {
        self.columns(address).requested(address.slot)
    }

    /// When the report was closed, in seconds since 1970; none while it is open or where the time
    /// is unknown.
    #[inline]
    pub(crate) fn closed(&self, address: DocAddress) -> Option<i64> {
        self.columns(address).closed(address.slot)
    }

    /// The number of the report's service.
    #[inline]
    pub fn service(&self, address: DocAddress) -> u16 {
        self.columns(address).service(address.slot)
    }

    /// Status, nature, channel and the other enumerated fields of the report.
    #[inline]
    pub(crate) fn state(&self, address: DocAddress) -> PackedState {
        self.columns(address).state(address.slot)
    }

    /// Hashes of the report's words and streets.
    #[inline]
    pub(crate) fn sketch(&self, address: DocAddress) -> TextSketch {
        self.columns(address).sketch(address.slot)
    }

    /// The id of the report of which this one is a duplicate, where that is known.
    pub(crate) fn parent(&self, address: DocAddress) -> Option<&str> {
        self.columns(address).parent(address.slot)
    }

    /// The ids of the reports that are duplicates of any of these.
    pub(crate) fn children_of(&self, ids: &HashSet<&str>) -> Vec<&str> {
        if ids.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for held in &self.segments {
            for (slot, parent) in held.columns().parents() {
                if ids.contains(&**parent) && !held.deletes.contains(*slot) {
                    found.push(held.columns().ids.get(*slot));
                }
            }
        }
        found
    }

    /// The position of a report.
    pub fn position(&self, address: DocAddress) -> Option<Position> {
        self.columns(address).position(address.slot)
    }

    /// Longitude and latitude of a located report, in degrees.
    ///
    /// # Panics
    /// The report has no position.
    #[inline]
    pub fn degrees(&self, address: DocAddress) -> [f64; 2] {
        self.columns(address).degrees(address.slot)
    }

    /// The code of the service with this number; empty where there is none.
    pub fn service_code(&self, number: u16) -> &str {
        self.services.name(number).unwrap_or_default()
    }

    /// The number of a service, if any report was ever of it.
    pub(crate) fn service_number(&self, code: &str) -> Option<u16> {
        self.services.number(code)
    }

    /// The area name with this number, as the source of a report gave it.
    pub(crate) fn area_name(&self, number: u16) -> Option<&str> {
        self.areas.name(number)
    }

    /// Is this the name of an area, of a loaded boundary set or given by the source of a report?
    pub(crate) fn knows_area(&self, name: &str) -> bool {
        areas::find(&self.boundary_sets, name).is_some() || self.areas.number(name).is_some()
    }

    /// The names of a list of areas that was split at its commas: names that hold commas are whole.
    pub(crate) fn area_names(&self, parts: &[String]) -> Vec<String> {
        areas::joined_names(parts, |name| self.knows_area(name))
    }

    /// The loaded boundary sets.
    pub(crate) fn boundary_sets(&self) -> &[Arc<BoundaryIndex>] {
        &self.boundary_sets
    }

    /// The loaded boundary set with this name.
    pub(crate) fn boundary_set(&self, name: &str) -> Option<&Arc<BoundaryIndex>> {
        self.boundary_sets.iter().find(|index| index.set().name == name)
    }

    /// The H3 cells of a resolution that any report was ever in, by cell number.
    pub(crate) fn h3_cells(&self, resolution: u8) -> Vec<H3Cell> {
        self.h3.cells(resolution)
    }

    /// Number of H3 cells of a resolution that any report was ever in.
    pub(crate) fn h3_cell_count(&self, resolution: u8) -> usize {
        self.h3.count(resolution)
    }

    /// By H3 fragment ([`Columns::fragment`]): the number of its cell of a resolution.
    pub(crate) fn h3_cell_by_fragment(&self, resolution: u8) -> Vec<u32> {
        self.h3.by_fragment(resolution)
    }

    /// The numbers, ascending, of the H3 cells of a resolution that no exactly located report is in
    /// now.
    pub(crate) fn vacant_h3_cells(&self, resolution: u8) -> &[u32] {
        self.h3.vacant(resolution)
    }

    /// The neighbours of every H3 cell of a resolution within `k` steps, 1 to
    /// [`RING_MAX`](crate::index::RING_MAX). They may include cells that this snapshot does not
    /// have.
    pub(crate) fn h3_rings(&self, resolution: u8, k: u8) -> Arc<H3Rings> {
        self.h3.rings(resolution, k)
    }
}
