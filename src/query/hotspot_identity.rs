//! Which of today's hotspots is which of yesterday's.
//!
//! A hotspot keeps its identity while it shares a cell with its former self. Where several claim
//! the same one, the one that shares most of its cells has it (the elder where they share as many);
//! the others are born as parts of it. Former ones that nothing follows became part of what covers
//! them, or are over once they have not been seen for three days; where something comes again
//! within thirty days it is the same one again.

use std::collections::HashMap;

use crate::domain::{HotspotTrack, HotspotTrackEvent, HotspotTrackStep};
use crate::place::Hex;

/// A hotspot not seen for so long is over, in seconds.
const OVER_AFTER: i64 = 3 * 86_400;
/// One that is over may return for so long.
const RETURNS_WITHIN: i64 = 30 * 86_400;

/// A hotspot of today: its cells in order, and its reports.
pub struct DetectedHotspot<'a> {
    /// Its cells.
    pub cells: &'a [Hex],
    /// How many reports.
    pub count: u64,
}

/// Follows the hotspots of `question` on from what was known to what is seen `at` a second, and
/// gives the number of each seen. Tracks that changed are marked in `changed`. `next` is the next
/// free number. What is older than the tracks' own last sight changes nothing but names.
pub fn follow(
    tracks: &mut Vec<HotspotTrack>,
    question: &str,
    seen: &[DetectedHotspot<'_>],
    at: i64,
    next: &mut u64,
    changed: &mut Vec<u64>,
) -> Vec<u64> {
    let shared = overlaps(tracks, question, seen, at);
    let mut of_seen: Vec<Option<usize>> = vec![None; seen.len()];
    let mut taken: HashMap<usize, usize> = HashMap::new();
    for (_, track, n) in &shared {
        if of_seen[*n].is_none() && !taken.contains_key(track) {
            of_seen[*n] = Some(*track);
            taken.insert(*track, *n);
        }
    }
    for (n, one) in seen.iter().enumerate() {
        let step = |event| HotspotTrackStep { at, event, count: one.count, cells: one.cells.len() };
        if let Some(track) = of_seen[n] {
            let track = &mut tracks[track];
            if at >= track.seen && renew(track, one, at) {
                changed.push(track.number);
            }
            continue;
        }
        // A part of one that goes on, if it shares cells with one.
        let whole = shared.iter().find(|(_, _, other)| *other == n).map(|(_, track, _)| *track);
        let event = match whole.map(|whole| tracks[whole].number) {
            Some(whole) => HotspotTrackEvent::SplitFrom(whole),
            None => HotspotTrackEvent::Born,
        };
        of_seen[n] = Some(tracks.len());
        changed.push(*next);
        tracks.push(HotspotTrack {
            number: *next,
            question: question.to_owned(),
            cells: one.cells.to_vec(),
            count: one.count,
            seen: at,
            ended: false,
            steps: vec![step(event)],
        });
        *next += 1;
    }
    let numbers: Vec<u64> = of_seen.iter().flatten().map(|track| tracks[*track].number).collect();
    let now: Vec<usize> = of_seen.into_iter().flatten().collect();
    for (n, track) in tracks.iter_mut().enumerate() {
        if track.ended || track.question != question || now.contains(&n) || at <= track.seen {
            continue;
        }
        let whole = shared.iter().find(|(_, other, _)| *other == n).map(|(_, _, n)| numbers[*n]);
        let event = match whole {
            Some(whole) => HotspotTrackEvent::MergedInto(whole),
            None if at - track.seen >= OVER_AFTER => HotspotTrackEvent::Ended,
            None => continue,
        };
        track.ended = true;
        track.steps.push(HotspotTrackStep { at, event, count: 0, cells: 0 });
        changed.push(track.number);
    }
    numbers
}

/// How many cells each track shares with each of what is seen, most first, then the elder.
fn overlaps(
    tracks: &[HotspotTrack],
    question: &str,
    seen: &[DetectedHotspot<'_>],
    at: i64,
) -> Vec<(usize, usize, usize)> {
    let mut of_cell: HashMap<Hex, usize> = HashMap::new();
    for (n, one) in seen.iter().enumerate() {
        of_cell.extend(one.cells.iter().map(|cell| (*cell, n)));
    }
    let mut shared = Vec::new();
    for (n, track) in tracks.iter().enumerate() {
        let may_return = !track.ended || at - track.seen <= RETURNS_WITHIN;
        if track.question != question || !may_return {
            continue;
        }
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for one in track.cells.iter().filter_map(|cell| of_cell.get(cell)) {
            *counts.entry(*one).or_default() += 1;
        }
        shared.extend(counts.into_iter().map(|(one, count)| (count, n, one)));
    }
    // What is there now goes before what was over.
    let over = |track: usize| tracks[track].ended;
    shared.sort_unstable_by_key(|(count, track, one)| {
        (over(*track), std::cmp::Reverse(*count), tracks[*track].number, *one)
    });
    shared
}

/// Brings a track up to date; says whether anything is worth keeping.
fn renew(track: &mut HotspotTrack, one: &DetectedHotspot<'_>, at: i64) -> bool {
    let told = track.steps.iter().rev().find(|step| step.count > 0).map_or(0, |step| step.count);
    let event = if track.ended {
        Some(HotspotTrackEvent::Returned)
    } else if one.count * 2 >= told * 3 {
        Some(HotspotTrackEvent::Grew)
    } else if one.count * 3 <= told * 2 {
        Some(HotspotTrackEvent::Shrank)
    } else {
        None
    };
    let moved = track.cells != one.cells || track.count != one.count;
    track.ended = false;
    track.cells = one.cells.to_vec();
    track.count = one.count;
    track.seen = at;
    if let Some(event) = event {
        track.steps.push(HotspotTrackStep { at, event, count: one.count, cells: one.cells.len() });
    }
    event.is_some() || moved
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// Cells in a row, some of them.
    fn cells(range: std::ops::Range<u32>) -> Vec<Hex> {
        let mut cells: Vec<Hex> =
            range.map(|n| Hex::of(-71.2 + f64::from(n) * 0.01, 46.8, 9).unwrap()).collect();
        cells.sort();
        cells
    }

    struct Life {
        tracks: Vec<HotspotTrack>,
        next: u64,
    }

    impl Life {
        fn day(&mut self, day: i64, seen: &[(std::ops::Range<u32>, u64)]) -> Vec<u64> {
            let lists: Vec<_> = seen.iter().map(|(range, _)| cells(range.clone())).collect();
            let seen: Vec<DetectedHotspot<'_>> = lists
                .iter()
                .zip(seen)
                .map(|(cells, (_, count))| DetectedHotspot { cells, count: *count })
                .collect();
            let mut changed = Vec::new();
            follow(&mut self.tracks, "q", &seen, day * DAY, &mut self.next, &mut changed)
        }

        fn words(&self, number: u64) -> Vec<&'static str> {
            let track = self.tracks.iter().find(|track| track.number == number).unwrap();
            track.steps.iter().map(|step| step.event.word().0).collect()
        }
    }

    #[test]
    fn a_hotspot_is_itself_while_it_overlaps_itself() {
        let mut life = Life { tracks: Vec::new(), next: 1 };
        assert_eq!(life.day(0, &[(0..3, 10), (10..12, 8)]), [1, 2]);
        // It wanders, cell by cell, and grows.
        assert_eq!(life.day(1, &[(2..5, 11), (10..12, 8)]), [1, 2]);
        assert_eq!(life.day(2, &[(10..12, 8), (4..8, 30)]), [2, 1]);
        assert_eq!(life.words(1), ["born", "grew"]);
        // It parts: the larger share keeps the name.
        assert_eq!(life.day(3, &[(4..5, 5), (5..8, 20), (10..12, 8)]), [3, 1, 2]);
        assert_eq!(life.words(3), ["split_from"]);
        // All become one.
        assert_eq!(life.day(4, &[(4..12, 40)]), [1]);
        assert_eq!(
            (life.words(2), life.words(3)),
            (vec!["born", "merged_into"], vec!["split_from", "merged_into"])
        );
        // Not seen for a day or two is not the end, three are; and it may come back.
        assert!(life.day(5, &[]).is_empty());
        assert!(!life.words(1).contains(&"ended"));
        assert!(life.day(8, &[]).is_empty());
        assert_eq!(life.words(1).last(), Some(&"ended"));
        assert_eq!(life.day(20, &[(6..7, 9)]), [1]);
        assert_eq!(life.words(1).last(), Some(&"returned"));
        life.day(24, &[]);
        assert_eq!(life.day(100, &[(6..7, 9)]), [4], "too late");
    }

    #[test]
    fn questions_do_not_share_hotspots_and_the_past_changes_nothing() {
        let mut life = Life { tracks: Vec::new(), next: 1 };
        life.day(9, &[(0..3, 10)]);
        let own = cells(0..3);
        let seen = [DetectedHotspot { cells: &own, count: 10 }];
        let mut changed = Vec::new();
        let other = follow(&mut life.tracks, "r", &seen, 9 * DAY, &mut life.next, &mut changed);
        assert_eq!((other, changed), (vec![2], vec![2]));
        assert_eq!(life.day(3, &[(0..1, 90)]), [1]);
        assert_eq!((life.tracks[0].count, life.tracks[0].seen), (10, 9 * DAY));
        life.day(2, &[]);
        assert!(!life.tracks[0].ended);
    }
}
