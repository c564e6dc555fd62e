//! Which of several columns of categories is the service of a recognised file.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::guess::SURE;
use crate::ingest::column::levels::{Levels, depth_of, levels};
use crate::ingest::column::names_alone::names_title;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// How often a title comes again, on average, from which it may be a category.
const TITLE_REPEATS: usize = 5;

/// Rows, words of the longest text, and how often a text comes again on average, for descriptions
/// that are categories.
const SHORT_ROWS: usize = 20;
const SHORT_WORDS: usize = 6;
const SHORT_REPEATS: usize = 3;

impl Recognition {
    /// Of several columns of categories, takes the finest, with the next coarser one as its hint.
    /// Rows that lack the finest have the code of their service, else the coarser one.
    pub fn choose_category(&mut self, values: &[ColumnSample]) {
        let is_declared = |column: &RecognisedColumn| {
            column.is_declared && matches!(column.field, Some("category" | "service"))
        };
        if self.columns.iter().any(is_declared) {
            return self.drop_codes_beside_names();
        }
        self.take_names_of_codes(values);
        self.find_names_of_codes(values);
        let candidates: Vec<(usize, f64)> = (0..self.columns.len())
            .filter_map(|number| match self.columns[number].guess? {
                // Names that go with codes of services one by one are the services' names.
                ("category", 0.6..SURE) if self.has_codes_of(number, values) => {
                    Some((number, SURE))
                }
                ("category", certainty) => Some((number, certainty)),
                _ => None,
            })
            .collect();
        let finer = self.finer_by_name();
        let candidates = self.without_titles(candidates, values);
        let Some(found) = levels(&candidates, &finer, values) else {
            return self.take_short_texts(values);
        };
        let (found, parents) = self.under_parents(found, &candidates, &finer, values);
        let found = if parents.is_empty() { self.with_finer_text(found, values) } else { found };
        let (first, last) = match found.rivals.first() {
            Some(rival) if *rival < found.finest => (*rival, found.finest),
            Some(rival) => (found.finest, *rival),
            None => (found.finest, found.finest),
        };
        if first != last {
            let [first, last] = [first, last].map(|number| &self.columns[number].name);
            let doubt =
                message!("category : « {first} » ou « {last} »", "category: '{first}' or '{last}'");
            self.doubt("category", doubt);
        }
        let dropped = if found.coarser.is_some() { "hint" } else { "service" };
        for column in &mut self.columns {
            if column.field == Some("service") || column.field == Some(dropped) {
                column.field = None;
            }
        }
        self.columns[found.finest].field = Some("category");
        // A request whose service has a code and no name is of that code.
        let code = (0..self.columns.len()).find(|code| {
            let is_code = self.columns[*code].guess.is_some_and(|(field, _)| field == "service");
            is_code && values[*code].filled > values[found.finest].filled
        });
        if let Some(code) = code.filter(|code| values[*code].determines(&values[found.finest])) {
            self.more.push(("category", self.columns[code].key.clone()));
        }
        // A row that lacks the finest is read without it, under the same parents.
        for chain in [[parents.as_slice(), &[found.finest]].concat(), parents] {
            if chain.len() > 1 {
                let keys = chain.iter().map(|number| self.columns[*number].key.as_str());
                self.more.push(("category", keys.collect::<Vec<_>>().join("+")));
            }
        }
        if let Some(coarser) = found.coarser {
            self.columns[coarser].field = Some("hint");
            if values[found.finest].filled < values[coarser].filled {
                self.more.push(("category", self.columns[coarser].key.clone()));
            }
        }
    }

    /// The columns that are finer levels of categories by their names, and how fine.
    fn finer_by_name(&self) -> Vec<(usize, u32)> {
        let depth = |number: usize| {
            let says_finer = || NameWords::of(&self.columns[number].bare).has(Concept::Finer);
            self.depth_by_name(number).or_else(|| says_finer().then_some(1))
        };
        (0..self.columns.len()).filter_map(|number| Some((number, depth(number)?))).collect()
    }

    /// The columns of categories without those of titles, whose texts hardly come again, where
    /// another column has words that do. The first of them is read as the description, if none is.
    fn without_titles(
        &mut self,
        candidates: Vec<(usize, f64)>,
        values: &[ColumnSample],
    ) -> Vec<(usize, f64)> {
        let comes_again = |number: usize| {
            let values = &values[number];
            values.filled as usize >= TITLE_REPEATS * values.distinct.len()
        };
        let is_title =
            |number: usize| names_title(&self.columns[number].bare) && !comes_again(number);
        let (titles, others): (Vec<_>, Vec<_>) =
            candidates.iter().copied().partition(|(number, _)| is_title(*number));
        let is_other =
            |(number, sure): &(usize, f64)| *sure >= SURE && values[*number].distinct.len() > 1;
        if !others.iter().any(is_other) {
            return candidates;
        }
        if let Some((title, _)) = titles.first().filter(|_| !self.has("description")) {
            self.columns[*title].field = Some("description");
        }
        others
    }

    /// Where no column has categories, a column of descriptions has them that has few short texts.
    fn take_short_texts(&mut self, values: &[ColumnSample]) {
        let is_category = |column: &RecognisedColumn| {
            column.guess.is_some_and(|(field, _)| ["category", "service"].contains(&field))
        };
        if self.default_category.is_some() || self.columns.iter().any(is_category) {
            return;
        }
        let is_short = |text: &String| text.split_whitespace().count() <= SHORT_WORDS;
        let found = (0..self.columns.len()).find(|number| {
            let (column, values) = (&self.columns[*number], &values[*number]);
            let distinct = values.distinct.len();
            column.guess.is_some_and(|(field, _)| field == "description")
                && !column.is_declared
                && values.filled as usize >= SHORT_ROWS.max(SHORT_REPEATS * distinct)
                && distinct > 1
                && values.distinct.keys().all(is_short)
        });
        if let Some(number) = found {
            self.columns[number].field = Some("category");
        }
    }

    /// With names of categories, codes of services are not needed, unless a person declared them.
    fn drop_codes_beside_names(&mut self) {
        if self.has("category") {
            let codes = self.columns.iter_mut().filter(|c| c.field == Some("service"));
            codes.filter(|column| !column.is_declared).for_each(|column| column.field = None);
        }
    }

    /// Is there a column of service codes, each of which goes with one value of this column?
    fn has_codes_of(&self, number: usize, values: &[ColumnSample]) -> bool {
        let codes = (0..self.columns.len())
            .filter(|code| self.columns[*code].guess.is_some_and(|(field, _)| field == "service"));
        let (names, mut codes) = (&values[number], codes.map(|code| &values[code]));
        codes.any(|codes| codes.determines(names) && names.determines(codes))
    }

    /// The columns above a level, the closest first: by the names of both, else the surest column
    /// of each coarser level, of equals the first.
    fn levels_above(
        &self,
        finest: usize,
        candidates: &[(usize, f64)],
        finer: &[(usize, u32)],
        values: &[ColumnSample],
    ) -> Vec<usize> {
        let sure = |(number, certainty): &&(usize, f64)| {
            *certainty >= SURE && values[*number].distinct.len() > 1
        };
        let is_sure = |at: &usize| candidates.iter().filter(sure).any(|(number, _)| number == at);
        let by_name: Vec<usize> = self.names_above(finest).into_iter().filter(is_sure).collect();
        if !by_name.is_empty() {
            return by_name;
        }
        let at_depth = |depth: u32| {
            let all = candidates.iter().filter(sure).rev();
            let of_depth = all.filter(|(number, _)| depth_of(*number, finer) == depth);
            of_depth.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(number, _)| *number)
        };
        (0..depth_of(finest, finer)).rev().filter_map(at_depth).collect()
    }

    /// The levels, where the words of the finest may come under several words of a coarser one, as
    /// `Damage` does under `Roads` and `Parks`; and the coarser ones with which they are read
    /// together, the coarsest first. A finest level that has one such word under each parent is
    /// left out.
    fn under_parents(
        &self,
        found: Levels,
        candidates: &[(usize, f64)],
        finer: &[(usize, u32)],
        values: &[ColumnSample],
    ) -> (Levels, Vec<usize>) {
        if depth_of(found.finest, finer) == 0 {
            return (found, Vec::new());
        }
        let tells = |one: usize, other: usize| values[one].determines(&values[other]);
        let above = self.levels_above(found.finest, candidates, finer, values);
        let (mut finest, mut coarser, mut list) = (found.finest, found.coarser, above.as_slice());
        while let [parent, further @ ..] = list
            && !tells(finest, *parent)
            && tells(*parent, finest)
        {
            (finest, coarser, list) = (*parent, coarser.filter(|one| one != parent), further);
        }
        let mut parents: Vec<usize> = Vec::new();
        for parent in list {
            let below = parents.first().copied().unwrap_or(finest);
            if !tells(below, *parent) {
                parents.insert(0, *parent);
            }
        }
        let parent = list.first().copied().filter(|parent| tells(finest, *parent));
        let coarser = parents.last().copied().or(parent).or(coarser);
        (Levels { finest, coarser, ..found }, parents)
    }
}
