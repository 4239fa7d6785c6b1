#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use super::{landings, list_path};
use crate::portal::{PortalError, SeveralKeys};
#[cfg(feature = "ssr")]
use crate::to_view::key_row;
#[cfg(feature = "ssr")]
use domain::key_list::{KeyListQuery, pairs_of};
#[cfg(feature = "ssr")]
use service::keys::SeveralAct;

/// The keys that the query of an address names: by their ids, or all of the page of the list from which it comes.
#[server(prefix = "/portal", endpoint = "find_several", input = GetUrl)]
pub async fn find_several(#[server(default)] query: String) -> Result<SeveralKeys, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let pairs = pairs_of(&query);
    let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let list = KeyListQuery::parse(get("back").unwrap_or_default());
    let keys = &request.use_cases.keys;
    let ids: Vec<_> = pairs.iter().filter(|(name, _)| name == "id").map(|(_, id)| id.clone()).collect();
    let found = if get("all").is_some() {
        request.note(keys.list_keys(actor, &list).await)?.keys
    } else if ids.is_empty() {
        Vec::new()
    } else {
        request.note(keys.find_several(actor, &ids).await)?
    };
    Ok(SeveralKeys {
        rows: found.iter().map(|key| key_row(key, &request.reader.time_zone)).collect(),
        deletes: get("act") == Some("delete"),
        back: list.to_query(),
        may_manage: actor.may_manage().is_ok(),
    })
}

/// Deletes keys, whose ids stand apart by spaces. `back` is the query of the list from which it was asked for.
#[server(prefix = "/portal", endpoint = "delete_keys")]
pub async fn delete_keys(
    #[server(default)] ids: String,
    #[server(default)] back: String,
) -> Result<(), PortalError> {
    let _ = back;
    act(&ids, SeveralAct::Delete, "deleted").await
}

/// Pauses keys.
#[server(prefix = "/portal", endpoint = "pause_keys")]
pub async fn pause_keys(
    #[server(default)] ids: String,
    #[server(default)] back: String,
) -> Result<(), PortalError> {
    let _ = back;
    act(&ids, SeveralAct::Pause, "paused").await
}

/// Does it to all of them, and leaves for the answer how far it came.
#[cfg(feature = "ssr")]
async fn act(ids: &str, act: SeveralAct, name: &str) -> Result<(), PortalError> {
    let request = signed_in()?;
    // Stopping keys never waits for a limit on changes.
    let actor = request.note(request.actor())?;
    let actor = request.note(actor.may_manage())?;
    let ids: Vec<_> = ids.split_whitespace().map(str::to_owned).collect();
    let done = request.note(request.use_cases.keys.act_on_several(actor, act, &ids).await)?;
    let left = if done.left > 0 { format!("-{}", done.left) } else { String::new() };
    *request.outcome.said.lock() = Some(format!("{name}-{}{left}", done.done));
    Ok(())
}

landings! {
    DeleteKeys(form) => list_path(&form.back), [ids, back];
    PauseKeys(form) => list_path(&form.back), [ids, back];
}
