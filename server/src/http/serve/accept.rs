//! The accept loop: never ends by an error, never takes more connections than there are places.

use super::Front;
use super::connection;
use super::guest::Guest;
use super::listen::{Arrival, Listener};
use crate::traffic::NoPlace;
use domain::client_address::Peer;
use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// After the system refuses a connection (no file handles left), how long until the next try.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the log says that connections are turned away.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

/// Accepts until the front stops; connections that are let in run on `attending`.
pub(super) async fn accept(listener: Listener, front: Arc<Front>, attending: Handle) {
    let listener = listener.open().expect("a listener that was bound can be waited for");
    let mut complaint = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = front.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(arrival) => {
                let peer = arrival.peer;
                if let Err(no_place) = admit(arrival, &front, &attending)
                    && is_due(&mut complaint)
                {
                    complain(no_place, peer, &front);
                }
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                if is_due(&mut complaint) {
                    tracing::warn!(%error, event = "not_accepted", "a connection could not be accepted");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes a connection in if there is a place for it; it is closed at once otherwise.
fn admit(arrival: Arrival, front: &Arc<Front>, attending: &Handle) -> Result<(), NoPlace> {
    match Guest::of_peer(front, arrival.peer) {
        Ok(guest) => {
            front.traffic.accepted.add();
            #[expect(clippy::disallowed_methods, reason = "a connection, which ends alone")]
            front.open.spawn_on(connection::attend(arrival, Arc::clone(front), guest), attending);
            Ok(())
        }
        Err(no_place) => {
            if no_place == NoPlace::AtAll {
                front.traffic.refused.add();
            }
            arrival.turn_away();
            Err(no_place)
        }
    }
}

/// Logs which peers' connections are closed at once, and which setting lets them in.
fn complain(no_place: NoPlace, peer: Peer, front: &Front) {
    let shares = front.connections;
    match no_place {
        NoPlace::AtAll => tracing::warn!(
            "connections are closed at once: {} are open; raise max_connections and the limit of open files \
             if these are your gateways",
            shares.all
        ),
        NoPlace::ForStrangers => tracing::warn!(
            "connections of {peer} are closed at once: {} of all who are no trusted proxies are open, and the \
             rest is kept for those; raise max_connections, or lower reserved_percent",
            shares.strangers
        ),
        NoPlace::ForSource => tracing::warn!(
            event = "over_its_share",
            "connections of {peer} are closed at once: it holds {}, its share; if it is your gateway, add it \
             to trusted_proxies, else raise max_connections or source_share_percent",
            shares.source
        ),
    }
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
