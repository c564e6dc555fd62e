//! The open connections: few enough that files can still be opened, and no single address may
//! hold most of them. Where a new connection would be one too many, the connection that has waited
//! longest for a request, or for more of its body, is closed for it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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
    /// Requests that are being answered and of whose bodies nothing is waited for.
    working: AtomicI64,
    /// Milliseconds from the start of the listener to the last moment at which such a request was
    /// there.
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

    /// Admits a connection from `address`, which for a proxy may hold all places. At the limit it
    /// takes the place of the connection that has been idle longest; `None` where all are busy.
    pub fn admit(self: &Arc<Self>, address: IpAddr, is_proxy: bool) -> Option<Admission> {
        let mut open = self.open();
        let is_full = |count: &usize| !is_proxy && *count >= self.per_address_max;
        if open.by_address.get(&address).is_some_and(is_full) {
            open.close_idle(Some(address))?;
        } else if open.by_number.len() >= self.connections_max {
            open.close_idle(None)?;
        }
        let idle_since = AtomicU64::new(self.now());
        let working = AtomicI64::new(0);
        let closed = Notify::new();
        let connection = Arc::new(OpenConnection { address, working, idle_since, closed });
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
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
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
        let candidates =
            self.by_number.iter().filter(|(_, one)| is_candidate(one) && one.is_idle());
        let idle =
            candidates.map(|(number, one)| (one.idle_since.load(Ordering::Relaxed), *number));
        let (_, number) = idle.min()?;
        self.remove(number)?.closed.notify_one();
        Some(())
    }
}

impl OpenConnection {
    fn is_idle(&self) -> bool {
        self.working.load(Ordering::Relaxed) <= 0
    }
}

impl Admission {
    /// Resolves when the connection must close.
    pub async fn closed(&self) {
        self.connection.closed.notified().await;
    }

    /// Closes the connection.
    pub fn close(&self) {
        self.connection.closed.notify_one();
    }

    /// Marks the connection as busy until the result is dropped.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.begin_work();
        Busy(self.clone())
    }

    /// Milliseconds since the start of the listener.
    pub fn now(&self) -> u64 {
        self.connections.now()
    }

    /// For how long no request has been answered, in milliseconds; `None` while one is.
    pub fn idle_for(&self) -> Option<u64> {
        let since = self.connection.idle_since.load(Ordering::Relaxed);
        self.connection.is_idle().then(|| self.now().saturating_sub(since))
    }

    fn begin_work(&self) {
        self.connection.working.fetch_add(1, Ordering::Relaxed);
    }

    fn end_work(&self) {
        self.connection.idle_since.store(self.now(), Ordering::Relaxed);
        self.connection.working.fetch_sub(1, Ordering::Relaxed);
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
    is_waiting: bool,
}

impl RequestBody {
    /// This body, received by an admitted connection.
    pub fn new(body: Incoming, admission: Arc<Admission>) -> Self {
        Self { body, admission, is_waiting: false }
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
        let is_waiting = polled.is_pending();
        match (self.is_waiting, is_waiting) {
            (false, true) => self.admission.end_work(),
            (true, false) => self.admission.begin_work(),
            _ => {}
        }
        self.is_waiting = is_waiting;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.is_waiting {
            self.admission.begin_work();
        }
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
        self.0.end_work();
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
            (0..16).map(|_| Arc::new(connections.admit(address(1), false).unwrap())).collect();
        let busy: Vec<_> = admitted.iter().map(Admission::busy).collect();
        assert!(connections.admit(address(1), false).is_none(), "all of this address are busy");
        let other = connections.admit(address(2), false);
        assert!(other.is_some(), "another address has room");
        drop(busy);
        let _new = connections.admit(address(1), false).unwrap();
        assert_eq!(connections.open().by_number.len(), 17);
        drop(admitted);
        assert_eq!(connections.open().by_number.len(), 2);
    }

    #[test]
    fn a_proxy_may_hold_all_places() {
        let connections = Connections::new(10_000, 320);
        let admitted: Vec<_> =
            (0..64).map(|_| Arc::new(connections.admit(address(1), true).unwrap())).collect();
        let busy: Vec<_> = admitted.iter().map(Admission::busy).collect();
        assert!(connections.admit(address(1), true).is_none(), "all places are taken");
        assert!(connections.admit(address(2), false).is_none());
        drop(busy);
        assert!(connections.admit(address(2), false).is_some());
    }

    #[test]
    fn a_connection_is_idle_while_none_of_its_requests_is_answered() {
        let connections = Connections::new(10_000, 320);
        let admission = Arc::new(connections.admit(address(1), false).unwrap());
        assert!(admission.idle_for().is_some());
        let (one, other) = (admission.busy(), admission.busy());
        drop(one);
        assert_eq!(admission.idle_for(), None);
        admission.end_work();
        assert!(admission.idle_for().is_some(), "the other one waits for its body");
        admission.begin_work();
        drop(other);
        assert!(admission.idle_for().is_some());
    }

    #[test]
    fn the_limit_of_all_addresses_holds() {
        let connections = Connections::new(10_000, 320);
        let admitted: Vec<_> =
            (0..100).map(|n| connections.admit(address(n), false).unwrap()).collect();
        assert_eq!((connections.open().by_number.len(), admitted.len()), (64, 100));
        connections.close_longest_idle();
        assert_eq!(connections.open().by_number.len(), 63);
    }
}
