#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::{portal, signed_in};
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{Code, Invitation, InvitationLink, Password, PortalError, Role, SubUsersPage};

/// One page of sub-users, and the open invitations.
#[server(prefix = "/portal", endpoint = "list_sub_users", input = GetUrl)]
pub async fn list_sub_users(#[server(default)] page: u32) -> Result<SubUsersPage, PortalError> {
    signed_in()?.list_sub_users(page.max(1)).await
}

/// Invites somebody to become a sub-user.
#[server(prefix = "/portal", endpoint = "invite_sub_user")]
pub async fn invite_sub_user(
    #[server(default)] username: String,
    #[server(default)] email: String,
    #[server(default)] role: Role,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.invite_sub_user(username, email, role, Proof { password, code }).await
}

impl Landing for InviteSubUser {
    fn landing(&self) -> String {
        "/account/sub-users".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![
            ("username".into(), self.username.clone()),
            ("email".into(), self.email.clone()),
            ("role".into(), self.role.field_value().into()),
        ]
    }
}

/// Closes the link of an invitation.
#[server(prefix = "/portal", endpoint = "withdraw_invitation")]
pub async fn withdraw_invitation(#[server(default)] username: String) -> Result<(), PortalError> {
    signed_in()?.withdraw_invitation(username).await
}

/// Refuses the login and the keys of a sub-user.
#[server(prefix = "/portal", endpoint = "disable_sub_user")]
pub async fn disable_sub_user(#[server(default)] username: String) -> Result<(), PortalError> {
    signed_in()?.disable_sub_user(username).await
}

/// Lets a disabled sub-user in again.
#[server(prefix = "/portal", endpoint = "enable_sub_user")]
pub async fn enable_sub_user(
    #[server(default)] username: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.enable_sub_user(username, Proof { password, code }).await
}

/// Ends all sessions of a sub-user.
#[server(prefix = "/portal", endpoint = "end_sub_user_sessions")]
pub async fn end_sub_user_sessions(#[server(default)] username: String) -> Result<(), PortalError> {
    signed_in()?.end_sub_user_sessions(username).await
}

/// Says what a sub-user may do with its keys.
#[server(prefix = "/portal", endpoint = "set_sub_user_role")]
pub async fn set_sub_user_role(
    #[server(default)] username: String,
    #[server(default)] role: Role,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.set_sub_user_role(username, role, Proof { password, code }).await
}

// The forms about one sub-user land on the list; a sentence there confirms what was done.
macro_rules! land_on_the_list {
    ($($form:ident $done:literal)+) => {$(
        impl Landing for $form {
            fn landing(&self) -> String {
                concat!("/account/sub-users?done=", $done).into()
            }

            fn echo(&self) -> Vec<(String, String)> {
                vec![("username".into(), self.username.clone())]
            }
        }
    )+};
}

land_on_the_list! {
    WithdrawInvitation "withdrawn"
    DisableSubUser "disabled"
    EnableSubUser "enabled"
    EndSubUserSessions "sessions"
    SetSubUserRole "role"
}

/// Whom an invitation is for; a POST, because the link is a secret.
#[server(prefix = "/portal", endpoint = "find_invitation")]
pub async fn find_invitation(#[server(default)] token: InvitationLink) -> Result<Invitation, PortalError> {
    portal()?.find_invitation(token).await
}

/// Makes the invited sub-user and logs it in.
#[server(prefix = "/portal", endpoint = "accept_invitation")]
pub async fn accept_invitation(
    #[server(default)] token: InvitationLink,
    #[server(default)] password: Password,
) -> Result<(), PortalError> {
    portal()?.accept_invitation(token, password).await
}

impl Landing for AcceptInvitation {
    fn landing(&self) -> String {
        "/".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}
