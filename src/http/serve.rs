//! The listener: limits of time, of headers and of connections, TLS, and a graceful stop. Without
//! TLS it speaks HTTP/1.1 alone.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2 as hyper_http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use crate::config::Limits;
use crate::http::connection_bodies::{BusyBody, RequestBody};
use crate::http::connections::{Admission, Connections, raise_descriptor_limit};
use crate::http::http2::{self, Patience};
use crate::http::paced::{LeastRate, PacedStream};
use crate::http::request::client_address::{Passage, TrustedProxies};
use crate::http::request::peer_user::PeerUser;
use crate::http::tls::TlsKeys;
use crate::http::watched_stream::WatchedStream;

/// Limit of the size of a request's headers, in bytes; larger ones get 431.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// Limit of the number of a request's headers; more get 431.
const HEADERS_MAX: usize = 64;
/// Pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The first byte of a TLS connection: a handshake record.
const HANDSHAKE: u8 = 0x16;
/// The answer to HTTP without TLS where TLS is spoken.
const NOT_TLS: &[u8] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\r\n\
    Ce port parle HTTPS : utilisez une adresse https://…\n\
    This port speaks HTTPS: use an address https://…\n"
    .as_bytes();

/// How the service listens.
#[derive(Default, Clone)]
pub struct Listening {
    /// Limits of time and of connections.
    pub limits: Limits,
    /// The proxies whose forwarding headers are believed.
    pub proxies: TrustedProxies,
    /// The certificate; without one, the service speaks HTTP without TLS.
    pub tls: Option<Arc<TlsKeys>>,
}

/// A stream over a TCP connection.
trait TcpBased: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Whether it may have read bytes of the first request from the TCP connection already when it
    /// is there.
    const READS_AHEAD: bool;

    /// The TCP connection.
    fn tcp(&self) -> &TcpStream;
}

impl TcpBased for PacedStream<TcpStream> {
    const READS_AHEAD: bool = false;

    fn tcp(&self) -> &TcpStream {
        self.get_ref()
    }
}

impl TcpBased for TlsStream<PacedStream<TcpStream>> {
    // A request may come with the last record of the handshake.
    const READS_AHEAD: bool = true;

    fn tcp(&self) -> &TcpStream {
        self.get_ref().0.tcp()
    }
}

/// The other end of a connection.
#[derive(Debug, Clone)]
struct Peer {
    address: IpAddr,
    /// Whose program it is, where it is on this machine.
    user: Option<PeerUser>,
}

impl Peer {
    fn new(socket: SocketAddr) -> Self {
        Self { address: socket.ip(), user: PeerUser::of(socket) }
    }
}

/// What all connections of a listener share.
struct Shared {
    router: Router,
    http1: http1::Builder,
    http2: hyper_http2::Builder<TokioExecutor>,
    listening: Arc<Listening>,
    /// Becomes true when the service stops.
    stop: watch::Receiver<bool>,
}

/// Serves until `stop` resolves, then lets open requests finish for at most
/// [`Limits::stop_time_max`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    listening: Listening,
    stop: impl Future<Output = ()>,
) {
    let limits = listening.limits.clone();
    let (stopping, stopped) = watch::channel(false);
    let shared = Arc::new(Shared {
        router,
        http1: http1_builder(&limits),
        http2: http2::builder(&limits),
        listening: Arc::new(listening),
        stop: stopped,
    });
    let follow = shared.listening.tls.clone().map(|tls| tokio::spawn(tls.follow()));
    let connections = Connections::new(limits.connections_max, raise_descriptor_limit());
    let mut sweeps = tokio::time::interval(Connections::sweep_every(limits.header_time_max));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Most likely the process is out of file descriptors.
                    tracing::warn!(%error, "cannot accept a connection");
                    connections.close_longest_idle();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            _ = sweeps.tick() => {
                connections.sweep(limits.header_time_max);
                continue;
            }
            () = &mut stop => break,
        };
        let is_proxy = shared.listening.proxies.trusts(peer.ip());
        // Without room for it the connection is closed at once.
        if let Some(admission) = connections.admit(peer.ip(), is_proxy) {
            connect(stream, Peer::new(peer), shared.clone(), Arc::new(admission));
        }
    }
    drop((listener, shared));
    follow.into_iter().for_each(|task| task.abort());
    let _ = stopping.send(true);
    // Every connection holds a receiver.
    if tokio::time::timeout(limits.stop_time_max, stopping.closed()).await.is_err() {
        tracing::warn!("some connections were still open at the end");
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // From the first byte of a request, or from the end of the response before it, to the end
        // of its headers.
        .header_read_timeout(limits.header_time_max)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    builder
}

/// Serves a connection on a task of its own.
fn connect(stream: TcpStream, peer: Peer, shared: Arc<Shared>, admission: Arc<Admission>) {
    let _ = stream.set_nodelay(true);
    if shared.listening.tls.is_some() {
        tokio::spawn(serve_tls(stream, peer, shared, admission));
    } else {
        let stream = paced(stream, &shared.listening.limits);
        tokio::spawn(serve_http1(stream, peer, shared, admission));
    }
}

/// The least rate at which clients must take their responses.
fn write_rate(limits: &Limits) -> LeastRate {
    LeastRate { bytes_per_second: limits.write_rate_min, lag_max: limits.write_time_max }
}

fn paced(stream: TcpStream, limits: &Limits) -> PacedStream<TcpStream> {
    PacedStream::new(stream, write_rate(limits))
}

/// Accepts a TLS connection and serves it with the protocol that its client chose.
async fn serve_tls(stream: TcpStream, peer: Peer, shared: Arc<Shared>, admission: Arc<Admission>) {
    // Boxed, because the state of a handshake is large and soon over.
    let accepted = tokio::select! {
        accepted = Box::pin(accept_tls(stream, &shared)) => accepted,
        () = admission.closed() => None,
    };
    let Some(stream) = accepted else { return };
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return serve_http1(stream, peer, shared, admission).await;
    }
    let limits = &shared.listening.limits;
    let patience = Patience { idle: limits.header_time_max, write: write_rate(limits) };
    let settings = (patience, shared.stop.clone());
    let listening = shared.listening.clone();
    let prepare = move |request: &mut Request| prepare(request, &peer, &listening);
    let (router, builder) = (shared.router.clone(), shared.http2.clone());
    drop(shared);
    Box::pin(http2::serve(stream, router, builder, admission, settings, prepare)).await;
}

/// The handshake of TLS. `None` where it fails or takes too long. A client that does not speak TLS
/// is answered that it must.
async fn accept_tls(
    stream: TcpStream,
    shared: &Shared,
) -> Option<TlsStream<PacedStream<TcpStream>>> {
    let (tls, limits) = (shared.listening.tls.clone()?, &shared.listening.limits);
    let handshake = async {
        let mut first = [0];
        let count = stream.peek(&mut first).await.ok()?;
        let mut stream = paced(stream, limits);
        if count == 1 && first != [HANDSHAKE] {
            let _ = stream.write_all(NOT_TLS).await;
            let _ = stream.shutdown().await;
            return None;
        }
        let accepted = tls.acceptor().accept(stream).await;
        accepted.map_err(|error| tracing::debug!(%error, "TLS handshake failed")).ok()
    };
    tokio::time::timeout(limits.tls_handshake_time_max, handshake).await.ok().flatten()
}

/// Says in a request where it comes from and how.
fn prepare<B>(request: &mut Request<B>, peer: &Peer, listening: &Listening) {
    let (client, passage) = listening.proxies.client(peer.address, request.headers());
    let is_tls = listening.tls.is_some();
    if passage.is_some() || is_tls {
        request.extensions_mut().insert(Passage { is_tls, ..passage.unwrap_or_default() });
    }
    let extensions = request.extensions_mut();
    extensions.insert(client);
    if let Some(user) = &peer.user {
        extensions.insert(user.clone());
    }
}

/// Serves the requests of a connection. Between them, what it keeps is small: the socket, and no
/// state of the protocol.
async fn serve_http1<S: TcpBased>(
    mut stream: S,
    peer: Peer,
    shared: Arc<Shared>,
    admission: Arc<Admission>,
) {
    let (mut stop, mut unread) = (shared.stop.clone(), Bytes::new());
    let mut may_rest = !S::READS_AHEAD;
    admission.set_resting(false);
    loop {
        if may_rest && unread.is_empty() {
            admission.set_resting(true);
            let is_ready = tokio::select! {
                ready = stream.tcp().readable() => ready.is_ok(),
                () = admission.closed() => false,
                _ = stop.changed() => false,
            };
            if !is_ready {
                return;
            }
            // Not for bytes that came before a rest: each rest would give their head more time.
            admission.set_resting(false);
        }
        let serving =
            serve_requests(stream, unread, peer.clone(), (&shared, &mut stop), &admission);
        let Some(rest) = Box::pin(serving).await else { return };
        (stream, unread) = rest;
        may_rest = true;
    }
}

/// Serves requests until the connection ends, for which it returns `None`, or may rest. The bytes
/// that it returns are the beginning of another request.
async fn serve_requests<S: TcpBased>(
    stream: S,
    unread: Bytes,
    peer: Peer,
    (shared, stop): (&Shared, &mut watch::Receiver<bool>),
    admission: &Arc<Admission>,
) -> Option<(S, Bytes)> {
    let (router, listening, own) =
        (shared.router.clone(), shared.listening.clone(), admission.clone());
    let service = TowerToHyperService::new(tower::service_fn(move |request: Request<Incoming>| {
        let (router, busy, own) = (router.clone(), own.busy(), own.clone());
        let mut request = request.map(|body| Body::new(RequestBody::new(body, own)));
        prepare(&mut request, &peer, &listening);
        async move {
            let answer = router.oneshot(request).await;
            let answer = answer.map_err(|never: Infallible| match never {})?;
            Ok::<_, Infallible>(answer.map(|body| BusyBody::new(body, busy)))
        }
    }));
    let stream = WatchedStream::new(stream, unread, admission.clone());
    let mut connection = shared.http1.serve_connection(TokioIo::new(stream), service);
    let mut is_ending = false;
    loop {
        tokio::select! {
            // First, because `may_rest` wants the protocol polled.
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return None;
            }
            () = admission.closed() => return None,
            _ = stop.changed(), if !is_ending => {
                Pin::new(&mut connection).graceful_shutdown();
                is_ending = true;
            }
            () = admission.rest_asked(), if !is_ending => {
                if admission.may_rest() {
                    break;
                }
            }
        }
    }
    let parts = connection.into_parts();
    let (stream, unread) = parts.io.into_inner().into_inner();
    // What the protocol has read comes before what it has not.
    let unread =
        if parts.read_buf.is_empty() { unread } else { [parts.read_buf, unread].concat().into() };
    Some((stream, unread))
}
