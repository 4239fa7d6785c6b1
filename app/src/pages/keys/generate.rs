use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::components::{
    Announcer, Form, Kind, PageHeading, PlainForm, SubmitButton, TextField, forbidden_view, once_there,
    type_field,
};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, Viewer};
use crate::server_call::Reply;
use crate::server_fns::GenerateKey;
use crate::session::Session;

/// Where a key is generated.
#[component]
pub(crate) fn GenerateKeyPage() -> Part {
    let t = texts();
    let (announcer, navigate) = (Announcer::here(), use_navigate());
    let form = Form::<GenerateKey>::then(move |key| {
        announcer.say(t.fresh_heading);
        // Not back to a form that would be sent again.
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate(&format!("/account/api-keys?made={}", key.made), options);
    });
    let show = move |reply: Reply| match reply.read::<Option<Viewer>>() {
        Ok(Some(viewer)) if !viewer.may_manage => forbidden_view(),
        _ => generate_form(form),
    };
    once_there(expect_context::<Session>().viewer, || ().part(), Arc::new(show))
}

fn generate_form(form: Form<GenerateKey>) -> Part {
    let t = texts();
    view! {
        <PageHeading/>
        <PlainForm form path="/account/api-keys/new" fields=&[Field::Description, Field::KeyType, Field::ExpiresAt] checked=true class="form panel" once=true>
            <TextField
                state=form.state
                field=Field::Description
                name="description"
                label=t.column_description
                hint=t.description_hint
            />
            {type_field(form.state)}
            <TextField
                state=form.state
                field=Field::ExpiresAt
                name="expires_at"
                label=t.expires
                kind=Kind::DateTime
                hint=t.expires_hint
            />
            <SubmitButton state=form.state label=t.generate/>
        </PlainForm>
        <p><a href="/account/api-keys">{t.list_link}</a></p>
    }
    .part()
}
