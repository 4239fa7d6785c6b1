//! The webhooks of an account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Moment, ShownToken};

/// The id of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookId(pub String);

/// The check boxes of a form that are ticked: `cause_` and the name of a cause each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CauseChoices(pub BTreeMap<String, String>);

impl CauseChoices {
    /// What the name of each box begins with.
    pub const PREFIX: &str = "cause_";

    /// The names of the causes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| name.strip_prefix(Self::PREFIX))
    }
}

/// The list of webhooks.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookList {
    /// The rows, oldest first.
    pub rows: Vec<WebhookRow>,
    /// The most an account has.
    pub most: u32,
    /// The names of all causes, in the order of the form.
    pub causes: Vec<String>,
    /// The secret that the address names.
    pub fresh: Option<FreshSecret>,
}

/// One webhook.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookRow {
    /// The webhook.
    pub id: WebhookId,
    /// Where it leads.
    pub url: String,
    /// The names of its causes.
    pub causes: Vec<String>,
    /// When it was added.
    pub created: Moment,
    /// Since when it is off.
    pub off_since: Option<Moment>,
    /// Since when nothing arrives.
    pub failing_since: Option<Moment>,
}

/// One webhook in full.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookDetails {
    /// What the list shows of it.
    pub row: WebhookRow,
    /// The names of all causes, in the order of the form.
    pub causes: Vec<String>,
    /// Its latest deliveries, newest first.
    pub deliveries: Vec<Delivery>,
    /// The secret that the address names.
    pub fresh: Option<FreshSecret>,
}

/// One message to a webhook.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its number.
    pub id: String,
    /// Since when it waits.
    pub created: Moment,
    /// The name of its cause; none: it is a test.
    pub cause: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When last.
    pub tried: Option<Moment>,
    /// When it is tried next.
    pub next: Option<Moment>,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// The name of why it failed.
    pub problem: Option<String>,
}

/// The secret of a webhook, on its way to the one page that shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct FreshSecret {
    /// Where that webhook leads.
    pub url: String,
    /// Its secret.
    pub secret: ShownToken,
}
