#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::page_request;
use super::{landings, local_path};
#[cfg(feature = "ssr")]
use crate::page_request::Cookie;
use crate::portal::{Password, PasswordLink, PortalError, SetupLink, Viewer};
#[cfg(feature = "ssr")]
use domain::credentials::Password as Attempt;

/// Returns the user who is logged in, if anybody is.
#[server(name = ReadViewer, prefix = "/portal", endpoint = "viewer", input = GetUrl)]
pub async fn viewer() -> Result<Option<Viewer>, PortalError> {
    Ok(page_request()?.viewer())
}

/// Whether this set-up link may create the first account; a POST, because the link is a secret.
#[server(prefix = "/portal", endpoint = "setup_is_open")]
pub async fn setup_is_open(#[server(default)] token: SetupLink) -> Result<bool, PortalError> {
    let request = page_request()?;
    let link = &token;
    Ok(request.use_cases.accounts.setup_is_open(&link.0))
}

/// Creates the first owner and logs it in.
#[server(prefix = "/portal", endpoint = "create_first_account")]
pub async fn create_first_account(
    #[server(default)] token: SetupLink,
    #[server(default)] username: String,
    #[server(default)] password: Password,
) -> Result<(), PortalError> {
    let request = page_request()?;
    let link = token;
    let accounts = &request.use_cases.accounts;
    request.begin(accounts.create_first_account(&link.0, &username, password.take(), &request.visit).await)
}

/// Sends a link to set a password; the answer says nothing of whether there is such a user.
#[server(prefix = "/portal", endpoint = "send_password_link")]
pub async fn send_password_link(#[server(default)] username: String) -> Result<(), PortalError> {
    let request = page_request()?;
    let links = &request.use_cases.password_links;
    request.note(links.send(&username, request.language, &request.visit).await)
}

/// Returns the name of the user whose password this link sets; a POST, because the link is a secret.
#[server(prefix = "/portal", endpoint = "find_password_link")]
pub async fn find_password_link(#[server(default)] token: PasswordLink) -> Result<String, PortalError> {
    let request = page_request()?;
    let link = token;
    let found = request.note(request.use_cases.password_links.find(&link.0).await)?;
    Ok(found.username.to_string())
}

/// Sets the password of the user whose link this is.
#[server(prefix = "/portal", endpoint = "set_password_by_link")]
pub async fn set_password_by_link(
    #[server(default)] token: PasswordLink,
    #[server(default)] new_password: Password,
) -> Result<(), PortalError> {
    let request = page_request()?;
    let link = token;
    let links = &request.use_cases.password_links;
    request.note(links.set_password(&link.0, new_password.take(), &request.visit).await)
}

/// Starts a session.
#[server(prefix = "/portal", endpoint = "log_in")]
pub async fn log_in(
    #[server(default)] username: String,
    #[server(default)] password: Password,
    #[server(default)] next: Option<String>,
) -> Result<(), PortalError> {
    let _ = next;
    let request = page_request()?;
    let password = Attempt::attempt(password.take());
    request.begin(request.use_cases.accounts.log_in(&username, password, &request.visit).await)
}

/// Ends the session, also one whose login is unfinished.
#[server(prefix = "/portal", endpoint = "log_out")]
pub async fn log_out() -> Result<(), PortalError> {
    let request = page_request()?;
    request.note(
        request.use_cases.accounts.log_out(request.actor.as_ref(), request.unfinished.as_ref()).await,
    )?;
    *request.outcome.cookie.lock() = Some(Cookie::End);
    *request.outcome.ended.lock() = request.session();
    Ok(())
}

landings! {
    CreateFirstAccount(form) => "/", [username];
    LogIn(form) => local_path(form.next.as_deref()), [username, next];
    LogOut(form) => "/login", [];
    SendPasswordLink(form) => "/login/forgot?done=sent", [username];
    SetPasswordByLink(form) => "/login?done=password", [];
}
