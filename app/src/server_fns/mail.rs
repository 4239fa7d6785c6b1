#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::landings;
#[cfg(feature = "ssr")]
use super::page_request;
use crate::portal::PortalError;

/// The name of the cause whose letters a link stops.
#[server(prefix = "/portal", endpoint = "find_subscription", input = GetUrl)]
pub async fn find_subscription(#[server(default)] token: String) -> Result<String, PortalError> {
    let request = page_request()?;
    let token = &token;
    let found = request.use_cases.subscriptions.find_subscription(token).await;
    request.note(found).map(|cause| cause.name().to_owned())
}

/// Stops the letters that a link is for.
#[server(prefix = "/portal", endpoint = "unsubscribe")]
pub async fn unsubscribe(#[server(default)] token: String) -> Result<(), PortalError> {
    let request = page_request()?;
    let token = &token;
    let stopped = request.use_cases.subscriptions.unsubscribe(token, &request.visit).await;
    request.note(stopped).map(|_| ())
}

landings! {
    Unsubscribe(form) => "/unsubscribe?done=unsubscribed", [];
}
