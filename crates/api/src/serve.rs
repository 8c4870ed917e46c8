//! Connections: how many, how long they may take for a head, and how they end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tower::Service as _;

use crate::limits::{
    CONNECTIONS_COUNT_MAX, DRAIN_TIME_MAX, FIRST_REQUEST_TIME_MAX, HEADER_BYTES_MAX,
    HEADER_READ_TIME_MAX,
};

/// How long to wait before accepting again when the system is short of handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a router on a listener until `shutdown` ends; then ends what was accepted, at most
/// [`DRAIN_TIME_MAX`], and returns. Requests carry `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_COUNT_MAX));
    let (stop, stopping) = watch::channel(false);
    tokio::select! {
        () = accept(&listener, &router, &connections, &stopping) => {}
        () = shutdown => {}
    }
    stop.send_replace(true);
    // Whoever is connected already is let in; a zero limit takes what is there and waits for none.
    let rest = accept(&listener, &router, &connections, &stopping);
    let _ = tokio::time::timeout(Duration::ZERO, rest).await;
    drop(listener);
    let all = u32::try_from(CONNECTIONS_COUNT_MAX).unwrap_or(u32::MAX);
    if tokio::time::timeout(DRAIN_TIME_MAX, connections.acquire_many(all)).await.is_err() {
        tracing::warn!("some connections did not end in time and were cut");
    }
}

async fn accept(
    listener: &TcpListener,
    router: &Router,
    connections: &Arc<Semaphore>,
    stopping: &watch::Receiver<bool>,
) {
    while let Ok(room) = Arc::clone(connections).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connection =
                    Connection { router: router.clone(), peer, stopping: stopping.clone(), room };
                tokio::spawn(connection.run(stream));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Connection {
    router: Router,
    peer: SocketAddr,
    stopping: watch::Receiver<bool>,
    room: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        let Self { router, peer, mut stopping, room } = self;
        // Answers are small and must not wait for the peer's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection does not take TCP_NODELAY");
        }
        let asked = Arc::new(Notify::new());
        let first = Arc::clone(&asked);
        let service = service_fn(move |request| {
            first.notify_one();
            answer(router.clone(), peer, request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIME_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut stopping) => {
                // One that was never asked anything has its request on the way.
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    _ = tokio::time::timeout(FIRST_REQUEST_TIME_MAX, asked.notified()) => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(room);
    }
}

/// Returns when the server is told to stop, or is gone.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The value is of no interest, and its guard must not be held while a connection ends.
    drop(stopping.wait_for(|stop| *stop).await);
}

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request.map(Body::new)).await
}
