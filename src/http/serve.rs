//! The listener: limits of time, of headers and of connections, TLS, and a graceful stop. Without
//! TLS it speaks HTTP/1.1 alone.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2 as hyper_http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::config::Limits;
use crate::http::connections::{
    Admission, BusyBody, Connections, RequestBody, raise_descriptor_limit,
};
use crate::http::http2::{self, Patience};
use crate::http::paced::{LeastRate, PacedStream};
use crate::http::request::client_address::{Passage, TrustedProxies};
use crate::http::tls::TlsKeys;

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

/// What all connections of a listener share.
#[derive(Clone)]
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
    let shared = Shared {
        router,
        http1: http1_builder(&limits),
        http2: http2::builder(&limits),
        listening: Arc::new(listening),
        stop: stopped,
    };
    let follow = shared.listening.tls.clone().map(|tls| tokio::spawn(tls.follow()));
    let connections = Connections::new(limits.connections_max, raise_descriptor_limit());
    let open = GracefulShutdown::new();
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
            () = &mut stop => break,
        };
        let is_proxy = shared.listening.proxies.trusts(peer.ip());
        // Without room for it the connection is closed at once.
        if let Some(admission) = connections.admit(peer.ip(), is_proxy) {
            connect(stream, peer.ip(), &shared, Arc::new(admission), open.watcher());
        }
    }
    drop((listener, shared));
    follow.into_iter().for_each(|task| task.abort());
    let _ = stopping.send(true);
    let ended = async { tokio::join!(open.shutdown(), stopping.closed()) };
    if tokio::time::timeout(limits.stop_time_max, ended).await.is_err() {
        tracing::warn!("some connections were still open at the end");
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // It begins when the connection opens and when a response ends: it is also the limit for
        // the first byte and for an idle connection.
        .header_read_timeout(limits.header_time_max)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    builder
}

/// Serves a connection on a task of its own.
fn connect(
    stream: TcpStream,
    peer: IpAddr,
    shared: &Shared,
    admission: Arc<Admission>,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let shared = shared.clone();
    match shared.listening.tls.clone() {
        None => {
            let stream = paced(stream, &shared.listening.limits);
            tokio::spawn(serve_http1(stream, peer, shared, admission, watcher));
        }
        Some(tls) => {
            tokio::spawn(serve_tls(stream, peer, shared, admission, (watcher, tls)));
        }
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
async fn serve_tls(
    stream: TcpStream,
    peer: IpAddr,
    shared: Shared,
    admission: Arc<Admission>,
    (watcher, tls): (Watcher, Arc<TlsKeys>),
) {
    let limits = &shared.listening.limits;
    let time_max = limits.tls_handshake_time_max;
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
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(time_max, handshake) => accepted.ok().flatten(),
        () = admission.closed() => None,
    };
    let Some(stream) = accepted else { return };
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return serve_http1(stream, peer, shared, admission, watcher).await;
    }
    let Shared { router, http2, listening, stop, .. } = shared;
    let (idle, write) = (listening.limits.header_time_max, write_rate(&listening.limits));
    let prepare = move |request: &mut Request| prepare(request, peer, &listening);
    let settings = (Patience { idle, write }, stop);
    http2::serve(stream, router, http2, admission, settings, prepare).await;
}

/// Says in a request where it comes from and how.
fn prepare<B>(request: &mut Request<B>, peer: IpAddr, listening: &Listening) {
    let (client, passage) = listening.proxies.client(peer, request.headers());
    let is_tls = listening.tls.is_some();
    if passage.is_some() || is_tls {
        request.extensions_mut().insert(Passage { is_tls, ..passage.unwrap_or_default() });
    }
    request.extensions_mut().insert(client);
}

async fn serve_http1<S>(
    stream: S,
    peer: IpAddr,
    shared: Shared,
    admission: Arc<Admission>,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // What the connection keeps while it is idle is small: the rest is shared.
    let Shared { router, http1, listening, .. } = shared;
    let own = admission.clone();
    let service = TowerToHyperService::new(tower::service_fn(move |request: Request<Incoming>| {
        let (router, busy, own) = (router.clone(), own.busy(), own.clone());
        let mut request = request.map(|body| Body::new(RequestBody::new(body, own)));
        prepare(&mut request, peer, &listening);
        async move {
            let answer = router.oneshot(request).await;
            let answer = answer.map_err(|never: Infallible| match never {})?;
            Ok::<_, Infallible>(answer.map(|body| BusyBody::new(body, busy)))
        }
    }));
    let connection = http1.serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = watcher.watch(connection) => ended,
        () = admission.closed() => return,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
