#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;

use super::Landing;
#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{Password, PortalError};

/// Changes the password.
#[server(prefix = "/portal", endpoint = "change_password")]
pub async fn change_password(
    #[server(default)] password: Password,
    #[server(default)] new_password: Password,
) -> Result<(), PortalError> {
    signed_in()?.change_password(password, new_password).await
}

// The forms of the profile land on it; a sentence there confirms what was done. Nothing they take is sent back.
macro_rules! land_on_the_profile {
    ($($form:ident $done:literal)+) => {$(
        impl Landing for $form {
            fn landing(&self) -> String {
                concat!("/account/profile?done=", $done).into()
            }

            fn echo(&self) -> Vec<(String, String)> {
                Vec::new()
            }
        }
    )+};
}

land_on_the_profile! {
    ChangePassword "password"
}
