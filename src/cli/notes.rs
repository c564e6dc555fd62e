//! What an import noticed in a file, printed line by line.

use crate::ingest::{NotedWord, Notes, status_word};

/// Words of one field that are shown.
const SHOWN: usize = 12;

/// A number with what it counts: `1 row`, `2 rows`.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Prints how the whole file was read, how its times were written, and every word that its
/// profile does not translate.
pub fn print(notes: &Notes) {
    for sentence in &notes.sentences {
        println!("  {}", sentence.en);
    }
    if notes.places_at_addresses > 0 {
        let rows = counted(notes.places_at_addresses, "row");
        println!("  {rows} with a place beside their address, in a column of both");
    }
    if notes.rows_with_entities > 0 {
        let rows = counted(notes.rows_with_entities, "row");
        println!("  {rows} with HTML entities such as &amp;, decoded");
    }
    if !notes.times.is_empty() {
        let times = notes.times.iter().map(|(format, count)| format!("{count} {}", format.shown()));
        println!("  times: {}", times.collect::<Vec<_>>().join(", "));
    }
    if notes.repeated_hour > 0 {
        let times = counted(notes.repeated_hour, "closing time");
        println!("  {times} read as the second of the hour that comes twice in autumn");
    }
    if !notes.no_times.is_empty() {
        let (sorted, all) = (Notes::sorted(&notes.no_times, false), notes.no_times.values());
        let count: u64 = all.map(|noted| noted.count).sum();
        let shown = sorted.iter().take(SHOWN);
        let shown = shown.map(|(text, noted)| format!("{} '{text}'", noted.count));
        let shown = shown.collect::<Vec<_>>().join(", ");
        println!("  {count} closing or other later times stand for none: {shown}");
    }
    if notes.closed_by_time > 0 {
        println!("  {} closed by their closing time alone", notes.closed_by_time);
    }
    let mut without = notes.without_status.clone();
    without.sort_by_key(|one| std::cmp::Reverse(one.count));
    for one in &without {
        let (count, reason) = (counted(one.count, "row"), one.reason().en);
        println!("  {count} {reason}, read as {}", status_word(one.taken.0, one.taken.1));
    }
    for (status, count) in &notes.closings_not_kept {
        let times = counted(*count, "closing time");
        println!("  {times} not kept, because the status is {status}");
    }
    if notes.exchanged > 0 {
        let rows = counted(notes.exchanged, "row");
        println!("  {rows} whose latitude and longitude were exchanged (--fix-swapped)");
    }
    for (field, words) in [("status", &notes.statuses), ("channel", &notes.channels)] {
        list(&format!("{field} words"), words, true);
        list(&format!("{field} words not known"), words, false);
    }
}

fn list(title: &str, words: &std::collections::HashMap<String, NotedWord>, known: bool) {
    let sorted = Notes::sorted(words, known);
    if sorted.is_empty() {
        return;
    }
    let shown = sorted.iter().take(SHOWN).map(|(word, noted)| {
        let NotedWord { count, read_as, .. } = noted;
        format!("{count} '{word}' read as {read_as}")
    });
    let more = match sorted.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; {more} more, which --summary json lists"),
    };
    println!("  {title}: {}{more}", shown.collect::<Vec<_>>().join(", "));
}
