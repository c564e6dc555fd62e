//! Limits that belong to no single parameter, each declared once with its unit, its default and
//! what it bounds. The options of `pointchaud serve`, its environment variables and the table in
//! `docs/operations.md` follow from the declarations. A limit of one parameter is declared with the
//! parameter in `http`.

mod limit;
mod machine;

use std::time::Duration;

pub use limit::{Limit, LimitFault, LimitUnit};

use limit::LimitField;
use machine::{memory_share, processors};

/// Declares [`Limits`], its default and [`LIMITS`]. A member has its type, its default, the unit in
/// which it is written, the least value that it may have and, where the default is computed, what
/// the documentation says of it.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr,
        $unit:ident $(($units:literal))?, $min:literal.. $(, $shown:literal)?;)+) => {
        /// Limits on what one request may ask, how long it may take and how much of it there may
        /// be at a time.
        #[derive(Debug, Clone)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// Every limit, in the order of the documentation.
        pub const LIMITS: &[Limit<Limits>] = &[$(Limit {
            name: stringify!($name),
            description: concat!($($doc),+),
            unit: LimitUnit::$unit $(($units))?,
            min: $min,
            computed_default: limits!(@shown $($shown)?),
            get: |limits| limits.$name.to_number(),
            set: |limits, number| limits.$name = <$type as LimitField>::of_number(number),
        },)+];
    };
    (@shown) => { None };
    (@shown $shown:literal) => { Some($shown) };
}

limits! {
    /// Open connections at most; fewer where the system allows fewer open files.
    connections_max: usize = 16_384, Count("connections"), 1..;
    /// Time for a request's headers to arrive, from the opening of the connection or from the end
    /// of the response before.
    header_time_max: Duration = Duration::from_secs(10), Seconds, 1..;
    /// Time that a client may lag behind in taking its response at the least rate.
    write_time_max: Duration = Duration::from_secs(20), Seconds, 1..;
    /// Bytes of its responses that a client must take in a second at least, on average over the
    /// time that it may lag behind. 0: any byte makes up for the time before it.
    write_rate_min: u64 = 1 << 10, Bytes, 0..;
    /// Time for a request with its body to arrive and to be answered.
    request_time_max: Duration = Duration::from_secs(20), Seconds, 1..;
    /// Bytes of a batch or of a file that must arrive in a second at least while they are waited
    /// for, on average over the time for a request. 0: any byte makes up for the time before it.
    receive_rate_min: u64 = 256, Bytes, 0..;
    /// Time for a batch to arrive and to be answered as a whole.
    batch_time_max: Duration = Duration::from_secs(1_800), Seconds, 1..;
    /// Time for the handshake of a TLS connection.
    tls_handshake_time_max: Duration = Duration::from_secs(10), Seconds, 1..;
    /// Requests of one HTTP/2 connection that are answered at the same time.
    http2_streams_max: u32 = 100, Count("requests"), 1..;
    /// Time given to open connections when the service stops.
    stop_time_max: Duration = Duration::from_secs(10), Seconds, 0..;
    /// Cheap reads of one client in a minute: pages, lists, single reports. 0: no limit.
    rate_reads: u32 = 3_000, Count("requests"), 0..;
    /// Map tiles of one client in a minute. 0: no limit.
    rate_tiles: u32 = 6_000, Count("requests"), 0..;
    /// Searches and statistics of one client in a minute. 0: no limit.
    rate_searches: u32 = 900, Count("requests"), 0..;
    /// Reports and photos that one client files in a minute. 0: no limit.
    rate_filings: u32 = 240, Count("requests"), 0..;
    /// Changes, imports and other work of crews by one client in a minute. 0: no limit.
    rate_changes: u32 = 1_200, Count("requests"), 0..;
    /// Exports and batches of one client in a minute. 0: no limit.
    rate_exports: u32 = 60, Count("requests"), 0..;
    /// Bytes of memory from which work that needs much of it is refused for now. Written as bytes
    /// or as a share of the machine's memory, or of its cgroup's, such as 60%.
    memory_max: u64 = memory_share(60), Memory, 67_108_864.., "60 %";
    /// Bytes of a request's body at most.
    body_bytes_max: usize = 1 << 20, Bytes, 1024..;
    /// Bytes of all request bodies in memory together at most; what is more is refused for now.
    bodies_bytes_max: usize = 256 << 20, Bytes, 4096..;
    /// Bytes of all responses of more than 64 KiB together that wait for their clients, and twice
    /// those of one client, at most; what is more is refused for now. Pages do not count.
    responses_bytes_max: usize = 128 << 20, Bytes, 65_536..;
    /// Bytes of a batch of reports at most.
    batch_bytes_max: usize = 64 << 20, Bytes, 1024..;
    /// Bytes of a file that is sent to be imported at most.
    import_bytes_max: u64 = 2 << 30, Bytes, 1024..;
    /// Files that are kept to be imported, or whose import has ended, at most.
    imports_max: usize = 4, Count("files"), 1..;
    /// Time after which such a file is removed.
    import_kept_time: Duration = Duration::from_secs(3_600), Seconds, 1..;
    /// Time after which a session of the page that is not used ends.
    session_idle_time: Duration = Duration::from_secs(12 * 3_600), Seconds, 1..;
    /// Time after which a session of the page ends, used or not.
    session_time_max: Duration = Duration::from_secs(7 * 86_400), Seconds, 1..;
    /// Sessions of one key at most; beyond it, those that were not used for the longest time end.
    sessions_max: usize = 100, Count("sessions"), 1..;
    /// Reports of an export without the crew key at most; with the key there is no limit.
    export_rows_max: usize = 100_000, Count("reports"), 0..;
    /// Photos that an address may send in an hour at most; in a day four times as many. A key may
    /// send ten times as many, all addresses together twenty times as many.
    photos_per_hour: u64 = 60, Count("photos"), 1..;
    /// Time after which a photo that no report shows is removed.
    photo_pending_time: Duration = Duration::from_secs(86_400), Seconds, 60..;
    /// Queries computed at the same time; further ones wait. One client has all of them but one,
    /// and half of those that wait.
    concurrent_queries: usize = processors() + 1, Count("queries"), 1..,
        "number of processors and one";
    /// Waiting queries; further ones are refused.
    waiting_queries_max: usize = 512, Count("queries"), 1..;
    /// Tasks of seconds that are computed at the same time, apart from the queries, one of each
    /// client: density clusters, permutations, costly conditions, batches, inspections of files;
    /// and as many photos.
    concurrent_heavy: usize = processors().div_ceil(2).max(2), Count("tasks"), 1..,
        "half the number of processors, at least 2";
    /// Waiting tasks of seconds; further ones are refused.
    waiting_heavy_max: usize = 32, Count("tasks"), 1..;
    /// Hexagons of a city at most that statistics are taken over.
    hex_cells_max: usize = 1_000_000, Count("hexagons"), 1..;
    /// Reports that are clustered by density at a time at most.
    dbscan_max: usize = 5_000_000, Count("reports"), 1..;
    /// Reports that are clustered by hierarchical density at a time at most.
    hdbscan_max: usize = 50_000, Count("reports"), 1..;
    /// Pairs of reports that clustering by density compares at most; a few seconds.
    density_comparisons_max: u64 = 4_000_000_000, Count("pairs"), 1..;
    /// Days in a count by day at most, the latest.
    days_max: usize = 3_660, Count("days"), 1..;
    /// Bytes of the report ids of a city together at most: the index addresses them with 32 bits.
    id_bytes_max: u64 = u32::MAX as u64, Bytes, 1024..;
}

impl Limits {
    /// These limits without limits of rates.
    pub fn without_rates(self) -> Self {
        Self {
            rate_reads: 0,
            rate_tiles: 0,
            rate_searches: 0,
            rate_filings: 0,
            rate_changes: 0,
            rate_exports: 0,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_set_by_its_own_name() {
        for limit in LIMITS {
            let mut limits = Limits::default();
            let before = (limit.get)(&limits);
            let changed = before + 1_000;
            (limit.set)(&mut limits, changed);
            assert_eq!((limit.get)(&limits), changed, "{}", limit.name);
            for other in LIMITS.iter().filter(|other| other.name != limit.name) {
                let usual = (other.get)(&Limits::default());
                assert_eq!((other.get)(&limits), usual, "{} and {}", limit.name, other.name);
            }
            assert!(before >= limit.min, "{}", limit.name);
            assert!(limit.description.starts_with(' '), "{}", limit.name);
        }
    }
}
