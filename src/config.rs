//! Limits that belong to no single parameter, each with its unit and its default. A limit of one
//! parameter is declared with the parameter in `http`.

use std::time::Duration;

/// Default of [`Limits::export_rows_max`].
pub const EXPORT_ROWS_MAX: usize = 100_000;

/// Default of [`Limits::photos_per_hour`].
pub const PHOTOS_PER_HOUR: u64 = 60;

/// Limits on what one request may ask and how long it may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Hexagons of a city at most that statistics are taken over.
    pub hex_cells_max: usize,
    /// Reports that are clustered by density at a time at most.
    pub dbscan_max: usize,
    /// As many by hierarchical density.
    pub hdbscan_max: usize,
    /// Pairs of reports that clustering by density compares at most; a few seconds.
    pub density_comparisons_max: u64,
    /// Bytes of a request's body at most.
    pub body_bytes_max: usize,
    /// Bytes of all request bodies in memory together at most; what is more is refused for now.
    pub bodies_bytes_max: usize,
    /// Bytes of a batch of reports at most.
    pub batch_bytes_max: usize,
    /// Bytes of a file that is sent to be imported at most.
    pub import_bytes_max: u64,
    /// Files that are kept to be imported, or whose import has ended, at most.
    pub imports_max: usize,
    /// Time after which such a file is removed.
    pub import_kept_time: Duration,
    /// Open connections at most; fewer where the system allows fewer open files.
    pub connections_max: usize,
    /// Time for a request's headers to arrive, from the opening of the connection or from the end
    /// of the response before.
    pub header_time_max: Duration,
    /// Time in which a client must take some bytes of its response.
    pub write_time_max: Duration,
    /// Time for a request to be answered.
    pub request_time_max: Duration,
    /// Queries computed at the same time; further ones wait.
    pub concurrent_queries: usize,
    /// Waiting queries; further ones are refused.
    pub waiting_queries_max: usize,
    /// Tasks of seconds that are computed at the same time, apart from the queries: density
    /// clusters, permutations, photos, batches, inspections of files.
    pub concurrent_heavy: usize,
    /// Waiting tasks of seconds; further ones are refused.
    pub waiting_heavy_max: usize,
    /// Time given to open connections when the service stops.
    pub stop_time_max: Duration,
    /// Days in a count by day at most, the latest.
    pub days_max: usize,
    /// Reports of an export without the crew key at most; with the key there is no limit.
    pub export_rows_max: usize,
    /// Photos that an address may send in an hour. In a day it may send four times as many; each
    /// photo counts for 4 MiB of bytes at most; a key may send ten times as many, all addresses
    /// together twenty times as many.
    pub photos_per_hour: u64,
    /// Time after which a photo that no report shows is removed.
    pub photo_pending_time: Duration,
    /// Bytes of the report ids of a city together at most: the index addresses them with 32 bits.
    pub id_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hex_cells_max: 1_000_000,
            dbscan_max: 5_000_000,
            hdbscan_max: 50_000,
            density_comparisons_max: 4_000_000_000,
            body_bytes_max: 1 << 20,
            bodies_bytes_max: 256 << 20,
            batch_bytes_max: 64 << 20,
            import_bytes_max: 2 << 30,
            imports_max: 4,
            import_kept_time: Duration::from_secs(3_600),
            connections_max: 16_384,
            header_time_max: Duration::from_secs(10),
            write_time_max: Duration::from_secs(20),
            request_time_max: Duration::from_secs(20),
            concurrent_queries: std::thread::available_parallelism().map_or(2, usize::from),
            waiting_queries_max: 512,
            concurrent_heavy: std::thread::available_parallelism()
                .map_or(1, |n| n.get().div_ceil(2)),
            waiting_heavy_max: 32,
            stop_time_max: Duration::from_secs(10),
            days_max: 3_660,
            export_rows_max: EXPORT_ROWS_MAX,
            photos_per_hour: PHOTOS_PER_HOUR,
            photo_pending_time: Duration::from_secs(86_400),
            id_bytes_max: u32::MAX.into(),
        }
    }
}
