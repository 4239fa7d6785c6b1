#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::landings;
#[cfg(feature = "ssr")]
use super::signed_in;
#[cfg(feature = "ssr")]
use crate::portal::WaitingEmail;
use crate::portal::{Code, EmailLink, Password, PortalError, Profile};
#[cfg(feature = "ssr")]
use crate::to_view::{moment, session_view};
#[cfg(feature = "ssr")]
use domain::time_zone::TimeZone;
#[cfg(feature = "ssr")]
use service::records::WaitingAddress;

/// What the user chose and entered.
#[server(name = ReadProfile, prefix = "/portal", endpoint = "profile", input = GetUrl)]
pub async fn profile() -> Result<Profile, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let sessions = request.note(request.use_cases.accounts.list_own_sessions(actor).await)?;
    let address = request.note(request.use_cases.mail_addresses.find(actor).await)?;
    let zone = &request.reader.time_zone;
    let waiting = |waiting: WaitingAddress| WaitingEmail {
        email: waiting.email,
        until: moment(waiting.expires_at, zone),
    };
    Ok(Profile {
        is_owner: actor.is_owner(),
        email: address.email,
        email_is_confirmed: address.is_confirmed,
        email_waiting: address.waiting.map(waiting),
        mail_is_on: request.use_cases.mail_is_on,
        code_needed: actor.has_second_factor(),
        proof_needed: request.use_cases.accounts.is_proof_needed(actor),
        language: request.reader.language.map_or("", |language| language.code()).to_owned(),
        time_zone: zone.name().to_owned(),
        time_zones: TimeZone::names().map(ToOwned::to_owned).collect(),
        now: moment(request.use_cases.clock.now(), zone),
        sessions: sessions.into_iter().map(|session| session_view(session, zone)).collect(),
    })
}

/// Enters a mail address, or removes it: the button that is pressed says which.
#[server(prefix = "/portal", endpoint = "set_email")]
pub async fn set_email(
    #[server(default)] email: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(default)] remove: bool,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.changing()?;
    let (addresses, password) = (&request.use_cases.mail_addresses, password.map(Password::take));
    let changed = if remove {
        addresses.remove(actor, password, &code.0, request.language).await
    } else {
        addresses.change(actor, &email, password, &code.0, request.language).await
    };
    request.note(changed)
}

/// The mail address that a link would confirm; a POST, because the link is a secret.
#[server(prefix = "/portal", endpoint = "find_email_by_link")]
pub async fn find_email_by_link(#[server(default)] token: EmailLink) -> Result<Option<String>, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.mail_addresses.find_by_link(actor, &token.0).await)
}

/// Confirms a mail address.
#[server(prefix = "/portal", endpoint = "confirm_email")]
pub async fn confirm_email(#[server(default)] token: EmailLink) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.changing()?;
    request.note(request.use_cases.mail_addresses.confirm(actor, &token.0, request.language).await)
}

/// Chooses a language.
#[server(prefix = "/portal", endpoint = "set_language")]
pub async fn set_language(#[server(default)] language: String) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.changing()?;
    request.note(request.use_cases.accounts.set_language(actor, &language).await)
}

/// Chooses a time zone.
#[server(prefix = "/portal", endpoint = "set_time_zone")]
pub async fn set_time_zone(#[server(default)] time_zone: String) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.changing()?;
    request.note(request.use_cases.accounts.set_time_zone(actor, &time_zone).await)
}

/// Ends one of the user's sessions.
#[server(prefix = "/portal", endpoint = "end_session")]
pub async fn end_session(#[server(default)] session: String) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.accounts.end_session(actor, &session).await)
}

/// Ends all sessions of the user but the present one.
#[server(prefix = "/portal", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.accounts.end_other_sessions(actor).await)
}

landings! {
    SetEmail(form) => if form.remove { "/account/profile?done=email_removed" } else { "/account/profile?done=email" },
        [email];
    ConfirmEmail(form) => "/account/profile?done=email_confirmed", [];
    SetLanguage(form) => "/account/profile?done=language", [language];
    SetTimeZone(form) => "/account/profile?done=time_zone", [time_zone];
    EndSession(form) => "/account/profile?done=session", [];
    EndOtherSessions(form) => "/account/profile?done=sessions", [];
}
