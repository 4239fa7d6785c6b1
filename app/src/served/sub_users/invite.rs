use leptos::prelude::*;

use super::super::proof::proof_fields;
use super::super::texts::{DoorTexts, Served, SubUserTexts};
use super::{SUB_USERS, role_name};
use crate::components::{Form, Kind, PlainForm, SubmitButton, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, Role};
use crate::server_fns::InviteSubUser;

/// Where somebody is invited.
pub(super) fn invite(mail_is_on: bool) -> Part {
    let t = SubUserTexts::here();
    let form = Form::<InviteSubUser>::new();
    let state = form.state;
    let chosen = state.entered("role").unwrap_or_else(|| Role::ManagesKeys.field_value().into());
    let choices = Role::ALL.map(|role| {
        let name = role.field_value();
        let meaning = match role {
            Role::ManagesKeys => t.manages_keys_meaning,
            Role::ReadsOnly => t.reads_only_meaning,
        };
        view! {
            <label class="choice">
                <input type="radio" name="role" value=name autocomplete="off" checked=chosen == name/>
                <span>{role_name(role)}" – "{meaning}</span>
            </label>
        }
    });
    let mail_hint = if mail_is_on { t.email_hint } else { t.email_hint_off };
    view! {
        <section class="panel below">
            <h2>{t.invite_heading}</h2>
            <p>{t.invite_text}</p>
            <PlainForm
                form
                path=format!("{SUB_USERS}?do=invite_sub_user")
                fields=&[Field::Username, Field::Email, Field::Password, Field::Code]
                once=true
            >
                <TextField
                    state
                    field=Field::Username
                    name="username"
                    label=texts().username
                    hint=DoorTexts::here().username_hint
                />
                <TextField
                    state
                    field=Field::Email
                    name="email"
                    label=t.email_label
                    kind=Kind::Text
                    hint=mail_hint
                />
                <fieldset>
                    <legend>{t.column_role}</legend>
                    {choices}
                </fieldset>
                {proof_fields(state)}
                <SubmitButton state label=t.invite/>
            </PlainForm>
        </section>
    }
    .part()
}
