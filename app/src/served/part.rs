//! Pieces of served pages.

use std::future::Future;

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

use crate::components::{FormState, describes, error_view, own_username_input, problem_line, problem_of};
use crate::page_request::PageRequest;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PortalError};
use std::sync::Arc;

/// Calls a server function and shows its result, or its error.
pub(super) fn asked<T: 'static>(
    ask: impl Future<Output = Result<T, PortalError>> + Send + 'static,
    show: impl FnOnce(T) -> Part + Send + 'static,
) -> Part {
    asked_or(ask, show, |_| None)
}

/// Does the same, with a page of its own for some errors.
pub(super) fn asked_or<T: 'static>(
    ask: impl Future<Output = Result<T, PortalError>> + Send + 'static,
    show: impl FnOnce(T) -> Part + Send + 'static,
    otherwise: impl FnOnce(&PortalError) -> Option<Part> + Send + 'static,
) -> Part {
    Suspend::new(async move {
        match ask.await {
            Ok(found) => show(found),
            Err(error) => otherwise(&error).unwrap_or_else(|| error_view(error, Callback::new(|()| {}))),
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

/// A circle with a tick, and one that is crossed out.
const CALM: &str = r#"<circle cx="12" cy="12" r="9"/><path d="m8 12.3 2.8 2.7L16 9.5"/>"#;
const ALARM: &str = r#"<circle cx="12" cy="12" r="9"/><path d="m5.8 5.8 12.4 12.4"/>"#;

/// The sign of what is as it should be, or is not. A text beside it says the same.
pub(super) fn sign(is_bad: bool) -> Part {
    let sign = if is_bad { ALARM } else { CALM };
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" inner_html=sign></svg> }.part()
}

/// A sentence with its sign.
pub(super) fn state_line(is_bad: bool, text: Part) -> Part {
    let class = if is_bad { "state bad" } else { "state good" };
    view! { <p class=class>{sign(is_bad)} <span>{text}</span></p> }.part()
}

/// The name of the user whose password a form asks for, for password managers.
pub(super) fn own_username() -> Part {
    let name = use_context::<Arc<PageRequest>>().and_then(|request| request.whose_password());
    name.map(own_username_input).part()
}

/// A labelled choice of one among many, with its error.
pub(super) fn select_field(
    state: FormState,
    field: Field,
    name: &'static str,
    label: &'static str,
    options: Part,
) -> Part {
    let id = format!("{}-{name}", state.name);
    let error_id = format!("{id}-error");
    let problem = problem_of(state, field);
    let invalid = Signal::derive(move || problem.with(Option::is_some).then_some("true"));
    let describes = describes(None, error_id.clone(), problem);
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select
                id=id
                class="input"
                name=name
                autocomplete="off"
                aria-invalid=invalid
                aria-describedby=describes
            >
                {options}
            </select>
            {problem_line(error_id, problem)}
        </div>
    }
    .part()
}

/// What stands in the place of `:id` in the address.
pub(super) fn id_of_address() -> String {
    let path = use_location().pathname.get_untracked();
    path.split('/').nth(3).unwrap_or_default().to_owned()
}

/// The number of the page that the address asks for, from 1.
pub(super) fn page_of_address() -> u32 {
    let page = use_query_map().with_untracked(|query| query.get("page"));
    page.and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}
