use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::texts::{SecurityTexts, Served};
use super::password::{FIELDS, password_fields};
use crate::components::{Form, FormState, Kind, PageHeading, PlainForm, SubmitButton, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::Field;
use crate::server_fns::{GiveCode, LogOut, RenewPassword, local_path};

/// Where a login is completed with a code.
pub(in super::super) fn code_page() -> Part {
    let t = SecurityTexts::here();
    let form = Form::<GiveCode>::new();
    view! {
        <div class="door">
            <PageHeading text=t.code_heading/>
            <p>{t.code_text}</p>
            <PlainForm form path="/login/code" fields=&[Field::Code] once=true>
                {next(form.state)}
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
pub(in super::super) fn renewal_page() -> Part {
    let t = SecurityTexts::here();
    let form = Form::<RenewPassword>::new();
    view! {
        <div class="door">
            <PageHeading text=t.renewal_heading/>
            <p>{t.renewal_text}</p>
            <PlainForm form path="/account/password" fields=FIELDS once=true>
                {next(form.state)}
                {password_fields(form.state)}
                <SubmitButton state=form.state label=t.change_password/>
            </PlainForm>
            {way_out()}
        </div>
    }
    .part()
}

/// Where the login was to lead.
fn next(state: FormState) -> Part {
    let asked = use_query_map().with_untracked(|query| query.get("next"));
    let next = state.entered("next").or(asked);
    let next = local_path(next.as_deref()).to_owned();
    view! { <input type="hidden" name="next" value=next/> }.part()
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
