//! The places at which the reports of a service are counted where the public sees only numbers:
//! centres of H3 cells that stand for the reports of several senders each.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::place::{H3Cell, Position, distance};

/// The coarsest cells, of about 36 km². A report in one with too few is counted without a place.
const COARSEST: u8 = 6;
/// The finest cells, of about 0.1 km².
const FINEST: u8 = 9;

/// The cells of one service, computed from all of its reports at one moment: the position and the
/// sender of each, as a number that stands for one person as far as that is known. Later reports
/// are counted at the places that there are already, so none of them moves a place.
///
/// A cell with fewer than `k` senders is merged: where the small cells within one larger cell have
/// `k` senders together, they are counted at its centre, else with the nearest cell beside them
/// that is large enough. So each place stood for at least `k` senders.
///
/// ```
/// use pointchaud::domain::MergedCells;
/// use pointchaud::place::Position;
///
/// let at = |lon| Position::new(lon, 46.81).unwrap();
/// let of_one_sender = MergedCells::of((0..9).map(|_| (at(-71.2), 1)), 5);
/// assert_eq!(of_one_sender.place(at(-71.2)), None);
///
/// let mut all: Vec<_> = (0..6).map(|sender| (at(-71.2), sender)).collect();
/// all.push((at(-71.195), 7));
/// let cells = MergedCells::of(all.into_iter(), 5);
/// assert_eq!(cells.place(at(-71.195)), cells.place(at(-71.2)), "one report has no own place");
/// ```
#[derive(Debug, Default)]
pub struct MergedCells {
    /// Cells with at least `k` senders.
    dense: HashSet<H3Cell>,
    /// The dense cells of the next resolution within a dense cell, in order.
    parts: HashMap<H3Cell, Vec<H3Cell>>,
    /// Dense cells whose small cells have `k` senders together.
    with_rest: HashSet<H3Cell>,
}

/// The different senders of each cell of one resolution.
type Senders = BTreeMap<H3Cell, HashSet<u64>>;

impl MergedCells {
    /// The cells of these reports, of at least `k` senders each.
    pub fn of(reports: impl Iterator<Item = (Position, u64)>, k: u64) -> Self {
        let k = usize::try_from(k).unwrap_or(usize::MAX);
        let large = |senders: &Senders| -> Vec<H3Cell> {
            let large = senders.iter().filter(|(_, known)| known.len() >= k);
            large.map(|(cell, _)| *cell).collect()
        };
        let mut level = Senders::new();
        for (at, sender) in reports {
            if let Some(cell) = H3Cell::of(at.lon(), at.lat(), FINEST) {
                level.entry(cell).or_default().insert(sender);
            }
        }
        let mut cells = Self::default();
        for resolution in (COARSEST..=FINEST).rev() {
            cells.dense.extend(large(&level));
            if resolution == COARSEST {
                break;
            }
            let (mut above, mut small) = (Senders::new(), Senders::new());
            for (cell, senders) in level {
                let Some(parent) = cell.parent(resolution - 1) else { continue };
                match senders.len() >= k {
                    true => cells.parts.entry(parent).or_default().push(cell),
                    false => small.entry(parent).or_default().extend(&senders),
                }
                above.entry(parent).or_default().extend(senders);
            }
            cells.with_rest.extend(large(&small));
            level = above;
        }
        cells
    }

    /// Where a report at this position is counted; `None` where there are too few around it.
    pub fn place(&self, at: Position) -> Option<Position> {
        let mut finest = H3Cell::of(at.lon(), at.lat(), FINEST)?;
        let mut cell = finest.parent(COARSEST).filter(|cell| self.dense.contains(cell))?;
        while let Some(parts) = self.parts.get(&cell) {
            let own = finest.parent(cell.resolution() + 1)?;
            if self.dense.contains(&own) {
                cell = own;
                continue;
            }
            if self.with_rest.contains(&cell) {
                break;
            }
            let far = |part: &H3Cell| center(*part).map_or(f64::MAX, |to| distance(at, to).0);
            cell = *parts.iter().min_by(|a, b| far(a).total_cmp(&far(b)).then(a.cmp(b)))?;
            let [lon, lat] = cell.center();
            finest = H3Cell::of(lon, lat, FINEST)?;
        }
        center(cell)
    }

    /// Every cell that stands for senders, in order: what two computations are compared by.
    pub fn dense(&self) -> Vec<H3Cell> {
        let mut all: Vec<H3Cell> = self.dense.iter().copied().collect();
        all.sort();
        all
    }
}

/// The centre of a cell as a position.
pub(super) fn center(cell: H3Cell) -> Option<Position> {
    let [lon, lat] = cell.center();
    Position::new(lon, lat).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports scattered over a few kilometres, denser towards the middle; each sender has
    /// `of_each` of them.
    fn scattered(n: u64, of_each: u64) -> Vec<(Position, u64)> {
        let mut seed = 7_u64;
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            ((seed >> 33) as f64 / f64::from(1u32 << 31)).powi(2)
        };
        let mut at = || Position::new(-71.3 + draw() / 5.0, 46.7 + draw() / 5.0).unwrap();
        (0..n).map(|report| (at(), report / of_each)).collect()
    }

    #[test]
    fn every_place_stands_for_at_least_k_senders() {
        for (n, of_each, k) in
            [(3, 1, 5), (40, 1, 5), (400, 1, 5), (2_000, 1, 5), (2_000, 1, 20), (2_000, 7, 5)]
        {
            let all = scattered(n, of_each);
            let cells = MergedCells::of(all.iter().copied(), k);
            let mut senders: BTreeMap<String, HashSet<u64>> = BTreeMap::new();
            let (mut counted, mut without) = (0, 0);
            for (at, sender) in &all {
                match cells.place(*at) {
                    Some(to) => {
                        senders.entry(format!("{to:?}")).or_default().insert(*sender);
                        counted += 1;
                    }
                    None => without += 1,
                }
            }
            assert!(senders.values().all(|known| known.len() as u64 >= k), "{n}, {k}: {senders:?}");
            assert_eq!(counted + without, n);
            let is_fine = senders.len() > 10 && without < 2 * k * of_each;
            assert!(n < 400 || is_fine, "{n}, {of_each}: {}", senders.len());
        }
    }

    #[test]
    fn one_sender_makes_no_place_however_many_reports_it_sends() {
        let at = Position::new(-71.2, 46.81).unwrap();
        let by = |senders: u64| MergedCells::of((0..500).map(|n| (at, n % senders)), 5).place(at);
        assert_eq!([by(1), by(4)], [None, None]);
        assert!(by(5).is_some());
        // Their reports beside those of others add nobody.
        let mut all: Vec<_> = (0..4).map(|sender| (at, sender)).collect();
        all.extend((0..100).map(|_| (at, 3)));
        assert_eq!(MergedCells::of(all.into_iter(), 5).place(at), None);
    }

    #[test]
    fn a_place_depends_on_the_position_alone() {
        let all = scattered(500, 1);
        let cells = MergedCells::of(all.iter().copied(), 5);
        let again = MergedCells::of(all.iter().rev().copied(), 5);
        for (at, _) in scattered(900, 1) {
            assert_eq!(cells.place(at), again.place(at));
        }
        assert_eq!(cells.dense(), again.dense());
    }
}
