//! A connection whose client must take what is sent to it at a least rate on average. A single byte
//! from time to time does not keep it open.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The least rate at which a client must take responses.
#[derive(Debug, Clone, Copy)]
pub struct LeastRate {
    /// Bytes in a second; 0: any byte makes up for the time before it.
    pub bytes_per_second: u64,
    /// Time that a client may lag behind.
    pub lag_max: Duration,
}

impl LeastRate {
    /// The time in which a client should take or send so many bytes: what it makes up for.
    pub fn time_of(&self, bytes: usize) -> Duration {
        if self.bytes_per_second == 0 {
            let is_any = bytes > 0;
            return if is_any { Duration::MAX } else { Duration::ZERO };
        }
        Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64)
    }
}

/// How far the other side lags behind its least rate. Only the time in which it is waited for
/// counts.
#[derive(Debug)]
pub struct Lag {
    rate: LeastRate,
    /// Time waited that no bytes made up for, up to the last time that bytes came or went.
    behind: Duration,
    waiting_since: Option<Instant>,
}

impl Lag {
    /// None so far.
    pub fn new(rate: LeastRate) -> Self {
        Self { rate, behind: Duration::ZERO, waiting_since: None }
    }

    /// The other side is waited for from now on, or goes on to be; when it will have lagged behind
    /// for too long.
    pub fn wait(&mut self, now: Instant) -> Instant {
        let since = *self.waiting_since.get_or_insert(now);
        since + self.rate.lag_max.saturating_sub(self.behind)
    }

    /// So many bytes came or went.
    pub fn advance(&mut self, now: Instant, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.behind += now.saturating_duration_since(since);
        }
        if !self.behind.is_zero() {
            self.behind = self.behind.saturating_sub(self.rate.time_of(bytes));
        }
    }
}

/// A stream that breaks with [`io::ErrorKind::TimedOut`] where its other side takes what is written
/// at less than a rate.
pub struct PacedStream<S> {
    stream: S,
    lag: Lag,
    /// Wakes the connection when the other side has lagged behind for too long; there while it is
    /// waited for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> PacedStream<S> {
    /// The stream itself.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// This stream with a least rate.
    pub fn new(stream: S, rate: LeastRate) -> Self {
        Self { stream, lag: Lag::new(rate), timer: None }
    }

    /// Judges what came of a writing; `bytes` is how many were taken.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(result) = &polled {
            self.timer = None;
            self.lag.advance(Instant::now(), result.as_ref().map_or(0, bytes));
            return polled;
        }
        let late = self.lag.wait(Instant::now());
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(late)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, polled, |count| *count)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.judge(context, polled, |count| *count)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, polled, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(context, polled, |()| 0)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Whether all of 64 KiB are taken by a reader that takes `bytes` at a time, and a pause.
    async fn is_served(bytes: usize, pause: Duration) -> bool {
        let rate = LeastRate { bytes_per_second: 64 << 10, lag_max: Duration::from_millis(500) };
        let (own, mut other) = tokio::io::duplex(16);
        let mut own = PacedStream::new(own, rate);
        let reader = tokio::spawn(async move {
            let mut taken = vec![0; bytes];
            while other.read_exact(&mut taken).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
        let written = own.write_all(&[b'x'; 64 << 10]).await;
        reader.abort();
        written.is_ok()
    }

    #[tokio::test]
    async fn a_reader_of_single_bytes_is_left_and_one_that_stops_for_a_while_is_not() {
        assert!(!is_served(1, Duration::from_millis(20)).await);
        assert!(is_served(32 << 10, Duration::from_millis(100)).await);
    }

    #[test]
    fn only_time_that_is_waited_counts_and_bytes_make_up_for_it() {
        let rate = LeastRate { bytes_per_second: 10, lag_max: Duration::from_secs(20) };
        let (mut lag, begin) = (Lag::new(rate), Instant::now());
        let at = |second| begin + Duration::from_secs(second);
        assert_eq!((lag.wait(at(0)), lag.wait(at(12))), (at(20), at(20)));
        lag.advance(at(12), 20);
        assert_eq!(lag.wait(at(1_000)), at(1_010), "12 s less 2 s for 20 bytes");
        lag.advance(at(1_005), 0);
        assert_eq!(lag.wait(at(1_005)), at(1_010));
        lag.advance(at(1_009), 1_000);
        assert_eq!(lag.wait(at(2_000)), at(2_020));
    }

    #[test]
    fn without_a_rate_any_byte_makes_up_for_all() {
        let rate = LeastRate { bytes_per_second: 0, lag_max: Duration::from_secs(20) };
        let (mut lag, begin) = (Lag::new(rate), Instant::now());
        lag.wait(begin);
        let later = begin + Duration::from_secs(19);
        lag.advance(later, 1);
        assert_eq!(lag.wait(later), later + Duration::from_secs(20));
    }
}
