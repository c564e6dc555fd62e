//! Identity of hotspots over time: which detected hotspot continues which track.
//!
//! A hotspot continues a track if it shares a cell with the track's last state. Where several share
//! cells with one track, the one that shares most continues it, and the others begin tracks of
//! their own as splits. Where one hotspot shares cells with several tracks, it continues the one
//! with most shared cells (the older one if equal), and the others end as merged into it. A track
//! that no hotspot continues ends after three days. If a hotspot appears on its cells within thirty
//! days of its last detection, the track returns.
//!
//! Sizes have hysteresis. A track *grew* or *shrank* when its count is half as large again, or a
//! third smaller, than at its last step. For a day after such a step, further changes belong to it:
//! the count is compared with that before the step, and the step is replaced, or removed when the
//! count is back. So reports that arrive in several parts, between which hotspots are searched,
//! make one event.

use std::collections::HashMap;

use crate::domain::{HotspotTrack, HotspotTrackEvent, HotspotTrackStep};
use crate::place::H3Cell;

/// A track that no hotspot continued for so long ends, in seconds.
const ENDS_AFTER: i64 = 3 * 86_400;
/// Changes of size within this time of a step of growth or decline belong to that step, in seconds.
const SETTLES_WITHIN: i64 = 86_400;
/// A track may return within this time of its last detection, in seconds.
const RETURNS_WITHIN: i64 = 30 * 86_400;

/// A hotspot as it was just detected.
pub struct DetectedHotspot<'a> {
    /// Its H3 cells, ascending.
    pub cells: &'a [H3Cell],
    /// Number of reports.
    pub count: u64,
}

/// Updates the tracks of the standing search of this name with the hotspots detected at a
/// second since 1970. Returns the track number of each detected hotspot. Adds new tracks, numbered
/// from `next` on, and adds the numbers of changed tracks to `changed`. A detection older than a
/// track's last one leaves the track as it is.
///
/// ```
/// use pointchaud::place::H3Cell;
/// use pointchaud::query::{DetectedHotspot, update_tracks};
///
/// let cell = H3Cell::of(-71.2, 46.8, 9).unwrap();
/// let (mut tracks, mut next, mut changed) = (Vec::new(), 1, Vec::new());
/// let detected = [DetectedHotspot { cells: &[cell], count: 10 }];
/// let first = update_tracks(&mut tracks, "all", &detected, 0, &mut next, &mut changed);
/// let detected = [DetectedHotspot { cells: &[cell], count: 20 }];
/// let second = update_tracks(&mut tracks, "all", &detected, 3_600, &mut next, &mut changed);
/// assert_eq!((first, second), (vec![1], vec![1]));
/// let events: Vec<&str> = tracks[0].steps.iter().map(|step| step.event.word().0).collect();
/// assert_eq!(events, ["born", "grew"]);
/// ```
pub fn update_tracks(
    tracks: &mut Vec<HotspotTrack>,
    search: &str,
    detected: &[DetectedHotspot<'_>],
    at: i64,
    next: &mut u64,
    changed: &mut Vec<u64>,
) -> Vec<u64> {
    let shared = overlaps(tracks, search, detected, at);
    let mut track_of: Vec<Option<usize>> = vec![None; detected.len()];
    let mut taken: HashMap<usize, usize> = HashMap::new();
    for (_, track, n) in &shared {
        if track_of[*n].is_none() && !taken.contains_key(track) {
            track_of[*n] = Some(*track);
            taken.insert(*track, *n);
        }
    }
    for (n, one) in detected.iter().enumerate() {
        let step = |event| HotspotTrackStep { at, event, count: one.count, cells: one.cells.len() };
        if let Some(track) = track_of[n] {
            let track = &mut tracks[track];
            if at >= track.last_found_at && continue_track(track, one, at) {
                changed.push(track.number);
            }
            continue;
        }
        // A split, if it shares cells with a track that another hotspot continues.
        let whole = shared.iter().find(|(_, _, other)| *other == n).map(|(_, track, _)| *track);
        let event = match whole.map(|whole| tracks[whole].number) {
            Some(whole) => HotspotTrackEvent::SplitFrom(whole),
            None => HotspotTrackEvent::Born,
        };
        track_of[n] = Some(tracks.len());
        changed.push(*next);
        tracks.push(HotspotTrack {
            number: *next,
            search: search.to_owned(),
            cells: one.cells.to_vec(),
            count: one.count,
            last_found_at: at,
            ended: false,
            steps: vec![step(event)],
        });
        *next += 1;
    }
    let numbers: Vec<u64> = track_of.iter().flatten().map(|track| tracks[*track].number).collect();
    let now: Vec<usize> = track_of.into_iter().flatten().collect();
    for (n, track) in tracks.iter_mut().enumerate() {
        if track.ended || track.search != search || now.contains(&n) || at <= track.last_found_at {
            continue;
        }
        let whole = shared.iter().find(|(_, other, _)| *other == n).map(|(_, _, n)| numbers[*n]);
        let event = match whole {
            Some(whole) => HotspotTrackEvent::MergedInto(whole),
            None if at - track.last_found_at >= ENDS_AFTER => HotspotTrackEvent::Ended,
            None => continue,
        };
        track.ended = true;
        track.steps.push(HotspotTrackStep { at, event, count: 0, cells: 0 });
        changed.push(track.number);
    }
    numbers
}

/// The number of cells that each track shares with each detected hotspot, as (cells, track,
/// hotspot): tracks that have not ended first, then most cells, then the older track.
fn overlaps(
    tracks: &[HotspotTrack],
    search: &str,
    detected: &[DetectedHotspot<'_>],
    at: i64,
) -> Vec<(usize, usize, usize)> {
    let mut of_cell: HashMap<H3Cell, usize> = HashMap::new();
    for (n, one) in detected.iter().enumerate() {
        of_cell.extend(one.cells.iter().map(|cell| (*cell, n)));
    }
    let mut shared = Vec::new();
    for (n, track) in tracks.iter().enumerate() {
        let may_return = !track.ended || at - track.last_found_at <= RETURNS_WITHIN;
        if track.search != search || !may_return {
            continue;
        }
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for one in track.cells.iter().filter_map(|cell| of_cell.get(cell)) {
            *counts.entry(*one).or_default() += 1;
        }
        shared.extend(counts.into_iter().map(|(one, count)| (count, n, one)));
    }
    let has_ended = |track: usize| tracks[track].ended;
    shared.sort_unstable_by_key(|(count, track, one)| {
        (has_ended(*track), std::cmp::Reverse(*count), tracks[*track].number, *one)
    });
    shared
}

/// Updates a track with the hotspot that continues it. Returns whether the track changed.
fn continue_track(track: &mut HotspotTrack, one: &DetectedHotspot<'_>, at: i64) -> bool {
    let step = |at, event| HotspotTrackStep { at, event, count: one.count, cells: one.cells.len() };
    let before = track.steps.len();
    let last = track.steps.last().copied();
    let unsettled = last.filter(|last| {
        let is_size = matches!(last.event, HotspotTrackEvent::Grew | HotspotTrackEvent::Shrank);
        is_size && !track.ended && at - last.at < SETTLES_WITHIN
    });
    if track.ended {
        track.steps.push(step(at, HotspotTrackEvent::Returned));
    } else if let Some(last) = unsettled {
        track.steps.pop();
        track.steps.extend(resized(track, one.count).map(|event| step(last.at, event)));
    } else {
        track.steps.extend(resized(track, one.count).map(|event| step(at, event)));
    }
    let is_changed = before != track.steps.len()
        || last != track.steps.last().copied()
        || track.cells != one.cells
        || track.count != one.count;
    track.ended = false;
    track.cells = one.cells.to_vec();
    track.count = one.count;
    track.last_found_at = at;
    is_changed
}

/// Whether a count is a change of size since the track's last step with reports.
fn resized(track: &HotspotTrack, count: u64) -> Option<HotspotTrackEvent> {
    let last = track.steps.iter().rev().find(|step| step.count > 0).map_or(0, |step| step.count);
    if count * 2 >= last * 3 {
        Some(HotspotTrackEvent::Grew)
    } else if count * 3 <= last * 2 {
        Some(HotspotTrackEvent::Shrank)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// Some cells of a row.
    fn cells(range: std::ops::Range<u32>) -> Vec<H3Cell> {
        let mut cells: Vec<H3Cell> =
            range.map(|n| H3Cell::of(-71.2 + f64::from(n) * 0.01, 46.8, 9).unwrap()).collect();
        cells.sort();
        cells
    }

    struct Timeline {
        tracks: Vec<HotspotTrack>,
        next: u64,
    }

    impl Timeline {
        fn day(&mut self, day: i64, hotspots: &[(std::ops::Range<u32>, u64)]) -> Vec<u64> {
            let lists: Vec<_> = hotspots.iter().map(|(range, _)| cells(range.clone())).collect();
            let detected: Vec<DetectedHotspot<'_>> = lists
                .iter()
                .zip(hotspots)
                .map(|(cells, (_, count))| DetectedHotspot { cells, count: *count })
                .collect();
            let mut changed = Vec::new();
            update_tracks(&mut self.tracks, "q", &detected, day * DAY, &mut self.next, &mut changed)
        }

        fn words(&self, number: u64) -> Vec<&'static str> {
            let track = self.tracks.iter().find(|track| track.number == number).unwrap();
            track.steps.iter().map(|step| step.event.word().0).collect()
        }
    }

    #[test]
    fn a_hotspot_keeps_its_number_while_it_overlaps_its_last_state() {
        let mut timeline = Timeline { tracks: Vec::new(), next: 1 };
        assert_eq!(timeline.day(0, &[(0..3, 10), (10..12, 8)]), [1, 2]);
        // It moves, cell by cell, and grows.
        assert_eq!(timeline.day(1, &[(2..5, 11), (10..12, 8)]), [1, 2]);
        assert_eq!(timeline.day(2, &[(10..12, 8), (4..8, 30)]), [2, 1]);
        assert_eq!(timeline.words(1), ["born", "grew"]);
        // It splits: the larger share keeps the number.
        assert_eq!(timeline.day(3, &[(4..5, 5), (5..8, 20), (10..12, 8)]), [3, 1, 2]);
        assert_eq!(timeline.words(3), ["split_from"]);
        // All merge.
        assert_eq!(timeline.day(4, &[(4..12, 40)]), [1]);
        assert_eq!(
            (timeline.words(2), timeline.words(3)),
            (vec!["born", "merged_into"], vec!["split_from", "merged_into"])
        );
        // A track ends after three days without a detection, and may return.
        assert!(timeline.day(5, &[]).is_empty());
        assert!(!timeline.words(1).contains(&"ended"));
        assert!(timeline.day(8, &[]).is_empty());
        assert_eq!(timeline.words(1).last(), Some(&"ended"));
        assert_eq!(timeline.day(20, &[(6..7, 9)]), [1]);
        assert_eq!(timeline.words(1).last(), Some(&"returned"));
        timeline.day(24, &[]);
        assert_eq!(timeline.day(100, &[(6..7, 9)]), [4], "too late");
    }

    #[test]
    fn changes_of_size_within_a_day_are_one_event_or_none() {
        let mut timeline = Timeline { tracks: Vec::new(), next: 1 };
        let mut at = |hours: i64, count: u64| {
            let own = cells(0..3);
            let detected = [DetectedHotspot { cells: &own, count }];
            let (at, Timeline { tracks, next }) = (hours * 3_600, &mut timeline);
            update_tracks(tracks, "q", &detected, at, next, &mut Vec::new());
            let steps = timeline.tracks[0].steps.iter();
            steps.map(|step| (step.event.word().0, step.count)).collect::<Vec<_>>()
        };
        assert_eq!(at(0, 20), [("born", 20)]);
        // Reports arrive in parts; hotspots are searched in between.
        assert_eq!(at(1, 31), [("born", 20), ("grew", 31)]);
        assert_eq!(at(2, 60), [("born", 20), ("grew", 60)]);
        assert_eq!(at(2, 45), [("born", 20), ("grew", 45)]);
        // Back to what it was: nothing happened.
        assert_eq!(at(3, 22), [("born", 20)]);
        assert_eq!(at(4, 13), [("born", 20), ("shrank", 13)]);
        assert_eq!(at(5, 40), [("born", 20), ("grew", 40)]);
        // A day later it is another event.
        assert_eq!(at(40, 61), [("born", 20), ("grew", 40), ("grew", 61)]);
        assert_eq!(at(41, 40), [("born", 20), ("grew", 40)]);
    }

    #[test]
    fn searches_do_not_share_tracks_and_older_detections_change_nothing() {
        let mut timeline = Timeline { tracks: Vec::new(), next: 1 };
        timeline.day(9, &[(0..3, 10)]);
        let own = cells(0..3);
        let detected = [DetectedHotspot { cells: &own, count: 10 }];
        let mut changed = Vec::new();
        let other = update_tracks(
            &mut timeline.tracks,
            "r",
            &detected,
            9 * DAY,
            &mut timeline.next,
            &mut changed,
        );
        assert_eq!((other, changed), (vec![2], vec![2]));
        assert_eq!(timeline.day(3, &[(0..1, 90)]), [1]);
        assert_eq!((timeline.tracks[0].count, timeline.tracks[0].last_found_at), (10, 9 * DAY));
        timeline.day(2, &[]);
        assert!(!timeline.tracks[0].ended);
    }
}
