//! The places at which the reports of a service are counted where the public sees only numbers:
//! centres of H3 cells that stand for several reports each.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::place::{H3Cell, Position, distance};

/// The coarsest cells, of about 36 km². A report in one with too few is counted without a place.
const COARSEST: u8 = 6;
/// The finest cells, of about 0.1 km².
const FINEST: u8 = 9;

/// The cells of one service, computed from all of its positions at one moment. Later reports are
/// counted at the places that there are already, so none of them moves a place.
///
/// A cell with fewer than `k` reports is merged: where the small cells within one larger cell have
/// `k` reports together, they are counted at its centre, else with the nearest cell beside them
/// that is large enough. So each place stood for at least `k` reports.
///
/// ```
/// use pointchaud::domain::MergedCells;
/// use pointchaud::place::Position;
///
/// let at = |lon| Position::new(lon, 46.81).unwrap();
/// let few = MergedCells::of([at(-71.2), at(-71.2)].into_iter(), 5);
/// assert_eq!(few.place(at(-71.2)), None);
///
/// let mut all = vec![at(-71.2); 6];
/// all.push(at(-71.195));
/// let cells = MergedCells::of(all.into_iter(), 5);
/// assert_eq!(cells.place(at(-71.195)), cells.place(at(-71.2)), "one report has no own place");
/// ```
#[derive(Debug, Default)]
pub struct MergedCells {
    /// Cells with at least `k` reports.
    dense: HashSet<H3Cell>,
    /// The dense cells of the next resolution within a dense cell, in order.
    parts: HashMap<H3Cell, Vec<H3Cell>>,
    /// Dense cells whose small cells have `k` reports together.
    with_rest: HashSet<H3Cell>,
}

impl MergedCells {
    /// The cells of these positions, of at least `k` reports each.
    pub fn of(positions: impl Iterator<Item = Position>, k: u64) -> Self {
        let mut level: BTreeMap<H3Cell, u64> = BTreeMap::new();
        for at in positions {
            if let Some(cell) = H3Cell::of(at.lon(), at.lat(), FINEST) {
                *level.entry(cell).or_default() += 1;
            }
        }
        let mut cells = Self::default();
        for resolution in (COARSEST..=FINEST).rev() {
            cells.dense.extend(level.iter().filter(|(_, n)| **n >= k).map(|(cell, _)| *cell));
            if resolution == COARSEST {
                break;
            }
            let mut above: BTreeMap<H3Cell, u64> = BTreeMap::new();
            let mut small: BTreeMap<H3Cell, u64> = BTreeMap::new();
            for (cell, n) in level {
                let Some(parent) = cell.parent(resolution - 1) else { continue };
                *above.entry(parent).or_default() += n;
                match n >= k {
                    true => cells.parts.entry(parent).or_default().push(cell),
                    false => *small.entry(parent).or_default() += n,
                }
            }
            cells.with_rest.extend(small.iter().filter(|(_, n)| **n >= k).map(|(cell, _)| *cell));
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

    /// Every cell that stands for reports, in order: what two computations are compared by.
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

    /// Positions scattered over a few kilometres, denser towards the middle.
    fn scattered(n: u64) -> Vec<Position> {
        let mut seed = 7_u64;
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            ((seed >> 33) as f64 / f64::from(1u32 << 31)).powi(2)
        };
        (0..n).map(|_| Position::new(-71.3 + draw() / 5.0, 46.7 + draw() / 5.0).unwrap()).collect()
    }

    #[test]
    fn every_place_stands_for_at_least_k_reports() {
        for (n, k) in [(3, 5), (40, 5), (400, 5), (2_000, 5), (2_000, 20)] {
            let all = scattered(n);
            let cells = MergedCells::of(all.iter().copied(), k);
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let mut without = 0;
            for at in &all {
                match cells.place(*at) {
                    Some(to) => *counts.entry(format!("{to:?}")).or_default() += 1,
                    None => without += 1,
                }
            }
            assert!(counts.values().all(|count| *count >= k), "{n}, {k}: {counts:?}");
            assert_eq!(counts.values().sum::<u64>() + without, n);
            assert!(n < 400 || counts.len() > 10 && without < 2 * k, "{n}: {}", counts.len());
        }
    }

    #[test]
    fn a_place_depends_on_the_position_alone() {
        let all = scattered(500);
        let cells = MergedCells::of(all.iter().copied(), 5);
        let again = MergedCells::of(all.iter().rev().copied(), 5);
        for at in scattered(900) {
            assert_eq!(cells.place(at), again.place(at));
        }
        assert_eq!(cells.dense(), again.dense());
    }
}
