use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::part::asked;
use super::super::texts::{ProfileTexts, Served};
use super::PROFILE;
use crate::components::{Form, PageHeading, PlainForm, SubmitButton};
use crate::part::{IntoPart, Part};
use crate::portal::EmailLink;
use crate::server_fns::{ConfirmEmail, find_email_by_link};

/// Where the link in a mail leads: it asks with a button, because programs that scan mails open links too.
pub(crate) fn confirm_page() -> Part {
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    asked(find_email_by_link(EmailLink(token.clone())), move |email| match email {
        Some(email) => question(email, token),
        None => stale(),
    })
}

fn question(email: String, token: String) -> Part {
    let t = ProfileTexts::here();
    let form = Form::<ConfirmEmail>::new();
    let path = format!("{PROFILE}/confirm?token={}", leptos_router::location::Url::escape(&token));
    view! {
        <PageHeading/>
        <p>{t.confirm_question} " " <span class="address">{email}</span></p>
        <PlainForm form path once=true>
            <input type="hidden" name="token" value=token/>
            <SubmitButton state=form.state label=t.confirm/>
        </PlainForm>
        <p class="after"><a href=PROFILE>{t.back}</a></p>
    }
    .part()
}

fn stale() -> Part {
    let t = ProfileTexts::here();
    view! {
        <PageHeading/>
        <p>{t.problem_stale_link}</p>
        <p><a class="button" href=PROFILE>{t.heading}</a></p>
    }
    .part()
}
