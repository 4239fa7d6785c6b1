use contract::{KeyType, Role};
use domain::act::Action;
use domain::attempt::{AskedFor, Attempt, Fault};
use domain::time::Micros;
use domain::time_zone::TimeZone;
use service::records::HistoryLine;

use super::super::texts::{HistoryTexts, ProfileTexts, Served, SubUserTexts};
use crate::components::type_name;
use crate::i18n::{Language, fill, texts_in};

/// What was done, in words: of an attempt that failed, what was wrong and where.
pub(super) fn line_text(language: Language, line: &HistoryLine) -> String {
    let attempt = (line.action == Action::LoginFailed.name()).then(|| Attempt::parse(&line.detail)).flatten();
    if let Some(attempt) = attempt {
        return attempt_text(language, attempt);
    }
    action_text(ProfileTexts::in_language(language), &line.action).unwrap_or(&line.action).to_owned()
}

/// What an act is called where it can be chosen.
pub(super) fn action_name(language: Language, action: Action) -> &'static str {
    match action {
        Action::LoginFailed => HistoryTexts::in_language(language).failed_attempt,
        action => action_text(ProfileTexts::in_language(language), action.name()).unwrap_or(action.name()),
    }
}

fn attempt_text(language: Language, attempt: Attempt) -> String {
    let t = HistoryTexts::in_language(language);
    let fault = match attempt.fault {
        Fault::Password => t.wrong_password,
        Fault::Code => t.wrong_code,
        Fault::Disabled => t.user_disabled,
    };
    let place = match attempt.asked_for {
        AskedFor::Login => t.at_login,
        AskedFor::Show => t.at_show,
        AskedFor::Rotation => t.at_rotation,
        AskedFor::Generation => t.at_generation,
        AskedFor::Application => t.at_application,
        AskedFor::SubUsers => t.at_sub_users,
        AskedFor::Notices => t.at_notices,
        AskedFor::Webhooks => t.at_webhooks,
        AskedFor::TwoFactor => t.at_two_factor,
        AskedFor::RecoveryCodes => t.at_recovery_codes,
        AskedFor::NewPassword => t.at_new_password,
        AskedFor::Email => t.at_email,
    };
    format!("{fault} {place}")
}

/// What else a line says, with the codes of the audit log in words.
pub(super) fn detail_text(language: Language, zone: &TimeZone, line: &HistoryLine) -> String {
    let (t, all) = (HistoryTexts::in_language(language), texts_in(language));
    let raw = line.detail.as_str();
    let time = |form: &str| {
        let end = Micros::parse_rfc_3339(raw)?;
        Some(fill(form, &[("time", &zone.text(end))]))
    };
    let said = match Action::from_name(&line.action) {
        Some(Action::LoginFailed) => Attempt::parse(raw).map(|_| String::new()),
        Some(Action::KeyGenerated) => KeyType::from_name(raw).map(|kind| type_name(all, kind).to_owned()),
        Some(Action::RoleChanged) => {
            let t = SubUserTexts::in_language(language);
            Role::ALL.into_iter().find(|role| role.name() == raw).map(|role| {
                match role {
                    Role::ManagesKeys => t.manages_keys,
                    Role::ReadsOnly => t.reads_only,
                }
                .to_owned()
            })
        }
        Some(Action::UserAdded) if raw == "by invitation" => Some(t.by_invitation.to_owned()),
        Some(Action::KeyRotated) => time(t.old_token_until),
        Some(Action::KeyExpirySet) if raw.is_empty() => Some(t.never_ends.to_owned()),
        Some(Action::KeyExpirySet) => time(t.ends),
        _ => None,
    };
    said.unwrap_or_else(|| raw.to_owned())
}

/// Whether it was done in the operator's shell. A user may bear the operator's name.
fn is_by_operator(line: &HistoryLine) -> bool {
    line.actor == "operator" && line.address.is_none() && !line.by_program && line.user.as_str() != "operator"
}

/// Who did it.
pub(super) fn who(language: Language, line: &HistoryLine) -> String {
    match is_by_operator(line) {
        true => ProfileTexts::in_language(language).by_operator.to_owned(),
        false => line.actor.clone(),
    }
}

/// From where it was done.
pub(super) fn origin(language: Language, line: &HistoryLine) -> String {
    match line.address {
        Some(address) => address.to_string(),
        None if is_by_operator(line) => String::new(),
        None => ProfileTexts::in_language(language).address_unknown.to_owned(),
    }
}

/// What was done, by its name in the audit log.
#[must_use]
pub fn action_text(t: &'static ProfileTexts, action: &str) -> Option<&'static str> {
    Some(match action {
        "user_added" => t.action_user_added,
        "user_disabled" => t.action_user_disabled,
        "user_enabled" => t.action_user_enabled,
        "role_changed" => t.action_role_changed,
        "sessions_ended" => t.action_sessions_ended,
        "sub_user_invited" => t.action_sub_user_invited,
        "invitation_withdrawn" => t.action_invitation_withdrawn,
        "invitation_accepted" => t.action_invitation_accepted,
        "sub_user_removed" => t.action_sub_user_removed,
        "password_reset" => t.action_password_reset,
        "password_changed" => t.action_password_changed,
        "password_link_sent" => t.action_password_link_sent,
        "password_set_by_link" => t.action_password_set_by_link,
        "two_factor_on" => t.action_two_factor_on,
        "two_factor_off" => t.action_two_factor_off,
        "two_factor_reset" => t.action_two_factor_reset,
        "recovery_codes_made" => t.action_recovery_codes_made,
        "recovery_code_used" => t.action_recovery_code_used,
        "login" => t.action_login,
        "login_failed" => t.action_login_failed,
        "password_accepted" => t.action_password_accepted,
        "logout" => t.action_logout,
        "session_ended" => t.action_session_ended,
        "email_entered" => t.action_email_entered,
        "email_changed" => t.action_email_changed,
        "email_confirmed" => t.action_email_confirmed,
        "email_removed" => t.action_email_removed,
        "key_generated" => t.action_key_generated,
        "keys_imported" => t.action_keys_imported,
        "key_shown" => t.action_key_shown,
        "key_deleted" => t.action_key_deleted,
        "key_renamed" => t.action_key_renamed,
        "key_paused" => t.action_key_paused,
        "key_resumed" => t.action_key_resumed,
        "key_expiry_set" => t.action_key_expiry_set,
        "key_rotated" => t.action_key_rotated,
        "application_approved" => t.action_application_approved,
        "application_refused" => t.action_application_refused,
        "old_token_ended" => t.action_old_token_ended,
        "address_added" => t.action_address_added,
        "address_removed" => t.action_address_removed,
        "lock_width_set" => t.action_lock_width_set,
        "address_ignored" => t.action_address_ignored,
        "notices_chosen" => t.action_notices_chosen,
        "lock_released" => t.action_lock_released,
        "webhook_added" => t.action_webhook_added,
        "webhook_changed" => t.action_webhook_changed,
        "webhook_removed" => t.action_webhook_removed,
        _ => return None,
    })
}
