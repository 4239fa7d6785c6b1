//! What is done from time to time beside serving: what is old is removed, and reminders are due.

use super::*;

pub(super) async fn sweep(services: Arc<Services>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {
                services.use_cases.accounts.sweep_sessions().await;
                services.use_cases.notices.sweep().await;
                services.use_cases.webhooks.sweep_deliveries().await;
            }
        }
    }
}

/// Whatever was shown or answered a while ago is wiped from memory, also where nobody sends anything any more.
pub(super) async fn forget(entrance: Entrance, services: Arc<Services>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(FORGET_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {
                services.use_cases.shown_once.sweep(services.clock.now());
                services.use_cases.accounts.sweep_renewals();
                entrance.sweep(services.clock.now());
            }
        }
    }
}

pub(super) async fn remind(services: Arc<Services>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(REMIND_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {
                if let Err(error) = services.use_cases.accounts.remind_of_passwords().await {
                    tracing::warn!(%error, "users could not be told that their passwords end");
                }
            }
        }
    }
}
