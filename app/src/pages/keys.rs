mod addresses;
mod delete;
mod detail;
mod generate;
mod list;
mod lock;
mod proof;
mod reveal;
mod rotation;
mod settings;
mod statistics;
mod stop;

pub(crate) use delete::*;
pub(crate) use detail::*;
pub(crate) use generate::*;
pub(crate) use list::*;

use leptos::prelude::With;
use leptos_router::hooks::use_params_map;

use crate::portal::{KeyDetails, KeyId};
use crate::server_call::{Loading, key};

/// The key that the address names.
fn key_of_address() -> Loading<KeyDetails> {
    let params = use_params_map();
    key(move || KeyId(params.with(|p| p.get("id")).unwrap_or_default()))
}
