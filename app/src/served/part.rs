//! What these pages are put together from.

use std::future::Future;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::ErrorView;
use crate::part::{IntoPart, Part};
use crate::portal::PortalError;

/// Asks the server's own function, and shows the answer or why there is none.
pub(super) fn asked<T: 'static>(
    ask: impl Future<Output = Result<T, PortalError>> + Send + 'static,
    show: impl FnOnce(T) -> Part + Send + 'static,
) -> Part {
    Suspend::new(async move {
        match ask.await {
            Ok(found) => show(found),
            Err(error) => view! { <ErrorView error again=Callback::new(|()| {})/> }.part(),
        }
    })
    .part()
}

/// The sentence that confirms what a form did, if the address names it (`?done=`).
pub(super) fn confirmation(text: impl FnOnce(&str) -> Option<&'static str>) -> Part {
    let done = use_query_map().with_untracked(|query| query.get("done"));
    let text = done.and_then(|done| text(&done));
    text.map(|text| view! { <p class="notice" role="status">{text}</p> }).part()
}

/// The number of the page that the address asks for, from 1.
pub(super) fn page_of_address() -> u32 {
    let page = use_query_map().with_untracked(|query| query.get("page"));
    page.and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}
