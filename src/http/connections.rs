//! The open connections: few enough that files can still be opened, and no single address may
//! hold most of them. Where a new connection would be one too many, the connection that has waited
//! longest for a request, or for more of its body, is closed for it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Notify;

/// File descriptors that connections leave to the store, photos, imports and logs.
const RESERVED_DESCRIPTORS: u64 = 256;
/// Connections at least, however few descriptors there are.
const CONNECTIONS_MIN: usize = 64;
/// One address may hold a part of all connections: one in this many.
const ADDRESS_PART: usize = 4;
/// The value of [`OpenConnection::idle_since`] while a request is being answered.
const BUSY: u64 = u64::MAX;

/// Raises the limit of open files as far as the system allows, and returns it.
pub fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    if limit.current < limit.maximum || limit.maximum.is_none() {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The open connections of a listener.
pub struct Connections {
    start: Instant,
    connections_max: usize,
    per_address_max: usize,
    open: Mutex<OpenConnections>,
}

/// Open connections by the order of their opening, and their number by address.
#[derive(Default)]
struct OpenConnections {
    next: u64,
    by_number: BTreeMap<u64, Arc<OpenConnection>>,
    by_address: HashMap<IpAddr, usize>,
}

/// One open connection.
pub struct OpenConnection {
    address: IpAddr,
    /// Milliseconds from the start of the listener to the end of the last request, or [`BUSY`].
    idle_since: AtomicU64,
    closed: Notify,
}

/// An admitted connection; it is open until this is dropped.
pub struct Admission {
    connections: Arc<Connections>,
    number: u64,
    connection: Arc<OpenConnection>,
}

impl Connections {
    /// Connections of which at most `connections_max` are open, fewer where `descriptors` are not
    /// enough for them.
    pub fn new(connections_max: usize, descriptors: u64) -> Arc<Self> {
        let spare = descriptors.saturating_sub(RESERVED_DESCRIPTORS);
        let spare = usize::try_from(spare).unwrap_or(usize::MAX).max(CONNECTIONS_MIN);
        let connections_max = connections_max.min(spare);
        Arc::new(Self {
            start: Instant::now(),
            connections_max,
            per_address_max: (connections_max / ADDRESS_PART).max(1),
            open: Mutex::default(),
        })
    }

    /// Admits a connection from `address`. At the limit it takes the place of the connection that
    /// has been idle longest; `None` where all are busy.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Admission> {
        let mut open = self.open();
        if open.by_address.get(&address).is_some_and(|count| *count >= self.per_address_max) {
            open.close_idle(Some(address))?;
        } else if open.by_number.len() >= self.connections_max {
            open.close_idle(None)?;
        }
        let idle_since = AtomicU64::new(self.now());
        let connection = Arc::new(OpenConnection { address, idle_since, closed: Notify::new() });
        let number = open.insert(connection.clone());
        Some(Admission { connections: self.clone(), number, connection })
    }

    /// Closes the connection that has been idle longest, if there is one.
    pub fn close_longest_idle(&self) {
        self.open().close_idle(None);
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(BUSY - 1)
    }
}

impl OpenConnections {
    fn insert(&mut self, connection: Arc<OpenConnection>) -> u64 {
        let number = self.next;
        self.next += 1;
        *self.by_address.entry(connection.address).or_default() += 1;
        self.by_number.insert(number, connection);
        number
    }

    fn remove(&mut self, number: u64) -> Option<Arc<OpenConnection>> {
        let connection = self.by_number.remove(&number)?;
        if let Entry::Occupied(mut count) = self.by_address.entry(connection.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(connection)
    }

    /// Closes the connection that has been idle longest, of one address or of all. `None` where all
    /// are busy.
    fn close_idle(&mut self, address: Option<IpAddr>) -> Option<()> {
        let is_candidate = |one: &OpenConnection| address.is_none_or(|of| one.address == of);
        let candidates = self.by_number.iter().filter(|(_, one)| is_candidate(one));
        let idle =
            candidates.map(|(number, one)| (one.idle_since.load(Ordering::Relaxed), *number));
        let (since, number) = idle.min()?;
        if since == BUSY {
            return None;
        }
        self.remove(number)?.closed.notify_one();
        Some(())
    }
}

impl Admission {
    /// Resolves when the connection must close for another one.
    pub async fn closed(&self) {
        self.connection.closed.notified().await;
    }

    /// Marks the connection as busy until the result is dropped.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.connection.idle_since.store(BUSY, Ordering::Relaxed);
        Busy(self.clone())
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.connections.open().remove(self.number);
    }
}

/// A request of a connection is being answered.
pub struct Busy(Arc<Admission>);

/// The body of a request. While bytes of it are waited for, the connection is idle: it makes room
/// for others like one that sends nothing.
pub struct RequestBody {
    body: Incoming,
    admission: Arc<Admission>,
}

impl RequestBody {
    /// This body, received by an admitted connection.
    pub fn new(body: Incoming, admission: Arc<Admission>) -> Self {
        Self { body, admission }
    }
}

impl HttpBody for RequestBody {
    type Data = <Incoming as HttpBody>::Data;
    type Error = <Incoming as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let idle_since = &self.admission.connection.idle_since;
        if polled.is_ready() {
            idle_since.store(BUSY, Ordering::Relaxed);
        } else if idle_since.load(Ordering::Relaxed) == BUSY {
            idle_since.store(self.admission.connections.now(), Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response, during which its connection is busy.
pub struct BusyBody {
    body: Body,
    _busy: Busy,
}

impl BusyBody {
    /// This body, with the mark that is kept until it has been sent.
    pub fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl HttpBody for BusyBody {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let now = self.0.connections.now();
        self.0.connection.idle_since.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_idle_connection_makes_room_and_a_busy_one_does_not() {
        // 320 descriptors leave 64 connections, 16 for each address.
        let connections = Connections::new(10_000, 320);
        let admitted: Vec<_> =
            (0..16).map(|_| Arc::new(connections.admit(address(1)).unwrap())).collect();
        let busy: Vec<_> = admitted.iter().map(Admission::busy).collect();
        assert!(connections.admit(address(1)).is_none(), "all of this address are busy");
        let other = connections.admit(address(2));
        assert!(other.is_some(), "another address has room");
        drop(busy);
        let _new = connections.admit(address(1)).unwrap();
        assert_eq!(connections.open().by_number.len(), 17);
        drop(admitted);
        assert_eq!(connections.open().by_number.len(), 2);
    }

    #[test]
    fn the_limit_of_all_addresses_holds() {
        let connections = Connections::new(10_000, 320);
        let admitted: Vec<_> = (0..100).map(|n| connections.admit(address(n)).unwrap()).collect();
        assert_eq!((connections.open().by_number.len(), admitted.len()), (64, 100));
        connections.close_longest_idle();
        assert_eq!(connections.open().by_number.len(), 63);
    }
}
