//! What the service manager is told (sd_notify(3)): that the server is ready, that it stops, and that it is alive. Without
//! `NOTIFY_SOCKET` nobody is.

use sd_notify::NotifyState;
use std::time::Duration;

/// Everybody can be served.
pub(super) fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// No new connection is accepted; requests in flight are answered.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("answering the last requests")]);
}

/// The thread that verifies still takes turns.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the manager is to hear that the server is alive, if it watches (`WatchdogSec`): twice in its time, so that one
/// late word does no harm.
pub(super) fn watched() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| (limit / 2).max(Duration::from_millis(1)))
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told (NOTIFY_SOCKET)");
    }
}
