//! One connection, from its first byte to its last.

use super::guest::Guest;
use super::io::{Prefixed, Watched};
use super::listen::{Arrival, Stream};
use super::proxied::take_header;
use super::service::answer;
use super::watch::{Step, Watch};
use super::{Front, Handshakes};
use crate::http::client::ConnectionInfo;
use bytes::Bytes;
use domain::proxy_protocol::ConnectionSource;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulConnection;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long a connection that was accepted just before the stop may take to begin its first request: its client has sent it
/// by then, as a rule, and another program does not see it fail.
const NEWCOMER: Duration = Duration::from_millis(500);
/// How long a connection that is closed for having nothing to ask may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a stranger's connection that ended for a flood stays open, unread, and in its place: closed at once, it would
/// come back at once.
const PENANCE: Duration = Duration::from_secs(10);

pub(super) async fn attend(arrival: Arrival, front: Arc<Front>, guest: Guest) {
    let Arrival { stream, peer, proxied, door } = arrival;
    let connection = ConnectionInfo { peer, source: None, door };
    let stream = match stream {
        // What cannot be waited for is closed, like a connection that its client gave up.
        Stream::Unix(stream) => {
            let Ok(stream) = stream.into_std().and_then(UnixStream::from_std) else { return };
            return speak(stream, connection, &front, &guest).await;
        }
        Stream::Tcp(stream) => {
            let Ok(stream) = stream.into_std().and_then(TcpStream::from_std) else { return };
            stream
        }
    };
    // Answers are small; without this they would wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    if !proxied && front.tls.is_none() {
        return speak(stream, connection, &front, &guest).await;
    }
    // In a place of its own: most connections need none for it.
    Box::pin(attend_introduced(stream, connection, proxied, &front, guest)).await;
}

/// A connection that begins with a PROXY header, TLS, or both.
async fn attend_introduced(
    stream: TcpStream,
    connection: ConnectionInfo,
    proxied: bool,
    front: &Arc<Front>,
    guest: Guest,
) {
    if proxied && !front.trusted.trusts(connection.peer) {
        front.traffic.strangers.add();
        return;
    }
    let time = front.timeouts.head;
    let arriving = timeout(time, introduce(stream, proxied));
    let introduced = tokio::select! {
        () = no_longer_new(front) => return,
        introduced = arriving => introduced,
    };
    let Ok(Ok((source, stream))) = introduced else {
        front.traffic.bad_proxy_headers.add();
        return;
    };
    let connection = front.introduced(connection, source);
    // Over its share: closed, as at the door.
    let Ok(guest) = guest.introduced_as(front, source) else { return };
    let Some(Handshakes { tls, runtime }) = &front.tls else {
        return speak(stream, connection, front, &guest).await;
    };
    let tls = Arc::clone(tls);
    #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
    let agreeing = runtime.spawn(timeout(time, async move { tls.agree(stream).await }));
    let agreed = tokio::select! {
        () = no_longer_new(front) => return,
        agreed = agreeing => agreed,
    };
    match agreed {
        Ok(Ok(Ok(stream))) => speak(stream, connection, front, &guest).await,
        _ => front.traffic.failed_handshakes.add(),
    }
}

/// Waits until the stop, and then for the first bytes of those who came just before it.
async fn no_longer_new(front: &Front) {
    front.stop.cancelled().await;
    sleep(NEWCOMER).await;
}

/// Reads the PROXY header where one has to be.
async fn introduce(
    stream: TcpStream,
    proxied: bool,
) -> io::Result<(Option<ConnectionSource>, Prefixed<TcpStream>)> {
    if !proxied {
        return Ok((None, Prefixed { ahead: Bytes::new(), stream }));
    }
    take_header(stream).await.map(|(source, stream)| (Some(source), stream))
}

/// Speaks HTTP/1.1 or HTTP/2, whichever the client begins with.
pub(super) async fn speak<S>(stream: S, connection: ConnectionInfo, front: &Arc<Front>, guest: &Guest)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let watch = Arc::new(Watch::new(front.timeouts));
    let is_strangers = guest.account().is_some();
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&watch), is_strangers));
    let service = hyper::service::service_fn(|request| {
        answer(request, Arc::clone(front), Arc::clone(&watch), connection, guest.account())
    });
    let http = if is_strangers { &front.guest_http } else { &front.http };
    let mut connection = pin!(http.serve_connection(io, service));
    let late = match drive(connection.as_mut(), &watch, &front.stop).await {
        None if watch.was_flooded() => {
            front.traffic.floods.add();
            if is_strangers {
                let _ = timeout(PENANCE, front.stop.cancelled()).await;
            }
            return;
        }
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

/// Runs a connection until it ends by itself, or until it took too long over a step, which is answered. At the stop it ends
/// after the request in flight; one that has not said anything yet gets a moment to begin its first.
async fn drive<C: GracefulConnection>(
    mut connection: Pin<&mut C>,
    watch: &Watch,
    stop: &CancellationToken,
) -> Option<Step> {
    let mut stopping = pin!(stop.cancelled());
    let mut last_word = pin!(None);
    let mut stopped = false;
    let mut timer = pin!(sleep_until(watch.due().1));
    poll_fn(|cx| {
        if last_word.is_none() && stopping.as_mut().poll(cx).is_ready() {
            last_word.set(Some(sleep(NEWCOMER)));
        }
        loop {
            let is_over = last_word.as_mut().as_pin_mut().map(|word| word.poll(cx).is_ready());
            if !stopped && is_over.is_some_and(|is_over| is_over || watch.has_spoken()) {
                stopped = true;
                connection.as_mut().graceful_shutdown();
            }
            // A client that goes away in the middle is nothing to report.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            // Its first bytes came with this turn.
            if stopped || is_over.is_none() || !watch.has_spoken() {
                break;
            }
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
