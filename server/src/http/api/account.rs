//! The account that a program acts for.

use super::answer::found;
use super::caller::Caller;
use super::document::Refused;
use super::views::role_schema;
use super::{Api, ApiError};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use contract::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// Who asks, and for which account.
#[derive(Serialize, ToSchema)]
pub(super) struct Account {
    /// The user of the calling key.
    #[schema(example = "demouser")]
    username: String,
    /// Whether they own the account, and so see the keys of its sub-users.
    is_owner: bool,
    #[schema(schema_with = role_schema)]
    role: Role,
    /// How many keys they see.
    #[schema(example = 3)]
    key_count: u64,
    /// The most keys of the account; null: no limit.
    #[schema(example = 100_000)]
    max_keys: Option<u32>,
    /// The calling key.
    #[schema(format = "uuid", example = "0198c1f2-7a4e-7c3b-9d2e-5f6a7b8c9d0e")]
    key_id: String,
}

/// Tells who asks, and for which account.
#[utoipa::path(
    get,
    path = "/v1/account",
    tag = "account",
    responses((status = 200, description = "The account.", body = Account), Refused)
)]
pub(super) async fn find_account(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    let keys = api.keys();
    Ok(found(&Account {
        username: caller.actor.username.to_string(),
        is_owner: caller.actor.is_owner(),
        role: caller.actor.role,
        key_count: keys.index.count(caller.actor.scope()) as u64,
        max_keys: keys.most,
        key_id: caller.key.to_string(),
    }))
}
