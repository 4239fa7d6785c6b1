#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::Landing;
#[cfg(feature = "ssr")]
use super::signed_in;
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{CauseChoices, Code, Password, PortalError, WebhookDetails, WebhookId, WebhookList};

const LIST: &str = "/account/webhooks";

/// All webhooks of the account.
#[server(prefix = "/portal", endpoint = "list_webhooks", input = GetUrl)]
pub async fn list_webhooks() -> Result<WebhookList, PortalError> {
    signed_in()?.list_webhooks().await
}

/// One webhook with its latest deliveries.
#[server(prefix = "/portal", endpoint = "find_webhook", input = GetUrl)]
pub async fn find_webhook(#[server(default)] id: WebhookId) -> Result<WebhookDetails, PortalError> {
    signed_in()?.find_webhook(id).await
}

/// Adds a webhook.
#[server(prefix = "/portal", endpoint = "add_webhook")]
pub async fn add_webhook(
    #[server(default)] url: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(flatten)] causes: CauseChoices,
) -> Result<(), PortalError> {
    signed_in()?.add_webhook(url, causes, Proof { password, code }).await
}

/// Changes where a webhook leads and what it tells.
#[server(prefix = "/portal", endpoint = "change_webhook")]
pub async fn change_webhook(
    #[server(default)] id: WebhookId,
    #[server(default)] url: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(flatten)] causes: CauseChoices,
) -> Result<(), PortalError> {
    signed_in()?.change_webhook(id, url, causes, Proof { password, code }).await
}

/// Gives a webhook another secret.
#[server(prefix = "/portal", endpoint = "rotate_webhook_secret")]
pub async fn rotate_webhook_secret(
    #[server(default)] id: WebhookId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.rotate_webhook_secret(id, Proof { password, code }).await
}

/// Switches a webhook on again.
#[server(prefix = "/portal", endpoint = "enable_webhook")]
pub async fn enable_webhook(
    #[server(default)] id: WebhookId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.enable_webhook(id, Proof { password, code }).await
}

/// Removes a webhook.
#[server(prefix = "/portal", endpoint = "remove_webhook")]
pub async fn remove_webhook(
    #[server(default)] id: WebhookId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    signed_in()?.remove_webhook(id, Proof { password, code }).await
}

/// Sends a test.
#[server(prefix = "/portal", endpoint = "test_webhook")]
pub async fn test_webhook(#[server(default)] id: WebhookId) -> Result<(), PortalError> {
    signed_in()?.test_webhook(id).await
}

/// Sends again what failed.
#[server(prefix = "/portal", endpoint = "resend_delivery")]
pub async fn resend_delivery(
    #[server(default)] id: WebhookId,
    #[server(default)] delivery: String,
) -> Result<(), PortalError> {
    signed_in()?.resend_delivery(id, delivery).await
}

/// The page of a webhook. An id that is not one lands on the list.
#[must_use]
pub fn webhook_path(id: &WebhookId) -> String {
    if id.0.is_empty() || !id.0.bytes().all(|b| b.is_ascii_digit()) {
        return LIST.into();
    }
    format!("{LIST}/{}", id.0)
}

fn echo_choices(url: &str, causes: &CauseChoices) -> Vec<(String, String)> {
    let causes = causes.names().map(|name| (format!("{}{name}", CauseChoices::PREFIX), "on".to_owned()));
    [("url".to_owned(), url.to_owned())].into_iter().chain(causes).collect()
}

impl Landing for AddWebhook {
    fn landing(&self) -> String {
        LIST.into()
    }

    fn echo(&self) -> Vec<(String, String)> {
        echo_choices(&self.url, &self.causes)
    }
}

impl Landing for ChangeWebhook {
    fn landing(&self) -> String {
        format!("{}?done=saved", webhook_path(&self.id))
    }

    fn echo(&self) -> Vec<(String, String)> {
        echo_choices(&self.url, &self.causes)
    }
}

impl Landing for RemoveWebhook {
    fn landing(&self) -> String {
        format!("{LIST}?done=removed")
    }

    fn echo(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

// The others land on the webhook's page, which says what was done.
macro_rules! land_on_the_webhook {
    ($($form:ty: $done:literal)*) => {$(
        impl Landing for $form {
            fn landing(&self) -> String {
                format!("{}?done={}", webhook_path(&self.id), $done)
            }

            fn echo(&self) -> Vec<(String, String)> {
                Vec::new()
            }
        }
    )*};
}

land_on_the_webhook! {
    RotateWebhookSecret: "rotated"
    EnableWebhook: "enabled"
    TestWebhook: "sent"
    ResendDelivery: "sent"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_becomes_a_path() {
        let path = |id: &str| webhook_path(&WebhookId(id.into()));
        assert_eq!(path("17"), "/account/webhooks/17");
        for id in ["", "../login", "1 2", "1?b", "1\r\n2", "-1"] {
            assert_eq!(path(id), LIST, "{id:?}");
        }
    }
}
