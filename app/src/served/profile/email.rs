use leptos::prelude::*;

use super::super::part::own_username;
use super::super::texts::{ProfileTexts, Served};
use super::PROFILE;
use crate::components::{Form, Kind, PlainForm, SubmitButton, TextField, Time};
use crate::i18n::texts;
use crate::part::{IntoPart, Part};
use crate::portal::{Field, PortalError, Profile, WaitingEmail};
use crate::server_fns::SetEmail;

/// The mail address: the one in force, the one that waits, and the form for another.
pub(super) fn email_panel(profile: &Profile) -> Part {
    let t = ProfileTexts::here();
    let form = Form::<SetEmail>::new();
    let state = form.state;
    let has_any = profile.email.is_some() || profile.email_waiting.is_some();
    let remove = has_any.then(|| {
        let value = "true".to_owned();
        view! { <SubmitButton state label=texts().remove name="remove" value class="button quiet"/> }
    });
    let save = if profile.mail_is_on { t.email_send_link } else { texts().save };
    let mail_off = (!profile.mail_is_on).then(|| view! { <p class="hint">{t.email_mail_off}</p> });
    let asks = profile.proof_needed
        || state.error.with(|error| {
            error.as_ref().is_some_and(|error| {
                *error == PortalError::ProofNeeded
                    || error.problem_of(Field::Password).is_some()
                    || error.problem_of(Field::Code).is_some()
            })
        });
    let password = asks.then(|| {
        view! {
            {own_username()}
            <TextField
                state
                field=Field::Password
                name="password"
                label=texts().password
                kind=Kind::CurrentPassword
                hint=t.email_proof_hint
            />
        }
    });
    let code = (asks && profile.code_needed).then(|| {
        view! {
            <TextField
                state
                field=Field::Code
                name="code"
                label=texts().code
                kind=Kind::Code
                class="input code"
                hint=texts().code_hint
            />
        }
    });
    view! {
        <section class="panel">
            <h2>{t.email_heading}</h2>
            {in_force(t, profile)}
            {profile.email_waiting.clone().map(|waiting| waiting_text(t, profile, waiting))}
            {mail_off}
            <PlainForm
                form
                path=format!("{PROFILE}?do=set_email")
                fields=&[Field::Email, Field::Password, Field::Code]
                once=true
            >
                <TextField
                    state
                    field=Field::Email
                    name="email"
                    label=t.email_label
                    kind=Kind::Email
                />
                {password}
                {code}
                <div class="buttons">
                    <SubmitButton state label=save/>
                    {remove}
                </div>
            </PlainForm>
        </section>
    }
    .part()
}

fn in_force(t: &'static ProfileTexts, profile: &Profile) -> Part {
    let Some(email) = profile.email.clone() else {
        return view! { <p>{t.email_none}</p> }.part();
    };
    let badge = if profile.email_is_confirmed { t.email_confirmed } else { t.email_unconfirmed };
    let meaning = (!profile.email_is_confirmed && profile.mail_is_on)
        .then(|| view! { <p class="hint">{t.email_unconfirmed_text}</p> });
    view! {
        <p class="own-email"><span class="address">{email}</span> " " <span class="badge">{badge}</span></p>
        {meaning}
    }
    .part()
}

fn waiting_text(t: &'static ProfileTexts, profile: &Profile, waiting: WaitingEmail) -> Part {
    let until_then = profile.email.is_some().then_some(t.email_waiting_old);
    view! {
        <p class="waiting">
            {t.email_waiting} " " <span class="address">{waiting.email}</span> ". " {t.email_waiting_until} " "
            <Time moment=Some(waiting.until)/> ". " {until_then}
        </p>
    }
    .part()
}
