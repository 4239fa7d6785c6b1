//! Notices, and how a user gets them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AddressState, Cause, KeyId, Moment};

/// One page of notices.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticePage {
    /// Newest first.
    pub notices: Vec<Notice>,
    /// This page's number; 0 when there is no notice at all.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
    /// How many unread ones there are on all pages.
    pub unread: u64,
}

/// One notice.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number.
    pub number: i64,
    /// Why.
    pub cause: Cause,
    /// Whether it was not read before.
    pub is_new: bool,
    /// The key it is about.
    pub key: Option<NoticeKey>,
    /// How often it happened.
    pub count: u64,
    /// When it happened first.
    pub first: Moment,
    /// When it happened last.
    pub last: Moment,
    /// From where.
    pub addresses: Vec<NoticeAddress>,
    /// Whether it came from an address that is unknown.
    pub is_from_unknown: bool,
    /// How often it happened from further addresses, which are not kept.
    pub count_elsewhere: u64,
    /// What was done, by its name in the audit log.
    pub action: Option<String>,
    /// The name of the one who did it, if not the user themselves: a username, or `operator`.
    pub actor: Option<String>,
    /// What else is worth knowing.
    pub detail: String,
    /// Whether the visitor may do something about it.
    pub may_act: bool,
}

/// The key of a notice.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeKey {
    /// The key.
    pub id: KeyId,
    /// The name of its user, if that is not the visitor.
    pub username: Option<String>,
    /// The customer's own words for it.
    pub description: String,
    /// The beginning and the end of the token.
    pub masked_token: String,
    /// When it was deleted.
    pub deleted: Option<Moment>,
}

/// An address of a notice, or a network of several.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeAddress {
    /// The address or the network.
    pub address: String,
    /// How many addresses it stands for.
    pub addresses: u64,
    /// How often it happened from there.
    pub count: u64,
    /// What became of it.
    pub state: AddressState,
}

/// How a user wants to be told.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeChoices {
    /// For each cause.
    pub causes: Vec<NoticeChoice>,
    /// Whether mail can be sent at all.
    pub mail_is_on: bool,
    /// Whether the user has a confirmed mail address.
    pub has_address: bool,
    /// Whether the visitor owns the account, and with it the webhooks.
    pub is_owner: bool,
}

/// How a user wants to be told of one cause, besides in the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeChoice {
    /// The cause.
    pub cause: Cause,
    /// By mail.
    pub by_mail: bool,
    /// By the webhooks of the account.
    pub by_webhook: bool,
}

/// The ticked boxes of the choices: `mail_` or `webhook_` and the name of a cause each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeBoxes(pub BTreeMap<String, String>);

impl NoticeBoxes {
    /// The name of the box for mail about a cause.
    #[must_use]
    pub fn mail(cause: Cause) -> String {
        format!("mail_{}", cause.name())
    }

    /// The name of the box for webhooks about a cause.
    #[must_use]
    pub fn webhook(cause: Cause) -> String {
        format!("webhook_{}", cause.name())
    }

    /// Whether this box is ticked.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}
