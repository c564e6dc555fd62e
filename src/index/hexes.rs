//! H3 cells of places: each report knows its cell at every resolution by one number.
//!
//! Cells of one resolution do not lie whole in those of the next, so a cell of the finest does not
//! tell the others. What no edge of any resolution parts is a *piece*; a report keeps the number of
//! its piece, and a piece those of its cells, in the order in which they were first met. So a count
//! in hexagons reads four bytes a report, and asks H3 nothing.
//!
//! Readers share [`Hexes`], which grows in chunks that are copied on write; only the writer holds
//! the tables that find a place's piece, [`HexNumbers`].

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hashbrown::HashTable;

use crate::place::{HEX_RESOLUTION_MIN, HEX_RESOLUTIONS, Hex, Keys, lattice_keys};

/// Stands for the piece of a report without a place.
pub const NO_PIECE: u32 = u32::MAX;
/// Stands for no cell among the neighbours of one.
const NO_CELL: u32 = u32::MAX;
/// The widest neighbourhood, in steps.
pub const RING_MAX: u8 = 3;

/// The cells of a piece, by resolution.
type Piece = [u32; HEX_RESOLUTIONS];

const CHUNK: usize = 4_096;

/// A list that grows at its end, and of which a copy shares all but the last chunk.
#[derive(Clone)]
struct Chunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Chunks<T> {
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
struct Level {
    cells: Chunks<Hex>,
    /// Cells without an exactly placed report, in order: there are few.
    vacant: Arc<Vec<u32>>,
    /// Neighbours within 1, 2, … steps, where they have been asked for.
    rings: Arc<[ArcSwapOption<Rings>; RING_MAX as usize]>,
}

/// Pieces and cells, as readers see them.
#[derive(Clone, Default)]
pub struct Hexes {
    pieces: Chunks<Piece>,
    levels: [Level; HEX_RESOLUTIONS],
}

fn level_of(resolution: u8) -> usize {
    usize::from(resolution - HEX_RESOLUTION_MIN)
}

impl Hexes {
    /// The cells of a resolution, by number.
    pub fn cells(&self, resolution: u8) -> Vec<Hex> {
        self.levels[level_of(resolution)].cells.iter().collect()
    }

    /// The number of each piece's cell of a resolution.
    pub fn of_pieces(&self, resolution: u8) -> Vec<u32> {
        self.pieces.iter().map(|piece| piece[level_of(resolution)]).collect()
    }

    /// The numbers of cells in which no report is placed exactly, in order.
    pub fn vacant(&self, resolution: u8) -> &[u32] {
        &self.levels[level_of(resolution)].vacant
    }

    /// The neighbours of every cell of a resolution within `k` steps, 1 to [`RING_MAX`]. Found
    /// once, then added to as the city grows; it may know more cells than this snapshot.
    pub fn rings(&self, resolution: u8, k: u8) -> Arc<Rings> {
        let level = &self.levels[level_of(resolution)];
        let shared = &level.rings[usize::from(k.clamp(1, RING_MAX) - 1)];
        let known = shared.load_full();
        if let Some(known) = &known
            && known.len() >= level.cells.len()
        {
            return known.clone();
        }
        let mut rings = known.map_or_else(|| Rings::new(k), |known| Rings::clone(&known));
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
pub struct Rings {
    k: u8,
    width: usize,
    /// For each cell its neighbours, as many as there are, then [`NO_CELL`].
    rows: Vec<u32>,
    numbers: HashMap<Hex, u32>,
}

impl Rings {
    fn new(k: u8) -> Self {
        let width = 3 * usize::from(k) * (usize::from(k) + 1);
        Self { k, width, rows: Vec::new(), numbers: HashMap::new() }
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

    /// The number of a cell.
    pub fn find(&self, cell: Hex) -> Option<u32> {
        self.numbers.get(&cell).copied()
    }
}

/// The writer's tables.
#[derive(Default)]
pub struct HexNumbers {
    /// Cell numbers by lattice key. A cell across a face's edge has two.
    cells: [HashTable<(u64, u32)>; HEX_RESOLUTIONS],
    /// Pieces by their cells.
    pieces: HashTable<u32>,
    /// How many reports are placed exactly in each cell.
    reports: [Vec<u32>; HEX_RESOLUTIONS],
}

fn mixed(n: u64) -> u64 {
    let n = (n ^ n >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    n ^ n >> 29
}

fn mixed_piece(piece: &Piece) -> u64 {
    piece.iter().fold(0, |sum, cell| mixed(sum ^ u64::from(*cell)))
}

impl HexNumbers {
    /// The piece of a place, made where it is the first there. `hexes` are those that this writer
    /// alone adds to.
    pub fn piece(&mut self, lon: f64, lat: f64, hexes: &mut Arc<Hexes>) -> u32 {
        let keys = lattice_keys(lon, lat);
        let piece: Piece = std::array::from_fn(|level| {
            let known = keys.and_then(|keys: Keys| self.find(level, keys[level]));
            known.unwrap_or_else(|| {
                let key = keys.map(|keys| keys[level]);
                self.learn(level, lon, lat, key, hexes)
            })
        });
        let hash = mixed_piece(&piece);
        let same = |number: &u32| hexes.pieces.get(*number) == piece;
        if let Some(number) = self.pieces.find(hash, same) {
            return *number;
        }
        let hexes = Arc::make_mut(hexes);
        let number = hexes.pieces.len() as u32;
        hexes.pieces.push(piece);
        let hash_of = |number: &u32| mixed_piece(&hexes.pieces.get(*number));
        self.pieces.insert_unique(hash, number, hash_of);
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
        lon: f64,
        lat: f64,
        key: Option<u64>,
        hexes: &mut Arc<Hexes>,
    ) -> u32 {
        let cell = Hex::of(lon, lat, level as u8 + HEX_RESOLUTION_MIN).expect("our resolutions");
        // The middle of a cell lies on one face, far from every edge of the cell.
        let [lon, lat] = cell.center();
        let own = lattice_keys(lon, lat).map_or(cell.number(), |keys| keys[level]);
        let known = self.find(level, own);
        let number = known.unwrap_or_else(|| {
            let cells = &mut Arc::make_mut(hexes).levels[level];
            let number = cells.cells.len() as u32;
            cells.cells.push(cell);
            Arc::make_mut(&mut cells.vacant).push(number);
            self.reports[level].push(0);
            self.note(level, own, number);
            number
        });
        if let Some(key) = key
            && key != own
        {
            self.note(level, key, number);
        }
        number
    }

    /// Counts a report that is placed exactly in a piece in, or out again.
    pub fn count(&mut self, piece: u32, comes: bool, hexes: &mut Arc<Hexes>) {
        for (level, cell) in hexes.pieces.get(piece).into_iter().enumerate() {
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
