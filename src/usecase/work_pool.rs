//! A pool for work that takes longer than microseconds, with a bounded queue and a time limit.
//! Where the address of a client is known, its tasks wait in a line of their own, and only as many
//! of them as one client may have compete with those of others: however much one client asks, the
//! next one has its turn.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::domain::{Interrupt, Interrupted};
use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// The first 64 bits of an address of IPv6: the network of one subscriber.
const NETWORK: u128 = !0 << 64;

tokio::task_local! {
    /// The client on whose behalf the present task works.
    static CLIENT: Option<IpAddr>;
}

/// Runs `work` such that what it asks of pools counts as that of a client, by its address; of IPv6
/// by the network of 64 bits. `None`: of nobody in particular.
pub async fn for_client<F: Future>(address: Option<IpAddr>, work: F) -> F::Output {
    let client = address.map(|address| match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        address => address,
    });
    CLIENT.scope(client, work).await
}

/// The client of [`for_client`] on whose behalf the present task works. A spawned task works for
/// nobody unless it is put into `for_client` again.
pub fn present_client() -> Option<IpAddr> {
    CLIENT.try_with(|client| *client).ok().flatten()
}

/// Runs a bounded number of tasks at a time on threads of their own. Further ones wait, up to a
/// number; what is beyond that is refused. One client may have all running tasks but one, and half
/// of those that wait.
pub struct WorkPool {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    time_max: Duration,
    client_at_once: usize,
    lines: Mutex<HashMap<IpAddr, Weak<ClientLine>>>,
}

/// The tasks of one client; it exists while there are any.
struct ClientLine {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl WorkPool {
    /// A pool for `at_once` tasks at a time and `waiting_max` waiting ones, each of which has
    /// `time_max` from its arrival.
    pub fn new(at_once: usize, waiting_max: usize, time_max: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
            waiting_max,
            time_max,
            client_at_once: at_once.saturating_sub(1).max(1),
            lines: Mutex::default(),
        }
    }

    /// This pool with one task of each client at a time.
    pub fn one_for_each_client(self) -> Self {
        Self { client_at_once: 1, ..self }
    }

    /// The line of a client. Lines without tasks are forgotten where there are many.
    fn line(&self, client: IpAddr) -> Arc<ClientLine> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&client).and_then(Weak::upgrade) {
            return line;
        }
        if lines.len() > 2 * self.waiting_max {
            lines.retain(|_, line| line.strong_count() > 0);
        }
        let permits = Arc::new(Semaphore::new(self.client_at_once));
        let line = Arc::new(ClientLine { permits, waiting: AtomicUsize::new(0) });
        lines.insert(client, Arc::downgrade(&line));
        line
    }

    /// Runs a task. Its [`Interrupt`] is raised when the future is dropped, as for a client that
    /// has gone, and when the time is over. A task whose turn comes after that does not begin.
    ///
    /// # Errors
    /// Unavailable where too many tasks wait or the time is over; whatever the task returns.
    pub async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Interrupt) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let line = present_client().map(|client| self.line(client));
        let waiting = Waiting::among(&self.waiting);
        let in_line = line.as_ref().map(|line| Waiting::among(&line.waiting));
        let is_full = |one: &Waiting<'_>| one.before >= self.waiting_max.div_ceil(2);
        if waiting.before >= self.waiting_max || in_line.as_ref().is_some_and(is_full) {
            let message = message!("Trop de requêtes à la fois.", "Too many requests at once.");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let interrupt = Interrupt::default();
        let _guard = interrupt.clone().raised_on_drop();
        let answer = async {
            let own = match &line {
                Some(line) => Some(line.permits.clone().acquire_owned().await),
                None => None,
            };
            let own = own.transpose().map_err(Error::internal)?;
            let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
            drop((waiting, in_line));
            // The work holds the permit, because it continues for a while if its caller is dropped.
            let work = tokio::task::spawn_blocking(move || {
                let answer = interrupt.check().map_err(Error::from).and_then(|()| task(&interrupt));
                (answer, (permit, own))
            });
            work.await.map_err(Error::internal)?.0
        };
        let answer = tokio::time::timeout(self.time_max, answer).await;
        answer.unwrap_or_else(|_| Err(Interrupted.into()))
    }
}

/// Counts the tasks that wait, this one included, while it exists.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A task that ends when its result is not wanted any more, and reports that it has begun and
    /// ended.
    fn until_unwanted(report: mpsc::Sender<&'static str>) -> impl FnOnce(&Interrupt) -> Result<()> {
        move |interrupt| {
            report.send("begun").unwrap();
            let limit = Instant::now() + LONG;
            while interrupt.check().is_ok() {
                assert!(Instant::now() < limit, "nobody raised the flag");
                std::thread::sleep(Duration::from_millis(1));
            }
            report.send("ended").unwrap();
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_task_ends_when_its_caller_has_gone_and_the_next_one_has_its_turn() {
        let pool = Arc::new(WorkPool::new(1, 8, LONG));
        let (report, reports) = mpsc::channel();
        let running = pool.clone();
        let caller = tokio::spawn(async move { running.run(until_unwanted(report)).await });
        let reports = tokio::task::spawn_blocking(move || {
            assert_eq!(reports.recv(), Ok("begun"));
            reports
        });
        let reports = reports.await.unwrap();
        caller.abort();
        assert_eq!(pool.run(|_| Ok(7)).await.unwrap(), 7);
        assert_eq!(reports.try_recv(), Ok("ended"));
    }

    /// Callers of a client whose tasks run until they are not wanted.
    fn callers(
        pool: &Arc<WorkPool>,
        client: IpAddr,
        count: usize,
    ) -> (Vec<tokio::task::JoinHandle<Result<()>>>, mpsc::Receiver<&'static str>) {
        let (report, reports) = mpsc::channel();
        let caller = |_| {
            let (running, report) = (pool.clone(), report.clone());
            let task = async move { running.run(until_unwanted(report)).await };
            tokio::spawn(for_client(Some(client), task))
        };
        ((0..count).map(caller).collect(), reports)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_client_never_holds_all_permits_and_the_next_does_not_wait_for_its_line() {
        let [one, other] = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse().unwrap());
        for (pool, begun) in [
            (WorkPool::new(3, 100, LONG), 2),
            (WorkPool::new(3, 100, LONG).one_for_each_client(), 1),
        ] {
            let pool = Arc::new(pool);
            let (calls, reports) = callers(&pool, one, 20);
            let reports = tokio::task::spawn_blocking(move || {
                (0..begun).for_each(|_| assert_eq!(reports.recv(), Ok("begun")));
                reports
            });
            let reports = reports.await.unwrap();
            for n in 0..50 {
                let answered = for_client(Some(other), pool.run(move |_| Ok(n))).await;
                assert_eq!(answered.unwrap(), n);
            }
            assert!(reports.try_recv().is_err(), "more than {begun} of one client ran");
            assert_eq!(pool.lines.lock().unwrap().len(), 2);
            calls.iter().for_each(tokio::task::JoinHandle::abort);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_client_has_half_of_the_queue_by_its_network() {
        let pool = Arc::new(WorkPool::new(2, 8, LONG));
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::9:9", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        let (calls, reports) = callers(&pool, one, 5);
        tokio::task::spawn_blocking(move || assert_eq!(reports.recv(), Ok("begun"))).await.unwrap();
        while pool.waiting.load(Ordering::Relaxed) < 4 {
            tokio::task::yield_now().await;
        }
        let refused = for_client(Some(same), pool.run(|_| Ok(()))).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Unavailable);
        assert!(for_client(Some(other), pool.run(|_| Ok(()))).await.is_ok());
        calls.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_exceeds_its_time_or_finds_the_queue_full_is_refused() {
        let pool = Arc::new(WorkPool::new(1, 1, Duration::from_millis(200)));
        let (report, reports) = mpsc::channel();
        let running = pool.clone();
        let first = tokio::spawn(async move { running.run(until_unwanted(report)).await });
        tokio::task::spawn_blocking(move || assert_eq!(reports.recv(), Ok("begun"))).await.unwrap();
        // One waits, the next is refused at once.
        let (waiting, refused) = tokio::join!(pool.run(|_| Ok(1)), pool.run(|_| Ok(2)));
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Unavailable);
        assert!(waiting.is_err() || waiting.is_ok_and(|one| one == 1));
        assert_eq!(first.await.unwrap().unwrap_err().kind, ErrorKind::Unavailable);
    }
}
