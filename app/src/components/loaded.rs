use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PageHeading, login_path};
use crate::i18n::{language, texts};
use crate::portal::PortalError;
use crate::problem_text::error_text;
use crate::session::Session;

/// Shows what a resource brought, or why it did not; the old content stays while it is fetched again.
#[component]
pub(crate) fn Loaded<T, V>(
    /// Where it comes from.
    from: Resource<Result<T, PortalError>>,
    /// How it looks.
    show: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let t = texts();
    view! {
        <Transition fallback=move || view! { <p class="loading">{t.loading}</p> }>
            {move || {
                let show = show.clone();
                Suspend::new(async move {
                    match from.await {
                        Ok(value) => Either::Left(show(value)),
                        Err(error) => {
                            let again = Callback::new(move |()| from.refetch());
                            Either::Right(view! { <ErrorView error again/> })
                        }
                    }
                })
            }}
        </Transition>
    }
}

/// What stands where a page cannot be shown.
#[expect(clippy::needless_pass_by_value, reason = "a property of a component")]
#[component]
pub(crate) fn ErrorView(
    /// Why.
    error: PortalError,
    /// How to try again.
    again: Callback<()>,
) -> impl IntoView {
    let t = texts();
    let text = error_text(t, language(), &error);
    match error {
        PortalError::NotFound => EitherOf3::A(view! { <NotFoundView/> }),
        PortalError::SignedOut => {
            let here = use_location();
            let login = login_path(&here.pathname.get_untracked(), &here.search.get_untracked());
            let navigate = use_navigate();
            Effect::new({
                let login = login.clone();
                move |_| {
                    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                    Session::refresh();
                    navigate(&login, options);
                }
            });
            EitherOf3::B(view! {
                // No `PageHeading`: the focus belongs to the page that follows.
                <Title text=t.signed_out_heading/>
                <h1>{t.signed_out_heading}</h1>
                <p>{text}</p>
                <p><a class="button" href=login>{t.login}</a></p>
            })
        }
        _ => EitherOf3::C(view! {
            <PageHeading text=t.trouble_heading/>
            <p role="alert">{text}</p>
            <p>
                // Without scripting the link loads the page again, which is the same.
                <a class="button" href="" rel="external" on:click=move |event| {
                    event.prevent_default();
                    again.run(());
                }>{t.try_again}</a>
            </p>
        }),
    }
}

/// There is no such page, or it is somebody else's.
#[component]
pub(crate) fn NotFoundView() -> impl IntoView {
    let t = texts();
    view! {
        <PageHeading text=t.not_found_heading/>
        <p>{t.not_found_text}</p>
        <p><a class="button" href="/">{t.dashboard}</a></p>
    }
}
