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

/// One page of what happened in the account of the user.
#[server(prefix = "/portal", endpoint = "list_history", input = GetUrl)]
pub async fn list_history(#[server(default)] page: u32) -> Result<HistoryPage, PortalError> {
    signed_in()?.list_history(page.max(1)).await
}
