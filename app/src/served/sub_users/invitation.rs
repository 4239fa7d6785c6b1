use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::location::Url;

use super::super::part::asked_or;
use super::super::texts::{DoorTexts, Served, SubUserTexts};
use crate::components::{
    Form, Kind, PageHeading, PlainForm, SubmitButton, TextField, Time, own_username_input,
};
use crate::i18n::{fill, texts};
use crate::part::{IntoPart, Part};
use crate::portal::{Field, Invitation, InvitationLink, PortalError};
use crate::server_fns::{AcceptInvitation, find_invitation};

/// Where the invited choose a password, by the link that they were given.
pub(crate) fn invitation_page() -> Part {
    let token = use_query_map().with_untracked(|query| query.get("token")).unwrap_or_default();
    let closed = |error: &PortalError| (*error == PortalError::NotFound).then(closed_link);
    let question = find_invitation(InvitationLink(token.clone()));
    let page = asked_or(question, move |invitation| welcome(&invitation, token), closed);
    view! { <div class="door">{page}</div> }.part()
}

fn welcome(invitation: &Invitation, token: String) -> Part {
    let t = SubUserTexts::here();
    let form = Form::<AcceptInvitation>::new();
    let path = format!("/invitation?token={}", Url::escape(&token));
    view! {
        <PageHeading/>
        <p>{fill(t.invitation_text, &[("owner", &invitation.owner)])}</p>
        <dl class="facts">
            <div><dt>{texts().username}</dt><dd>{invitation.username.clone()}</dd></div>
            <div><dt>{t.column_expires}</dt><dd><Time moment=Some(invitation.expires.clone())/></dd></div>
        </dl>
        <PlainForm form path fields=&[Field::Password] once=true>
            <input type="hidden" name="token" value=token/>
            {own_username_input(invitation.username.clone())}
            <TextField
                state=form.state
                field=Field::Password
                name="password"
                label=texts().password
                kind=Kind::NewPassword
                hint=DoorTexts::here().new_password_hint
            />
            <SubmitButton state=form.state label=t.accept/>
        </PlainForm>
    }
    .part()
}

fn closed_link() -> Part {
    let t = SubUserTexts::here();
    view! {
        <PageHeading text=DoorTexts::here().setup_closed_heading/>
        <p>{t.invitation_closed}</p>
        <p><a class="button" href="/login">{texts().login}</a></p>
    }
    .part()
}
