#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{HistoryPage, PortalError};

/// One page of what happened in the account of the user.
#[server(prefix = "/portal", endpoint = "list_history", input = GetUrl)]
pub async fn list_history(#[server(default)] page: u32) -> Result<HistoryPage, PortalError> {
    signed_in()?.list_history(page.max(1)).await
}
