//! HTTP/2 of one connection, which is spoken under TLS alone, with limits of its own: on the
//! requests at a time, on headers, on the time without requests, on responses that the client does
//! not take, on requests that it cancels, and on frames that do nothing
//! ([`Admission::note_read`]).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use hyper::body::{Buf, Frame, Incoming};
use hyper::server::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::config::Limits;
use crate::http::connection_bodies::RequestBody;
use crate::http::connections::{Admission, Busy};
use crate::http::watched_stream::WatchedStream;

/// Limit of the size of a request's headers, in bytes, after decompression.
const HEADER_BYTES_MAX: u32 = 32 << 10;
/// Bytes of a body that a client may send before they are read: of one request, and of all of a
/// connection.
const WINDOWS: (u32, u32) = (64 << 10, 512 << 10);
/// Bytes of one response that are kept for sending.
const SEND_BYTES_MAX: usize = 64 << 10;
/// Requests that a client has cancelled before they were seen; more end the connection.
const UNSEEN_RESETS_MAX: usize = 20;
/// Malformed requests that were refused by a reset; more end the connection.
const OWN_RESETS_MAX: usize = 128;
/// Requests that a client cancels more than it lets be answered; more end the connection.
const CANCELLED_MAX: i64 = 200;

/// The settings of all HTTP/2 connections.
pub fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams_max)
        .max_header_list_size(HEADER_BYTES_MAX)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(UNSEEN_RESETS_MAX)
        .max_local_error_reset_streams(OWN_RESETS_MAX)
        // A client that has vanished answers no ping.
        .keep_alive_interval(limits.write_time_max)
        .keep_alive_timeout(limits.write_time_max);
    builder
}

/// The time limits of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Time without a request that is answered.
    pub idle: Duration,
    /// Time in which a client must take some bytes of each response.
    pub write: Duration,
}

/// What is known of a connection besides its admission.
struct Traffic {
    admission: Arc<Admission>,
    responses: Mutex<Vec<Weak<ResponseMark>>>,
    /// Requests that were cancelled, less those that were answered; never below 0.
    cancelled: AtomicI64,
}

impl Traffic {
    fn count_cancelled(&self) {
        if self.cancelled.fetch_add(1, Ordering::Relaxed) >= CANCELLED_MAX {
            self.admission.close();
        }
    }

    fn count_answered(&self) {
        let less = |count: i64| (count > 0).then(|| count - 1);
        let _ = self.cancelled.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn register(&self, mark: &Arc<ResponseMark>) {
        let mut responses = self.responses.lock().unwrap_or_else(PoisonError::into_inner);
        responses.retain(|known| known.strong_count() > 0);
        responses.push(Arc::downgrade(mark));
    }

    /// Is there a response of which the client has taken nothing for this time?
    fn is_stalled(&self, time: Duration) -> bool {
        let now = self.admission.now();
        let responses = self.responses.lock().unwrap_or_else(PoisonError::into_inner);
        responses.iter().filter_map(Weak::upgrade).any(|mark| {
            let since = mark.waiting_since.load(Ordering::Relaxed);
            since != 0 && u128::from(now.saturating_sub(since)) >= time.as_millis()
        })
    }
}

/// A response that is being sent.
struct ResponseMark {
    traffic: Arc<Traffic>,
    _busy: Busy,
    /// Bytes that were handed to the connection and not yet sent.
    unsent: AtomicUsize,
    /// Since when the client is waited for, in milliseconds of the listener; 0 while it is not.
    waiting_since: AtomicU64,
    /// The rest of the body is not there yet, which is not the client's fault.
    is_pending: AtomicBool,
    has_ended: AtomicBool,
}

impl ResponseMark {
    fn wait_for_client(&self) {
        self.waiting_since.store(self.traffic.admission.now().max(1), Ordering::Relaxed);
    }

    fn sent(&self, bytes: usize) {
        self.traffic.admission.note_use();
        let before = self.unsent.fetch_sub(bytes, Ordering::Relaxed);
        self.wait_for_client();
        if before == bytes && self.is_pending.load(Ordering::Relaxed) {
            self.waiting_since.store(0, Ordering::Relaxed);
        }
    }
}

impl Drop for ResponseMark {
    fn drop(&mut self) {
        let is_whole = self.has_ended.load(Ordering::Relaxed);
        match is_whole && self.unsent.load(Ordering::Relaxed) == 0 {
            true => self.traffic.count_answered(),
            false => self.traffic.count_cancelled(),
        }
    }
}

/// The body of a response of a connection with many.
struct MultiplexedBody {
    body: Body,
    mark: Arc<ResponseMark>,
}

impl MultiplexedBody {
    fn new(body: Body, traffic: &Arc<Traffic>, busy: Busy) -> Self {
        let mark = Arc::new(ResponseMark {
            traffic: traffic.clone(),
            _busy: busy,
            unsent: AtomicUsize::new(0),
            waiting_since: AtomicU64::new(0),
            is_pending: AtomicBool::new(false),
            has_ended: AtomicBool::new(body.is_end_stream()),
        });
        mark.wait_for_client();
        traffic.register(&mark);
        Self { body, mark }
    }
}

impl HttpBody for MultiplexedBody {
    type Data = UnsentBytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<UnsentBytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_last = self.body.is_end_stream();
        let mark = &self.mark;
        mark.is_pending.store(polled.is_pending(), Ordering::Relaxed);
        match &polled {
            Poll::Pending if mark.unsent.load(Ordering::Relaxed) == 0 => {
                mark.waiting_since.store(0, Ordering::Relaxed);
            }
            Poll::Pending => {}
            Poll::Ready(frame) => {
                mark.wait_for_client();
                if frame.is_none() || is_last {
                    mark.has_ended.store(true, Ordering::Relaxed);
                }
            }
        }
        polled.map_ok(|frame| {
            frame.map_data(|bytes| {
                mark.unsent.fetch_add(bytes.len(), Ordering::Relaxed);
                UnsentBytes { bytes, mark: mark.clone() }
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of a response, which report when they are sent.
struct UnsentBytes {
    bytes: Bytes,
    mark: Arc<ResponseMark>,
}

impl Buf for UnsentBytes {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.mark.sent(count);
    }
}

/// A request that is being answered; it was cancelled if this is dropped before the response.
struct Unanswered(Option<Arc<Traffic>>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(traffic) = self.0.take() {
            traffic.count_cancelled();
        }
    }
}

/// Gives a request the form that it has in HTTP/1.1: the host in `Host`, the target without it. Two
/// different hosts become two headers, which are refused.
fn with_host(parts: &mut Parts) {
    let authority = parts.uri.authority();
    let host = authority.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host.filter(|host| parts.headers.get(header::HOST) != Some(host)) {
        parts.headers.append(header::HOST, host);
    }
    if let Some(target) = parts.uri.path_and_query().cloned() {
        parts.uri = Uri::from(target);
    }
}

/// Serves a connection until it ends, breaks a limit, or `stop` says so.
pub async fn serve<S>(
    stream: S,
    router: Router,
    builder: Builder<TokioExecutor>,
    admission: Arc<Admission>,
    (patience, mut stop): (Patience, watch::Receiver<bool>),
    prepare: impl Fn(&mut Request) + Clone + Send + 'static,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let traffic = Arc::new(Traffic {
        admission: admission.clone(),
        responses: Mutex::default(),
        cancelled: AtomicI64::new(0),
    });
    let shared = traffic.clone();
    let service = TowerToHyperService::new(tower::service_fn(move |request: Request<Incoming>| {
        let (router, traffic, prepare) = (router.clone(), shared.clone(), prepare.clone());
        let busy = traffic.admission.busy();
        async move {
            let mut unanswered = Unanswered(Some(traffic.clone()));
            let (mut parts, body) = request.into_parts();
            with_host(&mut parts);
            let body = Body::new(RequestBody::new(body, traffic.admission.clone()));
            let mut request = Request::from_parts(parts, body);
            prepare(&mut request);
            let answer = router.oneshot(request).await;
            let answer = answer.map_err(|never: Infallible| match never {})?;
            unanswered.0 = None;
            Ok::<_, Infallible>(answer.map(|body| MultiplexedBody::new(body, &traffic, busy)))
        }
    }));
    let stream = TokioIo::new(WatchedStream::new(stream, Bytes::new(), admission.clone()));
    let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
    let tick = (patience.idle.min(patience.write) / 4).max(Duration::from_millis(100));
    let mut ticks = tokio::time::interval(tick);
    let mut is_ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = admission.closed() => return,
            _ = stop.changed(), if !is_ending => {
                connection.as_mut().graceful_shutdown();
                is_ending = true;
            }
            _ = ticks.tick() => {
                let idle = admission.idle_for().unwrap_or(0);
                let idle_max = patience.idle.as_millis();
                if traffic.is_stalled(patience.write) || u128::from(idle) > idle_max * 2 {
                    return;
                }
                if u128::from(idle) >= idle_max && !is_ending {
                    // The client learns which of its requests were not seen, if it sends any now.
                    connection.as_mut().graceful_shutdown();
                    is_ending = true;
                }
            }
        }
    }
}
