#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::landings;
#[cfg(feature = "ssr")]
use super::{page_request, signed_in};
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{Code, Invitation, InvitationLink, Password, PortalError, Role, SubUsersPage};
#[cfg(feature = "ssr")]
use crate::to_view::{invitation_row, moment, sub_user_rows};
#[cfg(feature = "ssr")]
use domain::attempt::AskedFor;
#[cfg(feature = "ssr")]
use domain::time_zone::TimeZone;
#[cfg(feature = "ssr")]
use secrecy::ExposeSecret;
#[cfg(feature = "ssr")]
use service::accounts::{Invitee, RemovalAsked};
#[cfg(feature = "ssr")]
use service::keys::KeyUsers;
#[cfg(feature = "ssr")]
use service::shown_once::Shown;

/// One page of sub-users, and the open invitations.
#[server(prefix = "/portal", endpoint = "list_sub_users", input = GetUrl)]
pub async fn list_sub_users(#[server(default)] page: u32) -> Result<SubUsersPage, PortalError> {
    let request = signed_in()?;
    let page = page.max(1);
    let actor = request.note(request.actor())?;
    let list = request.note(request.use_cases.sub_users.list_sub_users(actor, page).await)?;
    let link = match request.shown(actor) {
        Some(Shown::Invitation(link)) => Some(link),
        _ => None,
    };
    Ok(SubUsersPage {
        rows: sub_user_rows(&list, &request.reader.time_zone),
        page: list.page,
        pages: list.pages,
        invitations: list
            .invitations
            .iter()
            .map(|row| invitation_row(row, &request.reader.time_zone))
            .collect(),
        fresh_link: link.map(|link| link.expose_secret().to_owned()),
        mail_is_on: request.use_cases.mail_is_on,
    })
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
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::SubUsers).await?;
    let invitee = Invitee { username, email, role };
    let name = request.draw_name()?;
    let invited = request.use_cases.sub_users.invite_sub_user(&actor, invitee, request.language).await;
    let link = request.note(invited)?;
    request.keep(&actor, name, Shown::Invitation(link));
    Ok(())
}

/// Gives an invitation another link, and sends it again where that can be done.
#[server(prefix = "/portal", endpoint = "renew_invitation")]
pub async fn renew_invitation(
    #[server(default)] username: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::SubUsers).await?;
    let name = request.draw_name()?;
    let renewed = request.use_cases.sub_users.renew_invitation(&actor, &username, request.language).await;
    let link = request.note(renewed)?;
    request.keep(&actor, name, Shown::Invitation(link));
    Ok(())
}

/// Closes the link of an invitation.
#[server(prefix = "/portal", endpoint = "withdraw_invitation")]
pub async fn withdraw_invitation(#[server(default)] username: String) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.sub_users.withdraw_invitation(actor, &username).await)
}

/// Refuses the login and the keys of a sub-user.
#[server(prefix = "/portal", endpoint = "disable_sub_user")]
pub async fn disable_sub_user(#[server(default)] username: String) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.sub_users.disable(actor, &username).await)
}

/// Lets a disabled sub-user in again.
#[server(prefix = "/portal", endpoint = "enable_sub_user")]
pub async fn enable_sub_user(
    #[server(default)] username: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::SubUsers).await?;
    request.note(request.use_cases.sub_users.enable(&actor, &username).await)
}

/// Ends all sessions of a sub-user.
#[server(prefix = "/portal", endpoint = "end_sub_user_sessions")]
pub async fn end_sub_user_sessions(#[server(default)] username: String) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.sub_users.end_sessions(actor, &username).await)
}

/// Says what a sub-user may do with its keys.
#[server(prefix = "/portal", endpoint = "set_sub_user_role")]
pub async fn set_sub_user_role(
    #[server(default)] username: String,
    #[server(default)] role: Role,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::SubUsers).await?;
    request.note(request.use_cases.sub_users.set_role(&actor, &username, role).await)
}

/// What would go with a sub-user. No server function: the page that asks is known to the server alone.
#[cfg(feature = "ssr")]
pub(crate) async fn find_removal(username: &str) -> Result<RemovalAsked, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.sub_users.find_removal(actor, username).await)
}

/// The sub-users whom the visitor may generate a key for.
#[cfg(feature = "ssr")]
pub(crate) async fn find_key_users() -> Result<KeyUsers, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.keys.list_key_users(actor).await)
}

/// Removes a sub-user for good.
#[server(prefix = "/portal", endpoint = "remove_sub_user")]
pub async fn remove_sub_user(
    #[server(default)] username: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::SubUsers).await?;
    request.note(request.use_cases.sub_users.remove(&actor, &username, request.language).await)
}

/// Whom an invitation is for; a POST, because the link is a secret.
#[server(prefix = "/portal", endpoint = "find_invitation")]
pub async fn find_invitation(#[server(default)] token: InvitationLink) -> Result<Invitation, PortalError> {
    let request = page_request()?;
    let link = token;
    let found = request.note(request.use_cases.sub_users.find_invitation(&link.0).await)?;
    Ok(Invitation {
        owner: found.owner_name.to_string(),
        username: found.username.to_string(),
        // An invited person has not chosen a zone yet.
        expires: moment(found.expires_at, &TimeZone::default()),
    })
}

/// Makes the invited sub-user and logs it in.
#[server(prefix = "/portal", endpoint = "accept_invitation")]
pub async fn accept_invitation(
    #[server(default)] token: InvitationLink,
    #[server(default)] password: Password,
) -> Result<(), PortalError> {
    let request = page_request()?;
    let link = token;
    let accepted =
        request.use_cases.sub_users.accept_invitation(&link.0, password.take(), &request.visit).await;
    request.begin(accepted)
}

landings! {
    InviteSubUser(form) => "/account/sub-users", [username, email, role];
    RenewInvitation(form) => "/account/sub-users", [username];
    WithdrawInvitation(form) => "/account/sub-users?done=withdrawn", [username];
    DisableSubUser(form) => "/account/sub-users?done=disabled", [username];
    EnableSubUser(form) => "/account/sub-users?done=enabled", [username];
    EndSubUserSessions(form) => "/account/sub-users?done=sessions", [username];
    RemoveSubUser(form) => "/account/sub-users?done=removed", [username];
    SetSubUserRole(form) => "/account/sub-users?done=role", [username];
    AcceptInvitation(form) => "/", [];
}
