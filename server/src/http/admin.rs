//! The admin listener: `/metrics` for Prometheus, and `/healthz`. It serves no secret and asks for no credential; it is
//! for the operator's own network.

use crate::metrics::CONTENT_TYPE;
use crate::services::Services;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use std::sync::Arc;

/// Everything the admin listener answers.
pub fn admin(services: Arc<Services>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(services)
}

async fn metrics(State(services): State<Arc<Services>>) -> Response {
    let sessions = services.use_cases.accounts.count_sessions().await;
    let sessions = sessions.map_err(|error| tracing::error!(%error, "sessions cannot be counted")).ok();
    match services.metrics.text(sessions) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written; see the log").into_response()
        }
    }
}
