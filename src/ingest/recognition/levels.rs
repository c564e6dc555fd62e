//! Columns that are finer levels of others by their names, such as `Sub-Category` of `Category`:
//! what they are follows from what the coarser column is.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::guess::{Guess, SURE};
use crate::ingest::column::level_names::LevelName;
use crate::ingest::column::owners::names_person_or_office;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::Recognition;

/// Columns that are compared by their names as levels.
const COMPARED_MAX: usize = 64;

/// Levels that are counted, at most.
const DEPTH_MAX: u32 = 9;

/// Certainty of a level that its name and its values say.
const LEVEL: f64 = 0.75;

/// How often each word of a level comes, on average.
const REPEATS: usize = 2;

/// Concepts of a name that no level of categories has.
const OTHERS: [Concept; 11] = [
    Concept::Id,
    Concept::RowNumber,
    Concept::Date,
    Concept::Created,
    Concept::Closed,
    Concept::Updated,
    Concept::Expected,
    Concept::Status,
    Concept::Postcode,
    Concept::House,
    Concept::Channel,
];

impl Recognition {
    /// Finds the columns that are levels of others by their names, and reads all levels of one
    /// column as what the coarsest one is: categories, groups, or nothing.
    pub fn rank_levels(&mut self) {
        let may_be = |at: &usize| !self.columns[*at].key.is_empty() && self.values[*at].filled > 0;
        let names: Vec<(usize, LevelName)> = (0..self.columns.len())
            .filter(may_be)
            .map(|at| (at, LevelName::of(&self.columns[at].bare)))
            .collect();
        let finer = names.iter().filter(|(_, name)| name.may_be_finer()).take(COMPARED_MAX);
        let mut above = vec![None; self.columns.len()];
        for (at, name) in finer {
            let parents = names.iter().filter(|(other, _)| other != at);
            let levels = parents.filter_map(|(other, of)| Some((*other, name.levels_below(of)?)));
            above[*at] = levels.min_by_key(|(_, levels)| *levels);
        }
        self.above = above;
        for root in self.roots() {
            self.rank_below(root);
        }
    }

    /// How fine a column is by its name below the coarsest level; `None` where it is none.
    pub fn depth_by_name(&self, at: usize) -> Option<u32> {
        let (_, depth) = self.root_of(at);
        (depth > 0).then_some(depth)
    }

    /// The levels above a column by their names, the closest first.
    pub fn names_above(&self, at: usize) -> Vec<usize> {
        let next = |at: &usize| Some(self.above.get(*at).copied().flatten()?.0);
        std::iter::successors(next(&at), next).take(DEPTH_MAX as usize).collect()
    }

    /// The coarsest level above a column, and how many levels that is.
    fn root_of(&self, at: usize) -> (usize, u32) {
        let (mut root, mut depth) = (at, 0);
        while depth < DEPTH_MAX
            && let Some((parent, levels)) = self.above.get(root).copied().flatten()
        {
            (root, depth) = (parent, depth + levels);
        }
        (root, depth)
    }

    /// The coarsest columns that have finer levels.
    fn roots(&self) -> Vec<usize> {
        let all = (0..self.columns.len()).map(|at| self.root_of(at));
        let mut roots: Vec<usize> = all.filter(|(_, depth)| *depth > 0).map(|one| one.0).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    /// Reads the finer levels of a column as what it is.
    fn rank_below(&mut self, root: usize) {
        let all = || 0..self.columns.len();
        let levels: Vec<usize> = all().filter(|at| self.root_of(*at).0 == root).collect();
        let is_category = |at: &usize| {
            let guess = self.columns[*at].guess;
            guess.is_some_and(|(field, sure)| field == "category" && sure >= SURE)
        };
        let has_other = all().filter(is_category).any(|at| !levels.contains(&at));
        match self.columns[root].guess.map(|(field, _)| field) {
            Some("category" | "service") => self.take_as_categories(&levels),
            Some("hint") if has_other => self.read_categories_as(&levels, Some(("hint", SURE))),
            Some("hint") => self.take_as_categories(&levels),
            None | Some("description") if has_other => self.read_categories_as(&levels, None),
            None | Some("description") if self.may_be_level(root) => {
                self.take_as_categories(&levels);
            }
            None | Some("description" | "area" | "nature") => {}
            Some(_) => self.read_categories_as(&levels, None),
        }
    }

    /// Reads levels as categories.
    fn take_as_categories(&mut self, levels: &[usize]) {
        for at in levels.iter().copied() {
            let certainty = match self.columns[at].guess {
                Some(("category", certainty)) => certainty.max(LEVEL),
                None | Some(("description" | "hint", _)) if self.may_be_level(at) => LEVEL,
                _ => continue,
            };
            self.columns[at].guess = Some(("category", certainty));
        }
    }

    /// Reads those levels that were taken for categories as something else.
    fn read_categories_as(&mut self, levels: &[usize], guess: Option<Guess>) {
        for at in levels.iter().copied() {
            let column = &mut self.columns[at];
            if column.guess.is_some_and(|(field, _)| field == "category") {
                column.guess = guess;
            }
        }
    }

    /// May a column be a level of categories: a few words that come again, under a name that says
    /// nothing else?
    fn may_be_level(&self, at: usize) -> bool {
        let (column, values) = (&self.columns[at], &self.values[at]);
        let words = NameWords::of(&column.bare);
        let distinct = values.distinct.len();
        let others = values.times + values.links + values.containers + values.numbers;
        let says_other = words.is_technical || words.is_agent || words.has_any(&OTHERS);
        !says_other
            && !names_person_or_office(&column.bare)
            && values.is_vocabulary()
            && !values.are_flags()
            && distinct >= 2
            && values.filled as usize >= REPEATS * distinct
            && values.share(others) < 0.5
    }
}
