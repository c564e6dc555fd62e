//! A filter in the index's numbers: what every question asks of every slot.

use super::columns::Columns;
use super::forest::Kind;
use super::names::Names;
use crate::place::BBox;
use crate::report::{Accuracy, Filter, Status};

/// A filter made ready for one snapshot.
pub struct Sieve {
    services: Option<Vec<bool>>,
    areas: Option<Vec<u16>>,
    statuses: u8,
    natures: u8,
    channels: u8,
    from: i64,
    before: i64,
    bbox: Option<BBox>,
    approximate: bool,
}

impl Sieve {
    /// Looks the filter's names up.
    pub fn new(filter: &Filter, services: &Names, areas: &Names) -> Self {
        fn mask<T: Copy>(wanted: &Option<Vec<T>>, bit: impl Fn(T) -> u8) -> u8 {
            wanted.as_ref().map_or(u8::MAX, |list| list.iter().fold(0, |m, v| m | 1 << bit(*v)))
        }
        let wanted = filter.services.as_ref().map(|list| {
            let mut wanted = vec![false; services.len()];
            for number in list.iter().filter_map(|code| services.find(code.as_str())) {
                wanted[usize::from(number)] = true;
            }
            wanted
        });
        Self {
            services: wanted,
            areas: filter
                .areas
                .as_ref()
                .map(|list| list.iter().filter_map(|area| areas.find(area)).collect()),
            statuses: mask(&filter.statuses, |status| status as u8),
            natures: mask(&filter.natures, |nature| nature as u8),
            channels: mask(&filter.channels, |channel| channel as u8),
            from: filter.from.unwrap_or(i64::MIN),
            before: filter.before.unwrap_or(i64::MAX),
            bbox: filter.bbox,
            approximate: filter.approximate,
        }
    }

    fn service(&self, number: u16) -> bool {
        match &self.services {
            None => true,
            Some(wanted) => wanted.get(usize::from(number)).copied().unwrap_or(false),
        }
    }

    /// May the tree of this kind hold an answer?
    pub fn wants(&self, (service, closed, approximate): Kind) -> bool {
        let closed_bit = 1 << Status::Closed as u8;
        let states = if closed { closed_bit } else { !closed_bit };
        self.service(service)
            && self.statuses & states & 0b111 != 0
            && (self.approximate || !approximate)
    }

    /// Does this slot pass everything but the question of places (bbox, accuracy)?
    pub fn passes(&self, columns: &Columns, slot: u32) -> bool {
        let at = slot as usize;
        self.from <= columns.requested[at]
            && columns.requested[at] < self.before
            && self.statuses >> columns.status[at] as u8 & 1 == 1
            && self.natures >> columns.nature[at] as u8 & 1 == 1
            && self.channels >> columns.channel[at] as u8 & 1 == 1
            && self.service(columns.service[at])
            && self.areas.as_ref().is_none_or(|areas| areas.contains(&columns.area[at]))
    }

    /// [`Sieve::passes`], and inside the box if there is one; a report without a position is
    /// outside every box.
    pub fn passes_here(&self, columns: &Columns, slot: u32) -> bool {
        self.passes(columns, slot)
            && self.bbox.as_ref().is_none_or(|bbox| {
                columns.position(slot).is_some_and(|position| bbox.contains(position))
            })
    }

    /// [`Sieve::passes_here`], and placed well enough for questions about places.
    pub fn passes_placed(&self, columns: &Columns, slot: u32) -> bool {
        (self.approximate || columns.accuracy[slot as usize] == Accuracy::Exact)
            && self.passes_here(columns, slot)
    }

    /// The filter's box.
    pub fn bbox(&self) -> Option<&BBox> {
        self.bbox.as_ref()
    }
}
