use leptos::prelude::*;

use super::super::door::next_field;
use super::super::texts::{SecurityTexts, Served};
use super::password::{FIELDS, password_fields};
use crate::components::{Form, Kind, PageHeading, PlainForm, SubmitButton, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::{GiveCode, LogOut, RenewPassword};

/// Where a login is completed with a code.
pub(crate) fn code_page() -> Part {
    let t = SecurityTexts::here();
    let form = Form::<GiveCode>::new();
    view! {
        <div class="door">
            <PageHeading/>
            <p>{t.code_text}</p>
            <PlainForm form path="/login/code" fields=&[Field::Code] once=true>
                {next_field(form.state)}
                <TextField
                    state=form.state
                    field=Field::Code
                    name="code"
                    label=texts().code
                    kind=Kind::Code
                    class="input code"
                />
                <SubmitButton state=form.state label=t.code_button/>
            </PlainForm>
            {way_out()}
        </div>
    }
    .part()
}

/// Where a password is changed that is too old.
pub(crate) fn renewal_page() -> Part {
    let t = SecurityTexts::here();
    let form = Form::<RenewPassword>::new();
    view! {
        <div class="door">
            <PageHeading/>
            <p>{t.renewal_text}</p>
            <PlainForm form path="/account/password" fields=FIELDS once=true>
                {next_field(form.state)}
                {password_fields(form.state)}
                <SubmitButton state=form.state label=t.change_password/>
            </PlainForm>
            {way_out()}
        </div>
    }
    .part()
}

fn way_out() -> Part {
    let log_out = Form::<LogOut>::new();
    view! {
        <PlainForm form=log_out path="/logout">
            <SubmitButton state=log_out.state label=texts().logout class="link-button"/>
        </PlainForm>
    }
    .part()
}
