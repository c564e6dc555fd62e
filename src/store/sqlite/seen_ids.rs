//! The ids that were seen in a source, in bounded memory: the first of them in a table in memory,
//! further ones in a temporary file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

/// Ids in memory: the most that a table of 2^22 places of 17 bytes takes before it grows.
const IN_MEMORY_MAX: usize = 3_670_016;

/// Ids, each with two numbers of the caller. An id is recognised by 64 bits of its hash: among 40
/// million ids, the chance that any two are confused is 1 in 20,000.
pub struct SeenIds {
    hasher: RandomState,
    in_memory: HashMap<u64, [u32; 2]>,
    in_memory_max: usize,
    /// A database in a temporary file, which SQLite removes.
    file: Option<Connection>,
}

impl Default for SeenIds {
    fn default() -> Self {
        Self::with_memory(IN_MEMORY_MAX)
    }
}

impl SeenIds {
    /// Keeps this many ids in memory.
    fn with_memory(in_memory_max: usize) -> Self {
        Self { hasher: RandomState::new(), in_memory: HashMap::new(), in_memory_max, file: None }
    }

    /// Keeps `numbers` for an id that was not seen before; else returns the numbers that are kept
    /// for it.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn note(&mut self, id: &str, numbers: [u32; 2]) -> Result<Option<[u32; 2]>> {
        let hash = self.hasher.hash_one(id);
        let is_full = self.in_memory.len() >= self.in_memory_max;
        match self.in_memory.entry(hash) {
            Entry::Occupied(known) => return Ok(Some(*known.get())),
            Entry::Vacant(free) if !is_full => {
                free.insert(numbers);
                return Ok(None);
            }
            Entry::Vacant(_) => {}
        }
        let db = self.file()?;
        let known = db
            .prepare_cached("SELECT a, b FROM seen WHERE hash = ?")?
            .query_row([hash as i64], |row| Ok([row.get(0)?, row.get(1)?]))
            .optional()?;
        if known.is_none() {
            self.replace(id, numbers)?;
        }
        Ok(known)
    }

    /// Keeps other numbers for an id.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn replace(&mut self, id: &str, numbers: [u32; 2]) -> Result<()> {
        let hash = self.hasher.hash_one(id);
        if let Some(known) = self.in_memory.get_mut(&hash) {
            *known = numbers;
            return Ok(());
        }
        let [a, b] = numbers;
        let mut write =
            self.file()?.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)")?;
        write.execute(params![hash as i64, a, b])?;
        Ok(())
    }

    fn file(&mut self) -> Result<&Connection> {
        Ok(match &mut self.file {
            Some(db) => db,
            none => none.insert(temporary()?),
        })
    }
}

/// An empty database in a temporary file, in one transaction that is never committed.
fn temporary() -> Result<Connection> {
    let db = Connection::open("")?;
    db.execute_batch(
        "PRAGMA journal_mode = OFF;
         CREATE TABLE seen (hash INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL);
         BEGIN",
    )?;
    Ok(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_beyond_the_memory_are_known_again() {
        let mut seen = SeenIds::with_memory(10);
        for n in 0..100 {
            assert_eq!(seen.note(&format!("id{n}"), [n, 0]).unwrap(), None);
        }
        for n in (0..100).rev() {
            let id = format!("id{n}");
            assert_eq!(seen.note(&id, [7, 7]).unwrap(), Some([n, 0]));
            seen.replace(&id, [n, 1]).unwrap();
            assert_eq!(seen.note(&id, [7, 7]).unwrap(), Some([n, 1]));
        }
        assert!(seen.file.is_some() && seen.in_memory.len() == 10);
    }
}
