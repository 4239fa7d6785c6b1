use leptos::prelude::*;

use super::super::part::{asked, page_of_address};
use super::super::texts::{ProfileTexts, Served};
use crate::components::{PageHeading, Table, Time, pager};
use crate::part::{IntoPart, Part};
use crate::portal::{HistoryPage, HistoryRow};
use crate::server_fns::key_path;
use crate::server_fns::list_history;

/// What happened in the account of the user, page by page.
pub(crate) fn history_page() -> Part {
    asked(list_history(page_of_address()), show)
}

fn show(history: HistoryPage) -> Part {
    let t = ProfileTexts::here();
    let columns =
        vec![(t.column_when, None), (t.column_what, None), (t.column_who, None), (t.column_from, None)];
    let rows: Vec<_> = history.rows.into_iter().map(|row| (None, cells(t, row))).collect();
    let table = if rows.is_empty() {
        view! { <p>{t.history_empty}</p> }.part()
    } else {
        view! { <Table label=t.history_heading columns rows/> }.part()
    };
    view! {
        <PageHeading/>
        <p>{t.history_text}</p>
        {table}
        {pager(history.page, history.pages, "/account/profile/history")}
    }
    .part()
}

fn cells(t: &'static ProfileTexts, row: HistoryRow) -> Vec<Part> {
    let what = action_text(t, &row.action).unwrap_or(row.action.as_str()).to_owned();
    let is_operator = row.actor == "operator";
    let from = row.address.unwrap_or_else(|| if is_operator { "" } else { t.address_unknown }.to_owned());
    let name = if is_operator { t.by_operator.to_owned() } else { row.actor };
    let key = row.via.map(|key| view! { " "<a class="hint" href=key_path(&key)>{t.by_key}</a> });
    let who = view! { {name}{key} };
    let what = view! { {what} " " {(!row.detail.is_empty()).then(|| view! { <span class="hint">{row.detail}</span> })} };
    vec![view! { <Time moment=Some(row.at)/> }.part(), what.part(), who.part(), from.part()]
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
