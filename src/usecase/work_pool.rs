//! A pool for work that takes longer than microseconds, with a bounded queue and a time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::domain::{Interrupt, Interrupted};
use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// Runs a bounded number of tasks at a time on threads of their own. Further ones wait, up to a
/// number; what is beyond that is refused.
pub struct WorkPool {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    time_max: Duration,
}

impl WorkPool {
    /// A pool for `at_once` tasks at a time and `waiting_max` waiting ones, each of which has
    /// `time_max` from its arrival.
    pub fn new(at_once: usize, waiting_max: usize, time_max: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(at_once));
        Self { permits, waiting: AtomicUsize::new(0), waiting_max, time_max }
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
        let waiting = Waiting::among(&self.waiting);
        if waiting.before >= self.waiting_max {
            let message = message!("Trop de requêtes à la fois.", "Too many requests at once.");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let interrupt = Interrupt::default();
        let _guard = interrupt.clone().raised_on_drop();
        let answer = async {
            let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
            drop(waiting);
            // The work holds the permit, because it continues for a while if its caller is dropped.
            let work = tokio::task::spawn_blocking(move || {
                let answer = interrupt.check().map_err(Error::from).and_then(|()| task(&interrupt));
                (answer, permit)
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
