//! What is done from time to time beside serving, on the pages' runtime.

use super::*;

/// How often old sessions, notices and deliveries are removed.
pub(super) const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// How often secrets in memory are forgotten, and users reminded of passwords that end.
pub(super) const EVERY_MINUTE: Duration = Duration::from_secs(60);

/// Does a chore at once and then this often, until `stop`.
pub(super) async fn every(period: Duration, stop: CancellationToken, mut chore: impl AsyncFnMut()) {
    let mut tick = tokio::time::interval(period);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => chore().await,
        }
    }
}

/// Removes what is old from the store.
pub(super) async fn sweep(services: &Services) {
    services.use_cases.accounts.sweep_sessions().await;
    services.use_cases.notices.sweep().await;
    services.use_cases.webhooks.sweep_deliveries().await;
    services.use_cases.retries.sweep().await;
    if let Some(applications) = &services.use_cases.applications {
        applications.sweep().await;
    }
}

/// Wipes secrets, answers and session tokens from memory whose time is over.
pub(super) fn forget(entrance: &Entrance, services: &Services) {
    services.use_cases.shown_once.sweep(services.clock.now());
    services.use_cases.accounts.sweep_renewals();
    entrance.sweep(services.clock.now());
}

/// Reminds users whose passwords or keys end soon.
pub(super) async fn remind(services: &Services) {
    if let Err(error) = services.use_cases.accounts.remind_of_passwords().await {
        tracing::warn!(%error, "users could not be told that their passwords end");
    }
    if let Err(error) = services.use_cases.keys.remind_of_expiries().await {
        tracing::warn!(%error, "users could not be told that their keys expire");
    }
}
