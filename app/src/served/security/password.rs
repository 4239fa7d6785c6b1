use leptos::prelude::*;

use super::super::part::own_username;
use super::super::texts::{SecurityTexts, Served};
use crate::components::{Form, FormState, Kind, PlainForm, SubmitButton, TextField, Time};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, Moment};
use crate::server_fns::ChangePassword;

/// The fields of a form that changes a password.
pub(super) const FIELDS: &[Field] = &[Field::Password, Field::NewPassword];

/// Where the password is changed.
pub(super) fn password_panel(ends: Option<Moment>) -> Part {
    let t = SecurityTexts::here();
    let form = Form::<ChangePassword>::new();
    let ends = ends.map(|ends| {
        view! { <p class="hint">{t.password_ends} " " <Time moment=Some(ends)/> ". " {t.password_ends_not}</p> }
    });
    view! {
        <section class="panel">
            <h2>{t.password_heading}</h2>
            {ends}
            <PlainForm form path="/account/profile?do=change_password" fields=FIELDS once=true>
                {password_fields(form.state)}
                <SubmitButton state=form.state label=t.change_password/>
            </PlainForm>
        </section>
    }
    .part()
}

/// The present password and the new one.
pub(super) fn password_fields(state: FormState) -> Part {
    let t = SecurityTexts::here();
    view! {
        {own_username()}
        <TextField
            state
            field=Field::Password
            name="password"
            label=t.present_password
            kind=Kind::CurrentPassword
        />
        <TextField
            state
            field=Field::NewPassword
            name="new_password"
            label=t.new_password
            kind=Kind::NewPassword
            hint=t.new_password_hint
        />
    }
    .part()
}
