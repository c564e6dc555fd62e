//! Pages of lists, and keyset cursors that continue them.

use crate::index::DocAddress;
use crate::place::Meters;

/// A report and its distance from a query point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearbyReport {
    /// The report.
    pub address: DocAddress,
    /// Great-circle distance.
    pub distance: Meters,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Are there more items after the last one?
    pub more: bool,
}

/// A keyset cursor into a list that is ordered by a number and, where numbers are equal, by id. A
/// page starts after it. Unlike an offset it stays valid while reports are added and removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor<N> {
    /// The number of the last item of the page before.
    pub key: N,
    /// The id of that item.
    pub id: String,
}
