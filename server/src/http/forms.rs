//! Pages with several forms: `?do=` tells them apart.

use super::pages::plain_form;
use super::router::Site;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// The form of the list of keys.
pub(super) async fn keys_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "have_it" => plain_form::<app::HaveIt>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The forms of a key's page.
pub(super) async fn key_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "authorise_address" => plain_form::<app::AuthoriseAddress>(state, request).await,
        "remove_address" => plain_form::<app::RemoveAddress>(state, request).await,
        "set_lock_width" => plain_form::<app::SetLockWidth>(state, request).await,
        "release_lock" => plain_form::<app::ReleaseLock>(state, request).await,
        "reveal_key" => plain_form::<app::RevealKey>(state, request).await,
        "have_it" => plain_form::<app::HaveIt>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The forms of the notices.
pub(super) async fn notice_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "authorise_notice" => plain_form::<app::AuthoriseNotice>(state, request).await,
        "ignore_notice" => plain_form::<app::IgnoreNotice>(state, request).await,
        "read_all_notices" => plain_form::<app::ReadAllNotices>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The forms of the profile.
pub(super) async fn profile_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "begin_two_factor" => plain_form::<app::BeginTwoFactor>(state, request).await,
        "cancel_two_factor" => plain_form::<app::CancelTwoFactor>(state, request).await,
        "confirm_two_factor" => plain_form::<app::ConfirmTwoFactor>(state, request).await,
        "make_recovery_codes" => plain_form::<app::MakeRecoveryCodes>(state, request).await,
        "switch_two_factor_off" => plain_form::<app::SwitchTwoFactorOff>(state, request).await,
        "change_password" => plain_form::<app::ChangePassword>(state, request).await,
        "set_email" => plain_form::<app::SetEmail>(state, request).await,
        "set_language" => plain_form::<app::SetLanguage>(state, request).await,
        "set_time_zone" => plain_form::<app::SetTimeZone>(state, request).await,
        "end_session" => plain_form::<app::EndSession>(state, request).await,
        "have_it" => plain_form::<app::HaveIt>(state, request).await,
        "end_other_sessions" => plain_form::<app::EndOtherSessions>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The forms of the list of webhooks.
pub(super) async fn webhooks_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "" => plain_form::<app::AddWebhook>(state, request).await,
        "have_it" => plain_form::<app::HaveIt>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The forms of a webhook's page.
pub(super) async fn webhook_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "change_webhook" => plain_form::<app::ChangeWebhook>(state, request).await,
        "rotate_webhook_secret" => plain_form::<app::RotateWebhookSecret>(state, request).await,
        "enable_webhook" => plain_form::<app::EnableWebhook>(state, request).await,
        "test_webhook" => plain_form::<app::TestWebhook>(state, request).await,
        "resend_delivery" => plain_form::<app::ResendDelivery>(state, request).await,
        "have_it" => plain_form::<app::HaveIt>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The forms of the sub-users' page.
pub(super) async fn sub_users_form(state: State<Site>, request: Request) -> Response {
    match verb(&request).as_str() {
        "invite_sub_user" => plain_form::<app::InviteSubUser>(state, request).await,
        "withdraw_invitation" => plain_form::<app::WithdrawInvitation>(state, request).await,
        "disable_sub_user" => plain_form::<app::DisableSubUser>(state, request).await,
        "enable_sub_user" => plain_form::<app::EnableSubUser>(state, request).await,
        "end_sub_user_sessions" => plain_form::<app::EndSubUserSessions>(state, request).await,
        "set_sub_user_role" => plain_form::<app::SetSubUserRole>(state, request).await,
        "have_it" => plain_form::<app::HaveIt>(state, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a form asks for.
fn verb(request: &Request) -> String {
    let query = request.uri().query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    pairs.into_iter().find(|(name, _)| name == "do").map(|(_, verb)| verb).unwrap_or_default()
}
