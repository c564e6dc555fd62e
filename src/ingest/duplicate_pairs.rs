//! Labelled pairs of duplicates: a CSV file of child, parent and, if it says so, whether the pair
//! is of use. Or the truth that `generate` writes beside a city.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;

use crate::domain::restored;
use crate::error::{Error, Refusal, Result};
use crate::message;

/// A duplicate and its original, as people labelled them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Pair {
    /// The duplicate's id.
    pub child: String,
    /// The original's id.
    pub parent: String,
}

/// What of a generated city's truth is needed here.
#[derive(Deserialize)]
struct Truth {
    repeats: Vec<Pair>,
}

/// Reads pairs from the `repeats` of a generated city's truth, or from the columns `child_id` and
/// `parent_id` of a table; where that has a column `usable`, rows in which it is not true are left
/// out, and so are repeated rows. Answers the pairs and how many rows were left out.
///
/// # Errors
/// The file cannot be read, has neither, or a row names the same report twice.
pub fn read(path: &Path) -> Result<(Vec<Pair>, usize)> {
    let shown = path.display().to_string();
    let refuse = |reason: String| -> Error {
        Refusal::new("--pairs", &shown, message!("{reason}", "{reason}")).into()
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        let text =
            std::fs::read(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let truth: Truth = serde_json::from_slice(&text)
            .map_err(|error| refuse(format!("is not the truth of a generated city: {error}")))?;
        return Ok((truth.repeats, 0));
    }
    let mut table =
        csv::Reader::from_path(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let header = table.headers().map_err(|error| refuse(error.to_string()))?.clone();
    let column = |names: &[&str]| {
        header.iter().position(|name| names.contains(&name.trim().to_lowercase().as_str()))
    };
    let child = column(&["child_id", "child"]);
    let parent = column(&["parent_id", "parent"]);
    let usable = column(&["usable"]);
    let (Some(child), Some(parent)) = (child, parent) else {
        let has = header.iter().collect::<Vec<_>>().join(", ");
        return Err(refuse(format!("wants columns child_id and parent_id; has {has}")));
    };
    let (mut pairs, mut seen, mut left_out) = (Vec::new(), HashSet::new(), 0);
    for (row, number) in table.records().zip(2..) {
        let row = row.map_err(|error| refuse(error.to_string()))?;
        let cell =
            |column: usize| restored(row.get(column).unwrap_or_default().trim()).into_owned();
        let pair = Pair { child: cell(child), parent: cell(parent) };
        if pair.child == pair.parent || pair.child.is_empty() || pair.parent.is_empty() {
            let message = message!(
                "ligne {number} : il faut deux demandes différentes",
                "line {number}: two different reports are needed"
            );
            return Err(Refusal::new("--pairs", format!("{pair:?}"), message).into());
        }
        let is_usable = usable.is_none_or(|column| {
            ["true", "1", "yes"].contains(&cell(column).to_lowercase().as_str())
        });
        if is_usable && seen.insert(pair.clone()) {
            pairs.push(pair);
        } else {
            left_out += 1;
        }
    }
    Ok((pairs, left_out))
}
