use leptos::prelude::*;

use super::super::texts::{SecurityTexts, Served};
use crate::components::{Form, Kind, PlainForm, SubmitButton, TextField};
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::ChangePassword;

/// Where the password is changed.
pub(super) fn password_panel() -> Part {
    let t = SecurityTexts::here();
    let form = Form::<ChangePassword>::new();
    view! {
        <section class="panel">
            <h2>{t.password_heading}</h2>
            <PlainForm
                form
                path="/account/profile?do=change_password"
                fields=&[Field::Password, Field::NewPassword]
            >
                <TextField
                    state=form.state
                    field=Field::Password
                    name="password"
                    label=t.present_password
                    kind=Kind::CurrentPassword
                />
                <TextField
                    state=form.state
                    field=Field::NewPassword
                    name="new_password"
                    label=t.new_password
                    kind=Kind::NewPassword
                    hint=t.new_password_hint
                />
                <SubmitButton state=form.state label=t.change_password/>
            </PlainForm>
        </section>
    }
    .part()
}
