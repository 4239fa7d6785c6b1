use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::{Form, Kind, PageHeading, PlainForm, SubmitButton, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::{LogIn, local_path};

/// Where a session starts.
#[component]
pub(crate) fn LoginPage() -> Part {
    let t = texts();
    let form = Form::<LogIn>::new();
    let asked = use_query_map().with_untracked(|query| query.get("next"));
    let next = form.state.entered("next").or(asked);
    let next = local_path(next.as_deref()).to_owned();
    form.on_success({
        let next = next.clone();
        // Not by the router: the server knows what else is owed, such as a code, and leads there.
        move |()| {
            let _ = window().location().replace(&next);
        }
    });
    view! {
        <div class="door">
            <PageHeading text=t.login/>
            <PlainForm form path="/login" fields=&[Field::Username, Field::Password]>
                <input type="hidden" name="next" value=next/>
                <TextField state=form.state field=Field::Username name="username" label=t.username kind=Kind::Username/>
                <TextField state=form.state field=Field::Password name="password" label=t.password kind=Kind::CurrentPassword/>
                <SubmitButton state=form.state label=t.login/>
            </PlainForm>
        </div>
    }
    .part()
}
