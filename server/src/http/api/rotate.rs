//! Another token for a key.

use super::answer::Answer;
use super::caller::Caller;
use super::document::RefusedChange;
use super::input::Body;
use super::retried::Named;
use super::views::{KeyView, KeyWithToken};
use super::{Api, ApiError};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::rotation::OVERLAPS;
use serde::Deserialize;
use service::keys::Generated;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

fn overlap_schema() -> Schema {
    let integer = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(OVERLAPS));
    integer.description(Some("For how long the token of now passes too, beside the new one.")).build().into()
}

/// How a key is to be rotated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 86400}))]
pub(super) struct Rotation {
    #[schema(schema_with = overlap_schema)]
    overlap_seconds: u32,
}

/// Gives a key another token, and tells it this once.
///
/// Its id, statistics and address rule stay. A second rotation is refused while the token before the present one passes.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/rotate",
    tag = "keys",
    params(
        ("id" = String, Path, description = "The id of the key."),
        Named
    ),
    request_body = Rotation,
    responses((status = 201, description = "The key with its new token.", body = KeyWithToken), RefusedChange)
)]
pub(super) async fn rotate_key(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    named: Named,
    body: Body,
) -> Result<Response, ApiError> {
    let manager = caller.may_manage()?;
    named
        .run(&api, &caller, &body, async |kept| {
            let Rotation { overlap_seconds } = body.read()?;
            caller.count_change(&api)?;
            let rotated = api
                .keys()
                .rotate_key(manager, &id, overlap_seconds, None, &|made| kept.of(&told(made)))
                .await?;
            Ok(told(&rotated))
        })
        .await
}

fn told(rotated: &Generated) -> Answer {
    let token = rotated.token.expose().to_owned();
    Answer::made(None, &KeyWithToken { key: KeyView::from(&rotated.key), token })
}
