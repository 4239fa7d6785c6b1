//! One connection, from its first byte to its last.

use super::Front;
use super::accept::Place;
use super::io::Watched;
use super::service::answer;
use super::watch::{Step, Watch};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulConnection;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long a connection that is closed for having nothing to ask may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn attend(stream: TcpStream, peer: SocketAddr, front: Arc<Front>, _place: Place) {
    // Answers are small; without this they would wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    speak(stream, peer, &front).await;
}

/// Speaks HTTP/1.1 or HTTP/2, whichever the client begins with.
pub(super) async fn speak<S>(stream: S, peer: SocketAddr, front: &Arc<Front>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let watch = Arc::new(Watch::new(front.timeouts));
    let io = TokioIo::new(Watched { stream, watch: Arc::clone(&watch) });
    let service =
        hyper::service::service_fn(|request| answer(request, Arc::clone(front), Arc::clone(&watch), peer));
    let mut connection = pin!(front.http.serve_connection(io, service));
    let late = match drive(connection.as_mut(), &watch, &front.stop).await {
        None => return,
        Some(Step::Head) => &front.traffic.late_heads,
        Some(Step::Answer) => &front.traffic.unfetched,
        Some(Step::Idle) => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(FAREWELL, connection).await;
            &front.traffic.idle_closed
        }
    };
    late.add();
}

/// Runs a connection until it ends by itself, or until it took too long over a step, which is answered.
async fn drive<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    watch: &Watch,
    stop: &CancellationToken,
) -> Option<Step> {
    let mut stopping = pin!(stop.cancelled());
    let mut stopped = false;
    let mut timer = pin!(sleep_until(watch.due().1));
    poll_fn(|cx| {
        if !stopped && stopping.as_mut().poll(cx).is_ready() {
            stopped = true;
            connection.as_mut().graceful_shutdown();
        }
        // A client that goes away in the middle is nothing to report.
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        loop {
            let (step, due) = watch.due();
            if due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if due <= Instant::now() {
                return Poll::Ready(Some(step));
            }
            timer.as_mut().reset(due);
        }
    })
    .await
}
