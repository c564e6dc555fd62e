//! Columns that are a level of the categories though their names speak of something else: a topic
//! that is called an area or a sector, and short texts that are finer than the categories.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::ingest::column::areas::is_vague_area;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::levels::Levels;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::recognition::recognised::Recognition;

/// Rows below which it may be chance that each category has one area.
const ROWS_MIN: u32 = 20;
/// How often each word comes on average, for the same reason.
const REPEATS: usize = 3;
/// Categories of each area, on average, from which the areas are groups of categories.
const CATEGORIES_OF_AREA: usize = 2;
/// Words of the longest text that is a category.
const TEXT_WORDS: usize = 12;
/// Certainty of a group and of a finer level.
const GROUP: f64 = 0.75;

/// Words before the name of another column that say the finer level of it, without accents.
const FINER: [&str; 7] = ["sub", "sous", "sotto", "unter", "onder", "pod", "secondary"];

impl Recognition {
    /// Reads columns that are called areas and hold groups of categories as such.
    pub fn find_groups(&mut self) {
        let areas: Vec<usize> = (0..self.columns.len()).filter(|at| self.is_vague(*at)).collect();
        let categories: Vec<usize> = self.sure_categories();
        let groups: Vec<usize> = areas
            .iter()
            .copied()
            .filter(|area| {
                let area = &self.values[*area];
                categories.iter().any(|one| is_group_of(area, &self.values[*one]))
            })
            .collect();
        for at in groups {
            self.columns[at].guess = Some(("hint", GROUP));
        }
        if categories.is_empty() {
            self.find_levels_of_areas(&areas);
        }
    }

    /// Of two columns such as `Area` and `Sub-Area`, where no column has categories, the finer one
    /// has them if each of its words comes with one word of the other.
    fn find_levels_of_areas(&mut self, areas: &[usize]) {
        let is_pair = |coarse: usize, fine: usize| {
            let [name, other] = [coarse, fine].map(|at| split(&self.columns[at].bare));
            let (values, finer) = (&self.values[coarse], &self.values[fine]);
            let is_finer = other.split_first().is_some_and(|(first, rest)| {
                FINER.contains(&first.as_str()) && rest == name.as_slice()
            });
            is_finer && is_group_of(values, finer)
        };
        let pair = areas.iter().find_map(|coarse| {
            Some((*coarse, *areas.iter().find(|fine| is_pair(*coarse, **fine))?))
        });
        if let Some((coarse, fine)) = pair {
            self.columns[coarse].guess = Some(("category", GROUP));
            self.columns[fine].guess = Some(("category", GROUP));
        }
    }

    /// Is it one of areas by a word that may be one of topics?
    fn is_vague(&self, at: usize) -> bool {
        let column = &self.columns[at];
        let is_area = column.guess.is_some_and(|(field, _)| field == "area");
        is_area && is_vague_area(&column.bare)
    }

    /// The columns that surely have categories, with more than one word.
    fn sure_categories(&self) -> Vec<usize> {
        let is_category = |at: &usize| {
            let guess = self.columns[*at].guess;
            let is_sure = guess.is_some_and(|(field, sure)| field == "category" && sure >= SURE);
            is_sure && self.values[*at].distinct.len() > 1
        };
        (0..self.columns.len()).filter(is_category).collect()
    }

    /// The levels with a column of short texts as the finest, whose few texts each come with one
    /// of the categories, as `Description` does beside `Type`.
    pub fn with_finer_text(&self, found: Levels, values: &[ColumnSample]) -> Levels {
        let is_short = |text: &String| text.split_whitespace().count() <= TEXT_WORDS;
        let is_finer = |at: &usize| {
            let (column, texts) = (&self.columns[*at], &values[*at]);
            let is_text = column.guess.is_some_and(|(field, _)| field == "description");
            let words = NameWords::of(&column.bare);
            *at != found.finest
                && is_text
                && !column.is_declared
                && !words.has_any(&[Concept::Answer, Concept::Outcome])
                && texts.distinct.keys().all(is_short)
                && values[found.finest].distinct.len() > 1
                && is_finer_than(texts, &values[found.finest])
        };
        match (0..self.columns.len()).find(is_finer) {
            Some(text) => Levels { finest: text, coarser: Some(found.finest), rivals: Vec::new() },
            None => found,
        }
    }
}

/// Do the words of a column come again, and each with one word of a coarser column?
fn is_finer_than(fine: &ColumnSample, coarse: &ColumnSample) -> bool {
    let words = fine.distinct.len();
    fine.filled >= ROWS_MIN
        && fine.filled as usize >= REPEATS * words
        && words > coarse.distinct.len()
        && fine.determines(coarse)
        && !coarse.determines(fine)
}

/// Are the words of a column groups of those of `categories`?
fn is_group_of(groups: &ColumnSample, categories: &ColumnSample) -> bool {
    let count = groups.distinct.len();
    count > 1
        && categories.distinct.len() >= CATEGORIES_OF_AREA * count
        && is_finer_than(categories, groups)
}
