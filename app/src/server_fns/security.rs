#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::{Landing, local_path};
#[cfg(feature = "ssr")]
use super::{portal, signed_in};
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{Code, Password, PortalError, Security};

/// How the user logs in.
#[server(name = ReadSecurity, prefix = "/portal", endpoint = "security", input = GetUrl)]
pub async fn security() -> Result<Security, PortalError> {
    signed_in()?.security().await
}

/// Changes the password.
#[server(prefix = "/portal", endpoint = "change_password")]
pub async fn change_password(
    #[server(default)] password: Password,
    #[server(default)] new_password: Password,
) -> Result<(), PortalError> {
    signed_in()?.change_password(password, new_password).await
}

/// Changes a password that is too old: asked by those who may do nothing else.
#[server(prefix = "/portal", endpoint = "renew_password")]
pub async fn renew_password(
    #[server(default)] password: Password,
    #[server(default)] new_password: Password,
    #[server(default)] next: Option<String>,
) -> Result<(), PortalError> {
    let _ = next;
    portal()?.renew_password(password, new_password).await
}

/// Completes a login: asked by those who may do nothing else.
#[server(prefix = "/portal", endpoint = "give_code")]
pub async fn give_code(
    #[server(default)] code: Code,
    #[server(default)] next: Option<String>,
) -> Result<(), PortalError> {
    let _ = next;
    portal()?.give_code(code).await
}

/// Makes a secret for an authenticator.
#[server(prefix = "/portal", endpoint = "begin_two_factor")]
pub async fn begin_two_factor(
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.begin_two_factor(Proof { password, code }).await
}

/// Forgets the secret that waits for its confirmation.
#[server(prefix = "/portal", endpoint = "cancel_two_factor")]
pub async fn cancel_two_factor() -> Result<(), PortalError> {
    signed_in()?.cancel_two_factor().await
}

/// Switches the second factor on.
#[server(prefix = "/portal", endpoint = "confirm_two_factor")]
pub async fn confirm_two_factor(
    #[server(default)] password: Password,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.confirm_two_factor(password, code).await
}

/// Makes new recovery codes.
#[server(prefix = "/portal", endpoint = "make_recovery_codes")]
pub async fn make_recovery_codes(
    #[server(default)] password: Password,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.make_recovery_codes(password, code).await
}

/// Switches the second factor off.
#[server(prefix = "/portal", endpoint = "switch_two_factor_off")]
pub async fn switch_two_factor_off(
    #[server(default)] password: Password,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.switch_two_factor_off(password, code).await
}

// The forms of the profile land on it; a sentence there confirms what was done. Nothing they take is sent back.
macro_rules! land_on_the_profile {
    ($($form:ident $query:literal)+) => {$(
        impl Landing for $form {
            fn landing(&self) -> String {
                concat!("/account/profile", $query).into()
            }

            fn echo(&self) -> Vec<(String, String)> {
                Vec::new()
            }
        }
    )+};
}

land_on_the_profile! {
    ChangePassword "?done=password"
    BeginTwoFactor "#two-factor"
    CancelTwoFactor "?done=two_factor_cancelled"
    ConfirmTwoFactor "?done=two_factor_on"
    MakeRecoveryCodes "?done=recovery_codes"
    SwitchTwoFactorOff "?done=two_factor_off"
}

// Between the password and everything else: they lead to where the login was to lead.
macro_rules! land_where_the_login_leads {
    ($($form:ident)+) => {$(
        impl Landing for $form {
            fn landing(&self) -> String {
                local_path(self.next.as_deref()).into()
            }

            fn echo(&self) -> Vec<(String, String)> {
                vec![("next".into(), local_path(self.next.as_deref()).into())]
            }
        }
    )+};
}

land_where_the_login_leads! {
    RenewPassword
    GiveCode
}
