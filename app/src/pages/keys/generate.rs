use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::components::{
    Announcer, Form, FormState, Kind, PageHeading, PlainForm, SubmitButton, TextField, forbidden_view,
    once_there, problem_line, problem_of, proof_fields, type_field,
};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PortalError, Viewer};
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
    let show = move |viewer: Result<Option<Viewer>, PortalError>| match viewer {
        Ok(Some(viewer)) if !viewer.may_manage => forbidden_view(),
        Ok(Some(viewer)) => generate_form(form, viewer),
        _ => forbidden_view(),
    };
    once_there(expect_context::<Session>().viewer, || ().part(), show)
}

const FIELDS: [Field; 6] =
    [Field::Description, Field::KeyType, Field::ExpiresAt, Field::ManagesKeys, Field::Password, Field::Code];

/// The choice whether programs may manage keys with it. It takes the password, so it is folded away from everybody who
/// only wants a key.
fn permission_field(state: FormState, viewer: Viewer) -> Part {
    let t = texts();
    let problem = problem_of(state, Field::ManagesKeys);
    let checked = state.entered("manages_keys").is_some_and(|value| !value.is_empty());
    view! {
        <details class="field" open=checked>
            <summary>{t.manages_keys}</summary>
            <p class="hint">
                {t.manages_keys_hint} " " <a href="/docs/api" rel="external">{t.manages_keys_guide}</a>
            </p>
            <label class="choice">
                <input type="checkbox" name="manages_keys" value="true" autocomplete="off" checked=checked/>
                <span>{t.manages_keys}</span>
            </label>
            {problem_line("manages_keys-error".into(), problem)}
            {proof_fields(state, viewer.username, viewer.code_needed, t.manages_keys_proof)}
        </details>
    }
    .part()
}

fn generate_form(form: Form<GenerateKey>, viewer: Viewer) -> Part {
    let t = texts();
    let for_another = viewer.has_sub_users.then(|| {
        view! { <p><a href="/account/sub-users/key" rel="external">{t.generate_for_sub_user}</a></p> }
    });
    view! {
        <PageHeading/>
        {for_another}
        <PlainForm form path="/account/api-keys/new" fields=&FIELDS checked=true class="form panel" once=true>
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
            {permission_field(form.state, viewer)}
            <SubmitButton state=form.state label=t.generate/>
        </PlainForm>
        <p><a href="/account/api-keys">{t.list_link}</a></p>
    }
    .part()
}
