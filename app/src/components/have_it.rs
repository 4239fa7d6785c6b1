use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::{Form, PlainForm, SubmitButton};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::server_call::made;
use crate::server_fns::HaveIt;

/// The button with which the reader of what is shown once says that it is not needed any more.
#[component]
pub(crate) fn HaveItForm(
    /// The page without what it shows once.
    #[prop(into)]
    path: String,
) -> Part {
    let (made, navigate) = (made().get_untracked(), use_navigate());
    let plain = path.clone();
    let form = Form::<HaveIt>::then(move |()| {
        navigate(&plain, NavigateOptions { replace: true, ..NavigateOptions::default() });
    });
    view! {
        <PlainForm form path=format!("{path}?do=have_it") class="have-it">
            <input type="hidden" name="made" value=made/>
            <input type="hidden" name="next" value=path/>
            <p class="hint">{texts().kept_note}</p>
            <SubmitButton state=form.state label=texts().have_it class="button quiet"/>
        </PlainForm>
    }
    .part()
}
