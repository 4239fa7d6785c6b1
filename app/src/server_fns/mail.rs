#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::portal;
use crate::portal::PortalError;

/// The name of the cause whose letters a link stops.
#[server(prefix = "/portal", endpoint = "find_subscription", input = GetUrl)]
pub async fn find_subscription(#[server(default)] token: String) -> Result<String, PortalError> {
    portal()?.find_subscription(&token).await
}

/// Stops the letters that a link is for.
#[server(prefix = "/portal", endpoint = "unsubscribe")]
pub async fn unsubscribe(#[server(default)] token: String) -> Result<(), PortalError> {
    portal()?.unsubscribe(&token).await
}

impl Landing for Unsubscribe {
    fn landing(&self) -> String {
        "/unsubscribe?done=unsubscribed".into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}
