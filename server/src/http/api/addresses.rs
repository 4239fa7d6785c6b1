//! The address rule of a Default key: its allow list, and its lock.

use super::answer::{Answer, found};
use super::caller::Caller;
use super::document::{Refused, RefusedChange};
use super::input::Body;
use super::retried::Named;
use super::views::{AllowedAddress, Page};
use super::{Api, ApiError};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::address::Network;

/// A page of them.
type AllowedPage = Page<AllowedAddress>;

/// Lists the addresses and networks that a key is allowed from.
#[utoipa::path(
    get,
    path = "/v1/keys/{id}/allowed-ips",
    tag = "addresses",
    params(("id" = String, Path, description = "The id of the key.")),
    responses((status = 200, description = "All entries.", body = AllowedPage), Refused)
)]
pub(super) async fn list_allowed(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let key = api.keys().find_listed(&caller.actor, &id).await?;
    let entry = |network: &Network| AllowedAddress { address: network.to_string() };
    Ok(found(&Page::all(key.row.rule.allow_list.iter().map(entry).collect())))
}

/// Adds an address or a network to the allow list of a key.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/allowed-ips",
    tag = "addresses",
    params(
        ("id" = String, Path, description = "The id of the key."),
        Named
    ),
    request_body = AllowedAddress,
    responses((status = 201, description = "The entry as it stands on the list.", body = AllowedAddress), RefusedChange)
)]
pub(super) async fn authorise_address(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    named: Named,
    body: Body,
) -> Result<Response, ApiError> {
    caller.may_manage()?;
    named
        .run(&api, &caller, &body, async |kept| {
            let AllowedAddress { address } = body.read()?;
            caller.count_change(&api)?;
            // As it will stand there; what is no network is refused below.
            let shown = Network::parse(&address).map_or(address.clone(), |network| network.to_string());
            let answer = Answer::made(None, &AllowedAddress { address: shown });
            let actor = caller.actor.keeping(kept.of(&answer)?);
            api.keys().authorise_address(actor.may_manage()?, &id, &address).await?;
            Ok(answer)
        })
        .await
}

/// Takes an address or a network off the allow list of a key.
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}/allowed-ips/{network}",
    tag = "addresses",
    params(
        ("id" = String, Path, description = "The id of the key."),
        ("network" = String, Path, description = "The entry, its slash written as %2F.", example = "203.0.113.0/24")
    ),
    responses((status = 204, description = "It is off the list."), RefusedChange)
)]
pub(super) async fn remove_address(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path((id, network)): Path<(String, String)>,
) -> Result<Answer, ApiError> {
    let manager = caller.may_manage()?;
    caller.count_change(&api)?;
    api.keys().remove_address(manager, &id, &network).await?;
    Ok(Answer::done())
}

/// Forgets the address that a key is locked to; its next request locks it anew.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/release-lock",
    tag = "addresses",
    params(
        ("id" = String, Path, description = "The id of the key."),
        Named
    ),
    responses((status = 204, description = "It is locked to no address."), RefusedChange)
)]
pub(super) async fn release_lock(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    named: Named,
    body: Body,
) -> Result<Response, ApiError> {
    caller.may_manage()?;
    named
        .run(&api, &caller, &body, async |kept| {
            caller.count_change(&api)?;
            let actor = caller.actor.keeping(kept.of(&Answer::done())?);
            api.keys().release_lock(actor.may_manage()?, &id).await?;
            Ok(Answer::done())
        })
        .await
}
