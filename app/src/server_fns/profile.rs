#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{HistoryPage, PortalError, Profile};

/// What the user chose and entered.
#[server(name = ReadProfile, prefix = "/portal", endpoint = "profile", input = GetUrl)]
pub async fn profile() -> Result<Profile, PortalError> {
    signed_in()?.profile().await
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
