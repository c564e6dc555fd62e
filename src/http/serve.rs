//! The listener: limits for headers and time, and a graceful stop.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::config::Limits;

/// Limit of the size of a request's headers, in bytes; larger ones get 431.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// Limit of the number of a request's headers; more get 431.
const HEADERS_MAX: usize = 64;

/// Serves until `stop` resolves, then lets open requests finish for at most
/// [`Limits::stop_time_max`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time_max)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    let builder = Arc::new(builder);
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Most likely the process is out of file descriptors: wait until some close.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        connect(stream, router.clone(), builder.clone(), &open);
    }
    drop(listener);
    if tokio::time::timeout(limits.stop_time_max, open.shutdown()).await.is_err() {
        tracing::warn!("some connections were still open at the end");
    }
}

fn connect(
    stream: TcpStream,
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
    open: &GracefulShutdown,
) {
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(tower::service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let answer = router.oneshot(request.map(Body::new)).await;
            answer.map_err(|never: Infallible| match never {})
        }
    }));
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let watched = open.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "connection ended");
        }
    });
}
