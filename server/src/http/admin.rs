//! What the admin listener answers: `/metrics` for Prometheus, `/healthz`. It holds no secret and asks for
//! none; it is for the operator's own network.

use crate::metrics::{CONTENT_TYPE, Levels};
use crate::services::Services;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Everything the admin listener answers.
pub fn admin(services: Arc<Services>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(services)
}

async fn metrics(State(services): State<Arc<Services>>) -> Response {
    let levels = levels(&services).await;
    match services.metrics.text(&levels) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written; see the log").into_response()
        }
    }
}

async fn levels(services: &Services) -> Levels {
    let journal = services.verifier.journal();
    let now = services.clock.now();
    let since = journal.figures().unfolded_since().unwrap_or(now);
    let sessions = services.accounts.count_sessions().await;
    Levels {
        waiting_uses: journal.waiting_uses(),
        unfolded_uses: journal.figures().unfolded_uses(),
        fold_lag_seconds: now.seconds_since(since) as f64,
        keys: services.keys.index.count_all(),
        sessions: sessions.map_err(|error| tracing::error!(%error, "sessions cannot be counted")).ok(),
        ignored_headers: services.ignored_headers.load(Ordering::Relaxed),
        database_bytes: services.store.sizes(),
    }
}
