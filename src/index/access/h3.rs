//! H3 cells of places: each report knows its cell at every resolution by one number.
//!
//! Cells of one resolution do not lie whole in those of the next, so a cell of the finest does not
//! tell the others. What no edge of any resolution parts is a *piece*; a report keeps the number of
//! its piece, a piece that of its finest cell and of its *upper*, what no edge of the other
//! resolutions parts, and an upper those of its cells, all in the order in which they were first
//! met. So a count in hexagons reads four bytes a report, and asks H3 nothing.
//!
//! Readers share [`H3Columns`], which grows in chunks that are copied on write; only the writer
//! holds the tables that find a place's piece, [`H3Writer`].

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hashbrown::HashTable;

use crate::place::{
    H3LatticeKeys, HEX_RESOLUTION_MIN, HEX_RESOLUTIONS, Hex, lattice_key, lattice_keys,
};

/// Stands for the piece of a report without a place.
pub const NO_FRAGMENT: u32 = u32::MAX;
/// Stands for no cell among the neighbours of one.
const NO_CELL: u32 = u32::MAX;
/// The widest neighbourhood, in steps.
pub const RING_MAX: u8 = 3;

/// How many resolutions there are but for the finest.
const COARSE: usize = HEX_RESOLUTIONS - 1;
/// The cells of an upper, by resolution.
type Upper = [u32; COARSE];
/// The finest cell of a piece, and its upper.
type Piece = [u32; 2];

const CHUNK: usize = 4_096;

/// A list that grows at its end, and of which a copy shares all but the last chunk.
#[derive(Clone)]
struct SharedChunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for SharedChunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> SharedChunks<T> {
    fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    fn get(&self, at: u32) -> T {
        self.0[at as usize / CHUNK][at as usize % CHUNK]
    }

    fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().flat_map(|chunk| chunk.iter().copied())
    }

    fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(value),
            _ => self.0.push(Arc::new(vec![value])),
        }
    }
}

/// The cells of one resolution.
#[derive(Clone, Default)]
struct H3Level {
    cells: SharedChunks<Hex>,
    /// Cells without an exactly placed report, in order: there are few.
    vacant: Arc<Vec<u32>>,
    /// Neighbours within 1, 2, … steps, where they have been asked for.
    rings: Arc<[ArcSwapOption<H3Rings>; RING_MAX as usize]>,
}

/// Pieces and cells, as readers see them.
#[derive(Clone, Default)]
pub struct H3Columns {
    fragments: SharedChunks<Piece>,
    uppers: SharedChunks<Upper>,
    levels: [H3Level; HEX_RESOLUTIONS],
}

fn level_of(resolution: u8) -> usize {
    usize::from(resolution - HEX_RESOLUTION_MIN)
}

impl H3Columns {
    /// The cells of a resolution, by number.
    pub fn cells(&self, resolution: u8) -> Vec<Hex> {
        self.levels[level_of(resolution)].cells.iter().collect()
    }

    /// How many cells of a resolution there are.
    pub fn count(&self, resolution: u8) -> usize {
        self.levels[level_of(resolution)].cells.len()
    }

    /// The number of each piece's cell of a resolution.
    pub fn by_fragment(&self, resolution: u8) -> Vec<u32> {
        let level = level_of(resolution);
        if level == COARSE {
            return self.fragments.iter().map(|[cell, _]| cell).collect();
        }
        let of_uppers: Vec<u32> = self.uppers.iter().map(|upper| upper[level]).collect();
        self.fragments.iter().map(|[_, upper]| of_uppers[upper as usize]).collect()
    }

    /// The numbers of cells in which no report is placed exactly, in order.
    pub fn vacant(&self, resolution: u8) -> &[u32] {
        &self.levels[level_of(resolution)].vacant
    }

    /// The neighbours of every cell of a resolution within `k` steps, 1 to [`RING_MAX`]. Found
    /// once, then added to as the city grows; it may know more cells than this snapshot.
    pub fn rings(&self, resolution: u8, k: u8) -> Arc<H3Rings> {
        let level = &self.levels[level_of(resolution)];
        let shared = &level.rings[usize::from(k.clamp(1, RING_MAX) - 1)];
        let known = shared.load_full();
        if let Some(known) = &known
            && known.len() >= level.cells.len()
        {
            return known.clone();
        }
        let mut rings = known.map_or_else(|| H3Rings::new(k), |known| H3Rings::clone(&known));
        for number in rings.len()..level.cells.len() {
            rings.add(level.cells.get(number as u32));
        }
        let rings = Arc::new(rings);
        shared.store(Some(rings.clone()));
        rings
    }
}

/// Which cells are near which.
#[derive(Clone)]
pub struct H3Rings {
    k: u8,
    width: usize,
    /// For each cell its neighbours, as many as there are, then [`NO_CELL`].
    rows: Vec<u32>,
    numbers: HashMap<Hex, u32>,
}

impl H3Rings {
    fn new(k: u8) -> Self {
        Self { k, width: Hex::ring_size(k), rows: Vec::new(), numbers: HashMap::new() }
    }

    /// How many cells it knows.
    fn len(&self) -> usize {
        self.numbers.len()
    }

    fn add(&mut self, cell: Hex) {
        let number = self.len() as u32;
        self.rows.resize(self.rows.len() + self.width, NO_CELL);
        self.numbers.insert(cell, number);
        for other in cell.ring(u32::from(self.k)) {
            let Some(other) = self.numbers.get(&other).copied() else { continue };
            for (cell, neighbour) in [(number, other), (other, number)] {
                let first = cell as usize * self.width;
                let row = &mut self.rows[first..first + self.width];
                // Around a pentagon a walk may come by twice.
                if let Some(free) = row.iter().position(|n| [NO_CELL, neighbour].contains(n)) {
                    row[free] = neighbour;
                }
            }
        }
    }

    /// The neighbours of a cell, itself left out, in no order. Some may be beyond what a snapshot
    /// knows.
    #[inline]
    pub fn of(&self, cell: u32) -> impl Iterator<Item = u32> + '_ {
        let first = cell as usize * self.width;
        let row = &self.rows[first..first + self.width];
        row.iter().copied().take_while(|neighbour| *neighbour != NO_CELL)
    }
}

/// The writer's tables.
#[derive(Default)]
pub struct H3Writer {
    /// Cell numbers of all but the finest resolution, by lattice key. A cell across a face's edge
    /// has two.
    cells: [HashTable<(u64, u32)>; COARSE],
    /// Uppers, by their cells.
    uppers: HashTable<u32>,
    /// Pieces, by the lattice key of their finest cell: they find that cell's number too.
    fragments: HashTable<u32>,
    /// That key, by piece.
    keys: SharedChunks<u64>,
    /// How many reports are placed exactly in each cell.
    reports: [Vec<u32>; HEX_RESOLUTIONS],
}

fn mixed(n: u64) -> u64 {
    let n = (n ^ n >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    n ^ n >> 29
}

fn mixed_upper(upper: &Upper) -> u64 {
    upper.iter().fold(0, |sum, cell| mixed(sum ^ u64::from(*cell)))
}

/// The cell of a place, as H3 tells it, and its own key: its middle lies on one face, far from
/// every edge of the cell.
fn cell_of(lon: f64, lat: f64, level: usize) -> (Hex, u64) {
    let cell = Hex::of(lon, lat, level as u8 + HEX_RESOLUTION_MIN).expect("our resolutions");
    let [lon, lat] = cell.center();
    (cell, lattice_key(lon, lat, level).unwrap_or(cell.number()))
}

impl H3Writer {
    /// The piece of a place, made where it is the first there. `hexes` are those that this writer
    /// alone adds to.
    pub fn fragment(&mut self, lon: f64, lat: f64, hexes: &mut Arc<H3Columns>) -> u32 {
        let keys: H3LatticeKeys = lattice_keys(lon, lat)
            .unwrap_or_else(|| std::array::from_fn(|level| cell_of(lon, lat, level).1));
        let upper = std::array::from_fn(|level| {
            let known = self.find(level, keys[level]);
            known.unwrap_or_else(|| self.learn(level, (lon, lat), keys[level], hexes))
        });
        let upper = self.upper(upper, hexes);
        let key = keys[COARSE];
        let same = |fragment: &u32| self.keys.get(*fragment) == key;
        let mut cell = None;
        // Few pieces share a cell.
        for fragment in
            self.fragments.iter_hash(mixed(key)).copied().filter(|fragment| same(fragment))
        {
            let [finest, of] = hexes.fragments.get(fragment);
            if of == upper {
                return fragment;
            }
            cell = Some(finest);
        }
        let cell = cell.unwrap_or_else(|| self.learn_finest((lon, lat), key, upper, hexes));
        self.add_piece(key, [cell, upper], hexes)
    }

    fn add_piece(&mut self, key: u64, fragment: Piece, hexes: &mut Arc<H3Columns>) -> u32 {
        let fragments = &mut Arc::make_mut(hexes).fragments;
        let number = fragments.len() as u32;
        fragments.push(fragment);
        self.keys.push(key);
        let keys = &self.keys;
        self.fragments.insert_unique(mixed(key), number, |fragment| mixed(keys.get(*fragment)));
        number
    }

    fn upper(&mut self, upper: Upper, hexes: &mut Arc<H3Columns>) -> u32 {
        let hash = mixed_upper(&upper);
        let same = |number: &u32| hexes.uppers.get(*number) == upper;
        if let Some(number) = self.uppers.find(hash, same) {
            return *number;
        }
        let uppers = &mut Arc::make_mut(hexes).uppers;
        let number = uppers.len() as u32;
        uppers.push(upper);
        self.uppers.insert_unique(hash, number, |number| mixed_upper(&uppers.get(*number)));
        number
    }

    fn find(&self, level: usize, key: u64) -> Option<u32> {
        self.cells[level].find(mixed(key), |(known, _)| *known == key).map(|(_, cell)| *cell)
    }

    fn note(&mut self, level: usize, key: u64, cell: u32) {
        self.cells[level].insert_unique(mixed(key), (key, cell), |(key, _)| mixed(*key));
    }

    /// The number of a place's cell that was not found by its key.
    fn learn(
        &mut self,
        level: usize,
        (lon, lat): (f64, f64),
        key: u64,
        hexes: &mut Arc<H3Columns>,
    ) -> u32 {
        let (cell, own) = cell_of(lon, lat, level);
        let number = self.find(level, own).unwrap_or_else(|| {
            let number = self.add_cell(level, cell, hexes);
            self.note(level, own, number);
            number
        });
        if key != own {
            self.note(level, key, number);
        }
        number
    }

    /// The same of the finest cell, which pieces alone remember.
    fn learn_finest(
        &mut self,
        (lon, lat): (f64, f64),
        key: u64,
        upper: u32,
        hexes: &mut Arc<H3Columns>,
    ) -> u32 {
        let (cell, own) = cell_of(lon, lat, COARSE);
        let mut known = self.fragments.iter_hash(mixed(own)).copied();
        let known = known.find(|fragment| self.keys.get(*fragment) == own);
        if let Some(fragment) = known {
            return hexes.fragments.get(fragment)[0];
        }
        let number = self.add_cell(COARSE, cell, hexes);
        if key != own {
            // A place on the other face is to find it by its own key.
            self.add_piece(own, [number, upper], hexes);
        }
        number
    }

    fn add_cell(&mut self, level: usize, cell: Hex, hexes: &mut Arc<H3Columns>) -> u32 {
        let cells = &mut Arc::make_mut(hexes).levels[level];
        let number = cells.cells.len() as u32;
        cells.cells.push(cell);
        Arc::make_mut(&mut cells.vacant).push(number);
        self.reports[level].push(0);
        number
    }

    /// Counts a report that is placed exactly in a piece in, or out again.
    pub fn count(&mut self, fragment: u32, comes: bool, hexes: &mut Arc<H3Columns>) {
        let [finest, upper] = hexes.fragments.get(fragment);
        let cells = hexes.uppers.get(upper).into_iter().chain([finest]);
        for (level, cell) in cells.enumerate() {
            let reports = &mut self.reports[level][cell as usize];
            *reports = if comes { *reports + 1 } else { reports.saturating_sub(1) };
            if *reports != u32::from(comes) {
                continue;
            }
            let vacant = Arc::make_mut(&mut Arc::make_mut(hexes).levels[level].vacant);
            match vacant.binary_search(&cell) {
                Ok(at) if comes => drop(vacant.remove(at)),
                Err(at) if !comes => vacant.insert(at, cell),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_piece_is_made_once_wherever_and_whenever_it_is_met() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let (mut numbers, mut hexes) = (H3Writer::default(), Arc::new(H3Columns::default()));
        let mut kept = Vec::new();
        for n in 0..60_000 {
            let (lon, lat) = match n % 3 {
                0 => (rng.random_range(-180.0..180.0), rng.random_range(-90.0..90.0)),
                _ => (rng.random_range(-71.25..-71.2), rng.random_range(46.8..46.83)),
            };
            let fragment = numbers.fragment(lon, lat, &mut hexes);
            assert_eq!(numbers.fragment(lon, lat, &mut hexes), fragment);
            if n % 1_000 == 0 {
                kept.push((lon, lat, fragment, hexes.clone()));
            }
        }
        let uppers: HashSet<Upper> = hexes.uppers.iter().collect();
        assert_eq!(uppers.len(), hexes.uppers.len());
        let fragments: HashSet<Piece> = hexes.fragments.iter().collect();
        assert_eq!(fragments.len(), hexes.fragments.len());
        // What readers hold does not change.
        for (lon, lat, fragment, then) in kept {
            assert_eq!(then.fragments.get(fragment), hexes.fragments.get(fragment));
            let [finest, _] = then.fragments.get(fragment);
            assert_eq!(Some(then.cells(11)[finest as usize]), Hex::of(lon, lat, 11));
        }
    }
}
