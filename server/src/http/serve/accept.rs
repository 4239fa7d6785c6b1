//! The accept loop: never ends by an error, never takes more connections than there are places.

use super::Front;
use super::connection;
use super::listen::{Arrival, Listener};
use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// After the system refuses a connection (no file handles left), how long until the next try.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the log says that connections are turned away.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

pub(super) async fn accept(listener: Listener, front: Arc<Front>) {
    let mut complaint = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = front.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(arrival) => {
                if !admit(arrival, &front) && is_due(&mut complaint) {
                    tracing::warn!(
                        "connections are closed at once: {} are open; raise max_connections and the limit \
                         of open files if these are your gateways",
                        front.max_connections
                    );
                }
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                if is_due(&mut complaint) {
                    tracing::warn!(%error, "a connection could not be accepted");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes a connection in if there is a place; it is closed at once otherwise.
fn admit(arrival: Arrival, front: &Arc<Front>) -> bool {
    let Some(place) = front.traffic.connections.take(front.max_connections) else {
        front.traffic.refused.add();
        return false;
    };
    front.traffic.accepted.add();
    front.open.spawn(connection::attend(arrival, Arc::clone(front), place));
    true
}

/// Whether a client only went away before it was accepted.
fn is_of_the_client(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn is_due(last: &mut Option<Instant>) -> bool {
    let now = Instant::now();
    let due = last.is_none_or(|last| now.duration_since(last) >= COMPLAIN_EVERY);
    if due {
        *last = Some(now);
    }
    due
}
