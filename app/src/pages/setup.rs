use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::location::Url;

use crate::components::{Form, Kind, Loaded, PageHeading, PlainForm, SubmitButton, TextField};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, SetupLink};
use crate::question::setup_is_open;
use crate::server_fns::CreateFirstAccount;
use crate::session::Session;

/// Where the first account is created, by whoever holds the link.
#[component]
pub(crate) fn SetupPage() -> Part {
    let form = Form::<CreateFirstAccount>::new();
    let navigate = use_navigate();
    form.on_success(move |()| {
        Session::refresh();
        navigate("/", NavigateOptions { replace: true, ..NavigateOptions::default() });
    });
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    let open = setup_is_open(SetupLink(token.clone()));
    let show = move |open| {
        if open {
            view! { <SetupForm form token=token.clone()/> }.part()
        } else if token.is_empty() {
            // Here the server leads who asks for any page before there is an account.
            let t = texts();
            view! { <PageHeading text=t.setup_heading/><p>{t.setup_no_account}</p> }.part()
        } else {
            view! { <ClosedLink/> }.part()
        }
    };
    view! { <div class="door"><Loaded from=open show/></div> }.part()
}

#[component]
fn SetupForm(
    /// What it sends.
    form: Form<CreateFirstAccount>,
    /// The secret part of the link.
    token: String,
) -> impl IntoView {
    let t = texts();
    let path = format!("/setup?token={}", Url::escape(&token));
    view! {
        <PageHeading text=t.setup_heading/>
        <p>{t.setup_text}</p>
        <PlainForm form path fields=&[Field::Username, Field::Password] once=true>
            <input type="hidden" name="token" value=token/>
            <TextField
                state=form.state
                field=Field::Username
                name="username"
                label=t.username
                kind=Kind::Username
                hint=t.username_hint
            />
            <TextField
                state=form.state
                field=Field::Password
                name="password"
                label=t.password
                kind=Kind::NewPassword
                hint=t.new_password_hint
            />
            <SubmitButton state=form.state label=t.create_account/>
        </PlainForm>
    }
}

#[component]
fn ClosedLink() -> impl IntoView {
    let t = texts();
    view! {
        <PageHeading text=t.setup_closed_heading/>
        <p>{t.problem_link_closed}</p>
        <p><a class="button" href="/login" rel="external">{t.login}</a></p>
    }
}
