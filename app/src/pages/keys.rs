mod addresses;
mod delete;
mod detail;
mod generate;
mod list;
mod lock;
mod reveal;
mod statistics;

pub(crate) use delete::*;
pub(crate) use detail::*;
pub(crate) use generate::*;
pub(crate) use list::*;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::portal::{KeyDetails, KeyId, PortalError};
use crate::server_fns::find_key;

/// The key that the address names.
fn key_of_address() -> Resource<Result<KeyDetails, PortalError>> {
    let params = use_params_map();
    let id = Memo::new(move |_| KeyId(params.with(|p| p.get("id")).unwrap_or_default()));
    Resource::new_blocking(move || id.get(), find_key)
}
