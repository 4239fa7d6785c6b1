//! Keys: listed, generated, looked at, changed, deleted.

use super::answer::{Answer, found};
use super::caller::Caller;
use super::document::{Refused, RefusedChange};
use super::input::{Body, Query, WrongInput, given, present};
use super::retried::Named;
use super::views::{
    KeyView, KeyWithToken, Page, key_type_schema, lock_width, lock_width_schema, state_schema,
};
use super::{Api, ApiError};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::{KeyState, KeyType};
use serde::Deserialize;
use service::keys::{AskedEnd, AskedKey, KeyEdit, KeyFilter};
use utoipa::{IntoParams, ToSchema};

/// Records of a page without `limit`.
const RECORDS: u32 = 20;
/// The most records of a page.
const MOST_RECORDS: u32 = 100;

/// Which keys are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
    /// The most records of the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// Only keys of this user.
    username: Option<String>,
    /// Only keys of this kind.
    #[param(schema_with = key_type_schema, required = false)]
    key_type: Option<KeyType>,
    /// Only keys in this state.
    #[param(schema_with = state_schema, required = false)]
    state: Option<KeyState>,
    /// Only keys whose description contains this, whatever the case.
    q: Option<String>,
}

/// The records that a page may have.
pub(super) fn records(limit: Option<u32>) -> Result<usize, ApiError> {
    match limit.unwrap_or(RECORDS) {
        limit @ 1..=MOST_RECORDS => Ok(limit as usize),
        _ => Err(WrongInput::parameter("limit", format!("1 to {MOST_RECORDS} are allowed"))),
    }
}

/// A page of them.
type KeyPage = Page<KeyView>;

/// Lists the keys that the user of the calling key may see, the newest first.
///
/// An owner sees all keys of the account, a sub-user their own.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "keys",
    params(ListQuery),
    responses((status = 200, description = "A page of keys.", body = KeyPage), Refused)
)]
pub(super) async fn list_keys(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let limit = records(query.limit)?;
    let unknown = || WrongInput::parameter("cursor", "it is no cursor of this user");
    let from = match &query.cursor {
        Some(text) => Some(api.keys().parse_cursor(&caller.actor, text).ok_or_else(unknown)?),
        None => None,
    };
    let ListQuery { username, key_type, state, q: text, .. } = query;
    let filter = KeyFilter { username, key_type, state, text };
    let keys = api.keys().search_keys(&caller.actor, &filter, limit, from).await?;
    Ok(found(&Page { data: keys.keys.iter().map(KeyView::from).collect(), next_cursor: keys.next }))
}

/// A key to generate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "billing server", "key_type": "default"}))]
pub(super) struct NewKey {
    /// The customer's own words for it.
    #[schema(example = "billing server", min_length = 1, max_length = 100)]
    description: String,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = key_type_schema, required = false)]
    key_type: Option<KeyType>,
    /// When it expires; null or nothing: never.
    #[schema(format = DateTime, example = "2027-12-31T23:59:59Z")]
    expires_at: Option<String>,
    /// The sub-user whose key it is to be, for owners; nothing: the user of the calling key.
    username: Option<String>,
}

/// Generates a key, and tells its token this once.
///
/// It never has the permission to manage keys: such a key is generated in the pages, with the password.
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "keys",
    params(Named),
    request_body = NewKey,
    responses(
        (status = 201, description = "The key with its token.", body = KeyWithToken,
            headers(("Location" = String, description = "The path of the key."))),
        RefusedChange
    )
)]
pub(super) async fn generate_key(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    named: Named,
    body: Body,
) -> Result<Response, ApiError> {
    let manager = caller.may_manage()?;
    named
        .run(&api, &caller, &body, async |kept| {
            let new: NewKey = body.read()?;
            caller.count_change(&api)?;
            let asked = AskedKey {
                description: &new.description,
                key_type: new.key_type.unwrap_or(KeyType::Default).name(),
                expires_at: new.expires_at.as_deref().map_or(AskedEnd::Never, AskedEnd::Written),
                username: new.username.as_deref(),
                manages_keys: None,
            };
            let generated = api.keys().generate_key(manager, asked, &|made| kept.of(&told(made))).await?;
            Ok(told(&generated))
        })
        .await
}

fn told(generated: &service::keys::Generated) -> Answer {
    let key = KeyView::from(&generated.key);
    let path = format!("/v1/keys/{}", generated.key.row.id);
    Answer::made(Some(path), &KeyWithToken { key, token: generated.token.expose().to_owned() })
}

/// Tells about one key.
#[utoipa::path(
    get,
    path = "/v1/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The id of the key.")),
    responses((status = 200, description = "The key.", body = KeyView), Refused)
)]
pub(super) async fn find_key(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    Ok(found(&KeyView::from(&api.keys().find_listed(&caller.actor, &id).await?)))
}

/// What is to be changed of a key; what is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "billing server, Cluj", "paused": true}))]
pub(super) struct KeyChange {
    /// The customer's own words for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    description: Option<String>,
    /// When it expires; null takes the end back.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-12-31T23:59:59Z")]
    expires_at: Option<Option<String>>,
    /// Whether it is paused: refused from the next request on, until it is resumed.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    paused: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = lock_width_schema, required = false)]
    lock_width: Option<u8>,
}

/// Changes a key, all at once or not at all.
#[utoipa::path(
    patch,
    path = "/v1/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The id of the key.")),
    request_body = KeyChange,
    responses((status = 200, description = "The key as it is now.", body = KeyView), RefusedChange)
)]
pub(super) async fn change_key(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, ApiError> {
    let manager = caller.may_manage()?;
    let change: KeyChange = body.read()?;
    let width = |bits| lock_width(bits).ok_or_else(|| WrongInput::at("#/lock_width", "128 or 64 is allowed"));
    let expires_at =
        change.expires_at.as_ref().map(|end| end.as_deref().map_or(AskedEnd::Never, AskedEnd::Written));
    let edit = KeyEdit {
        description: change.description.as_deref(),
        expires_at,
        paused: change.paused,
        lock_width: change.lock_width.map(width).transpose()?,
    };
    caller.count_change(&api)?;
    api.keys().change_key(manager, &id, edit).await?;
    Ok(found(&KeyView::from(&api.keys().find_listed(&caller.actor, &id).await?)))
}

/// Deletes a key: it is refused from the next request on, for ever.
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The id of the key.")),
    responses((status = 204, description = "It is deleted."), Refused)
)]
pub(super) async fn delete_key(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Answer, ApiError> {
    api.keys().delete_key(caller.may_manage()?, &id).await?;
    Ok(Answer::done())
}
