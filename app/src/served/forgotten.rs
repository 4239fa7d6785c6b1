//! How somebody gets back in who has forgotten their password.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::location::Url;

use super::part::{asked_or, confirmation};
use super::texts::{DoorTexts, Served};
use crate::components::{Form, Kind, PageHeading, PlainForm, SubmitButton, TextField, own_username_input};
use crate::i18n::texts;
use crate::page_request::PageRequest;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PasswordLink, PortalError};
use crate::server_fns::{SendPasswordLink, SetPasswordByLink, find_password_link};

/// Where a link to set a password is asked for.
pub(crate) fn forgot_page() -> Part {
    let t = DoorTexts::here();
    let mail_is_on = use_context::<Arc<PageRequest>>().is_some_and(|request| request.use_cases.mail_is_on);
    let content = if mail_is_on { ask_form(t) } else { view! { <p>{t.forgot_no_mail}</p> }.part() };
    view! {
        <div class="door">
            <PageHeading/>
            {confirmation(|done| (done == "sent").then_some(t.forgot_sent))}
            {content}
            <p><a href="/login">{texts().login}</a></p>
        </div>
    }
    .part()
}

fn ask_form(t: &'static DoorTexts) -> Part {
    let form = Form::<SendPasswordLink>::new();
    view! {
        <p>{t.forgot_text}</p>
        <PlainForm form path="/login/forgot" fields=&[Field::Username] once=true>
            <TextField state=form.state field=Field::Username name="username" label=texts().username kind=Kind::Username/>
            <SubmitButton state=form.state label=t.forgot_send/>
        </PlainForm>
    }
    .part()
}

/// Where a password is chosen, by the link that came by mail.
pub(crate) fn new_password_page() -> Part {
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    let closed = |error: &PortalError| (*error == PortalError::NotFound).then(closed_link);
    let question = find_password_link(PasswordLink(token.clone()));
    let page = asked_or(question, move |username| choose_form(username, token), closed);
    view! { <div class="door">{page}</div> }.part()
}

fn choose_form(username: String, token: String) -> Part {
    let t = DoorTexts::here();
    let form = Form::<SetPasswordByLink>::new();
    let path = format!("/login/password?token={}", Url::escape(&token));
    view! {
        <PageHeading/>
        <dl class="facts">
            <div><dt>{texts().username}</dt><dd>{username.clone()}</dd></div>
        </dl>
        <p>{t.new_password_text}</p>
        <PlainForm form path fields=&[Field::NewPassword] once=true>
            <input type="hidden" name="token" value=token/>
            {own_username_input(username)}
            <TextField
                state=form.state
                field=Field::NewPassword
                name="new_password"
                label=t.new_password
                kind=Kind::NewPassword
                hint=t.new_password_hint
            />
            <SubmitButton state=form.state label=t.new_password_save/>
        </PlainForm>
    }
    .part()
}

fn closed_link() -> Part {
    let t = DoorTexts::here();
    view! {
        <PageHeading text=t.setup_closed_heading/>
        <p>{t.new_password_closed}</p>
        <p><a class="button" href="/login/forgot">{t.new_password_again}</a></p>
    }
    .part()
}
