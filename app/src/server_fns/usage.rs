#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{KeyId, KeyUsage, PortalError};

/// How a key is used, with one page of its addresses.
#[server(prefix = "/portal", endpoint = "find_usage", input = GetUrl)]
pub async fn find_usage(
    #[server(default)] id: KeyId,
    #[server(default)] page: u32,
) -> Result<KeyUsage, PortalError> {
    signed_in()?.find_usage(id, page.max(1)).await
}
