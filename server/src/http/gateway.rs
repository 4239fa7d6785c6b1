//! What gateways ask: `POST /v1/verify`, and the endpoints of their own authentication hooks.

mod authz;
mod credential;
mod presented;
mod probed;
mod verify;

use super::statuses;
use crate::services::Services;
use axum::Router;
use axum::routing::{any, get, post};
use http::StatusCode;
use std::sync::Arc;

pub(super) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route("/v1/verify", post(verify::verify))
        .route("/authz/forward-auth", any(authz::forward_auth))
        .route("/authz/auth-request", any(authz::auth_request))
        .route("/authz/ext-authz", any(authz::ext_authz))
        .route("/authz/ext-authz/", any(authz::ext_authz))
        .route("/authz/ext-authz/{*rest}", any(authz::ext_authz))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(services)
}

async fn ready(
    axum::extract::State(services): axum::extract::State<Arc<Services>>,
) -> (StatusCode, &'static str) {
    let ready = services.store.ready().await.and_then(|()| services.verifier.ready());
    statuses::of_readiness(&ready)
}
