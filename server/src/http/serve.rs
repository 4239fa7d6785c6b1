//! The accept loop: connections, their time-outs, and the graceful end.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// How long a connection may wait for the whole head of its next request: longer than the 60 seconds after
/// which nginx closes a kept connection, so that it never asks on one that is just closing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long requests in flight may take after the signal to stop; the promise is 10 seconds for all.
const GRACE: Duration = Duration::from_secs(8);
/// After the system refuses a connection (no file handles left), how long until the next try.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts until `stop`; then answers what is in flight.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => spawn(stream, peer, router.clone(), &graceful),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still unanswered after {} seconds", GRACE.as_secs());
    }
}

fn spawn(stream: TcpStream, peer: SocketAddr, router: Router, graceful: &GracefulShutdown) {
    // Answers are small; without this they would wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that goes away in the middle is nothing to report.
        let _ = connection.await;
    });
}
