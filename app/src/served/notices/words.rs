//! Every notice in words.

use super::super::history::action_text;
use super::super::texts::{NoticeTexts, ProfileTexts, Served};
use crate::i18n::{Plural, fill, language, plural};
use crate::portal::{Cause, Notice};

/// What happened, in a few words.
pub(super) fn title(t: &'static NoticeTexts, notice: &Notice) -> String {
    let key = notice.key.as_ref().map_or("", |key| key.description.as_str());
    let about_key = |text: &'static str| fill(text, &[("key", &key)]);
    match notice.cause {
        Cause::NewAddress => about_key(t.title_new_address),
        Cause::DeadKeyInUse if is_deleted(notice) => about_key(t.title_deleted_key_in_use),
        Cause::DeadKeyInUse => about_key(t.title_ended_key_in_use),
        Cause::Guessing if notice.detail.is_empty() => t.title_guessing.to_owned(),
        Cause::Guessing => fill(t.title_guessing_of, &[("username", &notice.detail)]),
        Cause::KeyGenerated => about_key(t.title_key_generated),
        Cause::KeyShown => about_key(t.title_key_shown),
        Cause::KeyDeleted => about_key(t.title_key_deleted),
        Cause::AddressesChanged => about_key(t.title_addresses_changed),
        Cause::KeyChanged => about_key(t.title_key_changed),
        Cause::KeyRotated => about_key(t.title_key_rotated),
        Cause::ApplicationApproved => about_key(t.title_application_approved),
        Cause::KeyExpiring => about_key(t.title_key_expiring),
        Cause::NewLogin if notice.is_from_unknown => t.title_unknown_login.to_owned(),
        Cause::NewLogin => t.title_new_login.to_owned(),
        Cause::PasswordExpiring => t.title_password_expiring.to_owned(),
        Cause::AccountChanged => t.title_account_changed.to_owned(),
        Cause::WebhookOff => t.title_webhook_off.to_owned(),
    }
}

/// The sentences below it.
pub(super) fn text(t: &'static NoticeTexts, notice: &Notice) -> String {
    let text = what_happened(t, notice);
    if is_counted(notice) || notice.count <= 1 {
        return text;
    }
    format!("{text} {}", fill(t.repeated, &[("times", &times(t, notice.count))]))
}

fn what_happened(t: &'static NoticeTexts, notice: &Notice) -> String {
    let counted = |text: &'static str| fill(text, &[("times", &times(t, notice.count))]);
    match notice.cause {
        Cause::NewAddress => counted(t.text_new_address),
        Cause::DeadKeyInUse => match notice.key.as_ref().and_then(|key| key.deleted.as_ref()) {
            Some(deleted) => fill(
                t.text_deleted_key_in_use,
                &[("deleted", &deleted.text), ("times", &times(t, notice.count))],
            ),
            None => counted(t.text_ended_key_in_use),
        },
        Cause::Guessing => counted(t.text_guessing),
        Cause::PasswordExpiring => ends_soon(t, notice, t.text_password_expiring),
        Cause::KeyExpiring => ends_soon(t, notice, t.text_key_expiring),
        Cause::WebhookOff => fill(t.text_webhook_off, &[("webhook", &notice.detail)]),
        Cause::NewLogin if notice.is_from_unknown => t.text_unknown_login.to_owned(),
        Cause::NewLogin => fill(t.text_new_login, &[("address", &from(t, notice))]),
        Cause::AddressesChanged | Cause::KeyChanged | Cause::KeyRotated | Cause::AccountChanged => {
            let what = notice.action.as_deref().and_then(|action| action_text(ProfileTexts::here(), action));
            let what = what.unwrap_or_default();
            let what =
                if notice.detail.is_empty() { what.to_owned() } else { format!("{what}: {}", notice.detail) };
            format!("{what}. {}", by(t, notice))
        }
        Cause::ApplicationApproved => format!("{} {}", t.text_application_approved, by(t, notice)),
        // Only the operator gives a reason.
        Cause::KeyDeleted if !notice.detail.is_empty() => {
            format!("{} {}", by(t, notice), fill(t.reason, &[("reason", &notice.detail)]))
        }
        Cause::KeyGenerated | Cause::KeyShown | Cause::KeyDeleted => by(t, notice),
    }
}

/// What to do about it.
pub(super) fn advice(t: &'static NoticeTexts, notice: &Notice) -> Option<&'static str> {
    Some(match notice.cause {
        Cause::NewAddress if is_deleted(notice) => return None,
        Cause::NewAddress if !notice.may_act => t.advice_ask_owner,
        Cause::NewAddress => t.advice_new_address,
        Cause::DeadKeyInUse => t.advice_dead_key_in_use,
        Cause::Guessing => t.advice_guessing,
        Cause::NewLogin => t.advice_new_login,
        Cause::PasswordExpiring => t.advice_password_expiring,
        Cause::KeyExpiring => t.advice_key_expiring,
        Cause::ApplicationApproved => t.advice_application_approved,
        Cause::WebhookOff => t.advice_webhook_off,
        Cause::KeyGenerated
        | Cause::KeyShown
        | Cause::KeyDeleted
        | Cause::AddressesChanged
        | Cause::KeyChanged
        | Cause::KeyRotated
        | Cause::AccountChanged => return notice.is_new.then_some(t.advice_act),
    })
}

/// How often it happened from addresses that are not kept.
pub(super) fn elsewhere(t: &'static NoticeTexts, notice: &Notice) -> Option<String> {
    let count = notice.count_elsewhere;
    (count > 0).then(|| fill(t.elsewhere, &[("times", &times(t, count))]))
}

/// "once", "50 times".
pub(super) fn times(t: &'static NoticeTexts, count: u64) -> String {
    let forms = Plural { one: t.times_one, few: t.times_few, many: t.times_many };
    plural(language(), count, forms)
}

/// "12 addresses".
pub(super) fn of_addresses(t: &'static NoticeTexts, count: u64) -> String {
    let forms = Plural { one: t.addresses_one, few: t.addresses_few, many: t.addresses_many };
    plural(language(), count, forms)
}

/// How much time was left when the notice was written, and what it means.
fn ends_soon(t: &'static NoticeTexts, notice: &Notice, text: &'static str) -> String {
    match notice.detail.parse() {
        Ok(days) => format!("{} {text}", days_left(t, days)),
        Err(_) => text.to_owned(),
    }
}

/// The days that were left when a notice was written.
fn days_left(t: &'static NoticeTexts, days: u64) -> String {
    let forms = Plural { one: t.days_one, few: t.days_few, many: t.days_many };
    fill(t.text_days_left, &[("days", &plural(language(), days, forms))])
}

/// A cause in the list of choices.
pub(super) fn cause_text(t: &'static NoticeTexts, cause: Cause) -> &'static str {
    match cause {
        Cause::NewAddress => t.cause_new_address,
        Cause::DeadKeyInUse => t.cause_dead_key_in_use,
        Cause::Guessing => t.cause_guessing,
        Cause::KeyGenerated => t.cause_key_generated,
        Cause::KeyShown => t.cause_key_shown,
        Cause::KeyDeleted => t.cause_key_deleted,
        Cause::AddressesChanged => t.cause_addresses_changed,
        Cause::KeyChanged => t.cause_key_changed,
        Cause::KeyRotated => t.cause_key_rotated,
        Cause::ApplicationApproved => t.cause_application_approved,
        Cause::KeyExpiring => t.cause_key_expiring,
        Cause::NewLogin => t.cause_new_login,
        Cause::PasswordExpiring => t.cause_password_expiring,
        Cause::AccountChanged => t.cause_account_changed,
        Cause::WebhookOff => t.cause_webhook_off,
    }
}

/// Whether it goes on counting, by addresses.
pub(super) fn is_counted(notice: &Notice) -> bool {
    matches!(notice.cause, Cause::NewAddress | Cause::DeadKeyInUse | Cause::Guessing)
}

/// By whom it was done, and from where.
fn by(t: &'static NoticeTexts, notice: &Notice) -> String {
    let address = from(t, notice);
    match notice.actor.as_deref() {
        None => fill(t.by_you, &[("address", &address)]),
        // The operator's shell has no address.
        Some(_) if address.is_empty() => t.by_operator.to_owned(),
        Some(actor) => fill(t.by_other, &[("actor", &actor), ("address", &address)]),
    }
}

/// Where an act came from.
fn from<'a>(t: &'static NoticeTexts, notice: &'a Notice) -> &'a str {
    if notice.is_from_unknown {
        return t.unknown_address;
    }
    notice.addresses.first().map_or("", |first| first.address.as_str())
}

fn is_deleted(notice: &Notice) -> bool {
    notice.key.as_ref().is_some_and(|key| key.deleted.is_some())
}
