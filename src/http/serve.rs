//! The listener: limits of time, of headers and of connections, and a graceful stop. It speaks
//! HTTP/1.1 alone.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::config::Limits;
use crate::http::connections::{
    Admission, BusyBody, Connections, RequestBody, raise_descriptor_limit,
};
use crate::http::request::client_address::ClientAddress;

/// Limit of the size of a request's headers, in bytes; larger ones get 431.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// Limit of the number of a request's headers; more get 431.
const HEADERS_MAX: usize = 64;
/// Pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves, then lets open requests finish for at most
/// [`Limits::stop_time_max`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // It begins when the connection opens and when a response ends: it is also the limit for
        // the first byte and for an idle connection.
        .header_read_timeout(limits.header_time_max)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
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
        // Without room for it the connection is closed at once.
        if let Some(admission) = connections.admit(peer.ip()) {
            let client = ClientAddress(peer.ip());
            let settings = (&open, limits.write_time_max, client);
            connect(stream, router.clone(), &builder, admission, settings);
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.stop_time_max, open.shutdown()).await.is_err() {
        tracing::warn!("some connections were still open at the end");
    }
}

fn connect(
    stream: TcpStream,
    router: Router,
    builder: &Builder,
    admission: Admission,
    (open, write_time_max, client): (&GracefulShutdown, Duration, ClientAddress),
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_time_max));
    let admission = Arc::new(admission);
    let own = admission.clone();
    let service = TowerToHyperService::new(tower::service_fn(move |request: Request<Incoming>| {
        let (router, busy, own) = (router.clone(), own.busy(), own.clone());
        async move {
            let mut request = request.map(|body| Body::new(RequestBody::new(body, own)));
            request.extensions_mut().insert(client);
            let answer = router.oneshot(request).await;
            let answer = answer.map_err(|never: Infallible| match never {})?;
            Ok::<_, Infallible>(answer.map(|body| BusyBody::new(body, busy)))
        }
    }));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let watched = open.watch(connection);
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = watched => ended,
            () = admission.closed() => return,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    });
}
