//! `/account/webhooks`: programs of the customer that get notices.

mod choices;
mod deliveries;
mod list;
mod one;
mod words;

pub(crate) use list::webhooks_page;
pub(crate) use one::{remove_page, webhook_page};
pub(crate) use words::webhook_problem;

use leptos::prelude::*;

use super::part::confirmation;
use super::texts::{Served, WebhookTexts};
use crate::components::HaveItForm;
use crate::i18n::fill;
use crate::part::{IntoPart, Part};
use crate::portal::FreshSecret;

/// What the form before did, in a sentence.
fn done_notice() -> Part {
    let t = WebhookTexts::here();
    confirmation(|done| {
        Some(match done {
            "saved" => t.done_saved,
            "removed" => t.done_removed,
            "enabled" => t.done_enabled,
            "sent" => t.done_sent,
            _ => return None,
        })
    })
}

/// The secret that the address of a page at `path` names.
fn fresh_notice(fresh: Option<FreshSecret>, path: &str) -> Part {
    let Some(fresh) = fresh else { return ().part() };
    let t = WebhookTexts::here();
    view! {
        <section class="notice" role="status">
            <p>{fill(t.secret_once, &[("url", &fresh.url)])}</p>
            <p class="whole-token">
                <code class="token" translate="no">{fresh.secret.0}</code>
            </p>
            <HaveItForm path/>
        </section>
    }
    .part()
}
