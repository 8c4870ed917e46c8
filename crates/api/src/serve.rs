//! Connections: how many, how long they may take for a head, and how they end.
//!
//! A connection that its server closes while it idles may meet a request half way, and that request
//! is lost although nobody refused it. So the end has two parts. While the server is draining it
//! goes on as before, but is not ready, and asks with each answer that the connection be closed: by
//! HTTP its client then closes it, and makes the next one where the server is ready. Only a client
//! that neither looks at readiness nor had an answer in that time can still meet the end. When the
//! server stops, also without draining, a connection may idle for a moment longer: who asks again
//! as soon as it was answered has its request on the way, and is asked with the answer to close.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tower::Service as _;

use crate::limits::{
    CONNECTIONS_COUNT_MAX, DRAIN_TIME_MAX, FIRST_REQUEST_TIME_MAX, HEADER_BYTES_MAX,
    HEADER_READ_TIME_MAX, LAST_REQUEST_TIME_MAX,
};

/// How long to wait before accepting again when the system is short of handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How far the end of a server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It serves.
    Serving,
    /// It serves, says that it is not ready, and asks for each connection to be closed.
    Draining,
    /// It takes no more connections and ends what it accepted.
    Stopping,
}

/// Serves a router on a listener until the phase is [`Phase::Stopping`]; then ends what was
/// accepted, at most [`DRAIN_TIME_MAX`], and returns. Requests carry `ConnectInfo<SocketAddr>`.
pub async fn serve(listener: TcpListener, router: Router, mut phase: watch::Receiver<Phase>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_COUNT_MAX));
    let given = phase.clone();
    tokio::select! {
        () = accept(&listener, &router, &connections, &given) => {}
        () = stopped(&mut phase) => {}
    }
    // Whoever is connected already is let in; a zero limit takes what is there and waits for none.
    let rest = accept(&listener, &router, &connections, &given);
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
    phase: &watch::Receiver<Phase>,
) {
    while let Ok(room) = Arc::clone(connections).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connection =
                    Connection { router: router.clone(), peer, phase: phase.clone(), room };
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
    phase: watch::Receiver<Phase>,
    room: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        let Self { router, peer, mut phase, room } = self;
        // Answers are small and must not wait for the peer's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection does not take TCP_NODELAY");
        }
        let asked = Arc::new(Notify::new());
        let (first, draining) = (Arc::clone(&asked), phase.clone());
        let service = service_fn(move |request| {
            first.notify_one();
            answer(router.clone(), peer, draining.clone(), request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIME_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut phase) => {
                // One that was never asked anything has its request on the way.
                let idle = async {
                    // Not waited for when it was asked before.
                    let _ = tokio::time::timeout(FIRST_REQUEST_TIME_MAX, asked.notified()).await;
                    tokio::time::sleep(LAST_REQUEST_TIME_MAX).await;
                };
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = idle => {
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
async fn stopped(phase: &mut watch::Receiver<Phase>) {
    // The value is of no interest, and its guard must not be held while a connection ends.
    drop(phase.wait_for(|phase| *phase == Phase::Stopping).await);
}

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    phase: watch::Receiver<Phase>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let mut response = router.call(request.map(Body::new)).await?;
    if *phase.borrow() > Phase::Serving {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
