use leptos::server;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::signed_in;
use crate::portal::{Dashboard, PortalError};

/// The figures of the first page.
#[server(name = ReadDashboard, prefix = "/portal", endpoint = "dashboard", input = GetUrl)]
pub async fn dashboard() -> Result<Dashboard, PortalError> {
    signed_in()?.dashboard().await
}
