use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::proof::late_proof_fields;
use super::SUB_USERS;
use crate::components::{Form, PlainForm, SubmitButton};
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PortalError, Role};
use crate::server_fns::form_name;

/// The fields that show their own errors.
const FIELDS: &[Field] = &[Field::Password, Field::Code];

/// One button about one name: the form of a server function that takes `username`, and perhaps `role`.
pub(super) fn row_form<F>(
    username: &str,
    label: &'static str,
    class: &'static str,
    role: Option<Role>,
) -> Part
where
    F: ServerFn<Error = PortalError> + 'static,
{
    let form = Form::<F>::new();
    // What was wrong with one row does not stand at all others.
    if form.state.entered("username").is_some_and(|entered| entered != username) {
        form.state.error.set(None);
    }
    let described = fill("{what}: {name}", &[("what", &label), ("name", &username)]);
    let role = role.map(|role| view! { <input type="hidden" name="role" value=role.field_value()/> });
    view! {
        <PlainForm form path=format!("{SUB_USERS}?do={}", form_name::<F>()) class="row-form" fields=FIELDS>
            <input type="hidden" name="username" value=username.to_owned()/>
            {role}
            {late_proof_fields(form.state)}
            <SubmitButton state=form.state label described class/>
        </PlainForm>
    }
    .part()
}
