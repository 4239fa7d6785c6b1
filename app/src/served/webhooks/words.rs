use super::super::texts::{Served, WebhookTexts};
use crate::i18n::{Language, fill};
use crate::portal::{Delivery, WebhookProblem};

/// What is wrong with a webhook's form.
pub(crate) fn webhook_problem(language: Language, problem: WebhookProblem) -> &'static str {
    let t = WebhookTexts::in_language(language);
    match problem {
        WebhookProblem::NoUrl => t.problem_no_url,
        WebhookProblem::NotAUrl => t.problem_not_a_url,
        WebhookProblem::NotHttps => t.problem_not_https,
        WebhookProblem::Credentials => t.problem_credentials,
        WebhookProblem::Fragment => t.problem_fragment,
        WebhookProblem::NotPublic => t.problem_not_public,
        WebhookProblem::NoCause => t.problem_no_cause,
        WebhookProblem::UnknownCause => t.problem_unknown_cause,
        WebhookProblem::LimitReached => t.problem_full,
        WebhookProblem::TestWaits => t.problem_test_waits,
        WebhookProblem::NotSendable => t.problem_not_sendable,
    }
}

/// A cause by its name.
pub(super) fn cause_text(t: &'static WebhookTexts, name: &str) -> &'static str {
    match name {
        "new_address" => t.cause_new_address,
        "dead_key_in_use" => t.cause_dead_key_in_use,
        "guessing" => t.cause_guessing,
        "key_generated" => t.cause_key_generated,
        "key_shown" => t.cause_key_shown,
        "key_deleted" => t.cause_key_deleted,
        "addresses_changed" => t.cause_addresses_changed,
        "key_changed" => t.cause_key_changed,
        "key_rotated" => t.cause_key_rotated,
        "application_approved" => t.cause_application_approved,
        "key_expiring" => t.cause_key_expiring,
        "new_login" => t.cause_new_login,
        "password_expiring" => t.cause_password_expiring,
        "account_changed" => t.cause_account_changed,
        "webhook_off" => t.cause_webhook_off,
        _ => t.cause_unknown,
    }
}

/// How far a delivery has come.
pub(super) fn outcome_text(t: &'static WebhookTexts, delivery: &Delivery) -> String {
    let status = delivery.status.unwrap_or_default();
    let text = match delivery.problem.as_deref() {
        None if delivery.next.is_some() => t.outcome_waiting,
        None => t.outcome_delivered,
        Some("bad_address") => t.outcome_bad_address,
        Some("name_not_found") => t.outcome_name_not_found,
        Some("not_public") => t.outcome_not_public,
        Some("not_connected") => t.outcome_not_connected,
        Some("no_tls") => t.outcome_no_tls,
        Some("too_late") => t.outcome_too_late,
        Some("not_http") => t.outcome_not_http,
        Some("redirect") => t.outcome_redirect,
        Some("gone") => t.outcome_gone,
        Some("notice_gone") => t.outcome_notice_gone,
        Some("secret_unreadable") => t.outcome_secret_unreadable,
        Some("webhook_off") => t.outcome_webhook_off,
        Some(_) => t.outcome_status,
    };
    fill(text, &[("status", &status)])
}
