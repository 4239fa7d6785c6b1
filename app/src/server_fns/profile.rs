#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{Code, EmailLink, HistoryPage, Password, PortalError, Profile};

/// What the user chose and entered.
#[server(name = ReadProfile, prefix = "/portal", endpoint = "profile", input = GetUrl)]
pub async fn profile() -> Result<Profile, PortalError> {
    signed_in()?.profile().await
}

/// Enters a mail address, or removes it: the button that is pressed says which.
#[server(prefix = "/portal", endpoint = "set_email")]
pub async fn set_email(
    #[server(default)] email: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(default)] remove: bool,
) -> Result<(), PortalError> {
    let portal = signed_in()?;
    if remove {
        portal.remove_email(password, code).await
    } else {
        portal.set_email(email, password, code).await
    }
}

impl Landing for SetEmail {
    fn landing(&self) -> String {
        let done = if self.remove { "email_removed" } else { "email" };
        format!("/account/profile?done={done}")
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![("email".into(), self.email.clone())]
    }
}

/// The mail address that a link would confirm; a POST, because the link is a secret.
#[server(prefix = "/portal", endpoint = "find_email_by_link")]
pub async fn find_email_by_link(#[server(default)] token: EmailLink) -> Result<Option<String>, PortalError> {
    signed_in()?.find_email_by_link(token).await
}

/// Confirms a mail address.
#[server(prefix = "/portal", endpoint = "confirm_email")]
pub async fn confirm_email(#[server(default)] token: EmailLink) -> Result<(), PortalError> {
    signed_in()?.confirm_email(token).await
}

impl Landing for ConfirmEmail {
    fn landing(&self) -> String {
        "/account/profile?done=email_confirmed".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Chooses a language.
#[server(prefix = "/portal", endpoint = "set_language")]
pub async fn set_language(#[server(default)] language: String) -> Result<(), PortalError> {
    signed_in()?.set_language(language).await
}

impl Landing for SetLanguage {
    fn landing(&self) -> String {
        "/account/profile?done=language".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![("language".into(), self.language.clone())]
    }
}

/// Chooses a time zone.
#[server(prefix = "/portal", endpoint = "set_time_zone")]
pub async fn set_time_zone(#[server(default)] time_zone: String) -> Result<(), PortalError> {
    signed_in()?.set_time_zone(time_zone).await
}

impl Landing for SetTimeZone {
    fn landing(&self) -> String {
        "/account/profile?done=time_zone".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        vec![("time_zone".into(), self.time_zone.clone())]
    }
}

/// Ends one of the user's sessions.
#[server(prefix = "/portal", endpoint = "end_session")]
pub async fn end_session(#[server(default)] session: String) -> Result<(), PortalError> {
    signed_in()?.end_session(session).await
}

impl Landing for EndSession {
    fn landing(&self) -> String {
        "/account/profile?done=session".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Ends all sessions of the user but the present one.
#[server(prefix = "/portal", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<(), PortalError> {
    signed_in()?.end_other_sessions().await
}

impl Landing for EndOtherSessions {
    fn landing(&self) -> String {
        "/account/profile?done=sessions".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// One page of what happened in the account of the user.
#[server(prefix = "/portal", endpoint = "list_history", input = GetUrl)]
pub async fn list_history(#[server(default)] page: u32) -> Result<HistoryPage, PortalError> {
    signed_in()?.list_history(page.max(1)).await
}
