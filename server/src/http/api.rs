//! The management API for programs, under `/v1`: customers' keys, opened by a key that manages keys.
//!
//! A door to the same use cases as the pages. Every route is written once, with its part of the OpenAPI document. Runs on
//! the pages' runtime.

mod account;
mod addresses;
mod answer;
mod caller;
mod cors;
mod document;
mod error;
mod guide;
mod input;
mod keys;
mod limits;
mod retried;
mod rotate;
mod usage;
mod views;

pub(super) use error::{ApiError, key_detail};
pub(super) use guide::guide;
pub(super) use limits::Limits;

use crate::services::Services;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use contract::Refusal;
use http::StatusCode;
use service::keys::Keys;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The most bytes of a body.
const BODY_LIMIT: usize = 64 * 1024;
/// What all of it stands under.
const UNDER: &str = "/v1/";

/// What the API works with.
#[derive(Clone)]
pub(super) struct Api {
    services: Arc<Services>,
    limits: Arc<Limits>,
}

impl Api {
    fn keys(&self) -> &Keys {
        &self.services.use_cases.keys
    }
}

/// The answer to a request that got no place, in the words of those who asked: pages have their own.
pub(super) fn refused_place(path: &str, answer: Response) -> Response {
    if !path.starts_with(UNDER) {
        return answer;
    }
    match answer.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge.into_response(),
        _ => ApiError::Refused(Refusal::Busy).into_response(),
    }
}

/// All operations, with what the document says of them.
fn operations() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(keys::list_keys, keys::generate_key))
        .routes(routes!(keys::find_key, keys::change_key, keys::delete_key))
        .routes(routes!(addresses::list_allowed, addresses::authorise_address))
        .routes(routes!(addresses::remove_address))
        .routes(routes!(addresses::release_lock))
        .routes(routes!(rotate::rotate_key))
        .routes(routes!(usage::list_usage))
        .routes(routes!(usage::list_addresses))
        .routes(routes!(account::find_account))
}

/// The routes of the API.
pub(super) fn router(services: Arc<Services>, limits: Arc<Limits>) -> Router {
    let cors = cors::layer(&services.settings.api_allowed_origins);
    let api = Api { services, limits };
    let (operations, _) = operations().split_for_parts();
    let operations = operations
        .method_not_allowed_fallback(|| async { ApiError::Method })
        .layer(middleware::from_fn_with_state(api.clone(), caller::admit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    let routes = Router::new()
        .merge(operations)
        .route(document::PATH, get(document::serve))
        .route("/v1/{*rest}", any(|| async { ApiError::NoSuchPath }))
        .layer(middleware::from_fn(answer::finish))
        .with_state(api);
    match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    }
}
