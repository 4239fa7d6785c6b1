use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PageHeading, login_path};
use crate::i18n::{language, texts};
use crate::part::{IntoPart, Part};
use crate::portal::PortalError;
use crate::problem_text::error_text;
use crate::server_call::Loading;
use crate::title::set_title;

/// Shows what a server function returned, or why it returned nothing; the old content stays during another call.
#[component]
pub(crate) fn Loaded<T, V>(
    /// The call that fetches it.
    from: Loading<T>,
    /// What makes a view of it.
    show: impl Fn(T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let t = texts();
    let waiting = move || view! { <p class="loading">{t.loading}</p> }.part();
    let show = move |result| match result {
        Ok(value) => show(value).part(),
        Err(error) => {
            let again = Callback::new(move |()| from.refetch());
            error_view(error, again)
        }
    };
    once_there(from, waiting, show)
}

/// What `show` makes of a result; `waiting` until the first one is there.
pub(crate) fn once_there<T: Clone + Send + Sync + 'static>(
    from: Loading<T>,
    waiting: impl FnOnce() -> Part + Send + 'static,
    show: impl Fn(Result<T, PortalError>) -> Part + Send + Sync + 'static,
) -> Part {
    let show = Arc::new(show);
    let body = move || {
        let show = Arc::clone(&show);
        Suspend::new(async move { show(from.await) }).part()
    };
    transition(Box::new(waiting), Box::new(body))
}

fn transition(waiting: Box<dyn FnOnce() -> Part + Send>, body: Box<dyn Fn() -> Part + Send + Sync>) -> Part {
    view! { <Transition fallback=waiting>{move || body()}</Transition> }.part()
}

/// What stands where a page cannot be shown.
#[expect(clippy::needless_pass_by_value, reason = "a property of a component")]
pub(crate) fn error_view(error: PortalError, again: Callback<()>) -> Part {
    let t = texts();
    let text = error_text(t, language(), &error);
    match error {
        PortalError::NotFound => not_found_view(),
        PortalError::Forbidden => forbidden_view(),
        PortalError::SignedOut => {
            let here = use_location();
            let login = login_path(&here.pathname.get_untracked(), &here.search.get_untracked());
            Effect::new({
                let login = login.clone();
                move |_| {
                    let _ = window().location().replace(&login);
                }
            });
            // No `PageHeading`: the focus belongs to the page that follows.
            set_title(t.signed_out_heading);
            view! {
                <h1>{t.signed_out_heading}</h1>
                <p>{text}</p>
                <p><a class="button" href=login rel="external">{t.login}</a></p>
            }
            .part()
        }
        _ => view! {
            <PageHeading text=t.trouble_heading/>
            <p role="alert">{text}</p>
            <p>
                // Without scripting the link loads the page again, which is the same.
                <a class="button" href="" rel="external" on:click=move |event| {
                    event.prevent_default();
                    again.run(());
                }>{t.try_again}</a>
            </p>
        }
        .part(),
    }
}

/// There is no such page, or it belongs to somebody else.
pub(crate) fn not_found_view() -> Part {
    let t = texts();
    dead_end(t.not_found_heading, t.not_found_text)
}

/// The visitor may see keys and not change them.
pub(crate) fn forbidden_view() -> Part {
    let t = texts();
    dead_end(t.forbidden_heading, t.error_forbidden)
}

fn dead_end(heading: &'static str, text: &'static str) -> Part {
    view! {
        <PageHeading text=heading/>
        <p>{text}</p>
        <p><a class="button" href="/">{texts().dashboard}</a></p>
    }
    .part()
}
