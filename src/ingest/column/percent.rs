//! Columns that say how far a request is by a percentage: `Percent complete`, `% avancement`.

use crate::domain::Status;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::status::codes::of_percent;

/// Words for a percentage, without accents, in English, French, German, Spanish, Italian,
/// Portuguese, Dutch and Polish.
const PERCENT: &str = "\
    percent percentage pct pourcentage taux prozent porcentaje percentuale porcentagem percentagem \
    percentual procent";

/// Words for how much of the work is done.
const PROGRESS: &str = "\
    progress complete completion done avancement realisation fortschritt erledigt avance progreso \
    avanzamento progresso andamento voortgang gereed postep postepu";

/// What the values of a column of percentages say, with the words of all whole numbers; `None`
/// where it is none. Values of at most 1, some of them between 0 and 1, are parts of one.
pub fn percentages(name: &str, values: &ColumnSample) -> Option<Vec<(String, Status)>> {
    let words = split(name);
    let has =
        |list: &str| words.iter().any(|word| list.split_whitespace().any(|known| known == word));
    let is_named = (has(PERCENT) || name.contains('%'))
        && (has(PROGRESS) || NameWords::of(name).has(Concept::Closed));
    if !is_named || values.filled == 0 {
        return None;
    }
    let number = |text: &String| {
        let text = text.trim().trim_end_matches('%').trim_end().replace(',', ".");
        text.parse::<f64>().ok().filter(|n| (0.0..=100.0).contains(n))
    };
    let numbers: Vec<f64> = values.distinct.keys().map(number).collect::<Option<_>>()?;
    let are_parts = numbers.iter().all(|n| *n <= 1.0) && numbers.iter().any(|n| n.fract() != 0.0);
    let scale = if are_parts { 100.0 } else { 1.0 };
    let of_text = |text: &String| Some((text.to_lowercase(), of_percent(number(text)? * scale)));
    let mut found: Vec<(String, Status)> = values.distinct.keys().filter_map(of_text).collect();
    if !are_parts && !values.distinct.keys().any(|text| text.contains('%')) {
        found.extend((0..=100).map(|n| (n.to_string(), of_percent(f64::from(n)))));
    }
    found.sort();
    found.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::column::values::clocks;

    #[test]
    fn percentages_of_the_work_are_statuses() {
        let found = |name: &str, cells: &[&str]| {
            let (mut values, clocks) = (ColumnSample::default(), clocks());
            (0..).zip(cells).for_each(|(row, cell)| values.add(row, cell, &clocks));
            percentages(name, &values)
        };
        let status = |found: &[(String, Status)], word: &str| {
            found.iter().find(|(known, _)| known == word).map(|(_, status)| *status)
        };
        let whole = found("Percent complete", &["0", "50", "100"]).unwrap();
        let said = ["0", "7", "50", "100"].map(|word| status(&whole, word));
        let (open, on, closed) = (Status::Open, Status::InProgress, Status::Closed);
        assert_eq!(said, [Some(open), Some(on), Some(on), Some(closed)]);
        let parts = found("% avancement", &["0", "0,5", "1"]).unwrap();
        let said = ["0", "0,5", "1"].map(|word| status(&parts, word));
        assert_eq!(said, [Some(open), Some(on), Some(closed)]);
        assert_eq!(found("Percent complete", &["0%", "100%"]).map(|all| all.len()), Some(2));
        assert_eq!(found("Percent complete", &["0%", "yes"]), None);
        assert_eq!(found("Percent slope", &["0", "50"]), None);
    }
}
