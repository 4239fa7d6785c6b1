//! `/unsubscribe`: where the link of a letter stops letters of its kind.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::part::asked;
use super::texts::{MailTexts, Served};
use crate::components::{Form, PageHeading, PlainForm, SubmitButton};
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::server_fns::{Unsubscribe, find_subscription};

/// Asks once, because programs that look through mail follow links too.
pub(crate) fn unsubscribe_page() -> Part {
    let t = MailTexts::here();
    let (token, is_done) = use_query_map()
        .with_untracked(|query| (query.get("token").unwrap_or_default(), query.get("done").is_some()));
    if is_done {
        return view! {
            <PageHeading/>
            <p class="notice" role="status">{t.unsubscribe_done}</p>
        }
        .part();
    }
    asked(find_subscription(token.clone()), move |cause| show(&cause, token))
}

fn show(cause: &str, token: String) -> Part {
    let t = MailTexts::here();
    let form = Form::<Unsubscribe>::new();
    view! {
        <PageHeading/>
        <p>{fill(t.unsubscribe_text, &[("about", &t.about(cause))])}</p>
        <PlainForm form path="/unsubscribe">
            <input type="hidden" name="token" value=token/>
            <SubmitButton state=form.state label=t.unsubscribe_button/>
        </PlainForm>
    }
    .part()
}

impl MailTexts {
    /// What letters about a cause tell of, by the cause's name; a name that nobody knows is nothing.
    #[must_use]
    pub fn about(&self, cause: &str) -> &'static str {
        match cause {
            "new_address" => self.about_new_address,
            "dead_key_in_use" => self.about_dead_key_in_use,
            "guessing" => self.about_guessing,
            "key_generated" => self.about_key_generated,
            "key_shown" => self.about_key_shown,
            "key_deleted" => self.about_key_deleted,
            "addresses_changed" => self.about_addresses_changed,
            "key_changed" => self.about_key_changed,
            "key_rotated" => self.about_key_rotated,
            "application_approved" => self.about_application_approved,
            "key_expiring" => self.about_key_expiring,
            "new_login" => self.about_new_login,
            "password_expiring" => self.about_password_expiring,
            "account_changed" => self.about_account_changed,
            "webhook_off" => self.about_webhook_off,
            _ => "",
        }
    }
}
