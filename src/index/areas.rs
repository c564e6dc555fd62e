//! Boundary sets in the index: in which area of a loaded set each located report lies.
//!
//! The areas of all slots of a segment are computed when a query first asks for a set, and kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::domain::{Boundary, BoundarySet};
use crate::place::{AreaIndex, BBox, Position};

/// The area number that stands for "in no area".
pub const NO_AREA: u16 = u16::MAX;
/// Boundary sets whose areas a segment keeps; areas of further sets are computed at each access.
const CACHED_SETS_MAX: usize = 8;

/// A boundary set that the index can look positions up in. Areas are numbered in the set's order.
#[derive(Debug)]
pub struct BoundaryIndex {
    /// Unique in the process: the key of [`AreaCache`].
    serial: u64,
    set: BoundarySet,
    /// The bounding boxes of the areas.
    boxes: AreaIndex,
}

impl BoundaryIndex {
    /// Indexes a boundary set.
    ///
    /// ```
    /// use pointchaud::domain::{Boundary, BoundarySet, Filter};
    /// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
    /// use pointchaud::index::{BoundaryIndex, Index};
    /// use pointchaud::place::{BBox, Polygons, Position};
    /// use pointchaud::query::{StatsPart, StatsQuery, stats};
    ///
    /// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
    /// let at = Position::new(-71.2, 46.8).ok();
    /// let report = IndexedFields::new(id, service, 1_790_000_000, at);
    /// let snapshot = Index::from_reports([report]).reader().load();
    /// let shape = Polygons::of_box(&BBox::new(-71.3, 46.7, -71.1, 46.9).unwrap()).unwrap();
    /// let areas = vec![Boundary { name: "Limoilou".into(), shape }];
    /// let set = BoundaryIndex::new(BoundarySet { name: "quartiers".into(), areas });
    /// let query = StatsQuery { parts: &[StatsPart::Areas], day_starts: &[], areas: Some(&set) };
    /// let counts = stats(&snapshot, &snapshot.compiled(&Filter::default()), query);
    /// assert_eq!((counts.areas[0].name.as_str(), counts.areas[0].count), ("Limoilou", 1));
    /// ```
    pub fn new(set: BoundarySet) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let boxes = AreaIndex::new(set.areas.iter().map(|area| *area.shape.bounds()));
        Self { serial: NEXT.fetch_add(1, Ordering::Relaxed), set, boxes }
    }

    /// The boundary set.
    pub(crate) fn set(&self) -> &BoundarySet {
        &self.set
    }

    /// The areas whose box touches `bbox`, in the set's order.
    pub(crate) fn touching(&self, bbox: &BBox) -> impl Iterator<Item = &Boundary> {
        let numbers = self.boxes.touching(bbox).into_iter();
        numbers.filter_map(|number| self.set.areas.get(number as usize))
    }

    /// The box that holds all areas; none of a set without areas.
    pub(crate) fn bounds(&self) -> Option<BBox> {
        let boxes = self.set.areas.iter().map(|area| *area.shape.bounds());
        boxes.reduce(|a, b| a.joined(&b))
    }

    /// The number of the area with this name.
    pub(crate) fn find(&self, name: &str) -> Option<u16> {
        self.set.areas.iter().position(|area| area.name == name).map(|at| at as u16)
    }

    /// The name of the first area that holds a position.
    pub(crate) fn name_at(&self, at: Position) -> Option<&str> {
        let area = self.set.areas.get(usize::from(self.area_at(at)))?;
        Some(&area.name)
    }

    /// The number of the first area that holds a position, [`NO_AREA`] where none does.
    pub(super) fn area_at(&self, at: Position) -> u16 {
        let holds = |number: &u32| self.set.areas[*number as usize].shape.contains(at);
        self.boxes.at(at).into_iter().find(holds).map_or(NO_AREA, |number| number as u16)
    }
}

/// The area numbers of a segment's located slots, for the boundary sets that were asked for.
#[derive(Default)]
pub(super) struct AreaCache([OnceLock<(u64, Box<[u16]>)>; CACHED_SETS_MAX]);

impl AreaCache {
    /// The area of each located slot in `set`, computed by `compute` at the first access; none
    /// where the cache is full of other sets.
    pub fn get(
        &self,
        set: &BoundaryIndex,
        compute: impl Fn(&BoundaryIndex) -> Box<[u16]>,
    ) -> Option<&[u16]> {
        self.0.iter().find_map(|entry| {
            let (serial, areas) = entry.get_or_init(|| (set.serial, compute(set)));
            (*serial == set.serial).then_some(&**areas)
        })
    }
}

/// The areas of one boundary set that a filter names.
pub(super) struct AreaSelection {
    /// The boundary set.
    pub set: Arc<BoundaryIndex>,
    /// By area number: is the area selected?
    selected: Vec<bool>,
}

impl AreaSelection {
    /// Is the area with this number selected?
    #[inline]
    pub fn contains(&self, area: u16) -> bool {
        self.selected.get(usize::from(area)).copied().unwrap_or(false)
    }

    /// Looks area names up in boundary sets, see [`find`]. Returns one selection for each set that
    /// has any of them, and the names that no set has.
    pub fn resolve(sets: &[Arc<BoundaryIndex>], names: &[String]) -> (Vec<Self>, Vec<String>) {
        let mut selections: Vec<Self> = Vec::new();
        let mut unknown = Vec::new();
        for name in names {
            let Some((set, number)) = find(sets, name) else {
                unknown.push(name.clone());
                continue;
            };
            let known = selections.iter().position(|one| Arc::ptr_eq(&one.set, set));
            let at = known.unwrap_or_else(|| {
                let selected = vec![false; set.set.areas.len()];
                selections.push(Self { set: set.clone(), selected });
                selections.len() - 1
            });
            selections[at].selected[usize::from(number)] = true;
        }
        (selections, unknown)
    }
}

/// The most comma-separated parts that one area name may have.
const NAME_PARTS_MAX: usize = 8;

/// The names of a list that was split at its commas, where names hold commas themselves. A part in
/// double quotes is a whole name. Of the others, parts side by side that make a known name are that
/// name, the longest one first.
pub(super) fn joined_names(parts: &[String], is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::with_capacity(parts.len());
    let mut rest = parts;
    while let Some(first) = rest.first() {
        if let Some(name) = unquoted(first).filter(|_| !is_known(first)) {
            names.push(name);
            rest = &rest[1..];
            continue;
        }
        let lengths = (2..=rest.len().min(NAME_PARTS_MAX)).rev();
        let mut joined = lengths.flat_map(|length| {
            [", ", ","].map(|separator| (length, rest[..length].join(separator)))
        });
        let known = joined.find(|(_, name)| is_known(name));
        let (length, name) = known.unwrap_or_else(|| (1, first.clone()));
        names.push(name);
        rest = &rest[length..];
    }
    names
}

/// The text between double quotes, where a doubled quote is one quote. None without quotes.
fn unquoted(part: &str) -> Option<String> {
    let inner = part.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.replace("\"\"", "\""))
}

/// The area with a name: `area` is searched in all sets, first set first, `set:area` in one.
pub(super) fn find<'a>(
    sets: &'a [Arc<BoundaryIndex>],
    name: &str,
) -> Option<(&'a Arc<BoundaryIndex>, u16)> {
    let plain = || sets.iter().find_map(|set| Some((set, set.find(name)?)));
    let qualified = || {
        let (set, area) = name.split_once(':')?;
        let set = sets.iter().find(|known| known.set.name == set)?;
        Some((set, set.find(area)?))
    };
    plain().or_else(qualified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_are_put_together_again() {
        let known = ["A, B", "A", "F"];
        let names = |list: &str| {
            let parts: Vec<String> = list.split(',').map(|part| part.trim().to_owned()).collect();
            joined_names(&parts, |name| known.contains(&name)).join("|")
        };
        assert_eq!(names("A, B"), "A, B");
        assert_eq!(names("F,A,B,A"), "F|A, B|A");
        assert_eq!(names("A,F,B"), "A|F|B");
        assert_eq!(names("nowhere"), "nowhere");
    }

    #[test]
    fn a_name_in_quotes_is_whole() {
        let known = ["A, B", "A", "B", "\"C\"", "D \"E\""];
        let names = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            joined_names(&parts, |name| known.contains(&name)).join("|")
        };
        assert_eq!(names(&["A", "B"]), "A, B");
        assert_eq!(names(&["\"A\"", "B"]), "A|B");
        assert_eq!(names(&["\"A, B\"", "\"A\"", "B"]), "A, B|A|B");
        assert_eq!(names(&["\"C\"", "\"nowhere\""]), "\"C\"|nowhere");
        assert_eq!(names(&["\"D \"\"E\"\"\""]), "D \"E\"");
        assert_eq!(names(&["\""]), "\"");
    }
}
