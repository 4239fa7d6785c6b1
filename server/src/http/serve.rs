//! Connections: how many may be open, how long each step may take, and the graceful end.

mod accept;
mod bare;
mod body;
mod connection;
mod frames;
mod guest;
mod handed;
mod handles;
mod io;
mod listen;
mod proxied;
mod service;
mod streams;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests end with what they spawn")]
mod tests;
mod tls;
mod unix;
mod watch;

pub use handed::{Handed, HandedError};
pub use listen::{ListenError, Listener};
pub use tls::{Tls, TlsError};

use super::access::AccessLog;
use super::client::ConnectionInfo;
use super::entrance::Entrance;
use crate::settings::{Settings, Timeouts};
use crate::traffic::Traffic;
use domain::client_address::{Family, Peer, TrustedProxies};
use domain::proxy_protocol::ConnectionSource;
use domain::share::Shares;
use hyper_util::server::conn::auto;
use std::sync::Arc;
use std::time::Duration;
use streams::Streams;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take after the signal to stop; the promise is 10 seconds for all.
const GRACE: Duration = Duration::from_secs(8);
/// The most bytes of the head of a request: that of a gateway, which passes its client's on, and that of others.
const HEAD_LIMIT: usize = 64 * 1024;
const GUEST_HEAD_LIMIT: usize = 16 * 1024;
/// The most bytes of all header lines of one HTTP/2 request.
const HEADER_LIST_LIMIT: u32 = 16 * 1024;
/// The most requests at a time on one HTTP/2 connection, of a gateway and of others.
const STREAMS: u32 = 200;
const GUEST_STREAMS: u32 = 32;
/// After how many requests beyond that, or malformed ones, a connection is ended. A client may send some before it
/// hears of the limit.
const REFUSALS: usize = 1024;
const GUEST_REFUSALS: usize = 200;
/// What an HTTP/2 client may send ahead for one request and for all: no body here is larger.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;

/// What all connections share.
pub struct Front {
    entrance: Entrance,
    /// How trusted proxies and programs on this machine are spoken with, and how all others.
    http: auto::Builder<Streams>,
    guest_http: auto::Builder<Streams>,
    /// Spoken on addresses, where the operator gave a certificate.
    tls: Option<Handshakes>,
    /// The proxies that may begin a connection with a PROXY header.
    trusted: TrustedProxies,
    /// Whether the PROXY header alone names the client, and no header of a request does.
    proxy_header_names_clients: bool,
    timeouts: Timeouts,
    access: Option<AccessLog>,
    /// How connections are shared out, and requests in flight, of which HTTP/1.1 has one a connection.
    connections: Shares,
    traffic: Arc<Traffic>,
    stop: CancellationToken,
    open: TaskTracker,
    /// Where connections are accepted, if not where they are attended to.
    doors: Option<Handle>,
}

impl Front {
    /// Answers with `entrance`, until `stop`.
    #[must_use]
    pub fn new(
        settings: &Settings,
        traffic: Arc<Traffic>,
        entrance: Entrance,
        stop: CancellationToken,
    ) -> Self {
        let most = handles::connection_limit(settings.server.max_connections);
        Self {
            entrance,
            http: speaker(HEAD_LIMIT, STREAMS, REFUSALS),
            guest_http: speaker(GUEST_HEAD_LIMIT, GUEST_STREAMS, GUEST_REFUSALS),
            tls: None,
            trusted: settings.trusted_proxies.clone(),
            proxy_header_names_clients: settings.client_address_header == Family::ProxyProtocol,
            timeouts: settings.server.timeouts,
            access: settings.server.access_log.map(AccessLog::new),
            connections: settings.server.shares.of(most),
            traffic,
            stop,
            open: TaskTracker::new(),
            doors: None,
        }
    }

    /// What is known of a connection after its PROXY header. Where headers of requests name clients elsewhere, its
    /// source is the other end: a client that connects is the client, whatever it writes, and a trusted proxy is asked
    /// for its header.
    fn introduced(&self, connection: ConnectionInfo, source: Option<ConnectionSource>) -> ConnectionInfo {
        match source {
            Some(ConnectionSource(Some(address))) if !self.proxy_header_names_clients => {
                ConnectionInfo { peer: Peer::Address(address), ..connection }
            }
            source => ConnectionInfo { source, ..connection },
        }
    }

    /// Accepts connections on `runtime`, so that a flood of connections that are turned away does not delay those that
    /// were let in.
    #[must_use]
    pub fn with_doors(self, runtime: Handle) -> Self {
        Self { doors: Some(runtime), ..self }
    }

    /// Speaks TLS on addresses; `runtime` does the arithmetic of its beginning.
    #[must_use]
    pub fn with_tls(self, tls: Arc<Tls>, runtime: Handle) -> Self {
        Self { tls: Some(Handshakes { tls, runtime }), ..self }
    }
}

/// HTTP/1.1 and HTTP/2, with bounds for what one connection may hold.
fn speaker(head_limit: usize, streams: u32, refusals: usize) -> auto::Builder<Streams> {
    let mut http = auto::Builder::new(Streams);
    http.http1().max_buf_size(head_limit);
    http.http2()
        .max_concurrent_streams(streams)
        .max_local_error_reset_streams(refusals)
        .max_header_list_size(HEADER_LIST_LIMIT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(STREAM_WINDOW as usize);
    http
}

/// TLS, and where it is agreed on: not on the thread that verifies, as signing takes as long as many
/// verifications.
struct Handshakes {
    tls: Arc<Tls>,
    runtime: Handle,
}

/// Accepts until the front stops; then answers what is in flight.
pub async fn serve(listeners: Vec<Listener>, front: Front) {
    let front = Arc::new(front);
    let here = Handle::current();
    let doors = front.doors.clone().unwrap_or_else(|| here.clone());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn_on(accept::accept(listener, Arc::clone(&front), here.clone()), &doors);
    }
    accepting.join_all().await;
    front.open.close();
    if tokio::time::timeout(GRACE, front.open.wait()).await.is_err() {
        tracing::warn!("some requests were still unanswered after {} seconds", GRACE.as_secs());
    }
}
