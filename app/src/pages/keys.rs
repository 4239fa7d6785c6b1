mod addresses;
mod detail;
mod generate;
mod list;
mod lock;
mod proof;
mod reveal;
mod rotation;
mod settings;
mod stop;

pub(crate) use detail::*;
pub(crate) use generate::*;
pub(crate) use list::*;

use leptos::prelude::With;
use leptos_router::hooks::use_params_map;

use crate::portal::KeyId;
use crate::server_call::{Loading, ShownKey, key};

/// The key that the address names.
fn key_of_address() -> Loading<ShownKey> {
    let params = use_params_map();
    key(move || KeyId(params.with(|p| p.get("id")).unwrap_or_default()))
}
