use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::components::{Announcer, Form, PageHeading, PlainForm, SubmitButton, TextField, TypeField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::GenerateKey;
use crate::session::FreshKey;

/// Where a key is generated.
#[component]
pub(crate) fn GenerateKeyPage() -> Part {
    let t = texts();
    let form = Form::<GenerateKey>::new();
    let (FreshKey(generated), announcer, navigate) = (FreshKey::here(), Announcer::here(), use_navigate());
    form.on_success(move |key| {
        generated.set(Some(key));
        announcer.say(t.fresh_heading);
        navigate("/account/api-keys", NavigateOptions::default());
    });
    view! {
        <PageHeading text=t.generate_heading/>
        <PlainForm form path="/account/api-keys/new" fields=&[Field::Description, Field::KeyType] class="form panel">
            <TextField
                state=form.state
                field=Field::Description
                name="description"
                label=t.column_description
                hint=t.description_hint
            />
            <TypeField state=form.state/>
            <SubmitButton state=form.state label=t.generate/>
        </PlainForm>
        <p><a href="/account/api-keys">{t.list_link}</a></p>
    }
    .part()
}
