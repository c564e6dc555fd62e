//! Loaded boundaries in the index: which area of a set each located slot lies in. Found out once
//! for a run and a set, when it is first asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::domain::BoundarySet;
use crate::index::columns::Columns;
use crate::place::{AreaIndex, Position};

/// Stands for no area.
pub const NO_AREA: u16 = u16::MAX;
/// Sets that a run remembers; more are looked up place by place.
const SETS_MAX: usize = 8;

/// A set of boundaries with a number that no other has.
#[derive(Debug)]
pub struct BoundaryIndex {
    serial: u64,
    set: BoundarySet,
    boxes: AreaIndex,
}

impl BoundaryIndex {
    /// A set under a new number.
    pub fn new(set: BoundarySet) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let boxes = AreaIndex::new(set.areas.iter().map(|area| *area.shape.bounds()));
        Self { serial: NEXT.fetch_add(1, Ordering::Relaxed), set, boxes }
    }

    /// The boundaries.
    pub fn set(&self) -> &BoundarySet {
        &self.set
    }

    /// The number of the area of this name.
    pub fn find(&self, name: &str) -> Option<u16> {
        self.set.areas.iter().position(|area| area.name == name).map(|at| at as u16)
    }

    /// The number of the first area that a position lies in.
    fn number_at(&self, at: Position) -> u16 {
        let holds = |number: &u32| self.set.areas[*number as usize].shape.contains(at);
        self.boxes.at(at).into_iter().find(holds).map_or(NO_AREA, |number| number as u16)
    }

    /// The number of the area that a slot lies in.
    #[inline]
    pub fn number(&self, columns: &Columns, slot: u32) -> u16 {
        if slot as usize >= columns.located() {
            return NO_AREA;
        }
        match columns.zones.of(self, columns) {
            Some(numbers) => numbers[slot as usize],
            None => columns.position(slot).map_or(NO_AREA, |at| self.number_at(at)),
        }
    }
}

/// What a run knows of sets.
#[derive(Default)]
pub struct BoundaryColumns([OnceLock<(u64, Box<[u16]>)>; SETS_MAX]);

impl BoundaryColumns {
    fn of(&self, set: &BoundaryIndex, columns: &Columns) -> Option<&[u16]> {
        let make = || {
            let all = (0..columns.located() as u32)
                .map(|slot| columns.position(slot).map_or(NO_AREA, |at| set.number_at(at)));
            (set.serial, all.collect())
        };
        self.0.iter().find_map(|slot| {
            let (serial, numbers) = slot.get_or_init(make);
            (*serial == set.serial).then_some(&**numbers)
        })
    }
}

/// Areas that pass, of one set.
pub(super) struct WantedAreas {
    set: Arc<BoundaryIndex>,
    numbers: Vec<bool>,
}

impl WantedAreas {
    /// Does a slot lie in one of them?
    #[inline]
    pub fn has(&self, columns: &Columns, slot: u32) -> bool {
        let number = self.set.number(columns, slot);
        self.numbers.get(usize::from(number)).copied().unwrap_or(false)
    }

    /// The areas of these names, set by set; a name is of the first set that has it, or of the one
    /// it names before a colon. What is left over is of no set.
    pub fn of(sets: &[Arc<BoundaryIndex>], names: &[String]) -> (Vec<Self>, Vec<String>) {
        let mut wanted: Vec<Self> = Vec::new();
        let mut rest = Vec::new();
        for name in names {
            let Some((set, number)) = find(sets, name) else {
                rest.push(name.clone());
                continue;
            };
            let known = wanted.iter().position(|one| Arc::ptr_eq(&one.set, set));
            let at = known.unwrap_or_else(|| {
                let numbers = vec![false; set.set.areas.len()];
                wanted.push(Self { set: set.clone(), numbers });
                wanted.len() - 1
            });
            wanted[at].numbers[usize::from(number)] = true;
        }
        (wanted, rest)
    }
}

/// The area of a name, with or without its set's before a colon.
pub(super) fn find<'a>(
    sets: &'a [Arc<BoundaryIndex>],
    name: &str,
) -> Option<(&'a Arc<BoundaryIndex>, u16)> {
    let plain = || sets.iter().find_map(|set| Some((set, set.find(name)?)));
    let full = || {
        let (set, area) = name.split_once(':')?;
        let set = sets.iter().find(|known| known.set.name == set)?;
        Some((set, set.find(area)?))
    };
    plain().or_else(full)
}
