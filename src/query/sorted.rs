//! Lists of reports in an order that the reader chooses, page by page.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::index::{DocAddress, SelectionBatch, Snapshot};
use crate::query::page::Page;

/// Limit of the number of properties that a list is sorted by.
pub const SORT_TERMS_MAX: usize = 4;

/// A property of a report that lists can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortProperty {
    /// Tracking number.
    Id,
    /// Service code.
    Service,
    /// Status.
    Status,
    /// Reason of closing.
    Reason,
    /// Nature.
    Nature,
    /// Channel.
    Channel,
    /// How well the position is known.
    Accuracy,
    /// Area name that the source gave.
    Area,
    /// Id of the report of which it is a duplicate.
    Parent,
    /// When the report was requested.
    Requested,
    /// When the report was closed.
    Closed,
}

impl SortProperty {
    /// All properties with their names.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Id, "service_request_id"),
        (Self::Service, "service_code"),
        (Self::Status, "status"),
        (Self::Reason, "closed_reason"),
        (Self::Nature, "nature"),
        (Self::Channel, "channel"),
        (Self::Accuracy, "accuracy"),
        (Self::Area, "area"),
        (Self::Parent, "parent_service_request_id"),
        (Self::Requested, "requested_datetime"),
        (Self::Closed, "closed_datetime"),
    ];

    /// The property with this name.
    ///
    /// ```
    /// use pointchaud::query::SortProperty;
    ///
    /// assert_eq!(SortProperty::parse("status"), Some(SortProperty::Status));
    /// assert_eq!(SortProperty::parse("lon"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(property, _)| *property)
    }

    /// Are its values times?
    ///
    /// ```
    /// use pointchaud::query::SortProperty;
    ///
    /// assert!(SortProperty::Closed.is_time() && !SortProperty::Status.is_time());
    /// ```
    pub fn is_time(self) -> bool {
        matches!(self, Self::Requested | Self::Closed)
    }

    /// Its value in a report.
    fn of(self, snapshot: &Snapshot, address: DocAddress) -> SortValue<&str> {
        let text = |text: Option<_>| text.map_or(SortValue::Absent, SortValue::Text);
        let state = snapshot.state(address);
        match self {
            Self::Requested => SortValue::Second(snapshot.requested(address)),
            Self::Closed => snapshot.closed(address).map_or(SortValue::Absent, SortValue::Second),
            Self::Id => SortValue::Text(snapshot.id(address)),
            Self::Service => SortValue::Text(snapshot.service_code(snapshot.service(address))),
            Self::Status => SortValue::Text(state.status().as_str()),
            Self::Reason => text(state.reason().map(|reason| reason.as_str())),
            Self::Nature => SortValue::Text(state.nature().as_str()),
            Self::Channel => SortValue::Text(state.channel().as_str()),
            Self::Accuracy => {
                let position = snapshot.position(address);
                text(position.map(|_| state.accuracy().as_str()))
            }
            Self::Area => text(snapshot.area_name(snapshot.record(address).area)),
            Self::Parent => text(snapshot.parent(address)),
        }
    }
}

/// A value that a list is sorted by; `T` is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortValue<T> {
    /// A time in seconds since 1970.
    Second(i64),
    /// A text. Texts are in the order of their code points.
    Text(T),
    /// The report has no value. It comes after all that have one, in both directions.
    Absent,
}

impl SortValue<&str> {
    /// The place of this value before or after another one.
    ///
    /// ```
    /// use pointchaud::query::SortValue;
    ///
    /// let (a, b) = (SortValue::Text("a"), SortValue::Text("b"));
    /// assert!(a.compared(b, false).is_lt() && a.compared(b, true).is_gt());
    /// let absent = SortValue::Absent;
    /// assert!(a.compared(absent, false).is_lt() && a.compared(absent, true).is_lt());
    /// ```
    pub fn compared(self, other: SortValue<&str>, is_descending: bool) -> Ordering {
        let order = match (self, other) {
            (SortValue::Second(a), SortValue::Second(b)) => a.cmp(&b),
            (SortValue::Text(a), SortValue::Text(b)) => a.cmp(b),
            (SortValue::Absent, SortValue::Absent) => Ordering::Equal,
            (SortValue::Absent, _) => return Ordering::Greater,
            (_, SortValue::Absent) => return Ordering::Less,
            // Values of one property are of one type.
            (SortValue::Text(_), SortValue::Second(_)) => return Ordering::Greater,
            (SortValue::Second(_), SortValue::Text(_)) => return Ordering::Less,
        };
        if is_descending { order.reverse() } else { order }
    }
}

impl SortValue<String> {
    fn borrowed(&self) -> SortValue<&str> {
        match self {
            Self::Second(second) => SortValue::Second(*second),
            Self::Text(text) => SortValue::Text(text),
            Self::Absent => SortValue::Absent,
        }
    }
}

/// One property of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortTerm {
    /// The property.
    pub property: SortProperty,
    /// Greatest values first?
    pub is_descending: bool,
}

/// Newest first: the order of lists whose reader chooses none.
pub const NEWEST_FIRST: &[SortTerm] =
    &[SortTerm { property: SortProperty::Requested, is_descending: true }];

/// Oldest first.
pub const OLDEST_FIRST: &[SortTerm] =
    &[SortTerm { property: SortProperty::Requested, is_descending: false }];

/// An item of a sorted list, beside which a page starts or ends: its values of the properties of
/// the order, and its id. Unlike an offset it stays valid while reports are added and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKey {
    /// The values, as many as the order has terms.
    pub values: Vec<SortValue<String>>,
    /// The id.
    pub id: String,
}

impl ListKey {
    /// The key of a report.
    ///
    /// ```
    /// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::Index;
    /// use pointchaud::query::{NEWEST_FIRST, ListKey, SortValue};
    ///
    /// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
    /// let index = Index::from_reports([IndexedFields::new(id, service, 1_790_000_000, None)]);
    /// let snapshot = index.reader().load();
    /// let key = ListKey::of(&snapshot, NEWEST_FIRST, snapshot.find("r1").unwrap());
    /// assert_eq!(key.values, [SortValue::Second(1_790_000_000)]);
    /// ```
    pub fn of(snapshot: &Snapshot, order: &[SortTerm], address: DocAddress) -> Self {
        let owned = |term: &SortTerm| match term.property.of(snapshot, address) {
            SortValue::Second(second) => SortValue::Second(second),
            SortValue::Text(text) => SortValue::Text(text.to_owned()),
            SortValue::Absent => SortValue::Absent,
        };
        let values = order.iter().map(owned).collect();
        Self { values, id: snapshot.id(address).to_owned() }
    }
}

/// Where a page of a sorted list is.
#[derive(Debug, Clone, Default)]
pub enum PagePlace {
    /// At the start of the list.
    #[default]
    Start,
    /// Directly after an item.
    After(ListKey),
    /// Directly before an item.
    Before(ListKey),
}

impl PagePlace {
    /// Does the page end at its item, so that the list is read backwards?
    pub(super) fn is_backwards(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    fn key(&self) -> Option<&ListKey> {
        match self {
            Self::Start => None,
            Self::After(key) | Self::Before(key) => Some(key),
        }
    }
}

/// An order and the direction in which the list is read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    order: &'a [SortTerm],
    is_backwards: bool,
}

/// The values of one item; places beyond the terms of the order are not read.
type Values<'a> = [SortValue<&'a str>; SORT_TERMS_MAX];

impl Reading<'_> {
    /// The place of an item before or after another one in the direction of reading.
    fn compare<'a>(
        &self,
        (a, a_id): (&Values<'a>, &str),
        (b, b_id): (&Values<'a>, &str),
    ) -> Ordering {
        let terms = self.order.iter().zip(a.iter().zip(b));
        let mut different = terms.map(|(term, (a, b))| a.compared(*b, term.is_descending));
        let found = different.find(|order| order.is_ne());
        let order = found.unwrap_or_else(|| a_id.cmp(b_id));
        if self.is_backwards { order.reverse() } else { order }
    }
}

/// Collects the reports of a page in any order; equal values by id. Takes O(limit) memory however
/// many reports are offered, and O(log limit) time for each that may be in the page.
pub struct SortedCollector<'a> {
    snapshot: &'a Snapshot,
    reading: Reading<'a>,
    place: &'a PagePlace,
    limit: usize,
    /// The first `limit` + 1 so far in the direction of reading, the last of them on top.
    heap: BinaryHeap<SortedEntry<'a>>,
}

struct SortedEntry<'a> {
    reading: Reading<'a>,
    values: Values<'a>,
    id: &'a str,
    address: DocAddress,
}

impl PartialEq for SortedEntry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortedEntry<'_> {}

impl Ord for SortedEntry<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.reading.compare((&self.values, self.id), (&other.values, other.id))
    }
}

impl PartialOrd for SortedEntry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> SortedCollector<'a> {
    /// An empty page. Terms beyond [`SORT_TERMS_MAX`] are ignored.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        order: &'a [SortTerm],
        place: &'a PagePlace,
        limit: usize,
    ) -> Self {
        let order = &order[..order.len().min(SORT_TERMS_MAX)];
        let reading = Reading { order, is_backwards: place.is_backwards() };
        Self { snapshot, reading, place, limit, heap: BinaryHeap::new() }
    }

    /// Offers the reports of a batch.
    pub(super) fn collect_batch(&mut self, batch: &SelectionBatch<'_>) {
        batch.slots().each(|slot| self.collect(batch.address(slot)));
    }

    /// Offers a report.
    pub(super) fn collect(&mut self, address: DocAddress) {
        let mut values = [SortValue::Absent; SORT_TERMS_MAX];
        for (value, term) in values.iter_mut().zip(self.reading.order) {
            *value = term.property.of(self.snapshot, address);
        }
        let (reading, id) = (self.reading, self.snapshot.id(address));
        let entry = SortedEntry { reading, values, id, address };
        let is_full = self.heap.len() > self.limit;
        if is_full && self.heap.peek().is_some_and(|last| entry >= *last) {
            return;
        }
        if let Some(key) = self.place.key() {
            let mut known = [SortValue::Absent; SORT_TERMS_MAX];
            for (value, of_key) in known.iter_mut().zip(&key.values) {
                *value = of_key.borrowed();
            }
            if reading.compare((&entry.values, id), (&known, key.id.as_str())).is_le() {
                return;
            }
        }
        if is_full {
            self.heap.pop();
        }
        self.heap.push(entry);
    }

    /// The page of the reports offered, in the order of the list. `more` says whether there are
    /// more in the direction of reading.
    pub(super) fn page(self) -> Page<DocAddress> {
        let mut items: Vec<DocAddress> =
            self.heap.into_sorted_vec().into_iter().map(|entry| entry.address).collect();
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        if self.reading.is_backwards {
            items.reverse();
        }
        Page { items, more }
    }
}
