#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::landings;
#[cfg(feature = "ssr")]
use super::signed_in;
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{CauseChoices, Code, Password, PortalError, WebhookDetails, WebhookId, WebhookList};
#[cfg(feature = "ssr")]
use crate::to_view::{all_causes, delivery, names, webhook_row};
#[cfg(feature = "ssr")]
use domain::attempt::AskedFor;
#[cfg(feature = "ssr")]
use service::shown_once::Shown;
#[cfg(feature = "ssr")]
use service::webhooks::MOST;

const LIST: &str = "/account/webhooks";

/// All webhooks of the account.
#[server(prefix = "/portal", endpoint = "list_webhooks", input = GetUrl)]
pub async fn list_webhooks() -> Result<WebhookList, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let rows = request.note(request.use_cases.webhooks.list_webhooks(actor).await)?;
    let fresh = request.shown_webhook_secret(actor, &rows);
    Ok(WebhookList {
        rows: rows.iter().map(|row| webhook_row(row, &request.reader.time_zone)).collect(),
        most: MOST,
        causes: all_causes(),
        fresh,
    })
}

/// One webhook with its latest deliveries.
#[server(prefix = "/portal", endpoint = "find_webhook", input = GetUrl)]
pub async fn find_webhook(#[server(default)] id: WebhookId) -> Result<WebhookDetails, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let (row, deliveries) = request.note(request.use_cases.webhooks.find_webhook(actor, &id.0).await)?;
    Ok(WebhookDetails {
        row: webhook_row(&row, &request.reader.time_zone),
        causes: all_causes(),
        deliveries: deliveries.iter().map(|row| delivery(row, &request.reader.time_zone)).collect(),
        fresh: request.shown_webhook_secret(actor, std::slice::from_ref(&row)),
    })
}

/// Adds a webhook.
#[server(prefix = "/portal", endpoint = "add_webhook")]
pub async fn add_webhook(
    #[server(default)] url: String,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
    #[server(flatten)] causes: CauseChoices,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Webhooks).await?;
    let name = request.draw_name()?;
    let added = request.use_cases.webhooks.add_webhook(&actor, &url, &names(&causes)).await;
    let (number, secret) = request.note(added)?;
    request.keep(&actor, name, Shown::WebhookSecret(number, secret));
    Ok(())
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
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Webhooks).await?;
    request.note(request.use_cases.webhooks.change_webhook(&actor, &id.0, &url, &names(&causes)).await)
}

/// Gives a webhook another secret.
#[server(prefix = "/portal", endpoint = "rotate_webhook_secret")]
pub async fn rotate_webhook_secret(
    #[server(default)] id: WebhookId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Webhooks).await?;
    let name = request.draw_name()?;
    let rotated = request.use_cases.webhooks.rotate_webhook_secret(&actor, &id.0).await;
    let (number, secret) = request.note(rotated)?;
    request.keep(&actor, name, Shown::WebhookSecret(number, secret));
    Ok(())
}

/// Switches a webhook on again.
#[server(prefix = "/portal", endpoint = "enable_webhook")]
pub async fn enable_webhook(
    #[server(default)] id: WebhookId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Webhooks).await?;
    request.note(request.use_cases.webhooks.enable_webhook(&actor, &id.0).await)
}

/// Removes a webhook.
#[server(prefix = "/portal", endpoint = "remove_webhook")]
pub async fn remove_webhook(
    #[server(default)] id: WebhookId,
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::Webhooks).await?;
    request.note(request.use_cases.webhooks.remove_webhook(&actor, &id.0).await)
}

/// Sends a test.
#[server(prefix = "/portal", endpoint = "test_webhook")]
pub async fn test_webhook(#[server(default)] id: WebhookId) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.changing()?;
    request.note(request.use_cases.webhooks.test_webhook(actor, &id.0).await)
}

/// Sends again what failed.
#[server(prefix = "/portal", endpoint = "resend_delivery")]
pub async fn resend_delivery(
    #[server(default)] id: WebhookId,
    #[server(default)] delivery: String,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.changing()?;
    request.note(request.use_cases.webhooks.resend_delivery(actor, &id.0, &delivery).await)
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

landings! {
    AddWebhook(form) => LIST, { echo_choices(&form.url, &form.causes) };
    ChangeWebhook(form) => webhook_path(&form.id) + "?done=saved", { echo_choices(&form.url, &form.causes) };
    RotateWebhookSecret(form) => webhook_path(&form.id) + "?done=rotated", [];
    EnableWebhook(form) => webhook_path(&form.id) + "?done=enabled", [];
    TestWebhook(form) => webhook_path(&form.id) + "?done=sent", [];
    ResendDelivery(form) => webhook_path(&form.id) + "?done=sent", [];
    RemoveWebhook(form) => format!("{LIST}?done=removed"), [];
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
