//! The open connections: few enough that files can still be opened, and no single address may
//! hold most of them. Where a new connection would be one too many, the connection that has waited
//! longest for a request, or for more of its body, is closed for it.
//!
//! An HTTP/1.1 connection that waits for its next request rests: it gives up the state and the
//! buffers of the protocol, 17 kB, and keeps its socket. Whether it has waited too long is looked
//! up for all connections together, so it needs no timer of its own either.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Notify;

/// File descriptors that connections leave to the store, photos, imports and logs.
const RESERVED_DESCRIPTORS: u64 = 256;
/// Connections at least, however few descriptors there are.
const CONNECTIONS_MIN: usize = 64;
/// One address may hold a part of all connections: one in this many.
const ADDRESS_PART: usize = 4;
/// Time without a request after which a connection rests.
const REST_AFTER: Duration = Duration::from_millis(250);
/// Bytes that a client may send without beginning a request, sending a part of a body that is read,
/// or taking a part of a response. HTTP/2 has frames that do nothing of this: a flood of them ends
/// the connection.
const IDLE_BYTES_MAX: usize = 1 << 20;

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
    /// Responses and bodies of requests that were not dropped yet.
    unfinished: AtomicUsize,
    /// Bytes received since the client last did something useful.
    idle_bytes: AtomicUsize,
    /// The last attempt to read had to wait.
    waits_to_read: AtomicBool,
    /// The last attempt to write had to wait.
    waits_to_write: AtomicBool,
    /// It waits for the first byte of a request, without the state of a protocol.
    is_resting: AtomicBool,
    /// It may be asked to rest, and was not asked since its last request.
    can_be_asked: AtomicBool,
    /// The rest of a body was left unread: where the next request begins is not known here.
    left_a_body: AtomicBool,
    closed: Notify,
    rest_asked: Notify,
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
        let connection = Arc::new(OpenConnection::new(address, self.now()));
        let number = open.insert(connection.clone());
        Some(Admission { connections: self.clone(), number, connection })
    }

    /// Closes the connection that has been idle longest, if there is one.
    pub fn close_longest_idle(&self) {
        self.open().close_idle(None);
    }

    /// Closes the connections that have rested for `idle_max`, and asks those that have had no
    /// request for a while to rest. Takes about a millisecond for 10,000 connections.
    pub fn sweep(&self, idle_max: Duration) {
        let now = self.now();
        let open = self.open();
        for one in open.by_number.values().filter(|one| one.is_idle()) {
            let since = one.idle_since.load(Ordering::Relaxed);
            let idle = Duration::from_millis(now.saturating_sub(since));
            if one.is_resting.load(Ordering::Relaxed) {
                if idle >= idle_max {
                    one.closed.notify_one();
                }
            } else if idle >= REST_AFTER && one.can_be_asked.swap(false, Ordering::Relaxed) {
                one.rest_asked.notify_one();
            }
        }
    }

    /// How often to [`sweep`](Self::sweep), so that connections end soon after `idle_max`.
    pub fn sweep_every(idle_max: Duration) -> Duration {
        REST_AFTER.min(idle_max / 4).max(Duration::from_millis(1))
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
    fn new(address: IpAddr, now: u64) -> Self {
        Self {
            address,
            working: AtomicI64::new(0),
            idle_since: AtomicU64::new(now),
            unfinished: AtomicUsize::new(0),
            idle_bytes: AtomicUsize::new(0),
            waits_to_read: AtomicBool::new(false),
            waits_to_write: AtomicBool::new(false),
            is_resting: AtomicBool::new(false),
            can_be_asked: AtomicBool::new(false),
            left_a_body: AtomicBool::new(false),
            closed: Notify::new(),
            rest_asked: Notify::new(),
        }
    }

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

    /// Resolves when the connection should rest, if it [may](Self::may_rest).
    pub async fn rest_asked(&self) {
        self.connection.rest_asked.notified().await;
    }

    /// Whether it waits for nothing but the next request: all responses were sent, all bodies were
    /// read. Valid after the protocol was polled and before it is polled again.
    pub fn may_rest(&self) -> bool {
        let one = &self.connection;
        let may_rest = one.unfinished.load(Ordering::Acquire) == 0
            && !one.left_a_body.load(Ordering::Acquire)
            && one.waits_to_read.load(Ordering::Relaxed)
            && !one.waits_to_write.load(Ordering::Relaxed);
        let is_unsent = one.waits_to_write.load(Ordering::Relaxed);
        one.can_be_asked.store(is_unsent, Ordering::Relaxed);
        may_rest
    }

    /// Notes that the connection rests, or that it rests no longer.
    pub fn set_resting(&self, is_resting: bool) {
        self.connection.is_resting.store(is_resting, Ordering::Relaxed);
        self.connection.can_be_asked.store(!is_resting, Ordering::Relaxed);
    }

    /// Notes an attempt to read: whether it had to wait, else the bytes that came. False where the
    /// client has sent too much that is of no use: the connection must end.
    #[must_use]
    pub fn note_read(&self, waits: bool, bytes: usize) -> bool {
        self.connection.waits_to_read.store(waits, Ordering::Relaxed);
        let before = self.connection.idle_bytes.fetch_add(bytes, Ordering::Relaxed);
        before + bytes <= IDLE_BYTES_MAX
    }

    /// Notes an attempt to write: whether it had to wait.
    pub fn note_write(&self, waits: bool) {
        self.connection.waits_to_write.store(waits, Ordering::Relaxed);
    }

    /// Notes that the client began a request, sent a part of one or took a part of a response.
    pub fn note_use(&self) {
        self.connection.idle_bytes.store(0, Ordering::Relaxed);
    }

    /// Notes that the rest of a body will not be read: the connection rests no more.
    pub fn leave_a_body(&self) {
        self.connection.left_a_body.store(true, Ordering::Release);
    }

    /// Marks the connection as busy until the result is dropped.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.note_use();
        self.begin_unfinished();
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

    /// Notes a response or a body of a request that is there.
    pub fn begin_unfinished(&self) {
        self.connection.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a response or a body of a request is gone.
    pub fn end_unfinished(&self) {
        self.connection.unfinished.fetch_sub(1, Ordering::Release);
    }

    /// Notes that the service works for a request of the connection.
    pub fn begin_work(&self) {
        self.connection.working.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that it does not work for it any more, or waits for bytes of it.
    pub fn end_work(&self) {
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

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end_work();
        self.0.connection.can_be_asked.store(true, Ordering::Relaxed);
        self.0.end_unfinished();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn is_notified(notify: &Notify) -> bool {
        std::pin::pin!(notify.notified()).as_mut().enable()
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
    fn a_connection_rests_between_requests_and_is_closed_when_it_has_rested_too_long() {
        let connections = Connections::new(10_000, 320);
        let admission = Arc::new(connections.admit(address(1), false).unwrap());
        let is_asked = || is_notified(&admission.connection.rest_asked);
        let is_closed = || is_notified(&admission.connection.closed);
        let sweep_later = |idle_max| {
            std::thread::sleep(REST_AFTER);
            connections.sweep(idle_max);
        };
        let long = Duration::from_secs(3_600);
        sweep_later(long);
        assert!(!is_asked(), "the handshake of TLS goes on");
        admission.set_resting(false);
        let busy = admission.busy();
        sweep_later(long);
        assert!(!is_asked() && !admission.may_rest(), "a request is answered");
        drop(busy);
        connections.sweep(long);
        assert!(!is_asked(), "it was answered just now");
        sweep_later(long);
        assert!(is_asked());
        sweep_later(long);
        assert!(!is_asked(), "it is asked once");
        assert!(!admission.may_rest(), "it does not wait for bytes yet");
        assert!(admission.note_read(true, 0));
        admission.note_write(true);
        assert!(!admission.may_rest(), "the response is not sent");
        sweep_later(long);
        assert!(is_asked(), "it is asked again when the response may be sent");
        admission.note_write(false);
        assert!(admission.may_rest());
        admission.set_resting(true);
        sweep_later(long);
        assert!(!is_asked() && !is_closed());
        connections.sweep(REST_AFTER);
        assert!(is_closed());
    }

    #[test]
    fn bytes_that_are_of_no_use_end_a_connection() {
        let connections = Connections::new(10_000, 320);
        let admission = Arc::new(connections.admit(address(1), false).unwrap());
        for _ in 0..10 {
            assert!(admission.note_read(false, IDLE_BYTES_MAX));
            drop(admission.busy());
        }
        assert!(admission.note_read(false, IDLE_BYTES_MAX));
        assert!(!admission.note_read(false, 1));
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
