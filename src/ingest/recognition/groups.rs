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
use crate::ingest::column::words::{Concept, NameWords};
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
/// Certainty of levels of words that nobody knows: a doubt.
const PERHAPS: f64 = 0.6;

impl Recognition {
    /// Reads columns that are called areas and hold groups of categories as such. What is within a
    /// part of the city by its places, or has the name of one, stays an area; words of topics are
    /// none.
    pub fn find_groups(&mut self) {
        let all = (0..self.columns.len()).filter(|at| self.is_vague(*at));
        let areas: Vec<(usize, Option<bool>)> =
            all.map(|at| (at, self.are_parts_of_city(at))).collect();
        let categories: Vec<usize> = self.sure_categories();
        let is_group = |(at, are_parts): &&(usize, Option<bool>)| {
            let area = &self.values[*at];
            let is_above = || categories.iter().any(|one| is_group_of(area, &self.values[*one]));
            let is_topic = || self.are_words_of_parts(*at) == Some(false) && !categories.is_empty();
            *are_parts != Some(true) && (is_above() || is_topic())
        };
        let groups: Vec<usize> = areas.iter().filter(is_group).map(|(at, _)| *at).collect();
        for at in groups {
            self.columns[at].guess = Some(("hint", GROUP));
        }
        if categories.is_empty() {
            self.find_levels_of_areas(&areas);
        }
    }

    /// Of two columns such as `Area` and `Sub-Area`, where no column has categories, the finer one
    /// has them if each of its words comes with one word of the other, and if these are words of
    /// topics. Words that nobody knows are a doubt.
    fn find_levels_of_areas(&mut self, areas: &[(usize, Option<bool>)]) {
        let may_be =
            |at: &usize| areas.iter().any(|(area, parts)| area == at && *parts != Some(true));
        let pair = (0..self.columns.len()).filter(may_be).find_map(|fine| {
            let (coarse, _) = self.above.get(fine).copied().flatten()?;
            let is_pair = may_be(&coarse) && is_group_of(&self.values[coarse], &self.values[fine]);
            is_pair.then_some([coarse, fine])
        });
        let Some(pair) = pair else { return };
        let is_topic = |at: &usize| areas.contains(&(*at, Some(false)));
        let certainty = if pair.iter().any(is_topic) { GROUP } else { PERHAPS };
        for at in pair {
            self.columns[at].guess = Some(("category", certainty));
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
