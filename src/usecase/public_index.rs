//! What the public is answered from, where a city does not show everything: indexes of their own,
//! built from what [`PublicRules`] leave of each report. No public query runs on data that holds a
//! value that the public may not see. Where every service is exact there are none, and the public
//! reads the index of the crews.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::domain::{
    Catalogue, Change, Event, Filter, IndexedFields, JurisdictionId, MergedCells, PublicRules,
    ReportId, ServiceCode, View, Visibility, VisibilityTable,
};
use crate::error::Result;
use crate::index::{DocAddress, Index, Snapshot, SnapshotReader};
use crate::store::Reader;
use crate::usecase::erasure::sender_of;

/// Least number of senders for which a place of a service of `cell` stands.
pub const SENDERS_OF_A_CELL_MIN: u64 = 5;
/// Cells are computed again after this many seconds, and at each start.
const CELLS_EVERY_S: i64 = 86_400;
/// Changes read from the store in one page.
const PAGE: usize = 1_024;
/// Number of reports of a segment that is built at once.
const SEGMENT_ROWS: usize = 200_000;

/// A revision that no city has: its policies were never read.
pub const NEVER_READ: u64 = u64::MAX;

/// What the public indexes of a city are built from.
pub struct PublicSource<'a> {
    /// The city.
    pub id: &'a JurisdictionId,
    /// Its services.
    pub catalogue: Arc<Catalogue>,
    /// Its time zone.
    pub zone: &'a TimeZone,
    /// The present time, in seconds since 1970.
    pub now: i64,
    /// Makes the ids of reports that are only counted.
    pub numbers: &'a RandomState,
    /// The store.
    pub reader: &'a Reader,
}

/// The public indexes of a city and the rules by which they were built.
pub struct PublicIndexes {
    rules: Arc<PublicRules>,
    /// The reports that are listed.
    listed: Index,
    /// Also those that are only counted; `None` where there is no service of `cell`.
    counted: Option<Index>,
    /// When the cells were computed, in seconds since 1970.
    built: i64,
}

/// How readers reach the public indexes of a city.
pub struct PublicReaders {
    /// The rules by which they were built, and by which rows of the store are read.
    pub rules: Arc<PublicRules>,
    listed: SnapshotReader,
    counted: SnapshotReader,
}

impl PublicReaders {
    /// The reader of a public view.
    pub fn of(&self, view: View) -> &SnapshotReader {
        if view == View::Counted { &self.counted } else { &self.listed }
    }
}

/// A number for the sender of each report whose contact is known, by the ids of the reports. Two
/// reports of one person have the same number where they name the same address, else the same
/// telephone number, account or device. The numbers are drawn anew at each start.
///
/// # Errors
/// The keys of contacts are missing; the store.
fn known_senders(city: &PublicSource<'_>) -> Result<HashMap<String, u64>> {
    let mut senders = HashMap::new();
    city.reader.each_contact(city.id, &mut |report, contact| {
        let known = sender_of(contact).map(|sender| city.numbers.hash_one(sender));
        senders.extend(known.map(|known| (report.to_owned(), known)));
    })?;
    Ok(senders)
}

/// The rules of a city for the reports that a snapshot holds.
fn rules_of(city: &PublicSource<'_>, table: VisibilityTable, crew: &Snapshot) -> PublicRules {
    let catalogue = city.catalogue.clone();
    let mut cells = HashMap::new();
    let has_cells = table.lines().any(|(_, policy)| policy == Visibility::Cell);
    let senders = if has_cells { known_senders(city) } else { Ok(HashMap::new()) };
    let senders = senders.unwrap_or_else(|error| {
        // Without them fewer senders are told apart, so that places stand for more.
        tracing::warn!(%error, "contacts cannot be read: senders are told apart by days alone");
        HashMap::new()
    });
    // All whose sender is not known may be of one person on each day.
    let sender = |address: DocAddress| {
        let day = || crew.requested(address).div_euclid(86_400);
        let known = senders.get(crew.id(address)).copied();
        known.unwrap_or_else(|| city.numbers.hash_one(("day", day())))
    };
    for number in 0..crew.service_count() as u16 {
        let Some(code) = ServiceCode::new(crew.service_code(number)) else { continue };
        if table.of(code.as_str(), &catalogue) != Visibility::Cell {
            continue;
        }
        let services = Some(vec![code.clone()]);
        let filter = Filter { services, approximate: true, ..Filter::default() };
        let mut reports = Vec::new();
        crew.scan(&crew.compiled(&filter), |batch| {
            batch.slots().each(|slot| {
                let address = batch.address(slot);
                reports.extend(crew.position(address).map(|at| (at, sender(address))));
            });
        });
        cells.insert(code, MergedCells::of(reports.into_iter(), SENDERS_OF_A_CELL_MIN));
    }
    PublicRules::new(table, catalogue, cells, city.zone.clone(), city.numbers.clone())
}

/// Is the report of this id listed? Its service is that which the crews' index knows.
pub fn is_listed(rules: &PublicRules, crew: &Snapshot, id: &str) -> bool {
    let service = crew.find(id).map(|address| crew.service_code(crew.service(address)));
    service.is_some_and(|service| rules.of(service).is_listed())
}

/// Turns changes of reports into changes of a public index.
struct RuleMapping<'a> {
    rules: &'a PublicRules,
    crew: &'a Snapshot,
    view: View,
}

impl RuleMapping<'_> {
    fn fields(&self, fields: &IndexedFields) -> Option<IndexedFields> {
        let is_listed = |id: &ReportId| is_listed(self.rules, self.crew, id.as_str());
        match self.view {
            View::Counted => self.rules.counted(fields.clone(), is_listed),
            View::Listed | View::Crew => self.rules.listed(fields.clone(), is_listed),
        }
    }

    /// The ids under which a report may be in the index.
    fn ids(&self, id: &ReportId) -> Vec<ReportId> {
        let counted = (self.view == View::Counted).then(|| self.rules.counted_id(id));
        std::iter::once(id.clone()).chain(counted).collect()
    }

    fn change(&self, change: &Change, to: &mut Vec<Change>) {
        let mut push = |event| to.push(Change { revision: change.revision, event });
        let shown = match &change.event {
            Event::New(fields) => {
                return self.fields(fields).into_iter().map(Event::New).for_each(push);
            }
            Event::Put(fields) => self.fields(fields),
            Event::Remove(_) => None,
        };
        for id in self.ids(change.event.id()) {
            if shown.as_ref().is_none_or(|shown| shown.id != id) {
                push(Event::Remove(id));
            }
        }
        shown.into_iter().map(Event::Put).for_each(push);
    }

    fn changes(&self, changes: &[Change]) -> Vec<Change> {
        let mut to = Vec::with_capacity(changes.len());
        changes.iter().for_each(|change| self.change(change, &mut to));
        to
    }
}

impl PublicIndexes {
    /// The public indexes of the reports that a snapshot of the crews' index holds, read from the
    /// store. Takes about as long as the boot of a city.
    ///
    /// # Errors
    /// The store.
    pub fn build(city: &PublicSource<'_>, table: VisibilityTable, crew: &Snapshot) -> Result<Self> {
        let rules = Arc::new(rules_of(city, table, crew));
        let is_cell = |(_, policy): (&str, Visibility)| policy == Visibility::Cell;
        let counted = rules.table().lines().any(is_cell).then(Index::default);
        let built = city.now;
        let mut all = Self { rules, listed: Index::default(), counted, built };
        let head = crew.revision();
        city.reader.changes_after(city.id, 0, PAGE, |mut changes, _| {
            // Later ones come with the changes after the snapshot.
            changes.retain(|change| change.revision <= head);
            let rules = all.rules.clone();
            for (index, view) in all.parts() {
                let shown = RuleMapping { rules: &rules, crew, view }.changes(&changes);
                if let Some(rows) = index.load(shown, SEGMENT_ROWS) {
                    index.add_segment(rows.build());
                }
            }
            true
        })?;
        let boundaries = city.reader.boundaries(city.id)?;
        for (index, _) in all.parts() {
            let rest = index.take_loaded().build();
            index.add_segment(rest);
            index.set_boundaries(boundaries.clone());
            index.publish_loaded();
            index.advance(head);
        }
        Ok(all)
    }

    /// The indexes with the views that they answer.
    pub fn parts(&mut self) -> impl Iterator<Item = (&mut Index, View)> {
        let counted = self.counted.iter_mut().map(|index| (index, View::Counted));
        std::iter::once((&mut self.listed, View::Listed)).chain(counted)
    }

    /// One of the indexes, by its number in [`Self::parts`].
    pub fn part(&mut self, number: usize) -> Option<&mut Index> {
        self.parts().nth(number).map(|(index, _)| index)
    }

    /// How readers reach them.
    pub fn readers(&self) -> PublicReaders {
        let listed = self.listed.reader();
        let counted = self.counted.as_ref().map_or_else(|| listed.clone(), Index::reader);
        PublicReaders { rules: self.rules.clone(), listed, counted }
    }

    /// The revision up to which they have read.
    pub fn revision(&self) -> u64 {
        self.listed.reader().load().revision()
    }

    /// Applies changes that the crews' index has already; `crew` is its snapshot after them.
    /// Duplicates of reports that are listed now and were not before, or the other way round, get
    /// or lose the link to them.
    ///
    /// # Errors
    /// The store.
    pub fn apply(
        &mut self,
        city: &PublicSource<'_>,
        changes: &[Change],
        crew: &Snapshot,
    ) -> Result<()> {
        let rules = self.rules.clone();
        let before = self.listed.reader().load();
        let own: HashSet<&str> = changes.iter().map(|change| change.event.id().as_str()).collect();
        let is_relisted = |id: &&str| before.find(id).is_some() != is_listed(&rules, crew, id);
        let relisted: HashSet<&str> = own.iter().copied().filter(is_relisted).collect();
        let children = crew.children_of(&relisted);
        let children: Vec<&str> = children.into_iter().filter(|id| !own.contains(id)).collect();
        let revision = changes.last().map_or(0, |change| change.revision).max(crew.revision());
        let children = match children.is_empty() {
            true => Vec::new(),
            false => city.reader.get_many(city.id, &children)?,
        };
        let put = |event| Change { revision, event };
        let children: Vec<Change> =
            children.iter().map(|one| put(Event::Put(one.report.facts()))).collect();
        for (index, view) in self.parts() {
            let shown = RuleMapping { rules: &rules, crew, view };
            let mut all = shown.changes(changes);
            all.extend(shown.changes(&children));
            index.apply(all);
            index.advance(crew.revision());
        }
        Ok(())
    }

    /// Reads what they lack from the store, up to the snapshot of the crews' index, and the
    /// boundaries.
    ///
    /// # Errors
    /// The store.
    pub fn read_on(&mut self, city: &PublicSource<'_>, crew: &Snapshot) -> Result<()> {
        let boundaries = city.reader.boundaries(city.id)?;
        self.parts().for_each(|(index, _)| index.set_boundaries(boundaries.clone()));
        let (seen, head) = (self.revision(), crew.revision());
        let mut changes = Vec::new();
        city.reader.changes_after(city.id, seen, PAGE, |page, _| {
            changes.extend(page.into_iter().filter(|change| change.revision <= head));
            true
        })?;
        self.apply(city, &changes, crew)
    }

    /// Are they still those of this table, of the city's catalogue and of its day?
    pub fn is_current(&self, city: &PublicSource<'_>, table: &VisibilityTable) -> bool {
        let (known, now) = (self.rules.catalogue(), &city.catalogue);
        let is_old = city.now - self.built >= CELLS_EVERY_S;
        self.rules.table() == table
            && known.services().len() == now.services().len()
            && !(self.counted.is_some() && is_old)
    }
}
