//! The k nearest reports.

use std::collections::BinaryHeap;

use super::{Found, Page};
use crate::index::{Handle, Sieve, Snapshot, beyond};
use crate::place::{Meters, Position, distance};

/// The `k` reports nearest to `at` that pass and are no farther than `max`: nearest first, equal
/// distances by id. Distance is great-circle, in metres. Says if there were more.
pub fn nearest(
    snapshot: &Snapshot,
    sieve: &Sieve,
    at: Position,
    k: usize,
    max: Meters,
) -> Page<Found> {
    // One more than asked tells whether there are more. The stream is ordered by chord, whose
    // rounding may swap near-equals: read until the chord is surely longer than the last kept.
    let wanted = k + 1;
    let limit = max.chord2();
    let mut kept: Vec<(f64, Handle)> = Vec::with_capacity(wanted.min(1024));
    let mut longest = BinaryHeap::with_capacity(wanted.min(1024));
    for (handle, chord2) in snapshot.nearest(at, sieve) {
        let kth: Option<&Ordered> = (longest.len() == wanted).then(|| longest.peek()).flatten();
        if beyond(chord2, limit) || kth.is_some_and(|kth| beyond(chord2, kth.0)) {
            break;
        }
        kept.push((chord2, handle));
        longest.push(Ordered(chord2));
        if longest.len() > wanted {
            longest.pop();
        }
    }
    let found = kept.into_iter().filter_map(|(_, handle)| {
        let distance = distance(at, snapshot.position(handle)?);
        (distance <= max).then_some(Found { handle, distance })
    });
    let mut items: Vec<Found> = found.collect();
    items.sort_by(|a, b| {
        let by_id = || snapshot.id(a.handle).cmp(snapshot.id(b.handle));
        a.distance.0.total_cmp(&b.distance.0).then_with(by_id)
    });
    let more = items.len() > k;
    items.truncate(k);
    Page { items, more }
}

#[derive(PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
