//! The handlers of plain forms by name. The table of pages says which page takes which form.

use super::one_click;
use super::pages::{Outcome, parameter, plain_form};
use super::site::Site;
use app::{Forms, Landing, PortalError};
use axum::extract::{Request, State};
use futures::future::BoxFuture;
use http::StatusCode;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::LazyLock;

type Taker = fn(State<Site>, Request) -> BoxFuture<'static, Outcome>;

/// A form by its name.
fn form<F>() -> (&'static str, Taker)
where
    F: Landing<Error = PortalError> + DeserializeOwned + Clone + 'static,
{
    (F::form_name(), |state, request| Box::pin(plain_form::<F>(state, request)))
}

/// Every form of every page.
static TAKERS: LazyLock<HashMap<&str, Taker>> = LazyLock::new(|| {
    HashMap::from([
        form::<app::AcceptInvitation>(),
        form::<app::AddWebhook>(),
        form::<app::AuthoriseAddress>(),
        form::<app::AuthoriseNotice>(),
        form::<app::BeginTwoFactor>(),
        form::<app::CancelTwoFactor>(),
        form::<app::ChangePassword>(),
        form::<app::ChangeWebhook>(),
        form::<app::ChooseNotices>(),
        form::<app::ConfirmEmail>(),
        form::<app::ConfirmTwoFactor>(),
        form::<app::CreateFirstAccount>(),
        form::<app::DecideApplication>(),
        form::<app::DeleteKey>(),
        form::<app::DeleteKeys>(),
        form::<app::DisableSubUser>(),
        form::<app::EnableSubUser>(),
        form::<app::EnableWebhook>(),
        form::<app::EndOldToken>(),
        form::<app::EndOtherSessions>(),
        form::<app::EndSession>(),
        form::<app::EndSubUserSessions>(),
        form::<app::GenerateKey>(),
        form::<app::GiveCode>(),
        form::<app::GiveUserCode>(),
        form::<app::HaveIt>(),
        form::<app::IgnoreNotice>(),
        form::<app::InviteSubUser>(),
        form::<app::LogIn>(),
        form::<app::MakeRecoveryCodes>(),
        form::<app::PauseKey>(),
        form::<app::PauseKeys>(),
        form::<app::ReadAllNotices>(),
        form::<app::ReleaseLock>(),
        form::<app::RemoveAddress>(),
        form::<app::RemoveSubUser>(),
        form::<app::RemoveWebhook>(),
        form::<app::RenameKey>(),
        form::<app::RenewInvitation>(),
        form::<app::RenewPassword>(),
        form::<app::ResendDelivery>(),
        form::<app::ResumeKey>(),
        form::<app::RevealKey>(),
        form::<app::RotateKey>(),
        form::<app::RotateWebhookSecret>(),
        form::<app::SendPasswordLink>(),
        form::<app::SetEmail>(),
        form::<app::SetKeyExpiry>(),
        form::<app::SetLanguage>(),
        form::<app::SetLockWidth>(),
        form::<app::SetPasswordByLink>(),
        form::<app::SetSubUserRole>(),
        form::<app::SetTimeZone>(),
        form::<app::SwitchTwoFactorOff>(),
        form::<app::TestWebhook>(),
        form::<app::WithdrawInvitation>(),
        // Also the one click of a mail program, which carries no form.
        ("unsubscribe", |state, request| Box::pin(one_click::unsubscribe(state, request))),
    ])
});

/// Takes a post to a page that has these forms.
pub(super) async fn take(forms: Forms, state: State<Site>, request: Request) -> Outcome {
    // The address says which of the page's forms it is.
    let name = parameter(request.uri(), "do").unwrap_or_default();
    match forms.find(&name).and_then(|name| TAKERS.get(name)) {
        Some(take) => take(state, request).await,
        None => Err(StatusCode::NOT_FOUND.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::PAGES;
    use std::collections::HashSet;

    #[test]
    fn every_form_of_the_table_is_carried_out_and_no_other_is_known() {
        let named: HashSet<_> = PAGES.iter().flat_map(|page| page.forms.names()).collect();
        let known: HashSet<_> = TAKERS.keys().copied().collect();
        assert_eq!(named, known);
    }
}
