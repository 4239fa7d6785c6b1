//! Where a session starts, and where the first account is created.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::location::Url;

use super::part::{asked, confirmation};
use super::texts::{DoorTexts, Served};
use crate::components::{Form, FormState, Kind, PageHeading, PlainForm, SubmitButton, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, SetupLink};
use crate::server_fns::{CreateFirstAccount, LogIn, local_path, setup_is_open};

/// Where a session starts.
pub(crate) fn login_page() -> Part {
    let (t, door) = (texts(), DoorTexts::here());
    let form = Form::<LogIn>::new();
    view! {
        <div class="door">
            <PageHeading/>
            {confirmation(|done| (done == "password").then_some(door.done_password))}
            <PlainForm form path="/login" fields=&[Field::Username, Field::Password] once=true>
                {next_field(form.state)}
                <TextField state=form.state field=Field::Username name="username" label=t.username kind=Kind::Username/>
                <TextField state=form.state field=Field::Password name="password" label=t.password kind=Kind::CurrentPassword/>
                <SubmitButton state=form.state label=t.login/>
            </PlainForm>
            <p><a href="/login/forgot">{door.forgot}</a></p>
        </div>
    }
    .part()
}

/// The hidden field that says where the login leads to.
pub(super) fn next_field(state: FormState) -> Part {
    let asked = use_query_map().with_untracked(|query| query.get("next"));
    let next = state.entered("next").or(asked);
    let next = local_path(next.as_deref()).to_owned();
    view! { <input type="hidden" name="next" value=next/> }.part()
}

/// Where the first account is created, by the holder of the link.
pub(crate) fn setup_page() -> Part {
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    let page = asked(setup_is_open(SetupLink(token.clone())), move |open| match open {
        true => setup_form(token),
        false if token.is_empty() => no_account(),
        false => closed_link(),
    });
    view! { <div class="door">{page}</div> }.part()
}

fn setup_form(token: String) -> Part {
    let (t, door) = (texts(), DoorTexts::here());
    let form = Form::<CreateFirstAccount>::new();
    let path = format!("/setup?token={}", Url::escape(&token));
    view! {
        <PageHeading/>
        <p>{door.setup_text}</p>
        <PlainForm form path fields=&[Field::Username, Field::Password] once=true>
            <input type="hidden" name="token" value=token/>
            <TextField
                state=form.state
                field=Field::Username
                name="username"
                label=t.username
                kind=Kind::Username
                hint=door.username_hint
            />
            <TextField
                state=form.state
                field=Field::Password
                name="password"
                label=t.password
                kind=Kind::NewPassword
                hint=door.new_password_hint
            />
            <SubmitButton state=form.state label=door.create_account/>
        </PlainForm>
    }
    .part()
}

/// The server leads every visitor here before there is an account.
fn no_account() -> Part {
    let door = DoorTexts::here();
    view! { <PageHeading/><p>{door.setup_no_account}</p> }.part()
}

fn closed_link() -> Part {
    let door = DoorTexts::here();
    view! {
        <PageHeading text=door.setup_closed_heading/>
        <p>{door.problem_link_closed}</p>
        <p><a class="button" href="/login">{texts().login}</a></p>
    }
    .part()
}
