//! `/account/profile`: what belongs to the user itself.

mod confirm;
mod email;
mod language;
mod sessions;
mod time_zone;

pub(crate) use confirm::confirm_page;

use leptos::prelude::*;

use super::part::{asked, confirmation};
use super::security::{security_done, security_panels};
use super::texts::{ProfileTexts, Served, WebhookTexts};
use crate::components::PageHeading;
use crate::part::{IntoPart, Part};
use crate::portal::Profile;
use crate::server_fns::profile;

/// Where the forms of the profile post to, with `?do=` behind it.
pub(super) const PROFILE: &str = "/account/profile";

/// The profile: a panel for each thing.
pub(crate) fn profile_page() -> Part {
    asked(profile(), |profile| show(&profile))
}

fn show(profile: &Profile) -> Part {
    let t = ProfileTexts::here();
    let webhooks = WebhookTexts::here().heading;
    let webhooks = profile.is_owner.then(|| view! { <p><a href="/account/webhooks">{webhooks}</a></p> });
    view! {
        <PageHeading/>
        {confirmation(|done| done_text(t, profile, done))}
        <div class="parts">
            {security_panels()}
            {email::email_panel(profile)}
            {time_zone::time_zone_panel(profile)}
            {language::language_panel(profile)}
            {sessions::sessions_part(&profile.sessions)}
        </div>
        <p><a href="/account/profile/history">{t.history_link}</a></p>
        {webhooks}
    }
    .part()
}

fn done_text(t: &'static ProfileTexts, profile: &Profile, done: &str) -> Option<&'static str> {
    Some(match done {
        "email" if profile.email_waiting.is_some() => t.done_email_sent,
        "email" => t.done_email,
        "email_confirmed" => t.done_email_confirmed,
        "email_removed" => t.done_email_removed,
        "language" => t.done_language,
        "time_zone" => t.done_time_zone,
        "session" => t.done_session,
        "sessions" => t.done_sessions,
        done => return security_done(done),
    })
}
