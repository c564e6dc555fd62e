//! The time that a body may take to arrive where its operation streams it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::config::Limits;
use crate::error::Result;
use crate::http::paced::{Lag, LeastRate};
use crate::http::request::body::{cut_short, too_slow};

/// How far a body lags behind its least rate, and when it must have arrived as a whole.
pub struct BodyPace {
    lag: Lag,
    deadline: Option<Instant>,
}

impl BodyPace {
    /// The pace of a file that is sent.
    pub fn of_file(limits: &Limits) -> Self {
        let (bytes_per_second, lag_max) = (limits.receive_rate_min, limits.request_time_max);
        Self { lag: Lag::new(LeastRate { bytes_per_second, lag_max }), deadline: None }
    }

    /// The pace of a batch, which begins now.
    pub fn of_batch(limits: &Limits) -> Self {
        let latest = Duration::from_secs(u32::MAX.into());
        let deadline = Instant::now() + limits.batch_time_max.min(latest);
        Self { deadline: Some(deadline), ..Self::of_file(limits) }
    }

    /// The next bytes of a body; `None` at its end.
    ///
    /// # Errors
    /// The body is too slow or late as a whole; the connection ended before it was complete.
    pub async fn next(&mut self, body: &mut Body) -> Result<Option<Bytes>> {
        let late = self.lag.wait(Instant::now());
        let late = self.deadline.map_or(late, |deadline| deadline.min(late));
        // What has arrived already is taken even then, unless the whole is late.
        let frame = timeout_at(late, body.frame()).await.map_err(|_| too_slow())?;
        let bytes = match frame {
            None => return Ok(None),
            Some(frame) => frame.map_err(|_| cut_short())?.into_data().unwrap_or_default(),
        };
        let now = Instant::now();
        self.lag.advance(now, bytes.len());
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(too_slow());
        }
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::http::reply::streamed::{StreamRoom, streamed};

    /// How many chunks of a body are taken whose sender sends so many bytes and pauses.
    async fn taken(mut pace: BodyPace, bytes: usize, most: usize) -> usize {
        let (sender, mut body) = streamed(&StreamRoom::default(), 1 << 20);
        let sending = tokio::spawn(async move {
            while sender.send(vec![b' '; bytes].into()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let mut count = 0;
        while count < most {
            match pace.next(&mut body).await {
                Ok(_) => count += 1,
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::TooSlow);
                    break;
                }
            }
        }
        sending.abort();
        count
    }

    #[tokio::test]
    async fn a_body_of_single_bytes_ends_and_one_above_the_least_rate_goes_on() {
        let limits = Limits { request_time_max: Duration::from_millis(500), ..Limits::default() };
        let count = taken(BodyPace::of_file(&limits), 1, 1_000).await;
        assert!((1..=40).contains(&count), "{count}");
        let limits = Limits { request_time_max: Duration::from_secs(10), ..limits };
        assert_eq!(taken(BodyPace::of_batch(&limits), 4 << 10, 50).await, 50);
    }

    #[tokio::test]
    async fn a_batch_ends_with_its_time_however_fast_it_comes() {
        let limits = Limits { batch_time_max: Duration::from_millis(500), ..Limits::default() };
        let count = taken(BodyPace::of_batch(&limits), 4 << 10, 1_000).await;
        assert!((1..=30).contains(&count), "{count}");
    }
}
